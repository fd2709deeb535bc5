"""Where an ensemble is wrong, and how its errors at two settings go together."""

from collections.abc import Sequence

import torch
from torch import Tensor

from models.acquisition.disagreement import Evaluator
from models.acquisition.gaussian_process import GaussianProcess, fitted_lengths

#: How much the members' own covariance counts; the rest is what captures leave uncertain by their
#: distance (`GaussianProcess`), since a few members cannot know every way to be wrong.
SHARE = 0.5
#: Targets to whose sounds the lengths of the knobs are fitted, beside all captures.
FITTED = 64
#: What captures leave uncertain by their distance counts as at least this much of not knowing.
LEAST_AWAY = 1e-3
#: Least variance that stays when a setting is recorded, as a share of the mean over the targets.
NOISE = 0.01


class ErrorCovariance:
    """The error expected everywhere, and how errors at two settings go together.

    Everything is relative: the variance over the targets has a mean of 1.

    Args:
        evaluator: Asks an ensemble.
        targets: Where the error counts, ``(targets, knobs)``.
        known: What the ensemble has learnt from, ``(known, knobs)``.
        positions: Per knob, 0 if it turns, else how many positions it switches.
        share: How much the members' own covariance counts, see `SHARE`.

    Attributes:
        targets: See above.
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
        found = evaluator.quietly(points)
        at_targets = [(block[:count] ** 2).sum(-1).mean() for block in found.residuals]
        self._scales = [(len(at_targets) * mean + 1e-20).rsqrt() for mean in at_targets]
        rows = self.scaled(found.residuals)
        self.rows, variances = rows[:count], (rows**2).sum(-1)
        learnt = variances[count:] if len(known) else variances.new_zeros(1)
        self.noise = learnt.median().clamp(min=NOISE)
        fitted = [*range(min(count, FITTED)), *range(count, len(points))]
        lengths = fitted_lengths(points[fitted], found.sounds[fitted], positions)
        self._process = GaussianProcess(known, lengths, positions)
        away = self._process.covariance(targets, targets).diagonal()
        self._distance_scale = variances[:count].mean() / away.mean().clamp(min=LEAST_AWAY)

    def scaled(self, blocks: Sequence[Tensor]) -> Tensor:
        """Blocks of residuals side by side; each has the same mean variance over the targets."""
        return torch.cat([b * s for b, s in zip(blocks, self._scales, strict=True)], -1)

    def covariance(self, a: Tensor, a_rows: Tensor, b: Tensor, b_rows: Tensor) -> Tensor:
        """Between settings ``a`` and ``b`` with their residuals, ``(a, b)``."""
        by_distance = self._distance_scale * self._process.covariance(a, b)
        return self._share * (a_rows @ b_rows.T) + (1.0 - self._share) * by_distance

    def gain(self, points: Tensor, rows: Tensor) -> Tensor:
        """How much variance recording all of these together takes off the targets, on average."""
        both = self.covariance(points, rows, points, rows)
        across = self.covariance(points, rows, self.targets, self.rows)
        factor = torch.linalg.cholesky(both + self.noise * torch.eye(len(both), device=both.device))
        taken: Tensor = torch.linalg.solve_triangular(factor, across, upper=False)
        return (taken**2).sum(0).mean()
