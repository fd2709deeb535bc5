"""Amps to compare strategies on: built-in ones, a configured rig's, or the takes of a session."""

import hashlib
import io
import os
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from calibration import signals
from calibration.checks import Baseline, Limits, judge
from calibration.signals import Part
from calibration.takes import align
from calibration.verdict import Check
from rig.config import Config, ExcerptConfig, SignalConfig
from rig.devices.client import DevicesClient
from rig.devices.virtual.presets import Preset, preset
from rig.errors import DeviceError, UsageError
from rig.knobs import Knob, Panel, Setting
from rig.session import store
from rig.session.folder import Session
from rig.session.signal import compose_signal

Frames = NDArray[np.float32]

SAMPLE_RATE = 48_000
#: What the built-in amps play: guitar to learn from, and guitar to test on.
GUITAR = SignalConfig(
    train=ExcerptConfig(file="builtin:guitar-train", length_s=8.0),
    holdout=ExcerptConfig(file="builtin:guitar-holdout", start_s=3.0, length_s=4.0),
)
#: What they play where only features are compared.
BRIEF = SignalConfig(
    train=ExcerptConfig(file="builtin:guitar-train", length_s=1.6),
    holdout=ExcerptConfig(file="builtin:guitar-holdout", start_s=3.0, length_s=0.6),
    tones_hz=(),
)
#: Takes of one setting before it is left out, and silent ones before silence is its sound.
TRIES, SILENT_TWICE = 4, 2


class Unrecordable(DeviceError):
    """Raised for a setting of which no take passed its checks; others may well be recorded."""


class Subject(Protocol):
    """An amp whose settings can be recorded.

    Attributes:
        name: In results.
        panel: Its knobs.
        signal: What is played into it, and which part of it is for what.
        pool: The settings there are; None where every setting can be had.
    """

    name: str
    panel: Panel
    signal: signals.Signal

    @property
    def pool(self) -> Sequence[Setting] | None:
        """The settings there are; None where every setting can be had."""

    def record(self, setting: Setting) -> Frames:
        """Record a setting: ``(frames,)``, aligned with the signal, its tail left out.

        Raises:
            Unrecordable: It cannot be had of this amp.
        """


def recording_frames(subject: Subject) -> int:
    """Return the length of a recording in frames: everything before the signal's tail."""
    return subject.signal.segment(Part.TAIL).start


class RecordingCache:
    """Recordings kept on disk under their setting, so that no setting is played twice."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _path(self, setting: Setting) -> Path:
        return (
            self._folder / f"{hashlib.sha256(repr(setting.values).encode()).hexdigest()[:16]}.npy"
        )

    def get(self, setting: Setting) -> Frames | None:
        """Return the recording of a setting, None where there is none yet."""
        path = self._path(setting)
        return np.asarray(np.load(path), np.float32) if path.exists() else None

    def put(self, setting: Setting, audio: Frames) -> Frames:
        """Keep a recording and hand it back; another worker may be keeping the same one."""
        data, path = io.BytesIO(), self._path(setting)
        np.save(data, audio)
        # Written under a name of this worker's own, then moved: nobody reads half a recording.
        own = path.with_name(f"{os.getpid()}-{path.name}")
        store.put(own, data.getvalue())
        try:
            own.replace(path)
        except PermissionError:
            # Windows, while the other worker's recording is being read.
            own.unlink()
        return audio


def panel_of(built_in: Preset) -> Panel:
    """Return the knobs of a built-in amp, and its switches."""
    switch = Knob("", 0.0, 1.0, 2, ("off", "on"), (0.0, 1.0), play=(0.0, 1.0))
    return Panel(
        tuple(
            replace(switch, name=name) if name in built_in.switches else Knob(name)
            for name in built_in.controls
        )
    )


class VirtualSubject:
    """A built-in amp, rendered as its circuit is, without converter or hiss.

    Args:
        name: Of the preset.
        folder: Where recordings are kept.
        guitar: What is played.

    Raises:
        UsageError: There is no such amp.
    """

    pool = None

    def __init__(self, name: str, folder: Path, guitar: SignalConfig = GUITAR) -> None:
        try:
            self._preset = preset(name)
        except KeyError:
            raise UsageError(f"--amp {name}: there is no such built-in amp") from None
        self.name = name
        self.panel = panel_of(self._preset)
        self.signal = compose_signal(guitar, folder, SAMPLE_RATE)
        self._cache = RecordingCache(
            folder / "recordings" / f"{name}-{self.signal.duration_s:.0f}s"
        )

    def record(self, setting: Setting) -> Frames:
        """Render a setting once, and keep it on disk."""
        found = self._cache.get(setting)
        return self._cache.put(setting, self._render(setting)) if found is None else found

    def _render(self, setting: Setting) -> Frames:
        points = self.panel.point(setting).tolist()
        positions = dict(zip(self._preset.controls.values(), points, strict=True))
        amplifier = self._preset.amplifier(positions, float(SAMPLE_RATE))
        # Oversampling delays the output: without its beginning, it is aligned with the signal.
        played = amplifier(self.signal.send)[amplifier.delay_frames :]
        return np.asarray(played[: recording_frames(self)], np.float32)


class LiveSubject:
    """The amp of a configuration, through whichever drivers it names.

    Args:
        config: Of a rig.
        base: The folder that its file names are relative to.
        folder: Where recordings are kept.
    """

    pool = None

    def __init__(self, config: Config, base: Path, folder: Path) -> None:
        self.name, self.panel, self._limits = config.name, config.panel, config.checks
        self._cache = RecordingCache(folder / "recordings" / config.name)
        self._devices = DevicesClient(config, folder / "audio.log")
        self._refused: dict[Setting, Unrecordable] = {}
        self._devices.open()
        self.signal = compose_signal(config.signal, base, self._devices.sample_rate)

    def record(self, setting: Setting) -> Frames:
        """Play a setting once, and keep the recording on disk.

        Raises:
            Unrecordable: No take of it passed its checks.
        """
        found = self._cache.get(setting)
        if found is not None:
            return found
        # Strategies and seeds ask for the same settings again, and would all wait as long.
        if setting in self._refused:
            raise self._refused[setting]
        try:
            return self._cache.put(setting, self._reamp(setting))
        except Unrecordable as error:
            self._refused[setting] = error
            raise

    def _reamp(self, setting: Setting) -> Frames:
        why, silent = "", 0
        for _ in range(TRIES):
            self._devices.dial(setting)
            take = self._devices.reamp(self.signal.send.astype(np.float32))
            loopback = None if take.loopback is None else take.loopback.astype(float)
            aligned = align(take.returned.astype(float), loopback, self.signal, take.dropouts)
            # Without a baseline: a comparison records no canaries, so each take stands for itself.
            verdict = judge(aligned, self.signal, Limits(**self._limits.model_dump()), Baseline())
            # All that is wrong with a closed volume pot is that nothing comes out of it.
            silent += {reason.check for reason in verdict.reasons} == {Check.SILENCE}
            if verdict.kept or silent == SILENT_TWICE:
                return aligned.returned[: recording_frames(self)].astype(np.float32)
            why = verdict.reasons[0].sentence
        raise Unrecordable(f"{self.panel.describe(setting)}: no take passed its checks: {why}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Put the knobs to rest and let go of the devices."""
        self._devices.rest()
        self._devices.close()


class ReplayedSubject:
    """The takes that a session has kept: its settings are all there is.

    Args:
        session: Any session; its holdouts are settings like all others here.
    """

    def __init__(self, session: Session) -> None:
        self.name, self.panel, self.signal = (
            session.config.name,
            session.config.panel,
            session.signal(),
        )
        self._session = session

    @cached_property
    def _kept(self) -> dict[Setting, Frames]:
        frames = recording_frames(self)
        found: dict[Setting, Frames] = {}
        for about in self._session.state.kept():
            if about.kept is not None and about.capture.setting not in found:
                audio = self._session.kept_audio(about.kept)[:frames]
                found[about.capture.setting] = audio.astype(np.float32)
        return found

    @property
    def pool(self) -> Sequence[Setting]:
        """Every setting that was kept, in the order of their captures."""
        return list(self._kept)

    def record(self, setting: Setting) -> Frames:
        """Return the first kept take of a setting."""
        return self._kept[setting]
