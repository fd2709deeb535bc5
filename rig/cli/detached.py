"""What ``rig capture --detach`` answers: only once the daemon has spoken, with its first words."""

import subprocess
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rig import waits
from rig.cli.common import err, out
from rig.errors import RigError
from rig.printable import count_of, pasteable

if TYPE_CHECKING:
    from rig.daemon.request import Request
    from rig.session.facts import DaemonStarted

LOOK_S = 0.1


def answered(request: "Request", process: "subprocess.Popen[bytes]") -> int:
    """Wait for the daemon's first words, print them, and return the exit code."""
    from rig.daemon.processes import last_words
    from rig.session.door import Door

    session, deadline = request.session, time.monotonic() + waits.FIRST_WORDS.s
    while time.monotonic() < deadline:
        started = _started(request)
        if started is not None:
            out.print(f"capturing into {session}: {_goals(started)}")
            out.print(pasteable("'rig monitor' shows it, 'rig stop' ends it", session))
            return 0
        code = process.poll()
        if code is not None:
            err.print(refusal(session), style="red")
            return code or 1
        time.sleep(LOOK_S)
    words = last_words(Door(session)) or "it has said nothing"
    ends = pasteable("'rig stop' ends it", session)
    err.print(f"rig: the capture has not begun yet ({words}); it tries on; {ends}")
    return 1


def _started(request: "Request") -> "DaemonStarted | None":
    """The fact with which the daemon took up this very request; None before it."""
    from rig.session.folder import Session, is_session

    try:
        if not is_session(request.session):
            return None
        session = Session.view(request.session)
    except RigError:
        # It is being made just now.
        return None
    try:
        started = session.state.run.started
    finally:
        session.close()
    return started if started and started.asked_at == request.asked_at else None


def _goals(started: "DaemonStarted") -> str:
    """What it is after, in words."""
    words = [] if started.captures is None else [count_of(started.captures, "capture")]
    if started.until is not None:
        words.append(f"until {datetime.fromtimestamp(started.until):%H:%M}")
    return ", ".join(words) or "until its targets are reached"


def refusal(session: Path) -> str:
    """Return what a capture had to say that ended at once."""
    from rig.daemon.processes import LOG, last_words
    from rig.session.door import Door

    nothing = f"the capture ended at once and left no word; {session / LOG} may have more"
    return f"rig: {last_words(Door(session)) or nothing}"
