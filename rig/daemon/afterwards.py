"""What follows a capture: its report, made by a process of its own that can harm nothing."""

import logging
import os
import subprocess
import sys
from pathlib import Path

from rig import waits
from rig.printable import printable

log = logging.getLogger("rig")

#: Not imported but started: it loads torch, and a session may be such that it fails.
REPORT = "rig.report.make"


def report(folder: Path) -> bool:
    """Make a session's report; where that fails, one line in the log says why."""
    again = f"'rig report {folder}' makes it"
    # It may share a machine with a capture that somebody begins meanwhile.
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            [sys.executable, "-m", REPORT, str(folder)],
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
