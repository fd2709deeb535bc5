"""Rig's own background processes: started, ended, and what they had to say."""

import logging
import os
import re
import signal
import subprocess
from pathlib import Path

from rig import waits
from rig.child import own_module
from rig.daemon.request import Request
from rig.errors import RigError
from rig.printable import printable
from rig.session.door import Door

log = logging.getLogger("rig")

LOG = "logs/daemon.log"
#: A system that does not say in this time what a process is, does not say it.
ASK_S = waits.SYSTEM_TELLS.s
SERVICE, SUPERVISOR = "rig.daemon.service", "rig.daemon.supervisor"
#: A longer log is not from a capture that ended at once.
MOST_LOG_BYTES = 10_000_000
#: What a line of the supervisor's begins with.
KEEPER_SAYS = "supervisor: "


def told_to_stop() -> list[signal.Signals]:
    """Return the signals by which this process is told to stop."""
    # On Windows a process group of its own hears no Ctrl-C from others, only the break. A terminal
    # that is closed hangs up, unless whoever began it, such as nohup, wants that to be ignored.
    names = ["SIGINT", "SIGTERM", "SIGBREAK", "SIGHUP"]
    found = [getattr(signal, name) for name in names if hasattr(signal, name)]
    return [n for n in found if n.name != "SIGHUP" or signal.getsignal(n) != signal.SIG_IGN]


def spawn(module: str, request: Request, door: Door | None = None) -> "subprocess.Popen[bytes]":
    """Start one of our own modules where no terminal's end can reach it.

    Args:
        module: Which.
        request: What it is to do.
        door: To the session's folder, which has to be there.

    Raises:
        OSError: It cannot be started.
        SessionError: Something else lies in the place of its log.
        StorageError: Its log cannot be written, or the folder is gone.
    """
    # Windows alone has these: a Ctrl-C at the terminal stays there, and no window pops up.
    flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    flags |= getattr(subprocess, "CREATE_NO_WINDOW", 0)
    with (door or Door(request.session)).appending(LOG) as stream:
        return subprocess.Popen(
            own_module(module, *request.arguments()),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=os.name != "nt",
            creationflags=flags,
        )


#: How a line begins that is whole: on a full disk the last one may not be.
LOGGED = re.compile(r"\d{4}-\d\d-\d\d \S+ \S")


def last_words(door: Door) -> str:
    """The last line that a daemon logged; empty where there is none."""
    try:
        log_text = door.read(LOG, MOST_LOG_BYTES).decode(errors="replace")
    except RigError:
        return ""
    # A line begins with its date and time; a traceback's lines are indented.
    lines = (line for line in log_text.splitlines() if line.strip() and not line.startswith(" "))
    said = [line.split(" ", 2)[-1] for line in lines if LOGGED.match(line)]
    said = [words for words in said if not words.startswith(KEEPER_SAYS)]
    return printable(said[-1]) if said else ""


def kill(pid: int | None) -> None:
    """End a process at once, whatever it is doing; harmless where there is none."""
    if pid is None:
        return
    try:
        # Windows has no SIGKILL: there SIGTERM ends a process just as surely.
        os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    except OSError as error:
        log.warning("process %d could not be ended: %s", pid, error)


def kill_daemon(pid: int, folder: Path) -> None:
    """End a session's daemon by a number that was written down: only if it is still its own."""
    if is_daemon(_command_line(pid), folder):
        kill(pid)
    else:
        log.warning("process %d is no daemon of %s any more: it is left alone", pid, folder)


def is_daemon(command: str, folder: Path) -> bool:
    """Whether a command line is that of a session's daemon."""
    # With what follows it: another session's path may begin with this one's.
    return SERVICE in command and f" {folder} " in f"{command} "


def _command_line(pid: int) -> str:
    """What a process was started with; empty where that cannot be told."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
    except OSError:
        # Only Linux tells it in a file; elsewhere a program of the system's has to be asked.
        pass
    asks = ["ps", "-ww", "-o", "args=", "-p", str(pid)]
    if os.name == "nt":
        query = f"(Get-CimInstance Win32_Process -Filter 'ProcessId={pid}').CommandLine"
        asks = ["powershell", "-NoProfile", "-Command", query]
    try:
        told = subprocess.run(asks, capture_output=True, text=True, timeout=ASK_S, check=False)
    except (OSError, subprocess.SubprocessError):
        return ""
    return told.stdout
