"""Choose which settings to record next, from what an ensemble predicts.

What its members say of a setting is a few blocks of numbers (waveform, spectrum); where they say
different things, a recording teaches something. Two questions can be asked:

- `separate_maxima`: where does their variance peak? Source: the PANAMA loop (arXiv 2509.26564).
- `integrated_variance`: which settings, recorded together, lower the expected error over
  everything that players set the most? Source: Cohn, "Neural Network Exploration Using Optimal
  Experiment Design", 1996. A batch is chosen greedily, each setting with the ones before it taken
  as known, and then moved together by gradient ascent.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from models.acquisition.disagreement import Evaluator, Predictions, Progress, residuals, variance
from models.acquisition.error_covariance import SHARE, ErrorCovariance

#: How dear each of ``(settings, knobs)`` is after the last one chosen ``(knobs,)``: 1 is cheap.
Cost = Callable[[Tensor, Tensor], Tensor]

#: An ascent starts this far inside the range: at its very end the logit has no slope.
INSIDE = 0.02
#: Separate maxima are climbed to from this many of the starts, the best ones.
RESTARTS = 10
#: Peaks that lie this close in every knob are one.
MERGE_DISTANCE = 0.2
#: Settings that climb together: more only take memory.
CLIMBERS = 4


@dataclass(frozen=True)
class Ascent:
    """How hard gradient ascent tries: Adam steps and their rate, on the logit of the knob."""

    steps: int
    rate: float


@dataclass(frozen=True)
class PointBatch:
    """Points in [0, 1]^k to record next, best first, with the relative error expected at each."""

    points: list[tuple[float, ...]]
    expected: list[float]


def on_positions(points: Tensor, positions: Sequence[int]) -> Tensor:
    """Move every switch of points in [0, 1]^k to the position that its share stands for."""
    moved = points.clone()
    for index, count in enumerate(positions):
        if count:
            # Each position has an equal share of [0, 1]; 1.0 itself would be one position too far.
            position = (points[:, index] * count).long().clamp(max=count - 1)
            moved[:, index] = position / max(count - 1, 1)
    return moved


def _ascend(
    start: Tensor, turns: Tensor, ascent: Ascent, score: Callable[[Tensor], Tensor]
) -> Tensor:
    """Climb from ``(settings, knobs)`` up ``score``; columns where ``turns`` is False stay."""
    # On the logit no step can leave (0, 1), so nothing has to be clipped on the way.
    latent = torch.logit(start.clamp(INSIDE, 1.0 - INSIDE)).requires_grad_()
    optimiser = torch.optim.Adam([latent], ascent.rate)
    best, best_score = start, score(start).detach()
    for _ in range(ascent.steps):
        points = torch.where(turns, torch.sigmoid(latent), start)
        height = score(points)
        # Adam does not rise at every step: the best points seen are returned, not the last ones.
        if height.detach() > best_score:
            best, best_score = points.detach(), height.detach()
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(-height)
        optimiser.step()
    return best


def _merge_peaks(points: Tensor, score: Tensor, distance: float) -> list[int]:
    """Return the indices of the highest point of each cluster, best first."""
    kept: list[int] = []
    # Stable: of two that are equally high always the same one is kept.
    for index in score.argsort(descending=True, stable=True).tolist():
        near = (bool(((points[index] - points[k]).abs() < distance).all()) for k in kept)
        if not any(near):
            kept.append(index)
    return kept


def separate_maxima(
    predictions: Predictions,
    starts: Tensor,
    positions: Sequence[int],
    progress: Progress,
) -> PointBatch:
    """Find where the members' variance peaks, each peak by itself; of close ones the higher.

    Args:
        predictions: Of an ensemble; only the first block is looked at.
        starts: Settings to look at first; the best are climbed from.
        positions: Per knob, 0 if it turns, else how many positions it switches.
        progress: Told how far it is.
    """
    ascent = Ascent(40, 0.1)
    starts = on_positions(starts, positions)
    evaluator = Evaluator(predictions, progress, len(starts) + RESTARTS * ascent.steps)
    # Between the positions of a switch there is nothing to record: an ascent leaves it alone.
    turns = torch.tensor([count == 0 for count in positions], device=starts.device)
    heights = (evaluator.evaluate(starts).residuals[0] ** 2).sum(-1)
    best = heights.argsort(descending=True, stable=True)[:RESTARTS]

    def score(points: Tensor) -> Tensor:
        """Sum the logs of the variances, so that no point's slope outweighs another's."""
        evaluator.tick(len(points))
        # The tiny constant is for points at which all members agree exactly.
        return torch.log(variance(predictions(points)[:1])[0] + 1e-20).sum()

    groups = torch.split(starts[best], CLIMBERS)
    peaks = [_ascend(group, turns, ascent, score) for group in groups]
    # Starts that nothing climbed from may still be higher than the peaks, or lie apart from them.
    points = torch.cat([*peaks, starts])
    peak_residuals = evaluator.evaluate(torch.cat(peaks)).residuals[0]
    heights = torch.cat([(peak_residuals**2).sum(-1), heights])
    order = _merge_peaks(points, heights, MERGE_DISTANCE)
    settings = [tuple(points[i].tolist()) for i in order]
    return PointBatch(settings, [float(heights[i]) for i in order])


@dataclass(frozen=True)
class BatchProblem:
    """The problem that a batch of settings has to solve.

    Attributes:
        targets: Where the error counts, ``(targets, knobs)``: drawn where players set the knobs.
        candidates: What may be recorded, ``(candidates, knobs)``.
        positions: Per knob, 0 if it turns, else how many positions it switches.
        count: How many settings to choose.
        known: What the ensemble has learnt from, ``(known, knobs)``: by what its members differ
            there is what recording cannot lower.
        pending: What is being recorded and will be known, ``(pending, knobs)``.
        fixed: Knobs that stay where the chosen candidate has them: a person turns these.
        cost: What settings cost; it divides what they gain.
        heard: Which of ``(settings, knobs)`` can be heard: nothing is moved to where it is not.
    """

    targets: Tensor
    candidates: Tensor
    positions: Sequence[int]
    count: int
    known: Tensor
    pending: Tensor
    fixed: Sequence[int] = ()
    cost: Cost | None = None
    heard: Callable[[Tensor], Tensor] | None = None


class _Chooser:
    """Chooses settings one by one, each as if the ones before it were recorded."""

    def __init__(self, covariance: Tensor, targets: int, noise: Tensor) -> None:
        # A copy, since recording changes it in place.
        self._covariance, self._targets, self._noise = covariance.clone(), targets, noise

    def record(self, index: int) -> None:
        """Condition the covariance on a recording of this setting."""
        # A Gaussian given one noisy observation: a rank-one downdate of its covariance.
        # A copy: the downdate writes into the matrix that this column is a view of.
        column = self._covariance[:, index].clone()
        self._covariance -= torch.outer(column, column) / (column[index] + self._noise)

    def gains(self) -> Tensor:
        """Return by how much recording each setting would lower the targets' mean variance."""
        # After many downdates, rounding can leave a variance a little below zero.
        own = self._covariance.diagonal().clamp(min=0.0) + self._noise
        # Observing x lowers the variance at a target by cov(target, x)^2 / var(x).
        return (self._covariance[: self._targets] ** 2).mean(0) / own


def _choose(
    problem: BatchProblem, errors: ErrorCovariance, points: Tensor, rows: Tensor
) -> list[int]:
    """Choose greedily; the indices count targets, then candidates, then pending settings."""
    first, after = len(problem.targets), len(problem.targets) + len(problem.candidates)
    # Everything against everything, once: to record a setting then takes a rank-one downdate.
    chooser = _Chooser(errors.covariance(points, rows, points, rows), first, errors.noise)
    # What is pending will be known before the batch is recorded.
    for index in range(after, len(points)):
        chooser.record(index)
    # Settings cost what it takes to get there from the one recorded before.
    last = problem.pending[-1] if len(problem.pending) else None
    allowed = torch.zeros(len(points), dtype=torch.bool, device=points.device)
    allowed[first:after] = True
    chosen: list[int] = []
    while len(chosen) < min(problem.count, len(problem.candidates)):
        gains = chooser.gains()
        if problem.cost is not None and last is not None:
            gains = gains / problem.cost(points, last)
        # No gain is negative, so -1 keeps a setting out even where nothing gains.
        best = int(torch.where(allowed, gains, -torch.ones_like(gains)).argmax())
        chosen.append(best)
        allowed[best] = False
        last = points[best]
        chooser.record(best)
    return chosen


def integrated_variance(
    predictions: Predictions,
    problem: BatchProblem,
    progress: Progress,
    share: float = SHARE,
    ascent: Ascent = Ascent(12, 0.12),
) -> PointBatch:
    """Choose the batch that lowers the expected error over the targets most.

    Args:
        predictions: Of an ensemble.
        problem: What is wanted.
        progress: Told how far it is.
        share: How much the members' own covariance counts; the rest goes by distance.
        ascent: How hard the batch is moved together in the end; no steps where nothing but the
            candidates can be had.
    """
    others = torch.cat([problem.candidates, problem.pending])
    # Most candidates are targets as well: what members say there is asked for once.
    is_target = (others[:, None] == problem.targets).all(-1)
    fresh = ~is_target.any(1)
    settings = len(problem.targets) + int(fresh.sum()) + len(problem.known)
    # Two more than steps: where the ascent starts, and once more where it ends.
    evaluator = Evaluator(predictions, progress, settings + (ascent.steps + 2) * problem.count)
    errors = ErrorCovariance(evaluator, problem.targets, problem.known, problem.positions, share)
    points = torch.cat([problem.targets, others])
    other_rows = errors.rows[is_target.int().argmax(1)]
    if fresh.any():
        other_rows[fresh] = errors.normalise(evaluator.evaluate(others[fresh]).residuals)
    rows = torch.cat([errors.rows, other_rows])
    batch = points[_choose(problem, errors, points, rows)]
    pending_rows = rows[len(rows) - len(problem.pending) :]

    def gain(moved: Tensor) -> Tensor:
        """Return how much variance the batch, beside what is pending, takes off the targets."""
        evaluator.tick(len(moved))
        own = errors.normalise([residuals(block) for block in predictions(moved)])
        return errors.gain(torch.cat([moved, problem.pending]), torch.cat([own, pending_rows]))

    # One by one and from candidates only is not the best batch: all of it is moved at once.
    if ascent.steps and len(batch):
        turns = torch.tensor([count == 0 for count in problem.positions], device=points.device)
        turns[list(problem.fixed)] = False
        moved = _ascend(batch, turns, ascent, gain)
        if problem.heard is not None:
            moved = torch.where(problem.heard(moved)[:, None], moved, batch)
        batch = moved
    expected = (evaluator.evaluate(batch).residuals[0] ** 2).sum(-1).tolist() if len(batch) else []
    return PointBatch([tuple(point) for point in batch.tolist()], expected)
