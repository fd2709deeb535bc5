"""What an ensemble expected of the settings that it asked for, against what was found there.

An error has two parts: what the members have in common and show on every setting they have learnt,
and what they do not know of a setting, which grows with their disagreement. Only the second one
is corrected by what was found.
"""

from collections.abc import Sequence
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
    disagreement = dict(zip(before.values, before.disagreement, strict=True))
    fresh = [
        about
        for about in data.learnt(session)
        if about.capture.number not in before.learnt_from
        and about.capture.setting.values in disagreement
    ]
    if not fresh:
        return ()
    errors = evaluate(last.to(where), data.test_set(session, fresh).to(where)).mean.tolist()
    return tuple(
        FoundError(
            capture=about.capture.number,
            disagreement=disagreement[about.capture.setting.values],
            found=esr,
            common=before.ensemble_esr,
        )
        for about, esr in zip(fresh, errors, strict=True)
    )


def so_far(state: State) -> list[FoundError]:
    """All pairs of the rounds before, oldest first."""
    return [pair for learnt in state.rounds for pair in learnt.found]


def factor(pairs: Sequence[FoundError]) -> float | None:
    """How much error a disagreement stands for: the median of late; None before any."""
    late = [pair for pair in pairs[-REMEMBERED:] if pair.disagreement > 0]
    if not late:
        return None
    return max(median((pair.found - pair.common) / pair.disagreement for pair in late), 0.0)
