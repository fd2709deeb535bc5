"""What the members of an ensemble say of many settings, and how much they differ in it.

Of a setting a member says a few blocks of numbers (waveform, spectrum); its residual is what it
says beyond the members' mean.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

#: What every member says of ``(settings, knobs)``: blocks of ``(members, settings, n)``, scaled so
#: that a mean square deviation is an error relative to the setting's level.
Predictions = Callable[[Tensor], list[Tensor]]
#: Told how many settings have been asked about, and of how many.
Progress = Callable[[int, int], None]

#: Settings whose predictions are asked for at once: more only take memory.
AT_ONCE = 8


def residuals(block: Tensor) -> Tensor:
    """``(settings, members * n)``, scaled so that the sum of squares is the mean variance."""
    members, settings, size = block.shape
    scale = (max(members - 1, 1) * size) ** -0.5
    rows: Tensor = ((block - block.mean(0)) * scale).transpose(0, 1).reshape(settings, -1)
    return rows


def variance(blocks: Sequence[Tensor]) -> Tensor:
    """Mean variance over the members in each block, ``(blocks, settings)``."""
    return torch.stack([(residuals(block) ** 2).sum(-1) for block in blocks])


def expected_errors(predictions: Predictions, points: Tensor) -> Tensor:
    """The relative error that the members expect of themselves at each setting, ``(settings,)``."""
    with torch.no_grad():
        parts = [variance(predictions(some)[:1])[0] for some in torch.split(points, AT_ONCE)]
    return torch.cat(parts) if parts else points.new_zeros(0)


@dataclass(frozen=True)
class Residuals:
    """Of every block the ``residuals``, ``(settings, members * n)``; of the last the mean."""

    residuals: list[Tensor]
    sounds: Tensor


class Evaluator:
    """Predictions on many settings, a few at a time, with progress."""

    def __init__(self, predictions: Predictions, progress: Progress, total: int) -> None:
        self._predictions, self._progress = predictions, progress
        self._done, self._total = 0, total

    def quietly(self, points: Tensor) -> Residuals:
        """What the members say, without gradients."""
        beyond, sounds = [], []
        with torch.no_grad():
            for some in torch.split(points, AT_ONCE):
                blocks = self._predictions(some)
                beyond.append([residuals(block) for block in blocks])
                sounds.append(blocks[-1].mean(0))
                self.tick(len(some))
        return Residuals(
            [torch.cat(block) for block in zip(*beyond, strict=True)], torch.cat(sounds)
        )

    def tick(self, settings: int) -> None:
        """Some more are done."""
        self._done = min(self._done + settings, self._total)
        self._progress(self._done, self._total)
