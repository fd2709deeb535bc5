"""The parts amps are made of, each with its memory: gate, supply, echoes, cabinet."""

from dataclasses import dataclass

import numpy as np
from scipy import signal

from rig.devices.virtual.studio.filters import (
    Signal,
    bell,
    chained,
    decibels,
    low_pass,
    shelf,
    smoothed,
)
from rig.devices.virtual.studio.timing import delayed

DC_BLOCK_HZ = 8.0


@dataclass(frozen=True)
class Gate:
    """A noise gate, which shuts while the guitar is below a level."""

    threshold_dbfs: float = -50.0
    smooth_s: float = 0.008

    def play(self, x: Signal, rate: int) -> Signal:
        """What the gate lets through."""
        envelope = smoothed(np.abs(x), 0.02, rate)
        wide_open = (envelope > decibels(self.threshold_dbfs)).astype(np.float64)
        return x * smoothed(wide_open, self.smooth_s, rate)


@dataclass(frozen=True)
class Supply:
    """A weak power supply: loud playing lowers its voltage, which takes time to recover."""

    depth: float = 0.3
    time_s: float = 0.15

    def play(self, x: Signal, rate: int) -> Signal:
        """The output of a stage whose headroom is what is left of the supply."""
        load = smoothed(np.abs(np.tanh(x)), self.time_s, rate)
        headroom = 1.0 - self.depth * load
        # Divided and multiplied again: quiet playing keeps its gain, only the ceiling sinks.
        return np.asarray(headroom * np.tanh(x / headroom))


@dataclass(frozen=True)
class Compressor:
    """A compressor that turns down what exceeds a threshold."""

    threshold_dbfs: float = -30.0
    ratio: float = 4.0
    time_s: float = 0.03

    def play(self, x: Signal, rate: int) -> Signal:
        """The compressed signal, made up to its former level at the threshold's double."""
        envelope_db = 20.0 * np.log10(smoothed(np.abs(x), self.time_s, rate) + 1e-9)
        over_db = np.maximum(0.0, envelope_db - self.threshold_dbfs)
        return np.asarray(x * 10.0 ** (-over_db * (1.0 - 1.0 / self.ratio) / 20.0))


@dataclass(frozen=True)
class Cabinet:
    """A loudspeaker in a box before a microphone: of minimum phase, with group delay."""

    resonance_hz: float = 95.0
    presence_hz: float = 2600.0
    presence_db: float = 6.0
    top_hz: float = 4800.0

    def play(self, x: Signal, rate: int) -> Signal:
        """What the microphone hears."""
        low = signal.butter(2, 0.75 * self.resonance_hz, "highpass", fs=rate, output="sos")
        top = signal.butter(4, self.top_hz, "lowpass", fs=rate, output="sos")
        bells = [
            bell(self.resonance_hz, 5.0, 0.7, rate),
            bell(420.0, -4.0, 0.9, rate),
            bell(self.presence_hz, self.presence_db, 0.6, rate),
        ]
        return chained(x, [*low, *bells, *top])


@dataclass(frozen=True)
class Tremolo:
    """A volume that swings by itself, whose phase is free of the take's beginning."""

    speed_hz: float = 4.5
    depth: float = 0.5

    def play(self, x: Signal, rate: int, start_s: float) -> Signal:
        """The swinging signal of a take that begins so many seconds after switching on."""
        t = start_s + np.arange(len(x)) / rate
        swing = 0.5 + 0.5 * np.sin(2.0 * np.pi * self.speed_hz * t)
        return np.asarray(x * (1.0 - self.depth * swing))


@dataclass(frozen=True)
class Chorus:
    """A copy whose delay swings by itself, mixed to the signal."""

    speed_hz: float = 0.8
    delay_s: float = 0.008
    swing_s: float = 0.002
    mix: float = 0.5

    def play(self, x: Signal, rate: int, start_s: float) -> Signal:
        """The chorused signal of a take that begins so many seconds after switching on."""
        n = np.arange(len(x), dtype=np.float64)
        swing = np.sin(2.0 * np.pi * self.speed_hz * (start_s + n / rate))
        copy = np.interp(n - rate * (self.delay_s + self.swing_s * swing), n, x, left=0.0)
        return np.asarray((1.0 - self.mix) * x + self.mix * copy)


@dataclass(frozen=True)
class Echo:
    """A delay pedal left on, each repeat quieter and duller than the one before."""

    time_s: float = 0.35
    feedback: float = 0.4
    mix: float = 0.3

    def play(self, x: Signal, rate: int) -> Signal:
        """The signal with its repeats."""
        total, repeat, gain = x.copy(), x, self.mix
        step = round(self.time_s * rate)
        # Repeats that are down by 60 dB are not heard any more.
        while gain > 1e-3:
            repeat = low_pass(delayed(repeat, step), 3500.0, rate)
            total += gain * repeat
            gain *= self.feedback
        return total


@dataclass(frozen=True)
class Reverb:
    """A spring or room left on: an exponential tail of noise drawn from a seed."""

    decay_s: float = 1.2
    mix: float = 0.2
    seed: int = 0

    def tail(self, rate: int) -> Signal:
        """The impulse response, of energy 1, down by 60 dB after the decay."""
        frames = int(self.decay_s * rate)
        noise = np.random.default_rng(self.seed).standard_normal(frames)
        fading = noise * 10.0 ** (-3.0 * np.arange(frames) / frames)
        dull = low_pass(fading, 4000.0, rate)
        return np.asarray(dull / np.sqrt(np.sum(dull**2)))

    def play(self, x: Signal, rate: int) -> Signal:
        """The signal with its tail."""
        wet = signal.oaconvolve(x, self.tail(rate))[: len(x)]
        return np.asarray((1.0 - self.mix) * x + self.mix * wet)


@dataclass(frozen=True)
class WarmUp:
    """A cold amp: its gain is off at first and its bias drifts while it is played."""

    cold_db: float = -1.5
    cold_bias: float = 0.1
    time_s: float = 120.0

    def coldness(self, played_s: float, frames: int, rate: int) -> Signal:
        """How much of the cold is left at each frame, from 1 down to 0."""
        t = played_s + np.arange(frames) / rate
        return np.asarray(np.exp(-t / self.time_s))


def tone(x: Signal, bass: float, middle: float, treble: float, rate: int) -> Signal:
    """Tone controls of 12 dB up and down, flat at 0.5."""
    sections = [
        shelf(200.0, 24.0 * (bass - 0.5), rate, high=False),
        bell(700.0, 24.0 * (middle - 0.5), 1.0, rate),
        shelf(2200.0, 24.0 * (treble - 0.5), rate, high=True),
    ]
    return chained(x, sections)
