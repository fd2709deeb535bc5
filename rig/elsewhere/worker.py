"""The learner process where a cluster is to do the work: it asks there, and else learns by itself.

The daemon talks to it as to the learner beside it (`rig.learner.worker`), and kills it likewise.
Ray is never loaded here: each attempt is an errand, a child that may hang, crash or be ended.
"""

import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from rig import waits
from rig.child import Child, ChildGone, ChildSilent, Message
from rig.elsewhere.parts import CHECKPOINT, answer_of, digest_of, may_write
from rig.elsewhere.trouble import Trouble
from rig.learner.client import Job
from rig.learner.worker import Worker
from rig.session.door import Door
from rig.session.facts import StoredFile

log = logging.getLogger("rig")

ERRAND = "rig.elsewhere.errand"
#: Once more than there are pauses: the first attempt needs none.
PAUSES_S = (0.0, *waits.CLUSTER_RETRIES.pauses_s)


def _our_log() -> IO[bytes]:
    return os.fdopen(os.dup(2), "wb")


class _Attempt:
    """One errand: what it brings is put into the session when all of it is there, and once.

    Args:
        door: Into the session.
        job: What is asked.
        tell: Passes progress on.
        says: Passes a sentence for the log on.
    """

    def __init__(
        self, door: Door, job: Job, tell: Callable[[Message], None], says: Callable[[str], None]
    ) -> None:
        self._door, self._job, self._tell, self._says = door, job, tell, says
        self._came: dict[str, tuple[StoredFile, bytes]] = {}
        self._reached = False

    def run(self, order: Message) -> Message:
        """Send somebody, and return the message that answers the daemon.

        Raises:
            Trouble: It came to nothing; whoever was sent is gone.
        """
        errand = Child(ERRAND, _our_log, owner=str(self._door.path.absolute()))
        try:
            errand.send(order, b"", waits.CLUSTER_LISTENS.s)
            return self._hear(errand)
        except ChildGone:
            said = "the errand to the cluster broke off; logs/learner.log says more"
            raise Trouble(said, again=self._reached) from None
        except ChildSilent:
            said = "the cluster fell silent" if self._reached else "the cluster does not answer"
            # One that does not answer has been asked for long enough: it has its own attempts.
            raise Trouble(said, again=self._reached) from None
        except (ValueError, KeyError, TypeError) as error:
            said = str(error).splitlines()[0]
            raise Trouble(f"the cluster's answer cannot be read: {said}", again=True) from None
        finally:
            errand.kill()

    def _hear(self, errand: Child) -> Message:
        # Until it is connected nobody can tell it from one that never will be.
        patience_s = waits.CLUSTER_ANSWERS.s
        while True:
            message, block = errand.receive(patience_s)
            patience_s, self._reached = waits.CLUSTER_ADVANCES.s, True
            if "progress" in message:
                self._tell(message["progress"])
            elif "says" in message:
                self._says(str(message["says"]))
            elif "checkpoint" in message:
                file = self._checked(message["checkpoint"], block)
                if CHECKPOINT.fullmatch(file.path):
                    self._door.put(file.path, block)
            elif "file" in message:
                file = self._checked(message["file"], block)
                self._came[file.path] = file, block
            elif "trouble" in message:
                again, node = bool(message.get("again")), message.get("node")
                raise Trouble(str(message["trouble"]), again=again, node=node)
            elif "failed" in message:
                return {"failed": str(message["failed"])}
            elif "fact" in message:
                return self._kept(message["fact"])

    def _checked(self, told: Any, block: bytes) -> StoredFile:
        """Return what a block is, which is what was said of it and may be in the session."""
        file = StoredFile.model_validate(told)
        if not may_write(self._job, file.path):
            raise ValueError(f"{file.path} is nothing that a job writes")
        if (len(block), digest_of(block)) != (file.size, file.sha256):
            raise ValueError(f"{file.path} has not come whole")
        return file

    def _kept(self, told: Any) -> Message:
        fact = answer_of(self._job, told, {name: file for name, (file, _) in self._came.items()})
        for name, (_, block) in self._came.items():
            self._door.put(name, block)
        for name in self._door.names("rounds"):
            # Done is done: nobody goes on from what led here.
            if CHECKPOINT.fullmatch(f"rounds/{name}"):
                self._door.remove(f"rounds/{name}")
        return {"fact": fact.model_dump(mode="json")}


class Elsewhere(Worker):
    """Asks a cluster first, again elsewhere in it, and then does the job itself."""

    def __init__(self) -> None:
        super().__init__()
        self._is_away = False

    def _work(self, message: Message) -> Message:
        try:
            answer = self._asked(message)
        except Trouble as why:
            # Once, and again only after it had come back: a night has many rounds.
            if not self._is_away:
                self._says(f"learning goes on without the cluster: {why}", warns=True)
            self._is_away = True
            return super()._work(message)
        self._is_away = False
        return answer

    def _asked(self, message: Message) -> Message:
        job = Job(message["final"], message["round"], message["count"])
        door, began = Door.into(Path(message["session"])), time.monotonic()
        order = {"session": message["session"], "job": vars(job), "place": message["place"]}
        avoided: list[str] = []
        # While it is away, each job asks it once: it may be back, and the night does not wait.
        pauses_s = PAUSES_S[:1] if self._is_away else PAUSES_S
        for number, pause_s in enumerate(pauses_s, 1):
            time.sleep(pause_s)
            attempt = _Attempt(door, job, self._pass_on, self._says)
            try:
                asked = {**order, "until": message["until"], "avoided": avoided}
                answer = attempt.run(asked)
            except Trouble as why:
                sys.stderr.write(f"on the cluster: {why}\n")
                if not why.again or number == len(pauses_s):
                    raise
                avoided += [why.node] if why.node else []
            else:
                spent_s = time.monotonic() - began
                self._says(f"learnt on the cluster in {spent_s:.0f} s, waiting included")
                return answer
        raise AssertionError

    def _pass_on(self, progress: Message) -> None:
        self._parent.send({"progress": progress})

    def _says(self, sentence: str, warns: bool = False) -> None:
        self._parent.send({"says": sentence, "warns": warns})


if __name__ == "__main__":
    Elsewhere().serve()
