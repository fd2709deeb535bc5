"""Measure how much the members of an ensemble differ in what they predict at many settings.

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
    """Return ``(settings, members * n)``, a row's square sum being the variance."""
    members, settings, size = block.shape
    # Scaled on both sides of a product, rows of two settings give their sample covariance.
    scale = (max(members - 1, 1) * size) ** -0.5
    rows: Tensor = ((block - block.mean(0)) * scale).transpose(0, 1).reshape(settings, -1)
    return rows


def variance(blocks: Sequence[Tensor]) -> Tensor:
    """Return the mean variance over the members in each block, ``(blocks, settings)``."""
    return torch.stack([(residuals(block) ** 2).sum(-1) for block in blocks])


def expected_errors(predictions: Predictions, points: Tensor) -> Tensor:
    """Return the relative error that the members expect at each setting, ``(settings,)``."""
    with torch.no_grad():
        parts = [variance(predictions(some)[:1])[0] for some in torch.split(points, AT_ONCE)]
    return torch.cat(parts) if parts else points.new_zeros(0)


@dataclass(frozen=True)
class Residuals:
    """The members' residuals in every block, and their mean prediction in the last one."""

    residuals: list[Tensor]
    responses: Tensor


class Evaluator:
    """Evaluates predictions at many settings, a few at a time, and reports progress."""

    def __init__(self, predictions: Predictions, progress: Progress, total: int) -> None:
        self._predictions, self._progress = predictions, progress
        self._done, self._total = 0, total

    def evaluate(self, points: Tensor) -> Residuals:
        """Return the members' residuals at ``(settings, knobs)``, computed without gradients."""
        deviations, responses = [], []
        with torch.no_grad():
            for some in torch.split(points, AT_ONCE):
                blocks = self._predictions(some)
                deviations.append([residuals(block) for block in blocks])
                responses.append(blocks[-1].mean(0))
                self.tick(len(some))
        return Residuals(
            [torch.cat(block) for block in zip(*deviations, strict=True)], torch.cat(responses)
        )

    def tick(self, settings: int) -> None:
        """Report that predictions at some more settings are done."""
        self._done = min(self._done + settings, self._total)
        self._progress(self._done, self._total)
