"""Captures as tensors, and how far a model is from them."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from models.networks.lstm import KnobLSTM
from models.networks.wavenet import KnobWaveNet
from models.training.losses import emphasise

Model = KnobWaveNet | KnobLSTM


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
        """The same on another device."""
        audio, targets = self.audio.to(device), self.targets.to(device)
        return Dataset(audio, targets, self.knobs.to(device), self.start, self.stop)

    def only(self, captures: list[int]) -> "Dataset":
        """Some of the captures."""
        return replace(self, targets=self.targets[captures], knobs=self.knobs[captures])

    def powers(self, emphasis: float) -> Tensor:
        """Mean square of each capture, plain and pre-emphasised, ``(captures, 2)``, never 0."""
        learnt = self.targets[:, self.start : self.stop]
        plain = (learnt**2).mean(-1)
        return torch.stack([plain, (emphasise(learnt, emphasis) ** 2).mean(-1)], -1) + 1e-12


@dataclass(frozen=True)
class Evaluation:
    """ESR per capture: of each member ``(members, captures)``, of their mean ``(captures,)``."""

    members: Tensor
    mean: Tensor


def evaluate(model: Model, data: Dataset) -> Evaluation:
    """ESR between ``start`` and ``stop`` of every capture, with the true past in front."""
    history = model.history_frames
    padded = torch.cat([data.audio.new_zeros(history), data.audio])
    audio = padded[data.start : data.stop + history]
    each, together = [], []
    with torch.no_grad():
        for target, knobs in zip(data.targets[:, data.start : data.stop], data.knobs, strict=True):
            everyone = audio.expand(model.members, 1, -1), knobs.expand(model.members, 1, -1)
            predicted = model(*everyone)[:, 0]
            power = (target**2).sum() + 1e-12
            each.append(((predicted - target) ** 2).sum(-1) / power)
            together.append(((predicted.mean(0) - target) ** 2).sum() / power)
    return Evaluation(torch.stack(each, 1).cpu(), torch.stack(together).cpu())
