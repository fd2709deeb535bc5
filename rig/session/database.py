"""Opening a SQLite file that may come from a stranger: what it is made of is looked at first."""

import os
import sqlite3
from pathlib import Path

from rig import waits
from rig.errors import SessionError
from rig.session.door import Door

BUSY_S = waits.JOURNAL_IS_FREE.s
#: What SQLite puts beside a file: its log, the index of that, and what an older log would be.
BESIDE = ("-wal", "-shm", "-journal")
#: A fact is a few kilobytes, and ten thousand captures have some fifty thousand of them.
MOST_BYTES = 2_000_000_000
#: Ends a rollback journal that belongs to several databases, and names a file that SQLite reads and
#: deletes once it has rolled back. Ours is never one of several.
SEVERAL = bytes.fromhex("d9d505f920a163d7")


def look(path: Path, *, writing: bool) -> None:
    """Look at a database and at what lies beside it, before SQLite opens them by their names.

    Raises:
        SessionError: Something there is no plain file of its own, or too large.
        StorageError: The folder is gone.
    """
    door = Door(path.parent)
    for name in (path.name, *(f"{path.name}{side}" for side in BESIDE)):
        # SQLite writes beside a database even where it only reads.
        is_read = name == path.name and not writing
        place = door.file(name) if is_read else door.own(name)
        if place is not None and place.exists() and place.stat().st_size > MOST_BYTES:
            raise SessionError(f"{place}: is larger than any journal of rig's; it is not opened")
    journal = f"{path.name}-journal"
    if door.file(journal) is not None:
        with door.reading(journal, MOST_BYTES) as stream:
            stream.seek(-min(len(SEVERAL), os.fstat(stream.fileno()).st_size), os.SEEK_END)
            if stream.read() == SEVERAL:
                raise SessionError(f"{path.parent / journal}: names a file that is none of rig's")


def connect(path: Path, mode: str, *, rescuing: bool = False) -> sqlite3.Connection:
    """Open a database that is there: ``ro`` or ``rw``, or what is left of one.

    Raises:
        sqlite3.Error: It cannot be opened, or is none.
    """
    # Only a URI carries a mode; without one SQLite makes an empty database where there is none.
    location = f"{path.resolve().as_uri()}?mode={mode}"
    connection = sqlite3.connect(location, timeout=BUSY_S, isolation_level=None, uri=True)
    if rescuing:
        # Without it SQLite reads no page of a file that is shorter than its first page says.
        connection.execute("PRAGMA writable_schema = ON")
    try:
        _ask_first(connection)
    except sqlite3.OperationalError:
        connection.close()
        # With a log beside it, reading on would leave the last facts out without a word.
        if mode != "ro" or path.with_name(f"{path.name}-wal").exists():
            raise
        # On a disk that is read-only the index of the log cannot be made, and need not be.
        location = f"{path.resolve().as_uri()}?immutable=1"
        connection = sqlite3.connect(location, isolation_level=None, uri=True)
    return connection


def _ask_first(connection: sqlite3.Connection) -> None:
    # SQLite opens nothing before it is first asked for something.
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except UnicodeDecodeError:
        # Its own sentence quotes what is broken, byte for byte, and that is no text.
        raise sqlite3.DatabaseError("malformed database schema") from None


def refuse_foreign(
    path: Path, connection: sqlite3.Connection, ours: dict[str, set[str]], *, writing: bool
) -> None:
    """Refuse tables, views and triggers that are not ours: SQL of a stranger's would run in them.

    Args:
        path: For the sentence.
        connection: To the database.
        ours: The statements that may have made each thing, by its name, in single spaces.
        writing: Whether something is to be added, which other things there could react to.

    Raises:
        SessionError: There is something else, or something is otherwise than ours.
    """
    rows = connection.execute("SELECT name, substr(sql, 1, 10000) FROM sqlite_master").fetchall()
    # To SQLite 'Facts' is the table 'facts', and line breaks are spaces.
    for name, sql in ((str(name).lower(), " ".join(str(sql).split())) for name, sql in rows):
        if (writing or name in ours) and sql not in ours.get(name, set()):
            raise SessionError(
                f"{path}: holds something that is none of rig's (named {name!r:.60}); "
                "'rig verify --repair' copies the facts into a journal of its own"
            )
