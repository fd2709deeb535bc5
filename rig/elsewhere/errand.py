"""One attempt at one job on a cluster, in a process of its own: it may hang there, or die of it.

It reads the session and never writes there: what comes back goes to `worker`, its parent.
"""

import json
import threading
import traceback
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rig import waits
from rig.child import Message, Parent
from rig.elsewhere.cluster import Asked, Seat, connect, more_seats, seat
from rig.elsewhere.parts import Parts, content_of, parts_of
from rig.elsewhere.trouble import Trouble
from rig.learner.client import Job
from rig.printable import count_of
from rig.session.facts import StoredFile
from rig.session.folder import Session

#: What a person sees while others are first.
WAITING = "waiting for the cluster"


@dataclass
class _Work:
    """One workshop at work: of several final models, one."""

    seat: Seat
    pending: Any
    count: int = -1
    answer: dict[str, Any] | None = None


class Errand:
    """Goes to a cluster with a job, and tells its parent how it goes."""

    def __init__(self) -> None:
        self._seats: list[Seat] = []
        self._parent = Parent(self._leave)

    def _leave(self) -> None:
        """Give the places back when the parent ends, if the cluster still listens."""
        leaving = [threading.Thread(target=seat.leave, daemon=True) for seat in self._seats]
        for each in leaving:
            each.start()
        for each in leaving:
            each.join(waits.CLUSTER_IS_LEFT.s)

    def run(self) -> None:
        """Do what the parent asks, once."""
        message, _ = self._parent.receive()
        try:
            self._go(message)
        except Trouble as trouble:
            self._parent.send({"trouble": str(trouble), **vars(trouble)})
        except Exception as error:  # whatever it is, there is another way
            traceback.print_exc()
            self._parent.send({"trouble": f"{type(error).__name__}: {error}"})

    def _go(self, message: Message) -> None:
        job, place = Job(**message["job"]), message["place"]
        asked = Asked(place["num_cpus"], place["num_gpus"], message["session"], message["until"])
        ray = connect(place["address"])
        self._parent.send({"connected": True})
        session = Session.view(Path(message["session"]))
        try:
            parts = parts_of(session, job, asked.num_cpus, asked.num_gpus > 0)
            self._seats = [seat(ray, asked, message["avoided"], lambda: self._waits(job))]
            if job.final:
                self._seats += more_seats(ray, asked, place["finals"] - 1)
                self._tell_finals(place["finals"])
            for variant, there in enumerate(self._seats):
                self._send(there, session, replace(parts, variant=variant))
            self._work([_Work(there, there.begin("work")) for there in self._seats])
        finally:
            session.close()
        self._leave()

    def _tell_finals(self, wanted: int) -> None:
        """Say how many final models are trained at once, where several were wanted."""
        if wanted > 1:
            count = count_of(len(self._seats), "final model")
            self._parent.send({"says": f"{count} of the {wanted} wanted: as many as have a place"})

    def _waits(self, job: Job) -> None:
        self._parent.send({"progress": {"stage": WAITING, "round": job.round}})

    def _send(self, there: Seat, session: Session, parts: Parts) -> None:
        """Send what is not there yet."""
        packed = parts.packed()
        wanted = json.loads(there.call("expect", packed))
        files = {file.sha256: file for file in parts.every_file}
        for number, digest in enumerate(wanted, 1):
            # Only what we said there is: a cluster does not ask for other files of a session.
            if digest not in files:
                raise there.trouble("it asks for what is no part of the job")
            there.call("take", content_of(session.door, files[digest]))
            told = {"stage": "sending", "round": parts.job.round, "done": number}
            self._parent.send({"progress": {**told, "total": len(wanted)}})
        sent = len(packed) + sum(files[digest].size for digest in wanted)
        count = f"{count_of(len(wanted), 'file')} of {len(files)}"
        self._parent.send({"says": f"{there.host}: {count} sent, {sent / 1e6:.2f} MB in all"})

    def _work(self, works: list[_Work]) -> None:
        """Wait for every workshop, and bring the answer that errs least."""
        while busy := [work for work in works if work.answer is None]:
            first = busy[0]
            first.seat.is_done(first.pending)
            for work in busy:
                self._look(work, shown=work is first, alone=len(works) == 1)
        # The first is the one that would be learnt here: where nothing tells them apart, it is it.
        best = min(works, key=_badness)
        answer = best.answer
        assert answer is not None
        if "trouble" in answer:
            raise best.seat.trouble(str(answer["trouble"]))
        if len(works) > 1:
            kept = f"kept is number {works.index(best) + 1} of {len(works)} final models"
            self._parent.send({"says": f"{kept}, which errs least at what it learnt"})
        for file in answer.get("files", []):
            self._fetch(best.seat, file, "file")
        self._parent.send({key: answer[key] for key in ("fact", "failed") if key in answer})

    def _look(self, work: _Work, *, shown: bool, alone: bool) -> None:
        """See how far a workshop is; of several, one that is lost is one that counts no more."""
        try:
            if work.seat.is_done(work.pending, 0.0):
                work.answer = work.seat.answer(work.pending)
                return
            told = json.loads(work.seat.call("look"))
        except Trouble as trouble:
            if alone:
                raise
            work.answer = {"trouble": str(trouble)}
            return
        # Only what is new: a parent that hears nothing takes it that the work stands still.
        if shown and told["count"] > work.count and told["progress"] is not None:
            work.count = told["count"]
            self._parent.send({"progress": told["progress"]})
        if told["checkpoint"] is not None:
            self._fetch(work.seat, told["checkpoint"], "checkpoint")

    def _fetch(self, there: Seat, told: dict[str, Any], kind: str) -> None:
        file = StoredFile.model_validate(told)
        content = there.call("give", file.model_dump_json())
        self._parent.send({kind: file.model_dump()}, content)


def _badness(work: _Work) -> tuple[bool, float]:
    answer = work.answer or {}
    error = answer.get("error")
    return "fact" not in answer, float("inf") if error is None else float(error)


if __name__ == "__main__":
    Errand().run()
