"""Captures that all the others do not explain: found only now that there are others to ask."""

from collections.abc import Callable
from dataclasses import dataclass

from calibration.doubts import change_limit, rest_limit_db
from calibration.outliers import outliers
from calibration.verdict import Figures
from rig.capture import Role
from rig.daemon.baseline import (
    REST_SHARE,
    figure_of_kept,
    high_figure,
    kept_takes,
    usual_change_esr,
)
from rig.daemon.instants import blamed_by_others, unlike_any_other
from rig.daemon.run import Run
from rig.session.folder import Session


def outlying_captures(session: Session) -> tuple[int, ...]:
    """Kept captures that all the others do not explain and that were recorded only once."""
    kept, points, heard = figure_of_kept(session, "return_rms_dbfs")
    return tuple(
        kept[index].capture.number
        for index in outliers(points, heard)
        if kept[index].capture.role is not Role.CANARY and not kept[index].was_repeated
    )


def louder_at_rest(session: Session) -> tuple[int, ...]:
    """Captures kept before others could tell that they ended louder than takes of this amp do."""
    usual_db = high_figure(session, "rest_rise_db", REST_SHARE)
    if usual_db is None:
        return ()
    limit_db = rest_limit_db(usual_db)
    return _kept_once(session, lambda figures: figures.get("rest_rise_db", 0.0) > limit_db)


def changed_within(session: Session) -> tuple[int, ...]:
    """Captures kept before others could tell that their guitar changed more than it does here."""
    usual_esr = usual_change_esr(session)
    if usual_esr is None:
        return ()

    def is_odd(figures: Figures) -> bool:
        """Whether the guitar at a take's end is not the one at its beginning."""
        limit = change_limit(usual_esr, figures.get("change_noise_esr", 0.0))
        return figures.get("change_esr", 0.0) > limit

    return _kept_once(session, is_odd)


def _kept_once(session: Session, is_odd: Callable[[Figures], bool]) -> tuple[int, ...]:
    """Odd captures that no second take has vouched for: two that agreed are so."""
    return tuple(
        about.capture.number
        for about, take in kept_takes(session)
        if about.capture.role is not Role.CANARY and is_odd(take.figures) and not about.was_repeated
    )


@dataclass(frozen=True)
class Discrepancy:
    """What finds captures that all the others do not explain, and what is said of them."""

    why: str
    find: Callable[[Run], tuple[int, ...]]


DISCREPANCIES = (
    Discrepancy(
        "its level is not what all the others say",
        lambda run: outlying_captures(run.session),
    ),
    Discrepancy(
        "it ended louder than it began, as no other take does",
        lambda run: louder_at_rest(run.session),
    ),
    Discrepancy(
        "its guitar changed from its beginning to its end, as no other take's does",
        lambda run: changed_within(run.session),
    ),
    Discrepancy(
        "an instant of it is like no other take's",
        lambda run: unlike_any_other(run.session, run.audio, run.looked_through),
    ),
    Discrepancy(
        "takes of other settings are odd at an instant only beside it",
        lambda run: blamed_by_others(run.session, run.audio, run.asked_whom_they_blame),
    ),
)
