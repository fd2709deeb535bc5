"""The virtual converter behind the interface protocol: it delays, adds noise, and fails on cue."""

import time

import numpy as np

from calibration import latency, levels
from rig.capture import Frames, Levels, Recording
from rig.config import Config, FaultConfig, VirtualInterfaceConfig
from rig.devices.protocols import Report
from rig.devices.virtual.amp import VirtualAmp
from rig.devices.virtual.circuit import Audio
from rig.errors import ConfigError, DeviceGone

#: A converter's resolution.
BITS = 24
REPORT_S = 0.1
#: What a clipping fault adds, and how long a dropout is; it falls on the loudest note.
CLIPPING_GAIN = 40.0
DROPOUT_S = 0.02


class VirtualInterface:
    """A converter wired to a virtual amp, with a loopback cable patched.

    Args:
        config: The session's configuration.
        amp: The amp on the other end of the cable.
        takes: How many takes the session has behind it; faults and noise count on from there.
    """

    def __init__(self, config: Config, amp: object, takes: int = 0) -> None:
        assert isinstance(config.interface, VirtualInterfaceConfig)
        if not isinstance(amp, VirtualAmp):
            raise ConfigError("interface.driver: the virtual interface needs the virtual amp")
        self._options = config.interface
        self._amp = amp
        self._take = takes
        self._stuck: dict[str, float] = {}
        self._last: dict[str, float] = {}
        self._absent = 0

    @staticmethod
    def problems(config: Config) -> list[str]:
        """Mistakes in a configuration that only this driver knows of."""
        assert isinstance(config.interface, VirtualInterfaceConfig)
        if config.amp.driver != "virtual":
            return ["interface.driver: the virtual interface is wired to the virtual amp only"]
        return [
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

    def close(self) -> None:
        """Nothing holds on to it."""

    def reamp(self, send: Frames, report: Report) -> Recording:
        """Play into the virtual amp; see `rig.devices.protocols.Interface`."""
        self._take += 1
        faults = self._faults()
        for fault in faults:
            self._fail(fault)
        played = self._played(send.astype(np.float64), report)
        returned = self._amp.gain(played, self.sample_rate)
        loopback = send.astype(np.float64)
        if any(fault.kind == "clipping" for fault in faults):
            returned = returned * CLIPPING_GAIN
        if any(fault.kind == "silence" for fault in faults):
            returned = np.zeros_like(returned)
        delay = self._options.latency_frames
        audio = [latency.advance(channel, -delay, len(send)) for channel in (returned, loopback)]
        audio[0] += self._noise(len(send))
        if any(fault.kind == "dropout" for fault in faults):
            self._drop(audio)
        returned, loopback = (self._converted(channel) for channel in audio)
        return Recording(returned.astype(np.float32), loopback.astype(np.float32))

    def _faults(self) -> list[FaultConfig]:
        return [
            fault
            for fault in self._options.faults
            if fault.take == self._take
            or (fault.kind != "gone" and fault.take <= self._take < fault.take + fault.takes)
        ]

    def _fail(self, fault: FaultConfig) -> None:
        if fault.kind == "gone":
            self._absent = fault.takes
            raise DeviceGone("the virtual interface went away in the middle of a take")
        if fault.kind == "hang":
            time.sleep(86_400)
        if fault.kind == "stuck" and fault.knob is not None:
            control = self._amp.control(fault.knob)
            if control is not None:
                stuck = self._stuck.setdefault(control, self._last.get(control, 0.5))
                self._amp.positions[control] = stuck

    def _played(self, send: Audio, report: Report) -> Audio:
        """The amp's output, without its filters' delay, paced if so wished."""
        self._last = dict(self._amp.positions)
        amplifier = self._amp.amplifier(self._amp.positions, self.sample_rate)
        block = round(REPORT_S * self.sample_rate)
        began = time.monotonic()
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
