"""Model the errors of an ensemble: their size at each setting, and how they correlate."""

from collections.abc import Sequence

import torch
from torch import Tensor

from models.acquisition.disagreement import Evaluator
from models.acquisition.gaussian_process import GaussianProcess, fit_length_scales

# A quarter of it did no better (decision 18).
#: How much the members' own covariance counts; the rest is what captures leave uncertain by their
#: distance (`GaussianProcess`), since a few members cannot know every way to be wrong.
SHARE = 0.5
#: Targets and captures to whose sounds the lengths of the knobs are fitted: their number is cubed.
FITTED_TARGETS, FITTED_CAPTURES = 64, 256
#: What captures leave uncertain by their distance counts as at least this much of not knowing.
LEAST_UNCERTAINTY = 1e-3
#: Least variance that stays when a setting is recorded, as a share of the mean over the targets.
NOISE = 0.01


class ErrorCovariance:
    """The covariance of an ensemble's errors at any two settings.

    Everything is relative: the variance over the targets has a mean of 1.

    Args:
        evaluator: Asks an ensemble.
        targets: Where the error counts, ``(targets, knobs)``.
        known: What the ensemble has learnt from, ``(known, knobs)``.
        positions: Per knob, 0 if it turns, else how many positions it switches.
        share: How much the members' own covariance counts, see `SHARE`.

    Attributes:
        targets: Where the error counts, ``(targets, knobs)``.
        rows: The members' residuals there, ``(targets, n)``.
        noise: Variance that stays where something was recorded.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        targets: Tensor,
        known: Tensor,
        positions: Sequence[int],
        share: float,
    ) -> None:
        self._share, self.targets = share, targets
        points, count = torch.cat([targets, known]), len(targets)
        evaluation = evaluator.evaluate(points)
        # Waveform and spectrum have different units: over the targets, each counts the same.
        at_targets = [(block[:count] ** 2).sum(-1).mean() for block in evaluation.residuals]
        self._scales = [(len(at_targets) * mean + 1e-20).rsqrt() for mean in at_targets]
        rows = self.normalise(evaluation.residuals)
        self.rows, variances = rows[:count], (rows**2).sum(-1)
        # Where they have been trained members still differ, which recording again does not cure;
        # by the median, so that a few captures that are learnt badly do not set it.
        at_known = variances[count:] if len(known) else variances.new_zeros(1)
        self.noise = at_known.median().clamp(min=NOISE)
        # Of more captures than that every second or third, from the first night to the last.
        every = max(-(-len(known) // FITTED_CAPTURES), 1)
        fitted = [*range(min(count, FITTED_TARGETS)), *range(count, len(points), every)]
        length_scales = fit_length_scales(points[fitted], evaluation.responses[fitted], positions)
        self._process = GaussianProcess(known, length_scales, positions)
        # Both parts get the same mean over the targets, so that `share` weighs like against like.
        uncertainty = self._process.covariance(targets, targets).diagonal()
        least = uncertainty.mean().clamp(min=LEAST_UNCERTAINTY)
        self._distance_scale = variances[:count].mean() / least

    def normalise(self, blocks: Sequence[Tensor]) -> Tensor:
        """Join blocks of residuals so that each has the same mean variance over the targets."""
        return torch.cat([b * s for b, s in zip(blocks, self._scales, strict=True)], -1)

    def covariance(self, a: Tensor, a_rows: Tensor, b: Tensor, b_rows: Tensor) -> Tensor:
        """Return the covariance ``(a, b)`` between two lists of settings with their residuals."""
        by_distance = self._distance_scale * self._process.covariance(a, b)
        return self._share * (a_rows @ b_rows.T) + (1.0 - self._share) * by_distance

    def gain(self, points: Tensor, rows: Tensor) -> Tensor:
        """Return by how much recording all of these together lowers the targets' mean variance."""
        both = self.covariance(points, rows, points, rows)
        across = self.covariance(points, rows, self.targets, self.rows)
        # With K + noise = L L^T, what is explained of a target is the square sum of L^-1 K.
        factor = torch.linalg.cholesky(both + self.noise * torch.eye(len(both), device=both.device))
        whitened: Tensor = torch.linalg.solve_triangular(factor, across, upper=False)
        return (whitened**2).sum(0).mean()
