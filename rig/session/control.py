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
