"""A night in minutes: the real loop on simulated devices, a simulated learner and a virtual clock.

Only what takes time or hardware is replaced: `DevicesClient` and `Learner`. Plan, verdicts,
journal, files and stop rules are rig's own, and so is what is done about trouble.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import numpy as np

from calibration import latency, levels
from calibration.takes import guitar_of
from rig import config as configuration
from rig.capture import Frames, Levels, Recording, Role
from rig.clock import Clock
from rig.config import Config
from rig.daemon import service
from rig.daemon.request import Request
from rig.daemon.service import capture
from rig.devices.protocols import Report
from rig.errors import AudioDied, DeviceGone, LearnerDied, LearnerError, StorageError
from rig.knobs import Setting
from rig.learner.client import Job
from rig.session import facts, shut, store
from rig.session.captures import CaptureState
from rig.session.door import Door
from rig.session.folder import Session
from rig.session.live import LiveLearner
from rig.session.state import State

#: What a take and a round cost on a real rig.
TAKE_S, ROUND_S, OPEN_S = 62.0, 240.0, 3.0
DELAY_FRAMES = 137.25
RATE = 16_000

#: By then the amp has a family to be judged by.
FIRST_TROUBLE = 14
#: Trouble with one take, all of it heard in the take itself.
TAKE_TROUBLE = ("dropout", "flag", "clipping", "silence", "unplugged", "noise")
#: Trouble that stays until somebody, or a canary, notices.
LASTING = ("dead tube", "bumped knob", "ignored CC")
#: Trouble with devices, the learner, the disk and the machine.
AROUND = (
    "interface gone", "port renumbered", "audio died", "learner died", "learner NaN",
    "disk full", "daemon killed", "reboot", "suspended", "clock set",
)  # fmt: skip
KINDS = (*TAKE_TROUBLE, *LASTING, *AROUND)
#: A knob off in one take, which is as loud as it should be: only who has learnt the amp can tell.
UNHEARD = "lost CC"

RIG = """
name: night
seed: {seed}
interface: {{driver: virtual, sample_rate: 16000}}
knobs:
  gain: {{range: [0, 10], step: 0.1, play: [2, 8], rest: 1}}
  bass: {{range: [0, 10], step: 0.1, rest: 5}}
  treble: {{range: [0, 10], step: 0.1, rest: 5}}
  volume: {{range: [0, 10], step: 0.1, limits: [2, 10], rest: 2}}
signal:
  train: {{file: "builtin:guitar-train", start_s: 1, length_s: 0.8}}
  holdout: {{file: "builtin:guitar-holdout", start_s: 3, length_s: 0.6}}
  tones_hz: [330]
  tone_s: 0.1
plan: {{captures: {captures}, seeds: 12, batch: 6, holdouts: 6, canary_every: 8, disk_floor_gb: 0,
  looks: {looks}}}
learner: {{size: nano, members: 2, final_size: nano}}
"""


class Killed(BaseException):
    """The daemon dies here, without a word."""


@dataclass
class World:
    """Time, the amp's true state, and what goes wrong when."""

    random: random.Random
    expected: dict[int, str]
    at: float = 1_795_000_000.0
    steady: float = 0.0
    takes: int = 0
    lasting: str | None = None
    absent: int = 0
    happened: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    learner_trouble: list[str] = field(default_factory=list)
    disk_full: bool = False

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.at += seconds
        self.steady += seconds

    @property
    def clock(self) -> Clock:
        """The world's clocks."""
        return Clock(lambda: self.at, self.sleep, lambda: self.steady)

    def next_trouble(self) -> str | None:
        """What goes wrong with the take that begins now."""
        self.takes += 1
        kind = self.expected.pop(self.takes, None)
        if kind in LASTING and self.lasting is not None:
            later = self.takes + 1
            while later in self.expected:
                later += 1
            self.expected[later] = kind
            return None
        if kind is not None:
            self.happened[kind] = self.happened.get(kind, 0) + 1
        return kind


def schedule(draw: random.Random, takes: int, times: int) -> dict[int, str]:
    """At which take what goes wrong: every kind so many times, at random."""
    wanted = [kind for kind in KINDS for _ in range(times)]
    draw.shuffle(wanted)
    places = draw.sample(range(FIRST_TROUBLE, takes), len(wanted))
    return dict(zip(places, wanted, strict=True))


def amp(send: np.ndarray, values: dict[str, float], lasting: str | None) -> np.ndarray:
    """A memoryless amp with two tone knobs; what lasts changes it."""
    gain, volume = values["gain"], values["volume"]
    if lasting == "bumped knob":
        gain += 1.5
    if lasting == "ignored CC":
        volume = 6.0
    smooth = np.convolve(send, np.ones(8) / 8, "same")
    toned = (0.2 + values["bass"] / 10) * smooth + (0.2 + values["treble"] / 10) * (send - smooth)
    out = 10 ** ((volume - 10) / 10) * 0.7 * np.tanh(10 ** (gain / 10) * toned)
    return np.asarray(0.05 * out if lasting == "dead tube" else out)


class Devices:
    """Stands in for `rig.devices.client.DevicesClient`."""

    paced, sample_rate, pid = True, RATE, 1

    def __init__(self, world: World, config: Config) -> None:
        self._world, self._panel = world, config.panel
        self._values = self._panel.named(self._panel.rest)
        self._is_open = False

    def open(self) -> None:
        """Open, unless the device is still away."""
        self._world.sleep(OPEN_S)
        if self._world.absent:
            self._world.absent -= 1
            raise DeviceGone("the interface is not there")
        self._is_open = True

    def dial(self, setting: Setting, last: str | None = None) -> None:
        """Set the knobs, within their limits."""
        if not self._is_open:
            raise DeviceGone("the devices are not open")
        assert self._panel.allows(setting), "a knob left its limits"
        self._values = self._panel.named(setting)

    def rest(self) -> None:
        """Knobs to rest."""
        self.dial(self._panel.rest)

    def rest_amp(self) -> None:
        """Knobs to rest."""

    def close(self) -> None:
        """Let go."""
        self._is_open = False

    def _lose(self, error: DeviceGone) -> None:
        self._is_open = False
        raise error

    def reamp(self, send: Frames, report: Report) -> Recording:
        """Play, with whatever goes wrong."""
        world = self._world
        trouble = world.next_trouble()
        world.sleep(TAKE_S / 2)
        report(Levels(1.0, -6.0, -12.0))
        self._around(trouble)
        if trouble in LASTING:
            world.lasting = trouble
        world.sleep(TAKE_S / 2)
        return self._recorded(send.astype(np.float64), trouble)

    def _around(self, trouble: str | None) -> None:
        world = self._world
        if trouble == "interface gone":
            world.absent = world.random.randint(1, 4)
            self._lose(DeviceGone("the interface went away"))
        elif trouble == "port renumbered":
            self._lose(DeviceGone("the MIDI port went away"))
        elif trouble == "audio died":
            self._lose(AudioDied("the audio process ended unexpectedly"))
        elif trouble in ("learner died", "learner NaN"):
            world.learner_trouble.append(trouble)
        elif trouble == "disk full":
            world.disk_full = True
        elif trouble in ("daemon killed", "reboot"):
            world.sleep(90.0 if trouble == "reboot" else 0.0)
            raise Killed
        elif trouble in ("suspended", "clock set"):
            world.at += 3600.0 if trouble == "suspended" else -1800.0

    def _recorded(self, send: np.ndarray, trouble: str | None) -> Recording:
        world, frames = self._world, len(send)
        noise = np.random.default_rng([5, world.takes])
        values = dict(self._values)
        if trouble == UNHEARD:
            values["treble"] = (values["treble"] + 5.0) % 10.0
        played = amp(send, values, world.lasting)
        if trouble == "clipping":
            played = 40.0 * played
        if trouble == "silence":
            played = 0.0 * played
        returned = latency.advance(played, -DELAY_FRAMES, frames)
        # As with any amp, gain and volume raise the hiss.
        hiss = 1e-5 * 10 ** ((self._values["gain"] + self._values["volume"] - 10) / 10)
        returned += (hiss + (0.01 if trouble == "noise" else 0.0)) * noise.standard_normal(frames)
        loopback = latency.advance(send, -DELAY_FRAMES, frames)
        if trouble == "unplugged":
            loopback = np.zeros(frames)
        if trouble == "dropout":
            middle = int(np.argmax(np.abs(loopback)))
            for channel in (returned, loopback):
                channel[middle - 100 : middle + 200] = 0.0
        channels = [np.clip(c, -1, 1).astype(np.float32) for c in (returned, loopback)]
        return Recording(channels[0], channels[1], int(trouble == "flag"))


class Pupil:
    """Stands in for `rig.learner.client.Learner`: proposes at random, and dies on cue."""

    pid = 2

    def __init__(self, world: World, folder: Path) -> None:
        self._world, self._folder = world, folder
        self.job: Job | None = None
        self.progress: LiveLearner | None = None
        self._due = 0.0

    @property
    def is_idle(self) -> bool:
        """Whether nothing is asked for."""
        return self.job is None

    def ask(self, job: Job) -> None:
        """Begin."""
        self.job, self._due = job, self._world.steady + ROUND_S

    def hear(self, wait_s: float = 0.0) -> None:
        """Time passes."""
        self._world.sleep(wait_s)

    def stop(self) -> None:
        """Forget everything."""
        self.job = None

    def poll(self, wait_s: float = 0.0) -> facts.RoundLearned | facts.ModelTrained | None:
        """The answer, when it is due."""
        # A learner that is waited for lets minutes pass, not tenths of a second.
        self._world.sleep(wait_s * 100)
        if self.job is None:
            return None
        if self._world.learner_trouble:
            trouble, self.job = self._world.learner_trouble.pop(), None
            if trouble == "learner died":
                raise LearnerDied("the learner ended unexpectedly (out of memory?)")
            raise LearnerError("Diverged: the loss was not a number for 20 steps")
        if self._world.steady < self._due:
            return None
        job, self.job = self.job, None
        session = Session.view(self._folder)
        try:
            return self._final(session) if job.final else self._round(session, job)
        finally:
            session.close()

    def _learnt_from(self, state: State) -> tuple[int, ...]:
        return tuple(c.capture.number for c in state.kept() if c.capture.role.is_trained_on)

    def _round(self, session: Session, job: Job) -> facts.RoundLearned:
        panel = shut.still_asked(session.state, session.config.panel)
        taken = session.state.settings()
        points = np.random.default_rng([session.config.seed, job.round]).random((64, len(panel)))
        free = dict.fromkeys(map(panel.quantise, points))
        chosen = [setting for setting in free if setting not in taken][: job.count]
        ensemble = f"rounds/{job.round:03d}/ensemble.safetensors"
        return facts.RoundLearned(
            round=job.round,
            strategy="simulated",
            values=tuple(setting.values for setting in chosen),
            disagreement=(0.1,) * len(chosen),
            learnt_from=self._learnt_from(session.state),
            ensemble_esr=0.1,
            holdout_esr=1.0 / (10 + job.round),
            seconds=ROUND_S,
            ensemble=store.write(self._folder, ensemble, b"simulated"),
            found=self._found(session),
        )

    def _found(self, session: Session) -> tuple[facts.FoundError, ...]:
        """Who knows the amp is only surprised by what it is not."""
        rounds = session.state.learning.rounds[-1:]
        fresh = [
            about
            for about in session.state.kept(Role.ACTIVE)
            if rounds and about.capture.setting.values in rounds[0].values
        ]
        return tuple(
            facts.FoundError(
                capture=about.capture.number,
                disagreement=0.01,
                common=0.01,
                found=0.01 + kept_esr(session, about),
            )
            for about in fresh
        )

    def _final(self, session: Session) -> facts.ModelTrained:
        return facts.ModelTrained(
            learnt_from=self._learnt_from(session.state),
            holdout_esr=0.01,
            by_setting={},
            seconds=ROUND_S,
            model=store.write(self._folder, "model/model.safetensors", b"simulated"),
            export=store.write(self._folder, "model/reference.nam", b"{}"),
        )


@dataclass(frozen=True)
class Night:
    """What came of a night."""

    session: Session
    world: World
    runs: int
    reasons: tuple[str, ...]
    hours: float


@contextmanager
def simulated(world: World) -> Iterator[None]:
    """Put the simulated devices, learner and disk in place of the real ones."""
    real_put = Door.put

    def put(door: Door, name: str, content: bytes, *, durable: bool = True) -> None:
        """A disk that is full until somebody makes room."""
        if world.disk_full:
            raise StorageError(f"{door.path / name}: cannot be written: No space left on device")
        real_put(door, name, content, durable=durable)

    def bench(config: Config, *_: object, **__: object) -> Devices:
        return Devices(world, config)

    def learner(folder: Path, **_: object) -> Pupil:
        return Pupil(world, folder)

    with (
        patch.object(service, "DevicesClient", bench),
        patch.object(service, "Learner", learner),
        patch.object(Door, "put", put),
    ):
        yield


def watching(world: World, session: Path) -> Callable[[], None]:
    """Somebody who mends what a canary has found, once it has."""

    def mend() -> None:
        if world.lasting is None or not (session / "journal.db").exists():
            return
        view = Session.view(session)
        state = view.state
        last = state.takes.recent[-1] if state.takes.recent else None
        canary = last is not None and state.captures[last.capture].capture.role is Role.CANARY
        view.close()
        if canary and last is not None and {r.check for r in last.reasons} & {"replicate"}:
            world.lasting = None

    return mend


def night(
    folder: Path,
    seed: int,
    captures: int,
    times: int,
    extra: dict[int, str] | None = None,
    *,
    looks: bool = True,
) -> Night:
    """Capture through a whole night; whoever starts it again does so whenever it has ended.

    Args:
        folder: Where.
        seed: Of everything random.
        captures: The goal.
        times: How often each kind of trouble comes.
        extra: What goes wrong besides, by the number of the take.
        looks: Whether kept settings are dialled once more.
    """
    draw = random.Random(seed)
    expected = schedule(draw, round(captures * 1.1), times)
    world = World(draw, {**expected, **(extra or {})})
    path = folder / "rig.yaml"
    text = RIG.format(seed=seed, captures=captures, looks=str(looks).lower())
    path.write_text(text, encoding="utf-8")
    config = configuration.load(path)
    request = Request(folder / "session", path)
    began, runs, reasons = world.at, 0, list[str]()
    mend = watching(world, request.session)
    playing = Devices._recorded

    def mended(self: Devices, send: np.ndarray, trouble: str | None) -> Recording:
        if world.lasting != trouble:
            mend()
        return playing(self, send, trouble)

    Devices._recorded = mended  # type: ignore[method-assign]
    try:
        with simulated(world):
            while runs < 20 * len(KINDS):
                runs += 1
                try:
                    ending = capture(request, config, world.clock)
                except Killed:
                    world.sleep(5.0)
                    continue
                except StorageError as error:
                    reasons.append(str(error))
                    world.disk_full = False
                    continue
                reasons.append(ending.reason)
                if not ending.failed:
                    break
                world.disk_full = False
                if "sound like this amp" in ending.reason or "given up" in ending.reason:
                    world.lasting = None
    finally:
        Devices._recorded = playing  # type: ignore[method-assign]
    session = Session.view(request.session)
    return Night(session, world, runs, tuple(reasons), (world.at - began) / 3600)


def kept_esr(session: Session, about: CaptureState) -> float:
    """ESR between what was kept of a capture and what the healthy amp gives at its setting."""
    assert about.kept is not None
    signal = session.signal()
    kept = guitar_of(session.kept_audio(about.kept), signal)
    truth = amp(signal.send, session.config.panel.named(about.capture.setting), None)
    return levels.esr(guitar_of(truth, signal)[: len(kept)], kept)


def worst_kept_esr(session: Session) -> float:
    """The largest of them."""
    return max(kept_esr(session, about) for about in session.state.kept())
