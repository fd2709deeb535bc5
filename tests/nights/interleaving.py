"""The real daemon, supervisor and commands, on processes that are threads, and nothing takes time.

Replaced is what needs hardware, torch or an operating system: devices, learner, the judge of takes,
the start of processes, signals and the clocks. Every write may be the last one of its process.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np
from rich.console import Console

from calibration.latency import Latency
from calibration.signals import Part, Segment, Signal
from calibration.takes import Aligned
from calibration.verdict import Check, Reason, Verdict
from rig.capture import Frames, Levels, Recording
from rig.cli import session as commands
from rig.daemon import (
    afterwards,
    discrepancies,
    guard,
    loop,
    processes,
    publisher,
    recovery,
    run,
    service,
    supervisor,
)
from rig.daemon.request import Request
from rig.devices.protocols import Report
from rig.errors import AudioDied, DeviceGone, LearnerDied
from rig.knobs import Setting
from rig.learner.client import Job
from rig.session import control, facts, staging, store
from rig.session.door import Door
from rig.session.folder import Session
from rig.session.journal import Journal
from rig.session.live import LiveLearner
from tests.nights.processes import Process, World

#: What things cost, and how often somebody looks: coarse, so that nights are short.
TAKE_S, ROUND_S, OPEN_S, TICK_S, KEEPER_TICK_S = 20.0, 40.0, 4.0, 2.0, 5.0
FRAMES, RATE = 40, 8_000


@dataclass
class Night(World):
    """What goes wrong besides with devices and learner."""

    #: How many times the devices will not open, and what happens in the next takes.
    absent: int = 0
    takes: list[str] = field(default_factory=list)
    learner_dies: bool = False
    #: The kind of fact that a process dies of writing, and whether before or after it is there.
    dies_of: tuple[str, str] | None = None
    #: When each row of the journal was written, by the steady clock.
    written: dict[int, float] = field(default_factory=dict)

    def die_of(self, kind: str) -> str:
        """When whoever writes such a fact dies of it: before, after or never; once only."""
        if self.current is None or self.dies_of is None or self.dies_of[0] != kind:
            return "never"
        (_, when), self.dies_of = self.dies_of, None
        return when

    def die(self) -> None:
        """The process that runs is killed."""
        assert self.current is not None
        self.current.is_dead = True
        self.current.check()


@cache
def signal() -> Signal:
    """A signal with every part that a session needs, and no more frames than that."""
    parts = tuple(Part)
    segments = tuple(Segment(part, FRAMES * i, FRAMES) for i, part in enumerate(parts))
    return Signal(np.zeros(FRAMES * len(parts)), RATE, segments)


class Devices:
    """Stands in for `rig.devices.client.DevicesClient`."""

    paced, sample_rate, pid = True, RATE, None

    def __init__(self, night: Night) -> None:
        self._night, self._is_open = night, False

    def open(self) -> None:
        """Open, unless they are away."""
        self._night.sleep(OPEN_S)
        if self._night.absent:
            self._night.absent -= 1
            raise DeviceGone("the interface is not there")
        self._is_open = True

    def dial(self, setting: Setting, last: str | None = None) -> None:
        """Set the knobs."""
        if not self._is_open:
            raise DeviceGone("the devices are not open")
        self._night.sleep(0.5)

    def rest(self) -> None:
        """Knobs to rest."""
        self.dial(Setting(()))

    def rest_amp(self) -> None:
        """Knobs to rest."""

    def close(self) -> None:
        """Let go; a dead daemon's are let go with it."""
        self._is_open = False

    def reamp(self, send: Frames, report: Report) -> Recording:
        """Play for as long as a take takes."""
        self._night.sleep(TAKE_S / 2)
        report(Levels(TAKE_S / 2, -6.0, -12.0))
        kind = self._night.takes[0] if self._night.takes else ""
        if kind in ("audio died", "gone"):
            self._night.takes.pop(0)
            self._is_open = False
            raise (AudioDied if kind == "audio died" else DeviceGone)(f"{kind} in a take")
        self._night.sleep(TAKE_S / 2)
        report(Levels(TAKE_S, -6.0, -12.0))
        return Recording(send, send, 0)


class Pupil:
    """Stands in for `rig.learner.client.Learner`; what it writes is there before its answer."""

    pid = None

    def __init__(self, night: Night, folder: Path) -> None:
        self._night, self._folder = night, folder
        self.job: Job | None = None
        self.progress: LiveLearner | None = None
        self._due, self._answer = 0.0, None

    @property
    def is_idle(self) -> bool:
        """Whether nothing is asked for."""
        return self.job is None

    def ask(self, job: Job) -> None:
        """Begin."""
        self.job, self._due = job, self._night.steady + ROUND_S

    def hear(self, wait_s: float = 0.0) -> None:
        """Nothing has to be heard."""

    def stop(self) -> None:
        """Forget everything; the dead stop nobody."""
        if self._night.current is not None:
            self._night.current.check()
        self.job = None

    def poll(self, wait_s: float = 0.0) -> facts.RoundLearned | facts.ModelTrained | None:
        """The answer, when it is due."""
        if wait_s:
            self._night.sleep(TICK_S)
        if self.job is not None and self._night.learner_dies:
            self._night.learner_dies, self.job = False, None
            raise LearnerDied("the learner ended unexpectedly")
        if self.job is None or self._night.steady < self._due:
            return None
        job, self.job = self.job, None
        session = Session.view(self._folder)
        try:
            return self._final(session) if job.final else self._round(session, job)
        finally:
            session.close()

    def _round(self, session: Session, job: Job) -> facts.RoundLearned:
        panel, taken = session.config.panel, session.state.settings()
        points = np.random.default_rng([3, job.round]).random((64, len(panel)))
        free = [s for s in dict.fromkeys(map(panel.quantise, points)) if s not in taken]
        chosen = free[: job.count]
        path = f"rounds/{job.round:03d}/ensemble.safetensors"
        return facts.RoundLearned(
            round=job.round,
            strategy="simulated",
            values=tuple(setting.values for setting in chosen),
            disagreement=(0.1,) * len(chosen),
            learnt_from=self._learnt_from(session),
            ensemble_esr=0.1,
            holdout_esr=0.1,
            seconds=ROUND_S,
            ensemble=store.write(self._folder, path, b"simulated"),
        )

    def _learnt_from(self, session: Session) -> tuple[int, ...]:
        kept = session.state.kept()
        return tuple(c.capture.number for c in kept if c.capture.role.is_trained_on)

    def _final(self, session: Session) -> facts.ModelTrained:
        learnt_from = self._learnt_from(session)
        # Another model each time, as a real one would be.
        content = repr((learnt_from, self._night.steady)).encode()
        return facts.ModelTrained(
            learnt_from=learnt_from,
            holdout_esr=0.01,
            by_setting={},
            seconds=ROUND_S,
            model=staging.stage(session.door, "model/model.safetensors", content),
            export=staging.stage(session.door, "model/reference.nam", content),
        )


def aligned(recording: Recording, *_: object) -> Aligned:
    """A recording that is in step."""
    audio = recording.returned.astype(float)
    # Only what is stored of it is looked at here.
    return Aligned(audio, audio, Latency(1.0, 20.0, inverted=False), 0.0, audio, audio)


def judge(night: Night) -> Callable[..., Verdict]:
    """Refuses the takes that are to be refused."""

    def judged(*_: object) -> Verdict:
        figures = {"latency_frames": 1.0, "noise_dbfs": -90.0, "return_rms_dbfs": -20.0}
        if night.takes and night.takes[0] == "clipped":
            night.takes.pop(0)
            reason = Reason(Check.CLIPPING, 0.0, -1.0, "it clipped")
            return Verdict(figures, (reason,))
        return Verdict(figures, ())

    return judged


def steady_amp(_session: object, verdict: Verdict, *_: object) -> Verdict:
    """A canary of an amp that is warm."""
    return Verdict({**verdict.figures, "is_steady": 1.0, "replicate_esr": 1e-6}, verdict.reasons)


def signals_of(night: Night) -> Any:
    """Signals as the process that runs hears them; outside, nobody does."""

    def handle(number: int, handler: Any) -> Any:
        process = night.current
        if process is None:
            return None
        before = process.handlers.get(number)
        if handler is None:
            process.handlers.pop(number, None)
        else:
            process.handlers[number] = handler
        return before

    return SimpleNamespace(signal=handle, SIGINT=2, SIGTERM=15)


def spawner(night: Night) -> Callable[..., Process]:
    """Starts rig's own modules as processes of the night, by the arguments they would be given."""

    def spawn(module: str, request: Request, _door: object = None) -> Process:
        name = "daemon" if module == processes.SERVICE else "supervisor"
        main = service.main if name == "daemon" else supervisor.main
        return night.start(name, lambda: main(request.arguments()))

    return spawn


def mortal(night: Night, method: Callable[..., Any]) -> Callable[..., Any]:
    """A write to the disk, in which its process may die."""

    def write(*arguments: Any, **more: Any) -> Any:
        process = night.current
        if process is None:
            return method(*arguments, **more)
        if more.get("durable") is False:
            process.check()
            return method(*arguments, **more)
        return process.writes(lambda: method(*arguments, **more))

    return write


@contextmanager
def simulated(night: Night) -> Iterator[None]:
    """Put everything in its place."""
    spawn, real_lock, real_append = spawner(night), Door.lock, Journal.append

    def lock(door: Door, name: str) -> Any:
        found = real_lock(door, name)
        if night.current is not None:
            night.current.locks.append(found)
        return found

    def append(journal: Journal, fact: facts.Fact, at: float) -> Any:
        dies = night.die_of(fact.kind)
        if dies == "before":
            night.die()
        entry = real_append(journal, fact, at)
        night.written[entry.seq] = night.steady
        if dies == "after":
            night.die()
        return entry

    def killed(pid: int, *folder: object) -> None:
        for process in night.living("daemon"):
            if process.pid == pid or folder:
                night.kill(process)

    signals = signals_of(night)
    replaced: list[tuple[Any, str, Any]] = [
        (service, "DevicesClient", lambda *_, **__: Devices(night)),
        (supervisor, "DevicesClient", lambda *_, **__: Devices(night)),
        (service, "Learner", lambda folder, **_: Pupil(night, folder)),
        (service, "signal_for", lambda *_: signal()),
        (service, "signals", signals),
        (supervisor, "signal", signals),
        (service, "awake", nullcontext),
        (service, "end_leftovers", lambda *_: None),
        (service, "log_lines", lambda *_: None),
        (supervisor, "log_lines", lambda *_: None),
        (service, "Clock", lambda: night.clock),
        (supervisor, "Clock", lambda: night.clock),
        (supervisor, "spawn", spawn),
        # Told of nights that are no more by the time that it would be read.
        (afterwards, "report", lambda *_: None),
        (guard, "spawn", spawn),
        (supervisor, "kill", killed),
        (supervisor, "kill_daemon", killed),
        (supervisor, "TICK_S", KEEPER_TICK_S),
        (loop, "in_step", lambda _run, recording, *_: aligned(recording)),
        (loop, "judge", judge(night)),
        (loop, "baseline", lambda *_: None),
        (loop, "with_warmup", steady_amp),
        (loop, "compared_with_kept", lambda _run, verdict, *_: verdict),
        (discrepancies, "outlying_captures", lambda *_: ()),
        (discrepancies, "unlike_any_other", lambda *_: ()),
        (commands, "out", Console(quiet=True)),
        (control, "time", SimpleNamespace(time_ns=lambda: int(1e9 * night.at))),
        (publisher, "time", SimpleNamespace(time=lambda: night.at)),
        (Door, "lock", lock),
        (Journal, "append", mortal(night, append)),
    ]
    replaced += [(module, "TICK_S", TICK_S) for module in (loop, recovery, run)]
    replaced += [
        (Door, name, mortal(night, getattr(Door, name)))
        for name in ("put", "move", "displace", "remove")
    ]
    with ExitStack() as stack:
        for place, name, stand_in in replaced:
            stack.enter_context(patch.object(place, name, stand_in))
        yield


def place() -> str:
    """A folder in memory, where there is one: what a disk takes is no part of this."""
    memory = Path("/dev/shm")
    return tempfile.mkdtemp(prefix="night-", dir=memory if memory.is_dir() else None)
