"""The journal: an append-only table of facts in SQLite; many readers, one writer."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import ValidationError

from rig.errors import SessionError, StorageError
from rig.facts import FACT, Fact

#: Marks the file as ours ("rigj").
APPLICATION_ID = 0x7269676A
SCHEMA_VERSION = 1
BUSY_S = 10.0

_SCHEMA = f"""
CREATE TABLE facts (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at REAL NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE TRIGGER facts_stay BEFORE UPDATE ON facts
BEGIN SELECT RAISE(ABORT, 'a fact is never changed'); END;
CREATE TRIGGER facts_remain BEFORE DELETE ON facts
BEGIN SELECT RAISE(ABORT, 'a fact is never taken back'); END;
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
"""


@dataclass(frozen=True)
class Entry:
    """A fact in its place: ``seq`` counts up from 1, ``at`` is Unix time in seconds."""

    seq: int
    at: float
    fact: Fact


class Journal:
    """An open journal.

    Promise: once `append` returns, the fact survives the death of the process and, where the disk
    keeps its own promises, of the machine.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make an empty journal.

        Raises:
            StorageError: The folder cannot be written to.
        """
        try:
            connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
        except sqlite3.Error as error:
            raise StorageError(f"{path}: the journal cannot be made: {error}") from None
        return cls(path, connection)

    @classmethod
    def open(cls, path: Path, *, writing: bool = False) -> Self:
        """Open a journal, for reading unless ``writing``.

        Raises:
            SessionError: There is none, it is not ours, newer than this rig, or damaged.
        """
        if not path.is_file():
            raise SessionError(f"{path.parent}: this is no session folder (it has no {path.name})")
        mode = "rw" if writing else "ro"
        try:
            connection = cls._connect(path, mode)
            cls._check_version(path, connection)
            if writing:
                connection.execute("PRAGMA synchronous = FULL")
        except sqlite3.Error as error:
            raise _damaged(path, error) from None
        return cls(path, connection)

    @staticmethod
    def _connect(path: Path, mode: str) -> sqlite3.Connection:
        location = f"{path.resolve().as_uri()}?mode={mode}"
        connection = sqlite3.connect(location, timeout=BUSY_S, isolation_level=None, uri=True)
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.OperationalError:
            connection.close()
            if mode != "ro" or path.with_name(f"{path.name}-wal").exists():
                raise
            location = f"{path.resolve().as_uri()}?immutable=1"
            connection = sqlite3.connect(location, isolation_level=None, uri=True)
        return connection

    @staticmethod
    def _check_version(path: Path, connection: sqlite3.Connection) -> None:
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if application != APPLICATION_ID:
            raise SessionError(f"{path}: this is not a journal of rig's")
        if version > SCHEMA_VERSION:
            raise SessionError(
                f"{path}: written by a newer rig (schema {version}, this one reads up to "
                f"{SCHEMA_VERSION}): update rig"
            )

    def append(self, fact: Fact, at: float) -> Entry:
        """Write a fact down for good.

        Raises:
            StorageError: The disk did not take it; the journal is as it was before.
        """
        body = fact.model_dump_json()
        try:
            cursor = self._connection.execute(
                "INSERT INTO facts (at, kind, body) VALUES (?, ?, ?)", (at, fact.kind, body)
            )
        except sqlite3.Error as error:
            raise StorageError(f"{self.path}: the journal cannot be written: {error}") from None
        assert cursor.lastrowid is not None
        return Entry(cursor.lastrowid, at, fact)

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """Every fact behind ``after``, in order.

        Raises:
            SessionError: A row cannot be read or is not a fact.
        """
        try:
            rows = self._connection.execute(
                "SELECT seq, at, body FROM facts WHERE seq > ? ORDER BY seq", (after,)
            )
            for seq, at, body in rows:
                yield Entry(seq, float(at), FACT.validate_json(body))
        except sqlite3.Error as error:
            raise _damaged(self.path, error) from None
        except (ValidationError, TypeError, ValueError):
            raise SessionError(
                f"{self.path}: row {seq} is not a fact that this rig knows"
            ) from None

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


def _damaged(path: Path, error: sqlite3.Error) -> SessionError:
    return SessionError(f"{path}: the journal cannot be read ({error}); 'rig verify' says more")
