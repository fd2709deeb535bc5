"""What lies where in a session folder, and what can be told of it without opening it."""

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import filelock

from rig import config as configuration
from rig.config import Config
from rig.config.load import MAX_BYTES
from rig.errors import ConfigError, NewerSession, RigError, UsageError
from rig.session import facts
from rig.session.door import Door
from rig.session.journal import Journal

JOURNAL = "journal.db"
#: A journal that was made of a damaged one, until it takes that one's place.
REPAIRED = f"{JOURNAL}.repaired"
CONFIG = "rig.yaml"
SIGNAL = "signal/send.wav"
#: Sessions lie here, below the folder that rig is called in.
SESSIONS = Path("sessions")
#: So many sessions are named where one that was named is not there.
MOST_NAMED = 4
#: What macOS and Windows put into folders that are looked at.
SYSTEMS = {".DS_Store", "desktop.ini", "Thumbs.db"}
LOCK, SUPERVISOR_LOCK = ".lock", ".supervisor.lock"
#: The names under which a session keeps what it has recorded and learnt.
OWN = (JOURNAL, CONFIG, LOCK, SUPERVISOR_LOCK, ".reserve", "live.json", "captures", "control",
       "damaged", "logs", "model", "rounds", "signal", "takes")  # fmt: skip


def is_session(folder: Path) -> bool:
    """Whether a folder holds a session."""
    return folder.is_dir() and journal_name(Door(folder)) is not None


def refuse_foreign(folder: Path) -> None:
    """Refuse to begin a session among files that are no session's.

    Raises:
        UsageError: Something of somebody else's lies there.
    """
    if not folder.is_dir() or is_session(folder):
        return
    names = {path.name for path in folder.iterdir()}
    # What is left of one that never came to its journal; a rig.yaml alone may be anybody's.
    begun = bool(names & {LOCK, SUPERVISOR_LOCK})
    ours = SYSTEMS | ({*OWN} if begun else {"logs", "control"})
    foreign = sorted(name for name in names if name not in ours and not name.startswith(JOURNAL))
    if foreign:
        raise UsageError(
            f"{folder}: holds other things, such as {foreign[0]}: a session needs a folder of its "
            "own; --session names one that is empty or new"
        )


def no_session(folder: Path) -> str:
    """Say that a folder is none, and what can be named in its place."""
    if folder.exists():
        what = "is a file and" if folder.is_file() else f"has no {JOURNAL}, so this is"
        begins = "" if folder.is_file() else "; a capture that has just begun makes one in a moment"
        return f"{folder}: {what} no session folder{begins}{_others(folder)}"
    return f"{folder}: there is no session folder of this name{_others(folder)}"


def _others(folder: Path) -> str:
    """Name sessions that may be meant: of this name, beside it, or where sessions usually lie."""
    namesake = SESSIONS / folder.name
    if is_session(namesake):
        return f"; did you mean {namesake}?"
    found = sorted({path.parent for path in _journals(folder.parent) + _journals(SESSIONS)})
    if not found:
        return "; 'rig capture' begins a session"
    named = ", ".join(map(str, found[:MOST_NAMED])) + ", ..." * (len(found) > MOST_NAMED)
    return f"; there {'is' if len(found) == 1 else 'are'} {named}"


def _journals(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.glob(f"*/{JOURNAL}") if path.is_file()]
    except OSError:
        return []


def journal_name(door: Door) -> str | None:
    """What the journal is called: once a repair is done but for the names, by another one.

    Raises:
        SessionError: What lies there is no plain file.
        StorageError: The folder is gone.
    """
    return next((name for name in (REPAIRED, JOURNAL) if door.file(name) is not None), None)


def stored_config(folder: Path, check: Callable[[Config], list[str]] | None = None) -> Config:
    """The configuration that a session was begun with.

    Raises:
        ConfigError: It cannot be used.
        SessionError: It is missing, or no plain file.
    """
    path = folder / CONFIG
    try:
        text = Door(folder).read(CONFIG, MAX_BYTES).decode()
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8 text") from None
    return configuration.parse(text, str(path), check, stored=True)


def is_running(folder: Path) -> bool:
    """Whether some process holds the session's writer lock (its death lets go of it)."""
    return folder.is_dir() and _is_held(Door(folder), LOCK)


def supervisor_lock(place: Path | Door) -> filelock.FileLock:
    """The lock that a session's supervisor holds for as long as it lives.

    Raises:
        SessionError: Something else lies in its place.
        StorageError: The folder is gone.
    """
    return Door.at(place).lock(SUPERVISOR_LOCK)


def is_supervised(place: Path | Door) -> bool:
    """Whether a supervisor sees the session through, a daemon running just now or not."""
    try:
        return _is_held(Door.at(place), SUPERVISOR_LOCK)
    except RigError:
        return False


def _is_held(door: Door, name: str) -> bool:
    if door.file(name) is None:
        return False
    try:
        with door.lock(name).acquire(timeout=0):
            return False
    except filelock.Timeout:
        return True
    # Where no lock can be had, as on a disk that is read-only, nobody captures either.
    except OSError:
        return False


def config_of(door: Door, journal: Journal) -> Config:
    """The session's configuration; what is wrong with it may be that a newer rig wrote it."""
    try:
        return stored_config(door.path)
    except ConfigError:
        first = next(journal.entries(), None)
        created = first.fact if first is not None else None
        if isinstance(created, facts.SessionCreated) and _is_newer(created.rig_version):
            raise NewerSession(
                f"{door.path}: begun by rig {created.rig_version}, which is newer than this one: "
                "update rig"
            ) from None
        raise


def _is_newer(theirs: str) -> bool:
    def numbers(text: str) -> list[int]:
        """The leading numbers of a version."""
        # Digits without end, as a stranger may write them, `int` refuses with an error of its own.
        return [int(part) for part in text.split(".")[:3] if part.isdecimal() and len(part) < 9]

    return numbers(theirs) > numbers(version("rig-capture"))
