"""The end of a run whose daemon could not write it down itself: its supervisor does."""

import logging
from pathlib import Path

from calibration.verdict import Check
from rig.clock import Clock
from rig.daemon.stopping import Finish
from rig.errors import RigError
from rig.session import control, facts
from rig.session.broken import broken_off
from rig.session.folder import Session

log = logging.getLogger("rig")


def lay_down(folder: Path, ending: Finish, clock: Clock) -> bool:
    """Write down how a run ended, and what it was told; False where that cannot be done."""
    try:
        session = Session.open(folder, clock.now)
    except RigError as error:
        log.error("the end could not be written down: %s", error)  # noqa: TRY400 (a sentence)
        return False
    try:
        for command in control.collect(session.door):
            session.record(facts.CommandGiven(command=command))
        left_open = session.state.takes.open
        if left_open is not None:
            why = "the capture ended in the middle of this take"
            numbers = left_open.take, left_open.capture
            session.record(broken_off(*numbers, Check.INTERRUPTED, why, died=True))
        session.record(facts.DaemonEnded(state=ending.state, reason=ending.reason))
    except RigError as error:
        log.error("the end could not be written down: %s", error)  # noqa: TRY400 (a sentence)
        return False
    finally:
        session.close()
    return True
