"""The daemon's side of the learner: starts the process, gives it jobs, fetches its answers."""

import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from rig import waits
from rig.child import Child, ChildGone, ChildSilent
from rig.errors import LearnerDied, LearnerError, SessionError, StorageError
from rig.printable import printable
from rig.session.door import Door
from rig.session.facts import FACT, ModelTrained, RoundLearned
from rig.session.live import LiveLearner

log = logging.getLogger("rig")

#: A learner that shows no progress for this long hangs.
STALL_S = waits.LEARNER_ADVANCES.s
#: The module that the learner process runs.
WORKER = "rig.learner.worker"
#: The one that it runs where a cluster is to be asked first.
ELSEWHERE = "rig.elsewhere.worker"
#: Large blocks are kept and reused, not given back to the system after every step: a training
#: step is up to twice as fast (glibc reads these; elsewhere they mean nothing).
ENVIRONMENT = {
    "MALLOC_MMAP_THRESHOLD_": "4000000000",
    "MALLOC_TRIM_THRESHOLD_": "8000000000",
    "MALLOC_TOP_PAD_": "100000000",
    # Threads that wait must sleep: spinning beside another busy program costs a factor of ten.
    "OMP_WAIT_POLICY": "PASSIVE",
}

Answer = RoundLearned | ModelTrained


@dataclass(frozen=True)
class Job:
    """The learner's next task: a round that asks for ``count`` settings, or the final model."""

    final: bool
    round: int
    count: int = 0


class Learner:
    """The daemon's handle on one learner process at a time, started when it is needed.

    Args:
        session_folder: What it learns from; it reads and writes there by itself.
        clock: Monotonic seconds, for noticing a hang.
        stall_s: After how many seconds without progress it is killed.
        place: The cluster that is asked first, and for what; None learns on this machine.
        until: Tells by when the session has to be ready, if by any time, in Unix time.
    """

    def __init__(
        self,
        session_folder: Path,
        clock: Callable[[], float] = time.monotonic,
        stall_s: float = STALL_S,
        place: dict[str, Any] | None = None,
        until: Callable[[], float | None] = lambda: None,
    ) -> None:
        self._folder, self._door = session_folder, Door.into(session_folder)
        self._clock = clock
        self._stall_s = stall_s
        self._place, self._until = place, until
        self._child: Child | None = None
        self._heard = 0.0
        self._answer: Answer | None = None
        self._failure: LearnerError | None = None
        self.job: Job | None = None
        self.progress: LiveLearner | None = None

    @property
    def pid(self) -> int | None:
        """The learner process's number, None while there is no process."""
        return None if self._child is None else self._child.pid

    @property
    def is_idle(self) -> bool:
        """Whether nothing was asked for that has not been fetched."""
        return self.job is None

    def ask(self, job: Job) -> None:
        """Give the learner a job, starting its process where there is none.

        Raises:
            LearnerError: It cannot be started.
        """
        message: dict[str, Any] = {"session": str(self._folder), **vars(job)}
        worker = WORKER
        if self._place is not None:
            message |= {"place": self._place, "until": self._until()}
            worker = ELSEWHERE
        try:
            if self._child is None:
                lines = self._door.log("logs/learner.log")
                self._child = Child(worker, lines, ENVIRONMENT, str(self._folder.absolute()))
            self._child.send(message, b"", waits.LEARNER_LISTENS.s)
        except (ChildGone, ChildSilent, OSError, SessionError, StorageError):
            self.stop()
            raise LearnerError(
                "the learner could not be started; logs/learner.log says more"
            ) from None
        # It counts as heard from now: loading torch and the captures takes a while.
        self.job, self._answer, self._failure, self._heard = job, None, None, self._clock()

    def hear(self, wait_s: float = 0.0) -> None:
        """Receive messages for up to ``wait_s``, to keep the progress up to date; never raises."""
        deadline = self._clock() + wait_s
        while self._child is not None and self.job is not None and not self._is_over:
            left_s = max(deadline - self._clock(), 0.0)
            # Without a wait one message has to do: a take plays while this is asked.
            if not self._next(self._child, left_s) or left_s == 0.0:
                return

    def poll(self, wait_s: float = 0.0) -> Answer | None:
        """Receive messages for up to ``wait_s``, and return the answer once, when it is there.

        Raises:
            LearnerError: It failed, ended or hung; it can be asked again.
        """
        self.hear(wait_s)
        if not self._is_over:
            return None
        answer, failure = self._answer, self._failure
        self._answer, self._failure, self.job, self.progress = None, None, None, None
        if failure is not None:
            raise failure
        return answer

    @property
    def _is_over(self) -> bool:
        return self._answer is not None or self._failure is not None

    def _next(self, child: Child, wait_s: float) -> bool:
        try:
            message, _ = child.receive(wait_s)
        except ChildSilent:
            # Asked where nothing came: a learner that talks does not hang, slow as it may be.
            if self._clock() - self._heard > self._stall_s:
                why = f"the learner made no progress for {self._stall_s:g} s and was ended"
                self._fail(LearnerDied(why))
            return False
        except ChildGone:
            why = "the learner ended unexpectedly (out of memory?); logs/learner.log says more"
            self._fail(LearnerDied(why))
            return False
        self._heard = self._clock()
        self._take_in(message)
        return True

    def _take_in(self, message: dict[str, Any]) -> None:
        try:
            if "progress" in message:
                self.progress = LiveLearner.model_validate(message["progress"])
            elif "says" in message:
                # Where it learns is no fact of the session: what it learns is the same anywhere.
                level = logging.WARNING if message.get("warns") else logging.INFO
                log.log(level, "%s", printable(str(message["says"])))
            elif "failed" in message:
                self._failure = LearnerError(str(message["failed"]))
            else:
                fact = FACT.validate_python(message["fact"])
                assert isinstance(fact, RoundLearned | ModelTrained)
                self._answer = fact
        except (ValidationError, KeyError):
            self._fail(LearnerError("the learner gave an answer that could not be read"))

    def _fail(self, why: LearnerError) -> None:
        self._kill()
        self._failure = why

    def stop(self) -> None:
        """End the process; what it was doing is lost, what it had finished is not."""
        self._kill()
        self.job, self.progress, self._answer, self._failure = None, None, None, None

    def _kill(self) -> None:
        # Let go of first: whatever comes of the kill, the next job gets a new process.
        child, self._child = self._child, None
        if child is not None:
            with contextlib.suppress(OSError):
                child.kill()
