"""What follows a capture: its report, made by a process of its own, whose failing harms nothing."""

import logging
import os
import subprocess

from rig import waits
from rig.child import own_module
from rig.printable import pasteable, printable
from rig.session.door import Door
from rig.session.layout import is_session

log = logging.getLogger("rig")

#: Not imported but started: it loads torch, and a session may be such that it fails.
REPORT = "rig.report.make"


def report(door: Door) -> bool:
    """Make a session's report; where that fails, one line in the log says why.

    Args:
        door: Into the folder that was recorded into: another may lie at its place by now.
    """
    folder = door.path
    if not is_session(folder):
        log.warning(
            "%s is not there any more: the report is made once the session is named: "
            "'rig report NEWNAME', and 'rig capture --session NEWNAME' goes on with it",
            folder,
        )
        return False
    again = pasteable("'rig report' makes it", folder)
    # It may share a machine with a capture that somebody begins meanwhile.
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            own_module(REPORT, str(folder), *map(str, door.identity or ())),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=waits.REPORT_IS_MADE.s,
            env=environment,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            check=False,
        )
    except subprocess.TimeoutExpired:
        log.warning("the report was not made in %g s; %s", waits.REPORT_IS_MADE.s, again)
        return False
    # Whoever is in a hurry has the session all the same, and its exit code.
    except KeyboardInterrupt:
        log.warning("the report was not waited for; %s", again)
        return False
    except OSError as error:
        log.warning("the report could not be made (%s); %s", error.strerror, again)
        return False
    if done.returncode:
        # The last line is the sentence, or the error of a traceback.
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["it left no word"]
        log.warning("the report could not be made (%s); %s", printable(said[-1]), again)
        return False
    log.info("the report is made: %s", folder / "report.html")
    return True
