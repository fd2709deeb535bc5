"""A night in a drawn studio: the real loop, judge and session; devices, learner and time are not.

The studio is written from physics (`rig.devices.virtual.studio`) and knows nothing of the judge. It
stands in for the devices' process; what is replaced besides is what takes hours: time, and the
learner, which proposes settings at random.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from calibration import levels
from calibration.takes import guitar_of
from rig import config as configuration
from rig.capture import Frames, Levels, Recording, Role
from rig.config import Config
from rig.daemon import service
from rig.daemon.request import Request
from rig.devices.protocols import Report
from rig.devices.virtual.studio import Studio
from rig.knobs import Setting
from rig.session import facts
from rig.session.captures import CaptureState
from rig.session.folder import Session
from tests.nights.simulation import Pupil, World

#: Between two takes: dialling and settling.
DIAL_S = 0.6
#: Knobs of the studios that have two positions.
SWITCHES = ("channel", "bypass")

RIG = """
name: studio
seed: {seed}
interface: {{driver: virtual}}
knobs:
{knobs}
signal:
  train: {{file: "builtin:guitar-train", start_s: 1, length_s: {train_s}}}
  holdout: {{file: "builtin:guitar-holdout", start_s: 3, length_s: 1.5}}
  tones_hz: [82.4, 329.6, 1318.5]
  tone_s: 0.3
plan: {{captures: {captures}, seeds: {seeds}, batch: 4, holdouts: 4, canary_every: 8,
  disk_floor_gb: 0, warmup_s: {warmup_s}}}
learner: {{size: nano, members: 2, final_size: nano}}
"""


class Stranger(Pupil):
    """A learner that proposes settings and has no idea what any of them should sound like."""

    def _found(self, session: Session) -> tuple[facts.FoundError, ...]:
        """Nothing is compared with anything."""
        return ()


@dataclass
class Spoiling:
    """What happens to which take, counted from 1: the kind of fault, its seed, how many takes."""

    at: Mapping[int, tuple[str, int, int]] = field(default_factory=dict)


@dataclass
class HappenedTake:
    """What really happened in a take: the fault, and how far its return was off."""

    kind: str | None
    must_never_pass: bool
    error_esr: float


class StudioDevices:
    """Stands in for `rig.devices.client.DevicesClient`."""

    paced, pid = True, 1

    def __init__(self, studio: Studio, world: World, config: Config, spoiling: Spoiling) -> None:
        self._studio, self._world, self._panel = studio, world, config.panel
        self._spoiling = spoiling
        self.sample_rate = studio.rate
        self.happened: list[HappenedTake] = []
        self._opened = False

    def open(self) -> None:
        """Open the stream: another round trip."""
        self._world.sleep(3.0)
        if self._opened:
            self._studio.open()
        self._opened = True

    def dial(self, setting: Setting, last: str | None = None) -> None:
        """Turn the studio's knobs, and wait as a driver does."""
        assert self._panel.allows(setting), "a knob left its limits"
        point = self._panel.point(setting)
        named = dict(zip((knob.name for knob in self._panel.knobs), point.tolist(), strict=True))
        self._studio.dial(named, wait_s=DIAL_S)
        self._world.sleep(DIAL_S)

    def rest(self) -> None:
        """Knobs to rest."""
        self.dial(self._panel.rest)

    rest_amp = rest

    def close(self) -> None:
        """Let go."""

    def reamp(self, send: Frames, report: Report = lambda _: None) -> Recording:
        """Play into the studio."""
        report(Levels(1.0, -6.0, -12.0))
        spoilt = self._spoiling.at.get(len(self.happened) + 1)
        if spoilt is not None:
            kind, seed, takes = spoilt
            self._studio.spoil_next(kind, seed, takes=takes)
        returned, loopback = self._studio.play(send)
        self._world.sleep(len(send) / self._studio.rate)
        fault = self._studio.last_fault
        self.happened.append(
            HappenedTake(
                None if fault is None else fault.kind,
                fault is not None and fault.must_never_pass,
                max(self._studio.last_error_esr, 0.0),
            )
        )
        return Recording(returned, loopback, 0)


@dataclass(frozen=True)
class StudioNight:
    """What came of a night in a studio."""

    session: Session
    reason: str
    failed: bool
    happened: Sequence[HappenedTake]
    hours: float

    def given_up(self) -> list[CaptureState]:
        """Settings that were given up."""
        return [
            about
            for about in self.session.state.captures.values()
            if about.abandoned is not None and about.capture.role is not Role.LOOK
        ]

    def kept_spoilt(self) -> list[tuple[CaptureState, HappenedTake]]:
        """Takes that stand for a setting in the end although something had happened to them."""
        found = []
        for about in self.session.state.kept():
            if about.kept is not None and about.kept.take <= len(self.happened):
                happened = self.happened[about.kept.take - 1]
                if happened.kind is not None:
                    found.append((about, happened))
        return found


@contextmanager
def in_place(devices: StudioDevices, world: World) -> Iterator[None]:
    """Put the studio and the simulated learner in place of the real ones."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rig.daemon.service.DevicesClient", lambda *_, **__: devices)
        patch.setattr("rig.daemon.service.Learner", lambda folder, **_: Stranger(world, folder))
        yield


def rig_yaml(
    studio: Studio, seed: int, captures: int, train_s: float = 2.0, warmup_s: float = 600.0
) -> str:
    """A configuration for a studio's knobs, set where players set them."""
    turning, switch = "{range: [0, 10], step: 0.1}", "{switch: [first, second]}"
    knobs = "\n".join(
        f"  {name}: {switch if name in SWITCHES else turning}" for name in studio.knobs
    )
    seeds = max(captures // 2, 4)
    return RIG.format(
        seed=seed, knobs=knobs, captures=captures, seeds=seeds, train_s=train_s, warmup_s=warmup_s
    )


def night(
    folder: Path,
    studio: Studio,
    seed: int,
    captures: int = 12,
    spoiling: Spoiling | None = None,
    train_s: float = 2.0,
) -> StudioNight:
    """Capture a studio through a night."""
    import random

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "rig.yaml"
    path.write_text(rig_yaml(studio, seed, captures, train_s), encoding="utf-8")
    config = configuration.load(path)
    world = World(random.Random(seed), {})
    devices = StudioDevices(studio, world, config, spoiling or Spoiling())
    began = world.at
    request = Request(folder / "session", path)
    with in_place(devices, world):
        ending = service.capture(request, config, world.clock)
    session = Session.view(request.session)
    hours = (world.at - began) / 3600
    return StudioNight(session, ending.reason, ending.failed, devices.happened, hours)


def true_error(studio: Studio, session: Session, about: CaptureState) -> float:
    """ESR between what was kept and the studio's truth at its setting; of no use while it warms."""
    assert about.kept is not None
    signal = session.signal()
    panel = session.config.panel
    point = panel.point(about.capture.setting)
    named = dict(zip((knob.name for knob in panel.knobs), point.tolist(), strict=True))
    truth = studio.clean(signal.send.astype(np.float32), named).astype(np.float64)
    kept = session.kept_audio(about.kept)
    return levels.esr(guitar_of(truth[: len(kept)], signal), guitar_of(kept, signal))
