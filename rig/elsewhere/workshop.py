"""What runs on a cluster: one job at a time, told of in bytes and plain JSON.

Ray makes an actor of it; nothing here loads Ray, and nothing that arrives is unpickled here.
"""

import contextlib
import json
import os
import platform
import sys
import threading
import time
import traceback
from importlib.metadata import version
from typing import Any

from rig.elsewhere.cache import Cache, usual_folder
from rig.elsewhere.parts import (
    CHECKPOINT,
    MOST_FILE_BYTES,
    ROUNDS,
    Parts,
    digest_of,
    may_write,
    stored_as,
)
from rig.elsewhere.rebuilt import missing, rebuilt
from rig.errors import LearnerError, RigError
from rig.learner.client import Answer
from rig.session import staging
from rig.session.door import Door
from rig.session.facts import StoredFile
from rig.session.folder import Session
from rig.session.live import LiveLearner


class Workshop:
    """Does one job, and says how far it is to whoever keeps asking.

    Args:
        alone_s: It ends its process when nobody has asked for so long: whoever it works for died,
            or the network did, and somebody else may need the place. None where the process is
            somebody else's, too.
    """

    def __init__(self, alone_s: float | None = None) -> None:
        self._cache = Cache.at(usual_folder())
        self._parts: Parts | None = None
        self._progress: dict[str, Any] | None = None
        self._count = 0
        self._saved: set[tuple[str, int]] = set()
        self._session: Session | None = None
        self._asked_at = time.monotonic()
        if alone_s is not None:
            threading.Thread(target=self._leave_when_alone, args=(alone_s,), daemon=True).start()

    def _leave_when_alone(self, alone_s: float) -> None:
        while time.monotonic() - self._asked_at < alone_s:
            time.sleep(min(1.0, alone_s / 4))
        os._exit(1)

    def about(self) -> str:
        """Tell which machine this is, and which rig is installed on it."""
        self._asked_at = time.monotonic()
        # It is loaded already where this is an actor, and of no use anywhere else.
        ray = sys.modules.get("ray")
        node = "" if ray is None else ray.get_runtime_context().get_node_id()
        return json.dumps({"rig": version("rig-capture"), "host": platform.node(), "node": node})

    def expect(self, packed: bytes) -> str:
        """Take in what a job is made of, and tell which files have to come first."""
        self._asked_at = time.monotonic()
        self._parts = Parts.unpacked(packed)
        return json.dumps(missing(self._parts, self._cache))

    def take(self, content: bytes) -> None:
        """Keep a file that was missing, under its own hash."""
        self._asked_at = time.monotonic()
        self._cache.put(digest_of(content), content)

    def look(self) -> str:
        """Tell how far it is, and which checkpoint is the last."""
        self._asked_at = time.monotonic()
        told = {"progress": self._progress, "checkpoint": self._newest_checkpoint()}
        # Counted, since a learner that stands still says the same again and hangs none the less.
        return json.dumps({**told, "count": self._count})

    def give(self, file: str) -> bytes:
        """Hand out a file of the answer, or a checkpoint; nothing where it is gone."""
        self._asked_at = time.monotonic()
        return self._cache.get(StoredFile.model_validate_json(file)) or b""

    def work(self) -> str:
        """Do the job, or find that it was done; the answer names the files that come with it."""
        parts = self._parts
        assert parts is not None
        found = self._cache.answer(parts.key)
        if found is not None and not _gone(found, self._cache):
            return json.dumps(found)
        return json.dumps(self._done(parts))

    def _done(self, parts: Parts) -> dict[str, Any]:
        # With the first job: torch takes seconds to load, and `about` is to answer at once.
        from models.training.loop import Diverged

        try:
            with rebuilt(parts, self._cache) as session:
                # What is saved already was sent, and need not go back.
                self._saved = {
                    (name, (session.door.path / name).stat().st_mtime_ns)
                    for name in _checkpoints(session.door)
                }
                self._session = session
                answer = self._learn(parts, session)
        except (LearnerError, Diverged) as error:
            # Anywhere else it would come to the same: it is an answer, and no reason to try again.
            return {"failed": f"{type(error).__name__}: {error}"}
        except Exception as error:  # whatever it is, it is this place's trouble
            traceback.print_exc()
            return {"trouble": f"{type(error).__name__}: {error}"}
        finally:
            self._session = None
        self._cache.keep_answer(parts.key, answer)
        return answer

    def _learn(self, parts: Parts, session: Session) -> dict[str, Any]:
        from rig.learner.final import staged_error, train_final
        from rig.learner.rounds import learn

        job, error, files = parts.job, None, []
        fact: Answer
        if job.final:
            fact = train_final(session, self._tell)
            error = staged_error(session)
        else:
            fact = learn(session, job.round, job.count, self._tell)
        for name in _written(session, parts):
            content = session.door.read(name, MOST_FILE_BYTES)
            # The ensemble of this round is the start of the next one, and need not come again.
            self._cache.put(digest_of(content), content)
            files.append(stored_as(name, content).model_dump())
        return {"fact": fact.model_dump(mode="json"), "files": files, "error": error}

    def _tell(self, progress: LiveLearner) -> None:
        self._count += 1
        self._progress = progress.model_dump(mode="json")

    def _newest_checkpoint(self) -> dict[str, Any] | None:
        """Return what training would go on from elsewhere, where it is saved anew."""
        session = self._session
        # It may be moved, or the folder be gone, in the middle of this: there is another look soon.
        with contextlib.suppress(OSError, RigError):
            names = [] if session is None else _checkpoints(session.door)
            for name in names:
                assert session is not None
                stamp = (name, (session.door.path / name).stat().st_mtime_ns)
                if stamp in self._saved:
                    continue
                content = session.door.read(name, MOST_FILE_BYTES)
                self._cache.put(digest_of(content), content)
                self._saved.add(stamp)
                return stored_as(name, content).model_dump()
        return None


def _checkpoints(door: Door) -> list[str]:
    names = [f"{ROUNDS}/{name}" for name in door.names(ROUNDS)]
    return [name for name in names if CHECKPOINT.fullmatch(name)]


def _written(session: Session, parts: Parts) -> list[str]:
    """Return the files that a job has left in its session."""
    folders = [ROUNDS, staging.NEXT, f"{ROUNDS}/{parts.job.round:03d}"]
    there = [f"{folder}/{name}" for folder in folders for name in session.door.names(folder)]
    return [name for name in there if may_write(parts.job, name) and not CHECKPOINT.fullmatch(name)]


def _gone(answer: dict[str, Any], cache: Cache) -> bool:
    """Whether files that an answer names are here no longer."""
    return any(cache.get(StoredFile.model_validate(each)) is None for each in answer["files"])
