"""Being the only one who writes into a session, and what such a one sees to first."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import filelock

from rig import waits
from rig.errors import SessionError, StorageError
from rig.printable import pasteable
from rig.session import database, live, reserve
from rig.session.door import Door
from rig.session.journal import Journal
from rig.session.layout import CONFIG, JOURNAL, LOCK, REPAIRED
from rig.session.plain import UNFINISHED

FOLDERS = ("signal", "takes", "captures", "rounds", "model", "control", "logs", "damaged")
#: How long a daemon waits for the lock: longer than a viewer's probe holds it.
LOCK_S = waits.LOCK_IS_FREE.s


def acquire(door: Door) -> filelock.BaseFileLock:
    """Take the writer's lock, for as long as this process lives at most.

    Raises:
        SessionError: Somebody else has it, or it cannot be had here.
    """
    lock = door.lock(LOCK)
    try:
        lock.acquire(timeout=LOCK_S)
    except filelock.Timeout:
        shows = pasteable("'rig monitor' shows it", door.path)
        raise SessionError(f"{door.path}: another capture is running here; {shows}") from None
    except OSError as error:
        raise SessionError(f"{door.path}: cannot be written to: {error.strerror}") from None
    return lock


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[Door]:
    """Be the only one who writes into a session.

    Raises:
        SessionError: Somebody else does.
    """
    door = Door.into(folder)
    lock = acquire(door)
    try:
        yield door
    finally:
        lock.release()


def take_repaired(door: Door) -> None:
    """Finish a repair that was cut short: only whoever holds the lock may.

    The log of the damaged journal must never meet the repaired one, which is why that one waits
    under a name of its own until the log is gone.

    Raises:
        StorageError: The disk does not let it.
    """
    if door.file(REPAIRED) is None:
        return
    for side in database.BESIDE:
        for name in (f"{JOURNAL}{side}", f"{REPAIRED}{side}"):
            if door.file(name) is not None and not door.remove(name):
                raise StorageError(f"{door.path / name}: cannot be removed")
    door.move(REPAIRED, JOURNAL)


def new_journal(door: Door) -> Journal:
    """An empty journal under a name of its own; what a killed process left of one goes.

    Raises:
        SessionError: Something else lies in its place.
        StorageError: The disk does not take it.
    """
    name = f"{JOURNAL}{UNFINISHED}"
    # By its beginning, since SQLite's log and its index lie beside it under longer names.
    for leftover in door.names(prefix=name):
        door.remove(leftover)
    return Journal.create(door.path / name)


def examine(door: Door) -> None:
    """Before anything is written: nothing that rig is going to touch is a link or a pipe.

    Raises:
        SessionError: Something is.
    """
    for name in FOLDERS:
        door.folder(name)
    for name in (CONFIG, LOCK, live.NAME, reserve.NAME):
        door.own(name)
