"""Setting aside what is damaged, so that the session goes on without it and makes it anew."""

from dataclasses import dataclass
from pathlib import Path

from rig.errors import ConfigChanged, NewerSession, NotPlain, SessionError, StorageError
from rig.session import database, facts
from rig.session.door import Door
from rig.session.folder import JOURNAL, Session, locked, stored_config
from rig.session.holding import new_journal, take_repaired
from rig.session.journal import Entry, Journal
from rig.session.layout import REPAIRED
from rig.session.plausible import Plausible
from rig.session.state import State
from rig.session.verify import verify

FOLDER = "damaged"


@dataclass(frozen=True)
class Repair:
    """What was done: facts that could be kept of a damaged journal, files set aside."""

    facts_kept: int | None
    set_aside: tuple[str, ...]


def _readable(door: Door, path: Path) -> list[Entry]:
    """Everything up to the first row that cannot be read, or says what cannot be."""
    found: list[Entry] = []
    state = State()
    try:
        journal = Journal.open(path, rescuing=True)
    # Before `SessionError`, of which they are two: what a newer rig wrote is never cut, and what
    # was put in a file's place is no damage of the journal's.
    except (NewerSession, NotPlain):
        raise
    except SessionError:
        return found
    try:
        for entry in Plausible(stored_config(door.path).panel)(journal.entries()):
            state.apply(entry)
            found.append(entry)
    except NewerSession:
        raise
    except (SessionError, KeyError):
        pass
    finally:
        journal.close()
    return found


def _set_aside(door: Door, path: str, *, copy: bool = False) -> None:
    """Move or copy a file out of the way, under a name that nothing has yet."""
    target = f"{FOLDER}/{path}"
    while door.is_there(target):
        target = f"{target}.again"
    if copy:
        door.copy(path, target)
    else:
        door.displace(path, target)


def _damage(folder: Path) -> str | None:
    """Why nothing can be added to the journal; None where something can.

    Raises:
        NewerSession: A newer rig has written into it, and nothing of it may be cut.
        NotPlain: Something that is none of rig's lies in a file's place.
        ConfigChanged: Not the journal is wrong.
    """
    # Without its configuration nothing is known of a journal, and cutting it would mend nothing.
    stored_config(folder)
    try:
        # Read first, every row of it; then as a writer, who looks at every page.
        Session.view(folder).close()
        Journal.open(folder / JOURNAL, writing=True).close()
    except (NewerSession, NotPlain, ConfigChanged):
        raise
    except SessionError as error:
        return str(error)
    return None


def _repair_journal(door: Door) -> int | None:
    """Make a journal of what can be read of a damaged one; None where it is sound.

    Killed at any instant, either journal is the session's: the damaged one with its log until the
    other one is whole and durable under its own name, and from then on that one.

    Raises:
        SessionError: Not even its first fact can be read.
    """
    take_repaired(door)
    damage = _damage(door.path)
    if damage is None:
        return None
    entries = _readable(door, door.path / JOURNAL)
    if not entries or not isinstance(entries[0].fact, facts.SessionCreated):
        raise SessionError(
            f"{damage}\n{door.path}: nothing of the journal can be kept; the recordings are in "
            "takes/ and captures/; capture into another folder to begin anew"
        )
    rescued = new_journal(door)
    for entry in entries:
        rescued.append(entry.fact, entry.at)
    rescued.close()
    for name in (JOURNAL, *(f"{JOURNAL}{side}" for side in database.BESIDE)):
        if door.file(name) is not None:
            # A copy: the damaged one stays the session's journal until the other has its name.
            _set_aside(door, name, copy=True)
    door.move(rescued.path.name, REPAIRED)
    take_repaired(door)
    return len(entries)


def repair(folder: Path) -> Repair:
    """Set aside what is damaged, and write down what the plan has to make anew.

    Raises:
        SessionError: The session is being captured, or cannot be repaired.
        StorageError: The disk does not let anything be moved.
    """
    try:
        with locked(folder) as door:
            kept = _repair_journal(door)
        # Taken anew: whoever opens a session for writing brings a lock of its own.
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
    # A sound session gets no fact of a repair.
    if not paths and not takes:
        return ()
    for path in paths:
        if session.door.is_there(path):
            _set_aside(session.door, path)
    session.record(facts.FilesSetAside(paths=paths, takes=takes))
    return paths
