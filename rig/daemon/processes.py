"""Starting rig's own background processes, and telling whether a supervisor is there."""

import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import filelock

from rig.daemon.request import Request

log = logging.getLogger("rig")

SUPERVISOR_LOCK = ".supervisor.lock"
SERVICE, SUPERVISOR = "rig.daemon.service", "rig.daemon.supervisor"


def supervisor_lock(folder: Path) -> filelock.FileLock:
    """The lock that a session's supervisor holds for as long as it lives."""
    folder.mkdir(parents=True, exist_ok=True)
    return filelock.FileLock(folder / SUPERVISOR_LOCK)


def is_supervised(folder: Path) -> bool:
    """Whether a supervisor sees the session through, a daemon running just now or not."""
    if not (folder / SUPERVISOR_LOCK).exists():
        return False
    try:
        with filelock.FileLock(folder / SUPERVISOR_LOCK).acquire(timeout=0):
            return False
    except filelock.Timeout:
        return True
    except OSError:
        return False


def spawn(module: str, request: Request, log_file: Path | None = None) -> "subprocess.Popen[bytes]":
    """Start one of our own modules where no terminal's end can reach it.

    Raises:
        OSError: It cannot be started, or its log not be written.
    """
    flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    flags |= getattr(subprocess, "CREATE_NO_WINDOW", 0)
    path = log_file or request.session / "logs" / "daemon.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as stream:
        return subprocess.Popen(
            [sys.executable, "-m", module, *request.arguments()],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=os.name != "nt",
            creationflags=flags,
        )


def kill(pid: int | None) -> None:
    """End a process at once, whatever it is doing; harmless where there is none."""
    if pid is None:
        return
    try:
        os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    except OSError as error:
        log.warning("process %d could not be ended: %s", pid, error)
