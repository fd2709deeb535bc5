"""What an ensemble expected of the settings that it asked for, against what was found there."""

import math
from collections.abc import Iterable, Sequence
from statistics import median

import torch

from models.dataset import Model, evaluate
from rig.facts import FoundError
from rig.learner import data
from rig.session.folder import Session
from rig.session.state import State

#: The last so many pairs say by how much to correct; older ones come from poorer ensembles.
REMEMBERED = 24


def found(session: Session, last: Model, where: torch.device) -> tuple[FoundError, ...]:
    """The last round's ensemble on what was recorded because of it, before it learns from it.

    On the held-out guitar: it has learnt the other one at other settings.

    Args:
        session: The session, with the last round's captures.
        last: The last round's ensemble.
        where: It is played there.
    """
    before = session.state.rounds[-1]
    expected = dict(zip(before.values, before.disagreement, strict=True))
    fresh = [
        about
        for about in data.learnt(session)
        if about.capture.number not in before.learnt_from
        and about.capture.setting.values in expected
    ]
    if not fresh:
        return ()
    errors = evaluate(last.to(where), data.test_set(session, fresh).to(where)).mean.tolist()
    return tuple(
        FoundError(
            capture=about.capture.number,
            expected=expected[about.capture.setting.values],
            found=esr,
        )
        for about, esr in zip(fresh, errors, strict=True)
    )


def so_far(state: State) -> list[FoundError]:
    """All pairs of the rounds before, oldest first."""
    return [pair for learnt in state.rounds for pair in learnt.found]


def factor(pairs: Sequence[FoundError]) -> float | None:
    """By how much expectations have been too low: the median ratio of late; None before any."""
    ratios = _ratios(pairs[-REMEMBERED:])
    return math.exp(median(ratios)) if ratios else None


def _ratios(pairs: Iterable[FoundError]) -> list[float]:
    return [math.log(p.found / p.expected) for p in pairs if p.expected > 0 and p.found > 0]
