"""Checking a session folder against its journal: every file there, whole, and what was kept."""

from collections.abc import Iterator
from dataclasses import dataclass

from rig.errors import SessionError
from rig.printable import pasteable, printable
from rig.session import staging, store
from rig.session.facts import StoredFile
from rig.session.folder import Session

#: Folders in which every file must be one that the journal knows of.
AUDIO_FOLDERS = ("takes", "captures")


@dataclass(frozen=True)
class Problem:
    """Something wrong: with which take (None: with the session itself), what, in which file."""

    take: int | None
    what: str
    path: str | None = None

    def __str__(self) -> str:
        """One line for people."""
        return self.what if self.take is None else f"take {self.take}: {self.what}"


@dataclass(frozen=True)
class Report:
    """What was checked, what is wrong, and what lies about that no fact speaks of."""

    checked: int
    problems: tuple[Problem, ...]
    strays: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Whether everything that the journal speaks of is as it says."""
        return not self.problems


def _stored(session: Session) -> Iterator[tuple[int | None, StoredFile]]:
    """Every file that the journal speaks of; of files written anew, the last word."""
    state = session.state
    if state.created is not None:
        yield None, state.created.signal
        yield None, state.created.config
    for entry in session.journal.entries():
        fact = entry.fact
        if fact.kind == "take-ended":
            for file in (fact.raw, fact.aligned):
                if file is not None:
                    yield fact.take, file
    for learnt in {learnt.round: learnt for learnt in state.learning.rounds}.values():
        yield None, learnt.ensemble
    if state.learning.model is not None:
        yield from ((None, file) for file in state.learning.model.files)


def _unrecorded(session: Session) -> Iterator[Problem]:
    """Captures that are called kept without a recording."""
    for about in session.state.kept():
        if about.kept is not None and about.kept.aligned is None:
            yield Problem(about.kept.take, "is called kept, but the journal names no recording")


def _foreign(session: Session) -> Iterator[Problem]:
    """What a stranger put into the journal, where nobody who goes on would accept it."""
    try:
        session.journal.refuse_foreign()
    except SessionError as error:
        yield Problem(None, str(error))


def _is_made_anew(session: Session, file: StoredFile) -> bool:
    """Whether a file that was set aside once stands for something again: a later model, say."""
    model = session.state.learning.model
    return model is not None and file in model.files


def refuse_missing(session: Session) -> None:
    """Refuse to go on where a recording that is called kept is not there; a look at each, no more.

    Raises:
        SessionError: It is gone, or another length.
    """
    for about in session.state.kept():
        file = about.kept.aligned if about.kept is not None else None
        if file is None or file.path in session.state.set_aside:
            continue
        try:
            session.stored(file)
        except SessionError:
            advice = pasteable(
                "'rig verify --repair' sets aside what is damaged, and 'rig capture' then records "
                "it anew",
                session.folder,
            )
            raise SessionError(
                f"{session.folder / file.path}: is not there as it was recorded: {advice}"
            ) from None


def verify(session: Session) -> Report:
    """Check every stored file by size and hash; reads everything, changes nothing."""
    problems = [*_foreign(session), *_unrecorded(session)]
    known: set[str] = set()
    for take, file in _stored(session):
        # It lies in damaged/, and is missing here for a reason.
        if file.path in session.state.set_aside and not _is_made_anew(session, file):
            continue
        known.add(file.path)
        lies_at = file.model_copy(update={"path": staging.place(session.door, file)})
        wrong = store.problem(session.door, lies_at)
        if wrong is not None:
            problems.append(Problem(take, wrong, file.path))
    present = (
        f"{folder}/{name}" for folder in AUDIO_FOLDERS for name, _ in session.door.entries(folder)
    )
    strays = tuple(printable(path) for path in present if path not in known)
    return Report(len(known), tuple(problems), strays)
