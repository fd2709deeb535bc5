"""How other terminals reach the daemon: small files dropped into the session folder.

The daemon alone writes the journal. Whoever wants something leaves a file in ``control/``; the
daemon takes it up within a tenth of a second, writes the fact down, and takes the file away. Where
no daemon runs, its supervisor is the one to answer, or the next daemon.
"""

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from rig.capture import Command
from rig.errors import StorageError
from rig.session.door import Door
from rig.session.plain import UNFINISHED

log = logging.getLogger("rig")

FOLDER = "control"
#: What lies in control/ and cannot be taken away is told once, by its path.
_told: set[Path] = set()


def drop(place: Path | Door, command: Command) -> None:
    """Ask the daemon for something.

    Raises:
        SessionError: There is no folder for it.
        StorageError: The disk did not take it.
    """
    door = Door.at(place)
    # After all that wait already, even where the clock was set back since: the last word counts.
    waiting = [name.partition(".")[0] for name in door.names(FOLDER)]
    last = max((int(each) for each in waiting if each.isdecimal() and len(each) <= 20), default=0)
    # Padded, so that sorted names are in the order of time.
    path = f"{FOLDER}/{max(time.time_ns(), last + 1):020d}.{command}"
    try:
        door.put(path, b"", durable=False)
    except StorageError:
        # A capture that begins clears the folder, what is half-written included.
        door.put(path, b"", durable=False)


def forget(place: Path | Door) -> None:
    """Take away what was asked for so far: whoever begins a capture begins without it.

    Not by its age: the clock may have been set back since.

    Raises:
        SessionError: The folder for it is a link, or none.
        StorageError: The session's folder is gone.
    """
    door = Door.at(place)
    for name in door.names(FOLDER):
        door.remove(f"{FOLDER}/{name}")


def is_stop_waiting(place: Path | Door) -> bool:
    """Whether somebody asked to stop, and nobody has taken it up yet."""
    return any(name.endswith((".stop", ".stop-now")) for name in Door.at(place).names(FOLDER))


def collect(place: Path | Door) -> Iterator[Command]:
    """What was asked for since the last time, oldest first.

    A file goes once whoever hears the command has come back for the next one, having written it
    down: it outlives one who dies in between. What cannot be taken away is heard once.

    Raises:
        SessionError: The folder for it is a link, or none.
        StorageError: The session's folder is gone.
    """
    door = Door.at(place)
    for name, is_plain in list(door.entries(FOLDER)):
        path = f"{FOLDER}/{name}"
        # Somebody may be writing just now: taken from under him, a command would be lost.
        if door.path / path in _told or name.endswith(UNFINISHED):
            continue
        if is_plain:
            yield from (known for known in get_args(Command) if name.endswith(f".{known}"))
        if not is_plain or not door.remove(path):
            _told.add(door.path / path)
            log.warning("%s cannot be taken away, and is left alone", path)
