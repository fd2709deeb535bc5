"""The learner process: does one job after another for `rig.learner.client`."""

import time
import traceback
from pathlib import Path

from rig.child import Message, Parent

TELLS_PER_S = 5


class Worker:
    """Reads the session it is told of, and answers with the fact to be journaled."""

    def __init__(self) -> None:
        self._parent = Parent()
        self._told = 0.0

    def serve(self) -> None:
        """Do one job after another until the daemon ends."""
        while True:
            message, _ = self._parent.receive()
            try:
                self._parent.send(self._work(message))
            except MemoryError:
                self._parent.send({"failed": "the learner ran out of memory"})
            except Exception as error:  # noqa: BLE001, RUF100 (whatever it is, the loop goes on)
                traceback.print_exc()
                self._parent.send({"failed": f"{type(error).__name__}: {error}"})

    def _work(self, message: Message) -> Message:
        # With the first job: torch takes seconds to load, and failing to is an answer too.
        from rig.learner.final import train_final
        from rig.learner.rounds import learn
        from rig.session.folder import Session

        # To read only: the journal has one writer, the daemon, which records what is answered here.
        session = Session.view(Path(message["session"]))
        try:
            if message["final"]:
                return {"fact": train_final(session, self._tell).model_dump(mode="json")}
            learnt = learn(session, message["round"], message["count"], self._tell)
            return {"fact": learnt.model_dump(mode="json")}
        finally:
            session.close()

    def _tell(self, progress: object) -> None:
        now = time.monotonic()
        if now - self._told >= 1 / TELLS_PER_S:
            self._told = now
            self._parent.send({"progress": vars(progress)})


if __name__ == "__main__":
    Worker().serve()
