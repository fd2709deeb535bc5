"""The journal: an append-only table of facts in SQLite; many readers, one writer.

Each row carries a digest of itself and of the row before it, so that what a disk or a stranger
changed in the middle is noticed: SQLite's own checks cover its structure and its log, not a number
in a row.
"""

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import ValidationError

from rig.errors import NewerSession, RigError, SessionError, StorageError
from rig.session import database, schema
from rig.session.door import Door
from rig.session.facts import FACT, Fact
from rig.session.fields import LATEST
from rig.session.schema import CHAINED, SCHEMA_VERSION

#: Marks the file as ours ("rigj").
APPLICATION_ID = 0x7269676A
#: The way out of what a disk has done to a journal.
REPAIR = "'rig verify --repair' keeps what comes before it"
#: A fact is a few kilobytes; a row that is longer than this was not written by us.
MAX_BODY = 4_000_000

# Held by the database itself, so that not even a mistake in rig changes what was written.
_GUARDS = """
CREATE TRIGGER facts_stay BEFORE UPDATE ON facts
BEGIN SELECT RAISE(ABORT, 'a fact is never changed'); END;
CREATE TRIGGER facts_remain BEFORE DELETE ON facts
BEGIN SELECT RAISE(ABORT, 'a fact is never taken back'); END;
"""
_SCHEMA = f"""
CREATE TABLE facts (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at REAL NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    digest TEXT NOT NULL DEFAULT ''
);
{_GUARDS}
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {CHAINED};
"""

#: How a journal's parts may have been made: as now, or as schema 1 with a column added.
_TABLE = (
    "CREATE TABLE facts ( seq INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, "
    "kind TEXT NOT NULL, body TEXT NOT NULL"
)
_OURS = {
    "facts": {
        f"{_TABLE} )",
        f"{_TABLE}, digest TEXT NOT NULL DEFAULT '' )",
        f"{_TABLE} , digest TEXT NOT NULL DEFAULT '')",
    },
    "sqlite_sequence": {"CREATE TABLE sqlite_sequence(name,seq)"},
    **{
        name: {" ".join(f"CREATE TRIGGER {rest}".removesuffix(";\n").split())}
        for rest in _GUARDS.split("CREATE TRIGGER ")[1:]
        for name in [rest.split()[0]]
    },
}


# Without it, of 400 journals with one to three bits turned over, some opened with another story
# than was written (decision 8).
def chained(before: str, seq: int, at: float, body: str) -> str:
    """The digest of a row, given that of the row before it (empty for the first)."""
    # The time by its repr, which alone reads back as the very same number.
    # Half of the digest is plenty against what a disk does by chance; against a person no digest
    # helps that anybody can compute.
    return hashlib.sha256(f"{before}\n{seq}\n{at!r}\n{body}".encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Entry:
    """A fact in its place: ``seq`` counts up from 1, ``at`` is Unix time in seconds."""

    seq: int
    at: float
    fact: Fact


class Journal:
    """An open journal.

    Promise: once `append` returns, the fact survives the death of the process and, where the disk
    keeps its own promises, of the machine. What `entries` yields is what was appended, or an error.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, version: int) -> None:
        self.path = path
        self._connection = connection
        self._version = version
        self._last, self._last_seq = "", 0

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make an empty journal.

        Raises:
            StorageError: The folder cannot be written to.
        """
        # SQLite opens by name, and would follow a link that lies there.
        database.look(path, writing=True)
        try:
            connection = sqlite3.connect(path, timeout=database.BUSY_S, isolation_level=None)
            # With a log of its own the writer keeps no reader waiting, and no reader the writer.
            connection.execute("PRAGMA journal_mode = WAL")
            # FULL syncs every commit: with less, a power cut takes the last facts along.
            connection.execute("PRAGMA synchronous = FULL")
            connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
        except sqlite3.Error as error:
            raise StorageError(f"{path}: the journal cannot be made: {error}") from None
        return cls(path, connection, CHAINED)

    @classmethod
    def open(cls, path: Path, *, writing: bool = False, rescuing: bool = False) -> Self:
        """Open a journal, for reading unless ``writing``; an older one is brought up to date then.

        With ``rescuing`` also one whose end is missing: `entries` then fails where that begins.

        Raises:
            SessionError: There is none, it is not ours, newer than this rig, or damaged.
        """
        if Door(path.parent).file(path.name) is None:
            raise SessionError(f"{path.parent}: this is no session folder (it has no {path.name})")
        database.look(path, writing=writing)
        mode = "rw" if writing else "ro"
        try:
            connection = database.connect(path, mode, rescuing=rescuing)
            version = cls._checked_version(path, connection)
            # A reader is reached by nothing but its table, a writer by every trigger.
            ours = _OURS if writing else {"facts": _OURS["facts"]}
            database.refuse_foreign(path, connection, ours, writing=writing)
            journal = cls(path, connection, version)
            if writing:
                # Said by each connection anew: the file keeps the mode of its log, and not this.
                connection.execute("PRAGMA synchronous = FULL")
                journal._refuse_damage()
                journal._bring_up_to_date()
                journal._last_seq, journal._last = journal._last_row()
        except sqlite3.Error as error:
            raise _damaged(path, error) from None
        return journal

    @staticmethod
    def _checked_version(path: Path, connection: sqlite3.Connection) -> int:
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if application != APPLICATION_ID:
            raise SessionError(f"{path}: this is not a journal of rig's")
        if not 1 <= version <= SCHEMA_VERSION:
            raise NewerSession(
                f"{path}: written by a newer rig (schema {version}, this one reads up to "
                f"{SCHEMA_VERSION}): update rig"
            )
        return version

    def _refuse_damage(self) -> None:
        """Before anything is added, look at every page: rows may be missing without an error."""
        found = self._connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise sqlite3.DatabaseError(str(found).splitlines()[0])

    def _bring_up_to_date(self) -> None:
        """From schema 1: give every row its digest, all at once or not at all."""
        if self._version >= CHAINED:
            return
        with self._transaction():
            run = self._connection.execute
            # The one time that rows are changed, which the trigger forbids to everybody.
            run("DROP TRIGGER IF EXISTS facts_stay")
            run("ALTER TABLE facts ADD COLUMN digest TEXT NOT NULL DEFAULT ''")
            last = ""
            for seq, at, body in run("SELECT seq, at, body FROM facts ORDER BY seq").fetchall():
                last = chained(last, seq, float(at), body)
                run("UPDATE facts SET digest = ? WHERE seq = ?", (last, seq))
            run(_GUARDS.split("CREATE TRIGGER facts_remain")[0])
            run(f"PRAGMA user_version = {CHAINED}")
        self._version = CHAINED

    def _transaction(self) -> sqlite3.Connection:
        """Commits at the end of a ``with``, or takes everything back."""
        # The lock for writing is taken at once, and not when the first row is already on its way.
        self._connection.execute("BEGIN IMMEDIATE")
        return self._connection

    def _last_row(self) -> tuple[int, str]:
        row = self._connection.execute(
            "SELECT seq, digest FROM facts ORDER BY seq DESC LIMIT 1"
        ).fetchone()
        return (int(row[0]), str(row[1])) if row else (0, "")

    def append(self, fact: Fact, at: float) -> Entry:
        """Write a fact down for good.

        Raises:
            StorageError: The disk did not take it; the journal is as it was before.
        """
        (entry,) = self.extend([(at, fact)])
        return entry

    def extend(self, told: Iterable[tuple[float, Fact]]) -> list[Entry]:
        """Write facts down for good, each with its time: all of them, or none.

        Raises:
            StorageError: The disk did not take them; the journal is as it was before.
        """
        seq, last, version, entries = self._last_seq, self._last, self._version, []
        try:
            with self._transaction() as connection:
                for at, fact in told:
                    # Counted here and not by SQLite, since the digest is over the number.
                    body, seq = schema.body(fact), seq + 1
                    last = chained(last, seq, at, body)
                    connection.execute(
                        "INSERT INTO facts (seq, at, kind, body, digest) VALUES (?, ?, ?, ?, ?)",
                        (seq, at, fact.kind, body, last),
                    )
                    # An older rig is to say that it is too old, and not that a row is damaged.
                    if (needed := schema.needed(fact)) > version:
                        connection.execute(f"PRAGMA user_version = {needed}")
                        version = needed
                    entries.append(Entry(seq, at, fact))
        except sqlite3.Error as error:
            raise StorageError(f"{self.path}: the journal cannot be written: {error}") from None
        # Only behind the commit: a row that the disk refused is no link of the chain.
        self._last, self._last_seq, self._version = last, seq, version
        return entries

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """Every fact behind ``after``, in order.

        Raises:
            SessionError: A row cannot be read, is not a fact, or is not what was written.
        """
        # A reader brings no older journal up to date: it may not write.
        column = "digest" if self._version > 1 else "''"
        seq = after
        try:
            last = self._digest_at(after)
            # A row of gigabytes is cut before it fills the memory, and then fails its check.
            rows = self._connection.execute(
                f"SELECT seq, at, substr(body, 1, {MAX_BODY}), {column} FROM facts "  # noqa: S608
                "WHERE seq > ? ORDER BY seq",
                (after,),
            )
            for seq, at, body, digest in rows:
                after = self._counted(seq, after)
                last = self._checked(seq, last, float(at), body, digest)
                yield Entry(seq, float(at), FACT.validate_json(body))
        except sqlite3.Error as error:
            raise _damaged(self.path, error) from None
        except ValidationError as error:
            raise self._unread(seq, error) from None
        except (TypeError, ValueError):
            raise SessionError(
                f"{self.path}: row {seq} is not a fact that this rig knows; {REPAIR}"
            ) from None

    def _counted(self, seq: int, before: int) -> int:
        if seq != before + 1:
            raise SessionError(f"{self.path}: row {before + 1} is missing; {REPAIR}")
        return seq

    def _unread(self, seq: int, error: ValidationError) -> SessionError:
        """A row that holds as it was written, and that this rig does not know, is a newer rig's."""
        newer = schema.unknown(error) if self._version >= CHAINED else None
        if newer is not None:
            return NewerSession(
                f"{self.path}: written by a newer rig (row {seq}, {newer}): update rig"
            )
        return SessionError(f"{self.path}: row {seq} is not a fact that this rig knows; {REPAIR}")

    def _digest_at(self, seq: int) -> str:
        if seq == 0 or self._version == 1:
            return ""
        row = self._connection.execute("SELECT digest FROM facts WHERE seq = ?", (seq,)).fetchone()
        return str(row[0]) if row else ""

    def _checked(self, seq: int, before: str, at: float, body: str, digest: str) -> str:
        if self._version > 1 and chained(before, seq, at, body) != digest:
            raise SessionError(f"{self.path}: row {seq} is not what was written; {REPAIR}")
        if not 0 <= at <= LATEST:
            raise SessionError(f"{self.path}: row {seq} was written at no time; {REPAIR}")
        return digest

    def refuse_foreign(self) -> None:
        """Refuse what a writer would refuse, though nothing is to be written now.

        Raises:
            SessionError: Something in the file is none of rig's.
        """
        database.refuse_foreign(self.path, self._connection, _OURS, writing=True)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


#: What SQLite says where a disk fails, is full, cannot be reached or may not be written to.
_DISK = (
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
)


def _damaged(path: Path, error: sqlite3.Error) -> RigError:
    # Of an extended code the lowest byte is the kind.
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DISK:
        return StorageError(
            f"{path}: the journal cannot be read just now ({error}): the disk is full, fails, or "
            "may not be written to; see to that, and try again"
        )
    return SessionError(f"{path}: the journal cannot be read ({error}); {REPAIR}")
