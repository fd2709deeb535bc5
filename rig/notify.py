"""Telling a program of the user's what happened: arguments as configured, facts as variables."""

import logging
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence

from rig import waits

log = logging.getLogger("rig")

#: A program that takes longer is left to itself no more.
PATIENCE_S = waits.PROGRAM_ENDS.s
PREFIX = "RIG_"


def missing(command: Sequence[str]) -> str | None:
    """Say that a program is not there; None where it is, or where none is named."""
    if not command or shutil.which(command[0]) is not None:
        return None
    return f"there is no program {command[0]!r} on this machine, so nobody would be told"


def tell(command: Sequence[str], event: str, facts: Mapping[str, object]) -> int | None:
    """Run a program and wait for it, but not for long; nothing it does can stop the capture.

    No shell is involved, and nothing of the facts gets into the command.

    Args:
        command: The program and its arguments.
        event: ``finish``, ``alarm`` or ``hands``.
        facts: What it is told, each as ``RIG_NAME``; None is an empty string.

    Returns:
        Its exit code; None where it could not be run or hung.
    """
    told = {"event": event, **facts}
    variables = {
        # No system takes a variable with a zero in it.
        f"{PREFIX}{name.upper()}": "" if value is None else str(value).replace("\0", "")
        for name, value in told.items()
    }
    try:
        done = subprocess.run(
            list(command),
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE_S,
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        log.warning("%s could not be told: %s", command[0], error)
        return None
    return done.returncode
