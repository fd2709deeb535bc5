"""Hold captures as tensors, and measure how far a model is from them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from models.networks.lstm import KnobLSTM
from models.networks.wavenet import KnobWaveNet
from models.training.losses import emphasise

Model = KnobWaveNet | KnobLSTM
#: Told after each part of something long: parts done, and how many there are.
Told = Callable[[int, int], None]


def nobody(_done: int, _total: int) -> None:
    """Tell nobody of it."""


@dataclass(frozen=True)
class Dataset:
    """Captures of one signal at many settings.

    Attributes:
        audio: What was played, ``(frames,)``.
        targets: What came back, ``(captures, frames)``.
        knobs: Where the knobs stood, ``(captures, knobs)`` in [0, 1].
        start: First frame that may be learnt from.
        stop: The frame after the last one.
    """

    audio: Tensor
    targets: Tensor
    knobs: Tensor
    start: int
    stop: int

    def to(self, device: torch.device) -> "Dataset":
        """Return the same captures on another device."""
        audio, targets = self.audio.to(device), self.targets.to(device)
        return Dataset(audio, targets, self.knobs.to(device), self.start, self.stop)

    def subset(self, captures: list[int]) -> "Dataset":
        """Return a dataset of some of the captures, by their numbers."""
        return replace(self, targets=self.targets[captures], knobs=self.knobs[captures])

    def powers(self, emphasis: float, told: Told = nobody) -> Tensor:
        """Return each capture's power, plain and pre-emphasised: ``(captures, 2)``, above 0."""
        found = []
        # One at a time: squares of everything at once would take as much memory again.
        for number, learnt in enumerate(self.targets[:, self.start : self.stop], 1):
            both = (learnt**2).mean(), (emphasise(learnt, emphasis) ** 2).mean()
            found.append(torch.stack(both))
            told(number, len(self.targets))
        return torch.stack(found) + 1e-12


@dataclass(frozen=True)
class Evaluation:
    """The ESR of each member ``(members, captures)`` and of their mean ``(captures,)``."""

    members: Tensor
    mean: Tensor


def play_captures(
    model: Model, data: Dataset, told: Told = nobody
) -> Iterator[tuple[Tensor, Tensor]]:
    """Play every capture's setting from ``start`` to ``stop``, with the true past in front.

    Yields:
        The members' outputs ``(members, frames)``, and what came back from the amp ``(frames,)``.
    """
    history = model.history_frames
    padded = torch.cat([data.audio.new_zeros(history), data.audio])
    audio = padded[data.start : data.stop + history]
    pairs = zip(data.targets[:, data.start : data.stop], data.knobs, strict=True)
    for number, (target, knobs) in enumerate(pairs, 1):
        # One setting at a time: all at once would not fit where recordings are long.
        with torch.no_grad():
            everyone = audio.expand(model.members, 1, -1), knobs.expand(model.members, 1, -1)
            predicted = model(*everyone)[:, 0]
        yield predicted, target
        told(number, len(data.targets))


def evaluate(model: Model, data: Dataset, told: Told = nobody) -> Evaluation:
    """Compute the ESR from ``start`` to ``stop`` of every capture."""
    each, together = [], []
    for predicted, target in play_captures(model, data, told):
        power = (target**2).sum() + 1e-12
        each.append(((predicted - target) ** 2).sum(-1) / power)
        together.append(((predicted.mean(0) - target) ** 2).sum() / power)
    return Evaluation(torch.stack(each, 1).cpu(), torch.stack(together).cpu())
