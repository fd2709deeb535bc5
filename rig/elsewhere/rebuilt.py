"""A session made anew of what a job needs, so that the very same code learns from it."""

import contextlib
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import filelock

from rig.elsewhere.cache import Cache
from rig.elsewhere.parts import Parts
from rig.errors import SessionError
from rig.session.door import begin
from rig.session.facts import StoredFile
from rig.session.folder import Session
from rig.session.holding import new_journal
from rig.session.layout import CONFIG, JOURNAL

#: Seeds of a session's final models, one from the next.
VARIANTS_APART = 1_000_003


def missing(parts: Parts, cache: Cache) -> list[str]:
    """Return the hashes of what is not here yet, each once, in the order in which it is needed."""
    wanted = {file.sha256: file for file in parts.every_file}
    return [digest for digest, file in wanted.items() if cache.get(file) is None]


@contextlib.contextmanager
def rebuilt(parts: Parts, cache: Cache) -> Iterator[Session]:
    """Make a session of parts in a folder that is gone afterwards.

    Raises:
        SessionError: A file is not here, or they make no session.
        StorageError: The disk did not take it.
    """
    with _own_folder(cache) as place:
        _write(parts, cache, place)
        session = Session.view(place)
        learner = session.config.learner
        asked: dict[str, object] = {}
        # No more than was asked of the cluster: the rest is somebody else's, and Ray only counts.
        if learner.threads is None:
            asked["threads"] = parts.threads
        if learner.device == "auto" and not parts.gpu:
            asked["device"] = "cpu"
        learner = learner.model_copy(update=asked)
        # Far from the seeds of other sessions, and of the first model, which is the one as here.
        seed = session.config.seed + VARIANTS_APART * parts.variant
        session.config = session.config.model_copy(update={"learner": learner, "seed": seed})
        try:
            yield session
        finally:
            session.close()


@contextlib.contextmanager
def _own_folder(cache: Cache) -> Iterator[Path]:
    """Make a folder that is gone afterwards: a process that was killed in one left it to us."""
    there = cache.door.path / "work"
    there.mkdir(exist_ok=True)
    for lock in there.glob("*.lock"):
        # A lock dies with its process, and then nobody is at work in the folder.
        with contextlib.suppress(filelock.Timeout, OSError), filelock.FileLock(lock, timeout=0):
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
    name = there / uuid.uuid4().hex
    with filelock.FileLock(name.with_suffix(".lock")):
        try:
            yield name
        finally:
            shutil.rmtree(name, ignore_errors=True)
    with contextlib.suppress(OSError):
        name.with_suffix(".lock").unlink()


def _write(parts: Parts, cache: Cache, place: Path) -> None:
    door = begin(place)
    door.put(CONFIG, parts.config.encode(), durable=False)
    for file in parts.every_file:
        door.put(file.path, _content(cache, file), durable=False)
    journal = new_journal(door)
    # Each fact was read as one before it was sent, and is again here: no row comes from elsewhere.
    journal.extend(parts.facts)
    journal.close()
    door.move(journal.path.name, JOURNAL)


def _content(cache: Cache, file: StoredFile) -> bytes:
    content = cache.get(file)
    if content is None:
        raise SessionError(f"{file.path}: has not come, or is gone from {cache.door.path}")
    return content
