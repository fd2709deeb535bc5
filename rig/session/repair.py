"""Setting aside what is damaged, so that the session goes on without it and makes it anew."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from rig.errors import SessionError, StorageError
from rig.session import facts
from rig.session.folder import JOURNAL, Session, locked
from rig.session.journal import Entry, Journal
from rig.session.state import State
from rig.session.store import UNFINISHED, sync_folder
from rig.session.verify import verify

FOLDER = "damaged"


@dataclass(frozen=True)
class Repair:
    """What was done: facts that could be kept of a damaged journal, files set aside."""

    facts_kept: int | None
    set_aside: tuple[str, ...]


def _readable(path: Path) -> list[Entry]:
    """Everything up to the first row that cannot be read, or speaks of what never was."""
    found: list[Entry] = []
    state = State()
    try:
        journal = Journal.open(path)
    except SessionError:
        return found
    try:
        for entry in journal.entries():
            state.apply(entry)
            found.append(entry)
    except (SessionError, KeyError):
        pass
    finally:
        journal.close()
    return found


def _set_aside(folder: Path, path: str, *, copy: bool = False) -> None:
    """Move or copy a file out of the way, under a name that nothing has yet."""
    source, target = folder / path, folder / FOLDER / path
    while target.exists():
        target = target.with_name(f"{target.name}.again")
    target.parent.mkdir(parents=True, exist_ok=True)
    if copy:
        shutil.copy2(source, target)
    else:
        source.rename(target)


def _damage(folder: Path) -> str | None:
    """Why the journal cannot be read; None where it can."""
    try:
        Session.view(folder).close()
    except SessionError as error:
        return str(error)
    return None


def _repair_journal(folder: Path) -> int | None:
    """Make a journal of what can be read of a damaged one; None where it is sound.

    Raises:
        SessionError: Not even its first fact can be read.
    """
    path = folder / JOURNAL
    damage = _damage(folder)
    if damage is None:
        return None
    entries = _readable(path)
    if not entries or not isinstance(entries[0].fact, facts.SessionCreated):
        raise SessionError(
            f"{damage}\n{folder}: nothing of the journal can be kept; the recordings are in "
            "takes/ and captures/, and 'rig capture' into another folder begins anew"
        )
    unfinished = folder / f"{JOURNAL}{UNFINISHED}"
    for leftover in folder.glob(f"{unfinished.name}*"):
        leftover.unlink()
    rescued = Journal.create(unfinished)
    for entry in entries:
        rescued.append(entry.fact, entry.at)
    rescued.close()
    # The log of the damaged journal must never meet the new one; a journal is there all the time.
    for name in (f"{JOURNAL}-wal", f"{JOURNAL}-shm"):
        if (folder / name).exists():
            _set_aside(folder, name)
    _set_aside(folder, JOURNAL, copy=True)
    unfinished.replace(path)
    sync_folder(folder)
    return len(entries)


def repair(folder: Path) -> Repair:
    """Set aside what is damaged, and write down what the plan has to make anew.

    Raises:
        SessionError: The session is being captured, or cannot be repaired.
        StorageError: The disk does not let anything be moved.
    """
    try:
        with locked(folder):
            kept = _repair_journal(folder)
        session = Session.open(folder)
        try:
            return Repair(kept, _repair_files(session))
        finally:
            session.close()
    except OSError as error:
        raise StorageError(f"{folder}: cannot be repaired: {error.strerror}") from None


def _repair_files(session: Session) -> tuple[str, ...]:
    report = verify(session)
    paths = tuple(dict.fromkeys(p.path for p in report.problems if p.path is not None))
    takes = tuple(dict.fromkeys(p.take for p in report.problems if p.take is not None))
    created = session.state.created
    if created is not None and {created.signal.path, created.config.path} & {*paths}:
        raise SessionError(
            f"{session.folder}: what was played, or the configuration, is damaged; without it "
            "the recordings mean nothing"
        )
    if not paths and not takes:
        return ()
    for path in paths:
        if (session.folder / path).is_file():
            _set_aside(session.folder, path)
    session.record(facts.FilesSetAside(paths=paths, takes=takes))
    return paths
