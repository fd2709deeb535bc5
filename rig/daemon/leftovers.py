"""Children that a daemon left behind: they end by themselves, and those that cannot are ended.

A child ends when its parent does, unless somebody has stopped it (SIGSTOP) or its driver hangs.
Then it would hold the devices beside the child of the next daemon.
"""

import logging
import os
import subprocess
from pathlib import Path

from rig import waits
from rig.clock import Clock
from rig.daemon.foot_switch import WORKER as PEDAL
from rig.daemon.processes import kill
from rig.devices.client import WORKER as AUDIO
from rig.learner.client import ELSEWHERE
from rig.learner.client import WORKER as LEARNER

log = logging.getLogger("rig")

#: How often it is looked whether they have ended.
LOOK_S = 0.1


def end_leftovers(folder: Path, clock: Clock) -> None:
    """Have no child of an earlier daemon of this session left; asked before there are own ones."""
    left_s = waits.CHILD_ENDS.s
    while (there := leftovers(folder)) and left_s > 0:
        # It may be putting the knobs to rest, which is not to be cut short.
        clock.sleep(LOOK_S)
        left_s -= LOOK_S
    for pid in there:
        log.warning("process %d was left behind by an earlier daemon: it is ended", pid)
        kill(pid)


def leftovers(folder: Path) -> list[int]:
    """Numbers of the processes that work for a session's daemon, by what they were started with."""
    owner = str(folder.absolute())
    ends = [f"-m {module} {owner}" for module in (AUDIO, LEARNER, ELSEWHERE, PEDAL)]
    return [pid for pid, line in command_lines().items() if line.endswith(tuple(ends))]


def command_lines() -> dict[int, str]:
    """What every process was started with, by its number, as far as the system tells."""
    if Path("/proc/self/cmdline").exists():
        return {int(path.name): _arguments(path) for path in Path("/proc").glob("[0-9]*")}
    asks = ["ps", "-eww", "-o", "pid=,args="]
    if os.name == "nt":
        each = 'ForEach-Object { "$($_.ProcessId) $($_.CommandLine)" }'
        asks = ["powershell", "-NoProfile", "-Command", f"Get-CimInstance Win32_Process | {each}"]
    try:
        told = subprocess.run(
            asks, capture_output=True, text=True, timeout=waits.SYSTEM_TELLS.s, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return {}
    rows = (line.strip().split(" ", 1) for line in told.stdout.splitlines())
    # Windows quotes what has spaces in it.
    return {int(row[0]): row[1].replace('"', "") for row in rows if row[0].isdecimal() and row[1:]}


def _arguments(process: Path) -> str:
    try:
        return (process / "cmdline").read_text(errors="replace").strip("\0").replace("\0", " ")
    except OSError:
        # It has ended since its number was listed.
        return ""
