"""Strategies that choose what to record next, by the name that the configuration gives."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from models.acquisition.batch import (
    Ascent,
    BatchProblem,
    PointBatch,
    integrated_variance,
    separate_maxima,
)
from models.acquisition.disagreement import Predictions, Progress
from rig.knobs import Panel, Setting
from rig.proposals import designs, hands

#: Settings where the expected error counts, and settings that may be chosen, beside these.
TARGETS, CANDIDATES = 128, 96
#: Turning one knob by hand costs this much of what a setting gains.
HAND_COST = 0.15


@dataclass(frozen=True)
class ProposalRequest:
    """Everything that a strategy is told when it is asked for a batch.

    Attributes:
        panel: The knobs.
        count: How many settings are wanted.
        goal: For how many captures a plan is laid out; None where only the clock decides.
        seed: Everything random of this batch is drawn from it.
        plan_seed: A plan is drawn from it: the same for the whole session.
        known: What the ensemble has learnt from.
        pending: What is being recorded and will be known.
        excluded: What must not be asked for: all of these, and what is only tested on.
        predictions: What the members say, relative to each setting's level.
        plain: What they say as it is.
        pool: The only settings there are; None where every setting can be had.
        heard: Which of ``(settings, knobs)`` can be heard; None where nothing is known of it.
    """

    panel: Panel
    count: int
    goal: int | None
    seed: int
    plan_seed: int
    known: Sequence[Setting]
    pending: Sequence[Setting]
    excluded: Sequence[Setting]
    predictions: Predictions
    plain: Predictions
    pool: Sequence[Setting] | None = None
    heard: Callable[[Tensor], Tensor] | None = None
    device: torch.device = field(default=torch.device("cpu"))

    def points(self, settings: Sequence[Setting]) -> Tensor:
        """Return settings as a tensor of points, ``(settings, knobs)``."""
        rows = [self.panel.point(setting) for setting in settings]
        table = np.array(rows, np.float32).reshape(len(rows), len(self.panel))
        return torch.from_numpy(table).to(self.device)


@dataclass(frozen=True)
class Proposal:
    """Distinct settings to record, best first, and the relative error expected at each.

    Where a strategy found fewer than were wanted, the rest fills the space and ``from_ensemble``
    says how many the strategy itself chose.
    """

    settings: list[Setting]
    expected: list[float]
    from_ensemble: int


class Strategy(Protocol):
    """A way to choose; it only asks for what the panel allows and what is not excluded."""

    def __call__(self, request: ProposalRequest, progress: Progress) -> Proposal:
        """Propose the next batch of settings."""


def _draw_settings(request: ProposalRequest, count: int, stream: int, play: bool) -> list[Setting]:
    """Draw distinct settings, where players set the knobs or anywhere."""
    random = np.random.default_rng([request.seed, stream, len(request.excluded)])
    points = random.random((count, len(request.panel)))
    if play:
        points = designs.to_play_distribution(request.panel, points)
    return list(dict.fromkeys(request.panel.quantise(point) for point in points))


def _without_excluded(request: ProposalRequest, settings: Sequence[Setting]) -> list[Setting]:
    excluded = set(request.excluded)
    return [setting for setting in settings if setting not in excluded]


def _heard_of(request: ProposalRequest, settings: list[Setting]) -> list[Setting]:
    """Return the settings that can be heard; all of them where those are too few for a batch."""
    if request.heard is None:
        return settings
    told = request.heard(request.points(settings)).tolist()
    heard = [setting for setting, is_heard in zip(settings, told, strict=True) if is_heard]
    return heard if len(heard) >= request.count else settings


def _cost(panel: Panel) -> Callable[[Tensor, Tensor], Tensor] | None:
    """Return what hands have to do for each setting after another; None where no hand turns."""
    by_hand = [index for index, knob in enumerate(panel.knobs) if knob.by_hand]
    if not by_hand:
        return None

    def cost(points: Tensor, last: Tensor) -> Tensor:
        """Return each setting's cost, 1 where nothing has to be turned."""
        # As hands are counted when settings are put in order: to reach for a knob, and its way.
        travel = (points[:, by_hand] - last[by_hand]).abs()
        return 1.0 + HAND_COST * ((travel > 0).float() * hands.REACH + travel).sum(-1)

    return cost


def _proposal(request: ProposalRequest, proposed: PointBatch) -> Proposal:
    """Quantise points to distinct settings, of the pool where there is one, and fill up."""
    expected: dict[Setting, float] = {}
    free = _without_excluded(request, request.pool) if request.pool is not None else []
    for point, error in zip(proposed.points, proposed.expected, strict=True):
        setting = request.panel.quantise(point)
        if request.pool is not None:
            left = [candidate for candidate in free if candidate not in expected]
            if not left:
                break
            distance = (request.points(left) - torch.tensor(point, device=request.device)).norm(
                dim=-1
            )
            setting = left[int(distance.argmin())]
        # Points come best first: where two fall on one setting, it keeps the better one's error.
        if setting not in request.excluded:
            expected.setdefault(setting, error)
    chosen = list(expected)[: request.count]
    used = [*request.excluded, *chosen]
    missing = request.count - len(chosen)
    if request.pool is not None:
        filled = [setting for setting in free if setting not in chosen][:missing]
    else:
        filled = designs.fill(request.panel, missing, request.seed, used)
    # One for each setting, as the journal wants them; of what only fills the space nobody has any.
    errors = [expected[setting] for setting in chosen] + [0.0] * len(filled)
    return Proposal(chosen + filled, errors, len(chosen))


# As a batch: separate maxima crowd where members are most at odds, and that is at the ends of the
# knobs, where nobody plays (decision 15).
def lowest_expected_error(request: ProposalRequest, progress: Progress) -> Proposal:
    """Propose the batch that lowers the expected error most where players set the knobs."""
    # Targets may be recorded themselves; candidates from everywhere see to the corners.
    targets = _draw_settings(request, TARGETS, designs.TARGET_STREAM, play=True)
    if request.pool is not None:
        candidates = _without_excluded(request, request.pool)
    else:
        anywhere = _draw_settings(request, CANDIDATES, designs.TARGET_STREAM + 1, play=False)
        candidates = _without_excluded(request, [*dict.fromkeys([*targets, *anywhere])])
    panel = request.panel
    problem = BatchProblem(
        targets=request.points(targets),
        candidates=request.points(_heard_of(request, candidates)),
        positions=panel.switch_positions,
        count=request.count,
        known=request.points(request.known),
        pending=request.points(request.pending),
        fixed=[index for index, knob in enumerate(panel.knobs) if knob.by_hand],
        cost=_cost(panel),
        heard=request.heard,
    )
    # Between the settings of a pool there is nothing to climb to.
    ascent = Ascent(0, 0.1) if request.pool is not None else Ascent(12, 0.12)
    return _proposal(
        request, integrated_variance(request.predictions, problem, progress, ascent=ascent)
    )


def panama(request: ProposalRequest, progress: Progress) -> Proposal:
    """Propose separate maxima of the variance of the members' waveforms as they are."""
    starts = request.points(
        _draw_settings(request, CANDIDATES, designs.TARGET_STREAM + 2, play=False)
    )
    return _proposal(
        request, separate_maxima(request.plain, starts, request.panel.switch_positions, progress)
    )


def _by_design(design: str) -> Strategy:
    def propose(request: ProposalRequest, progress: Progress) -> Proposal:
        """Propose the next settings of a design that was laid out before anything was recorded."""
        wanted = request.goal or len(request.excluded) + request.count
        plan = _without_excluded(
            request, designs.design_settings(request.panel, design, wanted, request.plan_seed)
        )[: request.count]
        progress(1, 1)
        points = [tuple(request.panel.point(setting).tolist()) for setting in plan]
        return _proposal(request, PointBatch(points, [0.0] * len(points)))

    return propose


#: By the name that a configuration gives.
STRATEGIES: dict[str, Strategy] = {
    "integrated-variance": lowest_expected_error,
    "panama": panama,
    **{design: _by_design(design) for design in designs.DESIGNS},
}
