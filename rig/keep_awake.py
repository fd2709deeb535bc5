"""Keeping the machine awake while amps are captured: by what the system itself offers for that."""

import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rig import waits

log = logging.getLogger("rig")

#: Windows: ES_CONTINUOUS with ES_SYSTEM_REQUIRED, and alone.
_STAY_AWAKE, _AS_USUAL = 0x80000001, 0x80000000


def can_keep_awake() -> bool:
    """Whether the system offers something that keeps it awake, tried for a moment."""
    if sys.platform == "win32":
        return True
    helper = _started(_helper())
    if helper is None:
        return False
    try:
        # Where nobody answers it, as in a container, it ends at once.
        helper.wait(waits.AWAKE_REFUSES.s)
    except subprocess.TimeoutExpired:
        return True
    finally:
        _end(helper)
    return False


def _helper() -> list[str] | None:
    """A program that keeps the machine awake for as long as it runs; it ends with its input."""
    if sys.platform == "darwin" and shutil.which("caffeinate"):
        return ["caffeinate", "-ims", "cat"]
    if sys.platform == "linux" and shutil.which("systemd-inhibit"):
        what = "--what=sleep:idle:handle-lid-switch"
        return ["systemd-inhibit", what, "--who=rig", "--why=capturing an amp", "cat"]
    return None


@contextmanager
def awake() -> Iterator[None]:
    """Keep the machine from sleeping; where that cannot be done, say so in the log and go on.

    The helper reads from a pipe that this process holds: it ends with it, however it ends.
    """
    if sys.platform == "win32":
        import ctypes

        # It holds for the thread that says so, and as long as that lives.
        ctypes.windll.kernel32.SetThreadExecutionState(_STAY_AWAKE)
        try:
            yield
        finally:
            ctypes.windll.kernel32.SetThreadExecutionState(_AS_USUAL)
        return
    helper = _started(_helper())
    try:
        yield
    finally:
        if helper is not None:
            _end(helper)


def _end(helper: "subprocess.Popen[bytes]") -> None:
    """Let the helper end with its input; one that does not is killed."""
    try:
        helper.communicate(timeout=waits.AWAKE_ENDS.s)
    except subprocess.TimeoutExpired:
        helper.kill()
    except OSError as error:
        log.info("what keeps the machine awake could not be ended: %s", error)


def _started(command: list[str] | None) -> "subprocess.Popen[bytes] | None":
    if command is None:
        log.info("nothing here keeps the machine awake: see that it does not go to sleep")
        return None
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=os.name != "nt",
        )
    except OSError as error:
        log.info("the machine cannot be kept awake: %s", error)
        return None
