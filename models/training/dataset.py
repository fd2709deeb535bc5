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
        floors: Mean squares that captures with less are taken to have, since less is not heard,
            ``(captures,)``; None takes each at its own power.
    """

    audio: Tensor
    targets: Tensor
    knobs: Tensor
    start: int
    stop: int
    floors: Tensor | None = None

    def to(self, device: torch.device) -> "Dataset":
        """Return the same captures on another device."""
        audio, targets = self.audio.to(device), self.targets.to(device)
        floors = None if self.floors is None else self.floors.to(device)
        return Dataset(audio, targets, self.knobs.to(device), self.start, self.stop, floors)

    def subset(self, captures: list[int]) -> "Dataset":
        """Return a dataset of some of the captures, by their numbers."""
        floors = None if self.floors is None else self.floors[captures]
        targets, knobs = self.targets[captures], self.knobs[captures]
        return replace(self, targets=targets, knobs=knobs, floors=floors)

    def powers(self, emphasis: float, told: Told = nobody) -> Tensor:
        """Return each capture's power, plain and pre-emphasised: ``(captures, 2)``, above 0."""
        found = []
        # One at a time: squares of everything at once would take as much memory again.
        for number, learnt in enumerate(self.targets[:, self.start : self.stop], 1):
            both = (learnt**2).mean(), (emphasise(learnt, emphasis) ** 2).mean()
            found.append(torch.stack(both))
            told(number, len(self.targets))
        powers = torch.stack(found) + 1e-12
        if self.floors is None:
            return powers
        # Both forms by the same factor: a floor is of no colour, and takes the capture's own.
        return powers * (self.floors / powers[:, 0]).clamp(min=1.0)[:, None]

    def floor(self, capture: int) -> float:
        """Return the mean square below which one capture is taken to be there, above 0."""
        return 1e-12 if self.floors is None else max(float(self.floors[capture]), 1e-12)


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
    """Compute the ESR from ``start`` to ``stop`` of every capture, relative to what is heard."""
    each, together = [], []
    for row, (predicted, target) in enumerate(play_captures(model, data, told)):
        power = (target**2).sum().clamp(min=data.floor(row) * len(target))
        each.append(((predicted - target) ** 2).sum(-1) / power)
        together.append(((predicted.mean(0) - target) ** 2).sum() / power)
    return Evaluation(torch.stack(each, 1).cpu(), torch.stack(together).cpu())
