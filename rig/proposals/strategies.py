"""Ways to say what to record next, behind one interface; the session's configuration names one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from models.acquisition.batch import (
    Climb,
    Proposed,
    Question,
    integrated_variance,
    separate_maxima,
)
from models.acquisition.disagreement import Opinions, Progress
from rig.knobs import Panel, Setting
from rig.proposals import designs, hands

#: Settings where the expected error counts, and settings that may be chosen, beside these.
TARGETS, CANDIDATES = 128, 96
#: Turning one knob by hand costs this much of what a setting gains.
HAND_PRICE = 0.15


@dataclass(frozen=True)
class Ask:
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
        opinions: What the members say, relative to each setting's level.
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
    opinions: Opinions
    plain: Opinions
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

    def __call__(self, ask: Ask, progress: Progress) -> Proposal:
        """The next batch."""


def _drawn(ask: Ask, count: int, stream: int, play: bool) -> list[Setting]:
    """Distinct settings, where players set the knobs or anywhere."""
    random = np.random.default_rng([ask.seed, stream, len(ask.taken)])
    points = random.random((count, len(ask.panel)))
    if play:
        points = designs.to_play(ask.panel, points)
    return list(dict.fromkeys(ask.panel.quantise(point) for point in points))


def _free(ask: Ask, settings: Sequence[Setting]) -> list[Setting]:
    taken = set(ask.taken)
    return [setting for setting in settings if setting not in taken]


def _price(panel: Panel) -> Callable[[Tensor, Tensor], Tensor] | None:
    """What a person's hands have to do for each setting, after another one."""
    by_hand = [index for index, knob in enumerate(panel.knobs) if knob.by_hand]
    if not by_hand:
        return None

    def price(points: Tensor, last: Tensor) -> Tensor:
        """1 where nothing has to be turned."""
        travel = (points[:, by_hand] - last[by_hand]).abs()
        return 1.0 + HAND_PRICE * ((travel > 0).float() * hands.REACH + travel).sum(-1)

    return price


def _proposal(ask: Ask, proposed: Proposed) -> Proposal:
    """Quantised, distinct, from the pool where there is one, and filled up."""
    expected: dict[Setting, float] = {}
    free = _free(ask, ask.pool) if ask.pool is not None else []
    for point, error in zip(proposed.points, proposed.expected, strict=True):
        setting = ask.panel.quantise(point)
        if ask.pool is not None:
            left = [candidate for candidate in free if candidate not in expected]
            if not left:
                break
            away = (ask.points(left) - torch.tensor(point, device=ask.device)).norm(dim=-1)
            setting = left[int(away.argmin())]
        if setting not in ask.taken:
            expected.setdefault(setting, error)
    chosen = list(expected)[: ask.count]
    used = [*ask.taken, *chosen]
    missing = ask.count - len(chosen)
    if ask.pool is not None:
        filled = [setting for setting in free if setting not in chosen][:missing]
    else:
        filled = designs.fill(ask.panel, missing, ask.seed, used)
    errors = [expected[setting] for setting in chosen] + [0.0] * len(filled)
    return Proposal(chosen + filled, errors, len(chosen))


def lowest_expected_error(ask: Ask, progress: Progress) -> Proposal:
    """The batch that lowers the expected error most where players set the knobs."""
    targets = _drawn(ask, TARGETS, designs.TARGET_STREAM, play=True)
    if ask.pool is not None:
        candidates = _free(ask, ask.pool)
    else:
        anywhere = _drawn(ask, CANDIDATES, designs.TARGET_STREAM + 1, play=False)
        candidates = _free(ask, [*dict.fromkeys([*targets, *anywhere])])
    panel = ask.panel
    question = Question(
        targets=ask.points(targets),
        candidates=ask.points(candidates),
        positions=panel.switch_positions,
        count=ask.count,
        known=ask.points(ask.learnt),
        pending=ask.points(ask.pending),
        held=[index for index, knob in enumerate(panel.knobs) if knob.by_hand],
        price=_price(panel),
    )
    climb = Climb(0, 0.1) if ask.pool is not None else Climb(12, 0.12)
    return _proposal(ask, integrated_variance(ask.opinions, question, progress, climb=climb))


def panama(ask: Ask, progress: Progress) -> Proposal:
    """Separate maxima of the variance of what the members say, as loud as it is."""
    starts = ask.points(_drawn(ask, CANDIDATES, designs.TARGET_STREAM + 2, play=False))
    return _proposal(ask, separate_maxima(ask.plain, starts, ask.panel.switch_positions, progress))


def _by_plan(design: str) -> Strategy:
    def propose(ask: Ask, progress: Progress) -> Proposal:
        """The next settings of a plan that was laid out before anything was heard."""
        wanted = ask.goal or len(ask.taken) + ask.count
        plan = _free(ask, designs.planned(ask.panel, design, wanted, ask.plan_seed))[: ask.count]
        progress(1, 1)
        points = [tuple(ask.panel.point(setting).tolist()) for setting in plan]
        return _proposal(ask, Proposed(points, [0.0] * len(points)))

    return propose


#: By the name that a configuration gives.
STRATEGIES: dict[str, Strategy] = {
    "integrated-variance": lowest_expected_error,
    "panama": panama,
    **{design: _by_plan(design) for design in designs.DESIGNS},
}
