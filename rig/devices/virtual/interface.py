"""The virtual converter behind the interface protocol: it delays, adds noise, and fails on cue."""

import math
import time
from collections.abc import Collection, Mapping

import numpy as np

from calibration import latency, levels
from rig.capture import Frames, Levels, Recording
from rig.config import Config, FaultConfig, VirtualInterfaceConfig
from rig.devices.fullscale import refuse_over_full_scale
from rig.devices.protocols import DriverContext, Report
from rig.devices.virtual.amp import VirtualAmp
from rig.devices.virtual.circuit import Audio
from rig.devices.virtual.rehearsal import Rehearsal
from rig.errors import ConfigError, DeviceGone

#: A converter's resolution.
BITS = 24
REPORT_S = 0.1
#: Clocks that differ move the round trip in steps of a block: a thousandth of a frame at 2 ppm.
DRIFT_BLOCK = 480
#: What faults do to the level, and how long a dropout is; it falls on the loudest note.
CLIPPING_GAIN, TUBE_GAIN = 40.0, 0.25
DROPOUT_S = 0.02


class VirtualInterface:
    """A converter wired to a virtual amp, with a loopback cable patched.

    Args:
        context: The configuration, the amp on the other end of the cable, and how many takes the
            session has behind it: faults and noise count on from there.
    """

    def __init__(self, context: DriverContext) -> None:
        config, amp, takes = context.config, context.amp, context.takes
        assert isinstance(config.interface, VirtualInterfaceConfig)
        if not isinstance(amp, VirtualAmp):
            raise ConfigError("interface.driver: the virtual interface needs the virtual amp")
        self._options = config.interface
        self._amp = amp
        self._take = takes
        self._stuck: dict[str, float] = {}
        self._last: dict[str, float] = {}
        self._absent = 0
        self._rehearsal = None
        if config.interface.studio is not None:
            self._rehearsal = Rehearsal(
                config.interface.studio,
                loopback=config.interface.loopback,
                spoilt_share=config.interface.spoilt_share,
                sample_rate=config.interface.sample_rate,
                takes=takes,
            )

    @staticmethod
    def problems(config: Config) -> list[str]:
        """Mistakes in a configuration that only this driver knows of."""
        assert isinstance(config.interface, VirtualInterfaceConfig)
        wired = (
            "interface.driver: the virtual interface is wired to the virtual amp only: 'rig "
            "capture --rehearse' tries this file with both in their place"
        )
        return [wired] * (config.amp.driver != "virtual") + [
            f"interface.faults.{index}.knob: name the knob that is stuck, one of "
            f"{', '.join(config.knobs)}"
            for index, fault in enumerate(config.interface.faults)
            if fault.kind == "stuck" and fault.knob not in config.knobs
        ]

    @property
    def sample_rate(self) -> int:
        """Frames per second."""
        return self._options.sample_rate

    @property
    def paced(self) -> bool:
        """Whether a take lasts as long as on a real sound card."""
        return self._options.paced

    def open(self) -> None:
        """Take hold of it."""
        if self._absent:
            self._absent -= 1
            raise DeviceGone("the virtual interface is not there: plug it in again")
        if self._rehearsal is not None:
            self._rehearsal.open()

    def close(self) -> None:
        """Nothing holds on to it."""

    def reamp(self, send: Frames, report: Report) -> Recording:
        """Play into the virtual amp; see `rig.devices.protocols.Interface`."""
        refuse_over_full_scale(send)
        self._take += 1
        faults = self._faults()
        for fault in faults:
            self._fail(fault)
        if self._rehearsal is not None:
            return self._rehearsed(self._rehearsal, send.astype(np.float64), report)
        played = self._played(send.astype(np.float64), report, self._amp.positions)
        returned = self._amp.gain(played, self.sample_rate)
        loopback = send.astype(np.float64)
        kinds = {fault.kind for fault in faults}
        returned = returned * self._faulty_gain(kinds)
        returned = returned + 10 ** (self._options.crosstalk_db / 20) * loopback
        audio = [self._delayed(channel) for channel in (returned, loopback)]
        audio[0] += self._noise(len(send))
        if "dropout" in kinds:
            self._drop(audio)
        if "unplugged" in kinds:
            audio[1] = np.zeros(len(send))
        recorded = [self._converted(channel).astype(np.float32) for channel in audio]
        patched = recorded[1] if self._options.loopback else None
        return Recording(recorded[0], patched, dropouts=int("flag" in kinds))

    def _rehearsed(self, rehearsal: Rehearsal, send: Audio, report: Report) -> Recording:
        def amp(audio: Audio, positions: Mapping[str, float]) -> Audio:
            """Play through the built-in amp, at its level of this moment."""
            # Warm-up and drift are the amp's own, whatever interface it is rehearsed with.
            return self._amp.gain(self._played(audio, report, positions), self.sample_rate)

        returned, loopback = rehearsal.play(send, self._take, self._amp.positions, amp)
        patched = None if loopback is None else loopback.astype(np.float32)
        return Recording(returned.astype(np.float32), patched, dropouts=0)

    @staticmethod
    def _faulty_gain(kinds: Collection[str]) -> float:
        gains = {"clipping": CLIPPING_GAIN, "silence": 0.0, "level": TUBE_GAIN}
        return math.prod(gain for kind, gain in gains.items() if kind in kinds)

    def _delayed(self, channel: Audio) -> Audio:
        """The round trip; where the clocks differ, it grows from block to block."""
        delay, frames = self._options.latency_frames, len(channel)
        per_frame = 1e-6 * self._options.drift_ppm
        if per_frame == 0.0:
            return latency.advance(channel, -delay, frames)
        blocks = []
        for start in range(0, frames, DRIFT_BLOCK):
            length = min(DRIFT_BLOCK, frames - start)
            blocks.append(latency.advance(channel, start - delay - per_frame * start, length))
        return np.concatenate(blocks)

    def _faults(self) -> list[FaultConfig]:
        return [
            fault
            for fault in self._options.faults
            # Of 'gone', `takes` counts attempts to open it: it happens in one take only.
            if fault.take == self._take
            or (fault.kind != "gone" and fault.take <= self._take < fault.take + fault.takes)
        ]

    def _fail(self, fault: FaultConfig) -> None:
        if fault.kind == "gone":
            self._absent = fault.takes
            raise DeviceGone("the virtual interface went away in the middle of a take")
        if fault.kind == "hang":
            # Longer than anybody waits: as with a real driver, only a new process helps.
            time.sleep(86_400)
        if fault.kind == "stuck" and fault.knob is not None:
            control = self._amp.control(fault.knob)
            if control is not None:
                # Where it stood in the take before, for as long as it is stuck.
                stuck = self._stuck.setdefault(control, self._last.get(control, 0.5))
                self._amp.positions[control] = stuck

    def _played(self, send: Audio, report: Report, positions: Mapping[str, float]) -> Audio:
        """The amp's output, without its filters' delay, paced if so wished."""
        self._last = dict(self._amp.positions)
        amplifier = self._amp.amplifier(positions, self.sample_rate)
        block = round(REPORT_S * self.sample_rate)
        began = time.monotonic()
        # As much longer as the filters are late, so that the end of the send comes out, too.
        padded = np.concatenate([send, np.zeros(amplifier.delay_frames)])
        blocks = []
        for start in range(0, len(padded), block):
            part = padded[start : start + block]
            blocks.append(amplifier(part))
            played_s = (start + len(part)) / self.sample_rate
            if self._options.paced:
                ahead_s = played_s / self._options.speed - (time.monotonic() - began)
                time.sleep(max(ahead_s, 0.0))
            peaks = levels.peak_dbfs(part), levels.peak_dbfs(blocks[-1])
            report(Levels(played_s, *peaks))
        return np.concatenate(blocks)[amplifier.delay_frames :]

    def _noise(self, frames: int) -> Audio:
        options = self._options
        # By the take: a session that goes on has no noise that it has had before.
        random = np.random.default_rng([options.seed, self._take])
        noise = 10 ** (options.noise_dbfs / 20) * random.standard_normal(frames)
        if options.hum_dbfs > levels.SILENCE_DBFS:
            time_s = np.arange(frames) / options.sample_rate
            phase = 2 * np.pi * (options.hum_hz * time_s + random.random())
            hum = np.sin(phase) + 0.5 * np.sin(2 * phase) + 0.3 * np.sin(3 * phase)
            noise += 10 ** (options.hum_dbfs / 20) * hum / levels.rms(hum)
        return noise

    def _drop(self, channels: list[Audio]) -> None:
        """Lose a few milliseconds of both channels, as a starved driver does: without a word."""
        frames = round(DROPOUT_S * self.sample_rate)
        start = int(np.argmax(np.abs(channels[1]))) - frames // 2
        for channel in channels:
            channel[max(start, 0) : start + frames] = 0.0

    @staticmethod
    def _converted(channel: Audio) -> Audio:
        steps = 2.0 ** (BITS - 1)
        return np.round(np.clip(channel, -1.0, 1.0 - 1.0 / steps) * steps) / steps
