"""How other terminals reach the daemon: small files dropped into the session folder.

The daemon alone writes the journal. Whoever wants something leaves a file in ``control/``; the
daemon takes it up within a tenth of a second and writes the fact down.
"""

import logging
import time
from pathlib import Path
from typing import Literal, get_args

from rig.session.door import Door

log = logging.getLogger("rig")

FOLDER = "control"
Command = Literal["pause", "resume", "stop", "stop-now", "done", "skip", "redo"]
#: What lies in control/ and is no command of anybody's is told once, by its path.
_told: set[Path] = set()


def drop(place: Path | Door, command: Command) -> None:
    """Ask the daemon for something.

    Raises:
        SessionError: There is no folder for it.
        StorageError: The disk did not take it.
    """
    Door.at(place).put(f"{FOLDER}/{time.time_ns():020d}.{command}", b"", durable=False)


def forget_before(place: Path | Door, asked_at: float | None) -> None:
    """Take away what was asked for before a capture was: it was meant for an earlier one.

    Args:
        place: The session.
        asked_at: Unix time at which the capture was asked for; None takes everything away.

    Raises:
        SessionError: The folder for it is a link, or none.
        StorageError: The session's folder is gone.
    """
    door = Door.at(place)
    for name, is_plain in door.entries(FOLDER):
        if is_plain and not _is_later(name, asked_at):
            door.remove(f"{FOLDER}/{name}")


def _is_later(name: str, asked_at: float | None) -> bool:
    at_ns = name.partition(".")[0]
    return asked_at is not None and at_ns.isdecimal() and int(at_ns) >= 1e9 * asked_at


def is_stop_waiting(place: Path | Door, asked_at: float | None) -> bool:
    """Whether somebody asked this capture to stop, and nobody has taken it up yet."""
    entries = Door.at(place).entries(FOLDER)
    names = [
        name
        for name, is_plain in entries
        if is_plain and (asked_at is None or _is_later(name, asked_at))
    ]
    return any(name.endswith((".stop", ".stop-now")) for name in names)


def collect(place: Path | Door) -> list[Command]:
    """What was asked for since the last time, oldest first; the files are gone after this.

    Only a file that could be taken away counts: what stays would be heard again and again.

    Raises:
        SessionError: The folder for it is a link, or none.
        StorageError: The session's folder is gone.
    """
    door = Door.at(place)
    asked: list[Command] = []
    for name, is_plain in door.entries(FOLDER):
        path = f"{FOLDER}/{name}"
        if is_plain and door.remove(path):
            asked += [known for known in get_args(Command) if name.endswith(f".{known}")]
        elif door.path / path not in _told:
            _told.add(door.path / path)
            log.warning("%s is no command that can be taken up, and is left alone", path)
    return asked
