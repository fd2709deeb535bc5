"""Ways to say what to record next, behind one interface; the session's configuration names one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from models.acquisition.batch import (
    Ascent,
    BatchProblem,
    Proposed,
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
    """What a strategy is told.

    Attributes:
        panel: The knobs.
        count: How many settings are wanted.
        goal: For how many captures a plan is laid out; None where only the clock decides.
        seed: Everything random of this batch is drawn from it.
        plan_seed: A plan is drawn from it: the same for the whole session.
        learnt: What the ensemble has learnt from.
        pending: What is being recorded and will be known.
        taken: What must not be asked for again: all of these, and what is only tested on.
        predictions: What the members say, relative to each setting's level.
        plain: What they say as it is.
        pool: The only settings there are; None where every setting can be had.
    """

    panel: Panel
    count: int
    goal: int | None
    seed: int
    plan_seed: int
    learnt: Sequence[Setting]
    pending: Sequence[Setting]
    taken: Sequence[Setting]
    predictions: Predictions
    plain: Predictions
    pool: Sequence[Setting] | None = None
    device: torch.device = field(default=torch.device("cpu"))

    def points(self, settings: Sequence[Setting]) -> Tensor:
        """Settings as ``(settings, knobs)``."""
        rows = [self.panel.point(setting) for setting in settings]
        table = np.array(rows, np.float32).reshape(len(rows), len(self.panel))
        return torch.from_numpy(table).to(self.device)


@dataclass(frozen=True)
class Proposal:
    """Distinct settings to record, best first, and the relative error expected at each.

    Where a strategy found fewer than were wanted, the rest fills the space and ``asked`` says
    how many the members asked for.
    """

    settings: list[Setting]
    expected: list[float]
    asked: int


class Strategy(Protocol):
    """One way to choose; it must only ask for what the panel allows and what is not taken."""

    def __call__(self, request: ProposalRequest, progress: Progress) -> Proposal:
        """The next batch."""


def _drawn(request: ProposalRequest, count: int, stream: int, play: bool) -> list[Setting]:
    """Distinct settings, where players set the knobs or anywhere."""
    random = np.random.default_rng([request.seed, stream, len(request.taken)])
    points = random.random((count, len(request.panel)))
    if play:
        points = designs.to_play(request.panel, points)
    return list(dict.fromkeys(request.panel.quantise(point) for point in points))


def _free(request: ProposalRequest, settings: Sequence[Setting]) -> list[Setting]:
    taken = set(request.taken)
    return [setting for setting in settings if setting not in taken]


def _cost(panel: Panel) -> Callable[[Tensor, Tensor], Tensor] | None:
    """What a person's hands have to do for each setting, after another one."""
    by_hand = [index for index, knob in enumerate(panel.knobs) if knob.by_hand]
    if not by_hand:
        return None

    def cost(points: Tensor, last: Tensor) -> Tensor:
        """1 where nothing has to be turned."""
        travel = (points[:, by_hand] - last[by_hand]).abs()
        return 1.0 + HAND_COST * ((travel > 0).float() * hands.REACH + travel).sum(-1)

    return cost


def _proposal(request: ProposalRequest, proposed: Proposed) -> Proposal:
    """Quantised, distinct, from the pool where there is one, and filled up."""
    expected: dict[Setting, float] = {}
    free = _free(request, request.pool) if request.pool is not None else []
    for point, error in zip(proposed.points, proposed.expected, strict=True):
        setting = request.panel.quantise(point)
        if request.pool is not None:
            left = [candidate for candidate in free if candidate not in expected]
            if not left:
                break
            away = (request.points(left) - torch.tensor(point, device=request.device)).norm(dim=-1)
            setting = left[int(away.argmin())]
        if setting not in request.taken:
            expected.setdefault(setting, error)
    chosen = list(expected)[: request.count]
    used = [*request.taken, *chosen]
    missing = request.count - len(chosen)
    if request.pool is not None:
        filled = [setting for setting in free if setting not in chosen][:missing]
    else:
        filled = designs.fill(request.panel, missing, request.seed, used)
    errors = [expected[setting] for setting in chosen] + [0.0] * len(filled)
    return Proposal(chosen + filled, errors, len(chosen))


def lowest_expected_error(request: ProposalRequest, progress: Progress) -> Proposal:
    """The batch that lowers the expected error most where players set the knobs."""
    targets = _drawn(request, TARGETS, designs.TARGET_STREAM, play=True)
    if request.pool is not None:
        candidates = _free(request, request.pool)
    else:
        anywhere = _drawn(request, CANDIDATES, designs.TARGET_STREAM + 1, play=False)
        candidates = _free(request, [*dict.fromkeys([*targets, *anywhere])])
    panel = request.panel
    problem = BatchProblem(
        targets=request.points(targets),
        candidates=request.points(candidates),
        positions=panel.switch_positions,
        count=request.count,
        known=request.points(request.learnt),
        pending=request.points(request.pending),
        fixed=[index for index, knob in enumerate(panel.knobs) if knob.by_hand],
        cost=_cost(panel),
    )
    ascent = Ascent(0, 0.1) if request.pool is not None else Ascent(12, 0.12)
    return _proposal(
        request, integrated_variance(request.predictions, problem, progress, ascent=ascent)
    )


def panama(request: ProposalRequest, progress: Progress) -> Proposal:
    """Separate maxima of the variance of what the members say, as loud as it is."""
    starts = request.points(_drawn(request, CANDIDATES, designs.TARGET_STREAM + 2, play=False))
    return _proposal(
        request, separate_maxima(request.plain, starts, request.panel.switch_positions, progress)
    )


def _by_plan(design: str) -> Strategy:
    def propose(request: ProposalRequest, progress: Progress) -> Proposal:
        """The next settings of a plan that was laid out before anything was heard."""
        wanted = request.goal or len(request.taken) + request.count
        plan = _free(request, designs.planned(request.panel, design, wanted, request.plan_seed))[
            : request.count
        ]
        progress(1, 1)
        points = [tuple(request.panel.point(setting).tolist()) for setting in plan]
        return _proposal(request, Proposed(points, [0.0] * len(points)))

    return propose


#: By the name that a configuration gives.
STRATEGIES: dict[str, Strategy] = {
    "integrated-variance": lowest_expected_error,
    "panama": panama,
    **{design: _by_plan(design) for design in designs.DESIGNS},
}
