"""How other terminals reach the daemon: small files dropped into the session folder.

The daemon alone writes the journal. Whoever wants something leaves a file in ``control/``; the
daemon takes it up within a tenth of a second and writes the fact down.
"""

import contextlib
import time
from pathlib import Path
from typing import Literal, get_args

FOLDER = "control"
Command = Literal["pause", "resume", "stop", "stop-now", "done", "skip", "redo"]


def drop(session_folder: Path, command: Command) -> None:
    """Ask the daemon for something."""
    folder = session_folder / FOLDER
    folder.mkdir(exist_ok=True)
    (folder / f"{time.time_ns():020d}.{command}").touch()


def forget_before(session_folder: Path, asked_at: float | None) -> None:
    """Take away what was asked for before a capture was: it was meant for an earlier one.

    Args:
        session_folder: The session.
        asked_at: Unix time at which the capture was asked for; None takes everything away.
    """
    folder = session_folder / FOLDER
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        at_ns, _, _ = path.name.partition(".")
        is_later = asked_at is not None and at_ns.isdecimal() and int(at_ns) >= 1e9 * asked_at
        if not is_later:
            with contextlib.suppress(OSError):
                path.unlink()


def is_stop_waiting(session_folder: Path) -> bool:
    """Whether somebody asked to stop, and nobody has taken it up yet."""
    folder = session_folder / FOLDER
    return folder.is_dir() and any(p.suffix in (".stop", ".stop-now") for p in folder.iterdir())


def collect(session_folder: Path) -> list[Command]:
    """What was asked for since the last time, oldest first; the files are gone after this."""
    folder = session_folder / FOLDER
    if not folder.is_dir():
        return []
    asked: list[Command] = []
    for path in sorted(folder.iterdir()):
        asked += [known for known in get_args(Command) if path.suffix == f".{known}"]
        with contextlib.suppress(OSError):
            path.unlink()
    return asked
