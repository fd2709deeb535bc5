"""Which settings to record next, asked of an ensemble.

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
from itertools import product

import torch
from torch import Tensor

from models.acquisition.disagreement import Evaluator, Predictions, Progress, residuals, variance
from models.acquisition.error_covariance import SHARE, ErrorCovariance

#: How dear each of ``(settings, knobs)`` is after the last one chosen ``(knobs,)``: 1 is cheap.
Cost = Callable[[Tensor, Tensor], Tensor]

#: An ascent starts this far inside the range: at its very end the logit has no slope.
INSIDE = 0.02


@dataclass(frozen=True)
class Ascent:
    """How hard gradient ascent tries: Adam steps and their rate, on the logit of the knob."""

    steps: int
    rate: float


@dataclass(frozen=True)
class Proposed:
    """Settings in [0, 1]^k to record next, best first, and the relative error expected there."""

    points: list[tuple[float, ...]]
    expected: list[float]


def switch_combinations(positions: Sequence[int]) -> list[dict[int, float]]:
    """Every combination of switch positions, as knob index to value in [0, 1]."""
    switches = [index for index, count in enumerate(positions) if count]
    choices = [[i / max(positions[s] - 1, 1) for i in range(positions[s])] for s in switches]
    return [dict(zip(switches, combination, strict=True)) for combination in product(*choices)]


def on_positions(points: Tensor, positions: Sequence[int]) -> Tensor:
    """Points in [0, 1]^k with every switch moved to the position that its share stands for."""
    moved = points.clone()
    for index, count in enumerate(positions):
        if count:
            position = (points[:, index] * count).long().clamp(max=count - 1)
            moved[:, index] = position / max(count - 1, 1)
    return moved


def _ascended(
    start: Tensor, turns: Tensor, ascent: Ascent, score: Callable[[Tensor], Tensor]
) -> Tensor:
    """Climb from ``(settings, knobs)`` up ``score``; columns where ``turns`` is False stay."""
    latent = torch.logit(start.clamp(INSIDE, 1.0 - INSIDE)).requires_grad_()
    optimiser = torch.optim.Adam([latent], ascent.rate)
    best, best_score = start, score(start).detach()
    for _ in range(ascent.steps):
        points = torch.where(turns, torch.sigmoid(latent), start)
        height = score(points)
        if height.detach() > best_score:
            best, best_score = points.detach(), height.detach()
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(-height)
        optimiser.step()
    return best


def _merged(points: Tensor, score: Tensor, distance: float) -> list[int]:
    """The best of each cluster, best first."""
    kept: list[int] = []
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
    restarts: int = 10,
    ascent: Ascent = Ascent(40, 0.1),
    merge: float = 0.2,
) -> Proposed:
    """Where the members' variance peaks, each peak by itself; of close ones the higher.

    Args:
        predictions: Of an ensemble; only the first block is looked at.
        starts: Settings to look at first; the best are climbed from.
        positions: Per knob, 0 if it turns, else how many positions it switches.
        progress: Told how far it is.
        restarts: How many are climbed from.
        ascent: How hard.
        merge: Peaks this close in every knob are one.
    """
    starts = on_positions(starts, positions)
    evaluator = Evaluator(predictions, progress, len(starts) + restarts * ascent.steps)
    turns = torch.tensor([count == 0 for count in positions], device=starts.device)
    heights = (evaluator.quietly(starts).residuals[0] ** 2).sum(-1)
    best = heights.argsort(descending=True, stable=True)[:restarts]

    def score(points: Tensor) -> Tensor:
        """Log of each variance: every climb goes its own way."""
        evaluator.tick(len(points))
        return torch.log(variance(predictions(points)[:1])[0] + 1e-20).sum()

    climbed = [_ascended(group, turns, ascent, score) for group in torch.split(starts[best], 4)]
    points = torch.cat([*climbed, starts])
    reached = evaluator.quietly(torch.cat(climbed)).residuals[0]
    heights = torch.cat([(reached**2).sum(-1), heights])
    order = _merged(points, heights, merge)
    return Proposed([tuple(points[i].tolist()) for i in order], [float(heights[i]) for i in order])


@dataclass(frozen=True)
class BatchProblem:
    """What a batch is wanted for.

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
    """

    targets: Tensor
    candidates: Tensor
    positions: Sequence[int]
    count: int
    known: Tensor
    pending: Tensor
    fixed: Sequence[int] = ()
    cost: Cost | None = None


class _Chooser:
    """Takes settings one by one, each with the ones before it recorded."""

    def __init__(self, covariance: Tensor, targets: int, noise: Tensor) -> None:
        self._left, self._targets, self._noise = covariance.clone(), targets, noise

    def record(self, index: int) -> None:
        """Know this setting: what was uncertain because of it is not."""
        column = self._left[:, index].clone()
        self._left -= torch.outer(column, column) / (column[index] + self._noise)

    def gains(self) -> Tensor:
        """What each setting would take off the targets now."""
        own = self._left.diagonal().clamp(min=0.0) + self._noise
        return (self._left[: self._targets] ** 2).mean(0) / own


def _chosen(
    problem: BatchProblem, errors: ErrorCovariance, points: Tensor, rows: Tensor
) -> list[int]:
    """Indices into ``points``: targets, then candidates, then what is pending."""
    first, after = len(problem.targets), len(problem.targets) + len(problem.candidates)
    chooser = _Chooser(errors.covariance(points, rows, points, rows), first, errors.noise)
    for index in range(after, len(points)):
        chooser.record(index)
    last = problem.pending[-1] if len(problem.pending) else None
    allowed = torch.zeros(len(points), dtype=torch.bool, device=points.device)
    allowed[first:after] = True
    chosen: list[int] = []
    while len(chosen) < min(problem.count, len(problem.candidates)):
        gains = chooser.gains()
        if problem.cost is not None and last is not None:
            gains = gains / problem.cost(points, last)
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
) -> Proposed:
    """The batch that lowers the expected error over the targets most.

    Args:
        predictions: Of an ensemble.
        problem: What is wanted.
        progress: Told how far it is.
        share: How much the members' own covariance counts; the rest goes by distance.
        ascent: How hard the batch is moved together in the end; no steps where nothing but the
            candidates can be had.
    """
    others = torch.cat([problem.candidates, problem.pending])
    settings = len(problem.targets) + len(others) + len(problem.known)
    evaluator = Evaluator(predictions, progress, settings + (ascent.steps + 2) * problem.count)
    errors = ErrorCovariance(evaluator, problem.targets, problem.known, problem.positions, share)
    points = torch.cat([problem.targets, others])
    rows = torch.cat([errors.rows, errors.scaled(evaluator.quietly(others).residuals)])
    batch = points[_chosen(problem, errors, points, rows)]
    waiting = rows[len(rows) - len(problem.pending) :]

    def gain(moved: Tensor) -> Tensor:
        """Of the whole batch, beside what is pending."""
        evaluator.tick(len(moved))
        own = errors.scaled([residuals(block) for block in predictions(moved)])
        return errors.gain(torch.cat([moved, problem.pending]), torch.cat([own, waiting]))

    if ascent.steps and len(batch):
        turns = torch.tensor([count == 0 for count in problem.positions], device=points.device)
        turns[list(problem.fixed)] = False
        batch = _ascended(batch, turns, ascent, gain)
    expected = (evaluator.quietly(batch).residuals[0] ** 2).sum(-1).tolist() if len(batch) else []
    return Proposed([tuple(point) for point in batch.tolist()], expected)
