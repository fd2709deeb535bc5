"""The parts of an amplifier, as filters and waveshapers that keep their state between blocks.

Every part takes and returns mono float64 arrays, ``(frames,)``, at the rate it was built for.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import signal

Audio = NDArray[np.float64]

#: Short enough that a block's arrays stay in the processor's cache.
BLOCK_FRAMES = 4_000


class Part(Protocol):
    """Anything a signal can run through, block after block."""

    def __call__(self, audio: Audio) -> Audio:
        """Process the next block and keep the state for the one after it."""


class Filter:
    """A linear filter given by its transfer function."""

    def __init__(self, b: Audio, a: Audio) -> None:
        self._b, self._a = b, a
        self._state = np.zeros(max(len(a), len(b)) - 1)

    @property
    def order(self) -> int:
        """How many poles it has."""
        return len(self._a) - 1

    def __call__(self, audio: Audio) -> Audio:
        """Filter one block."""
        filtered, self._state = signal.lfilter(self._b, self._a, audio, zi=self._state)
        return np.asarray(filtered)

    def then(self, other: "Filter") -> "Filter":
        """Join this filter and the next into one: a pass costs the same at order 1 and 3."""
        return Filter(np.convolve(self._b, other._b), np.convolve(self._a, other._a))


def highpass(cutoff_hz: float, rate_hz: float) -> Filter:
    """Return the first-order high-pass of a coupling capacitor."""
    return Filter(*signal.bilinear([1.0, 0.0], [1.0, 2 * np.pi * cutoff_hz], rate_hz))


def lowpass(cutoff_hz: float, rate_hz: float) -> Filter:
    """Return the first-order low-pass of a plate resistor and the next stage's capacitance."""
    corner = 2 * np.pi * cutoff_hz
    return Filter(*signal.bilinear([corner], [1.0, corner], rate_hz))


def high_shelf(corner_hz: float, gain_db: float, rate_hz: float) -> Filter:
    """Return a first-order shelf that lifts what lies above ``corner_hz`` by ``gain_db``."""
    lift = 10 ** (gain_db / 20)
    corner = 2 * np.pi * corner_hz
    return Filter(*signal.bilinear([lift, corner], [1.0, corner], rate_hz))


def resonance(centre_hz: float, gain_db: float, q: float, rate_hz: float) -> Filter:
    """Return a peak of ``gain_db``, as a loudspeaker's impedance makes with a soft power stage."""
    centre = 2 * np.pi * centre_hz
    lift = 10 ** (gain_db / 20)
    numerator = [1.0, lift * centre / q, centre**2]
    return Filter(*signal.bilinear(numerator, [1.0, centre / q, centre**2], rate_hz))


@dataclass(frozen=True)
class ToneStack:
    """The component values of the three-knob passive tone stack (ohms and farads)."""

    treble_ohm: float = 250e3
    bass_ohm: float = 1e6
    middle_ohm: float = 25e3
    slope_ohm: float = 56e3
    treble_farad: float = 250e-12
    bass_farad: float = 20e-9
    middle_farad: float = 20e-9

    def transfer(self, bass: float, middle: float, treble: float) -> tuple[Audio, Audio]:
        """Return the analogue numerator and denominator (highest power of s first), pots in [0, 1].

        Source: Yeh and Smith, "Discretization of the '59 Fender Bassman Tone Stack", DAFx-06.
        """
        r1, r2, r3, r4 = self.treble_ohm, self.bass_ohm, self.middle_ohm, self.slope_ohm
        c1, c2, c3 = self.treble_farad, self.bass_farad, self.middle_farad
        t, m, l = treble, middle, bass  # noqa: E741 (the paper's letters)
        cc = c1 * c2 * c3
        mid_sweep = (m - m * m) * r3 * r3
        b1 = t * c1 * r1 + m * c3 * r3 + (l * r2 + r3) * (c1 + c2)
        b2 = (
            t * c1 * (c2 + c3) * r1 * r4
            + mid_sweep * c3 * (c1 + c2)
            + m * c1 * c3 * r1 * r3
            + l * r2 * (c1 * c2 * (r1 + r4) + c1 * c3 * r4)
            + l * m * c3 * (c1 + c2) * r2 * r3
            + c1 * r3 * (c2 * (r1 + r4) + c3 * r4)
        )
        b3 = cc * (
            l * m * r2 * r3 * (r1 + r4)
            + mid_sweep * (r1 + r4)
            + (t - t * m) * r1 * r3 * r4
            + t * l * r1 * r2 * r4
        )
        a1 = c1 * (r1 + r3) + c2 * (r3 + r4) + c3 * r4 + m * c3 * r3 + l * (c1 + c2) * r2
        a2 = (
            m * c3 * r3 * (c1 * r1 - c2 * r4)
            + mid_sweep * c3 * (c1 + c2)
            + l * m * c3 * (c1 + c2) * r2 * r3
            + l * r2 * (c1 * c2 * (r1 + r4) + (c1 + c2) * c3 * r4)
            + c1 * (c2 + c3) * r1 * r4
            + c1 * r3 * (c2 * (r1 + r4) + c3 * r4)
            + c2 * c3 * r3 * r4
        )
        a3 = cc * (
            l * m * r2 * r3 * (r1 + r4)
            + mid_sweep * (r1 + r4)
            + (1 - m) * r1 * r3 * r4
            + l * r1 * r2 * r4
        )
        return np.array([b3, b2, b1, 0.0]), np.array([a3, a2, a1, 1.0])

    def filter(self, bass: float, middle: float, treble: float, rate_hz: float) -> Filter:
        """Return the stack as a digital filter (bilinear transform)."""
        b, a = self.transfer(bass, middle, treble)
        return Filter(*signal.bilinear(b, a, rate_hz))


class Follower:
    """Smooths a rectified signal, at a fraction of the audio rate to stay cheap."""

    def __init__(self, time_s: float, rate_hz: float, ratio: int) -> None:
        self._ratio = ratio
        self._smooth = lowpass(1 / (2 * np.pi * time_s), rate_hz / ratio)
        self._last = 0.0

    def __call__(self, rectified: Audio) -> Audio:
        """Smooth one block; its length must be a multiple of the ratio."""
        # Means over a few frames: what is this slow needs no more points.
        slow = self._smooth(rectified.reshape(-1, self._ratio).mean(axis=1))
        path = np.concatenate(([self._last], slow))
        self._last = float(slow[-1])
        # Straight lines between the slow values: jumps would be heard as a buzz at the slow rate.
        steps = np.diff(path)[:, None] * (np.arange(1, self._ratio + 1) / self._ratio)
        steps += path[:-1, None]
        return steps.ravel()


class Clipper:
    """Saturates as x / sqrt(1 + x^2), with its aliases suppressed by antiderivative averaging.

    The averaged curve has the closed form (x1 + x0) / (sqrt(1 + x1^2) + sqrt(1 + x0^2)), which
    never divides by a small number. Source: Bilbao, Esqueda, Parker and Valimaki,
    "Antiderivative Antialiasing for Memoryless Nonlinearities", IEEE SPL 24(7), 2017.
    """

    def __init__(self) -> None:
        self._last = 0.0

    def __call__(self, audio: Audio) -> Audio:
        """Clip one block to (-1, 1)."""
        x = np.concatenate(([self._last], audio))
        self._last = float(audio[-1])
        root = x * x
        root += 1.0
        np.sqrt(root, out=root)
        # With F = sqrt(1 + x^2), the mean over a step is (F1 - F0) / (x1 - x0); multiplied out with
        # F1 + F0 no difference is left to divide by, and equal neighbours need no special case.
        clipped = x[1:] + x[:-1]
        clipped /= root[1:] + root[:-1]
        return np.asarray(clipped)


# Its bias is moved by what goes in, and not fed back from what comes out: so all of it is filters
# and curves over whole blocks, and no compiler is needed (decision 5).
class TriodeStage:
    """A gain stage that clips asymmetrically and whose bias moves while its grid conducts.

    Loud passages charge the coupling capacitor through the conducting grid: the working point
    sinks, the duty cycle of the clipping changes and recovers only after ``recovery_s``.
    """

    def __init__(
        self,
        gain: float,
        bias: float,
        bias_shift: float,
        recovery_s: float,
        rate_hz: float,
        ratio: int,
    ) -> None:
        self._gain, self._bias, self._shift = gain, bias, bias_shift
        self._grid = Follower(recovery_s, rate_hz, ratio)
        self._clip = Clipper()
        self._idle = bias / np.sqrt(1.0 + bias * bias)

    def __call__(self, audio: Audio) -> Audio:
        """Amplify and clip one block; the stage inverts, as a triode does."""
        driven = self._gain * audio
        driven += self._bias
        grid = driven - 0.5
        sunk = self._grid(np.maximum(grid, 0.0, out=grid))
        # However much the grid conducts, the shift stays below its largest value.
        sunk /= 1.0 + sunk
        sunk *= self._shift
        driven -= sunk
        clipped = self._clip(driven)
        # Less the idle output: without a signal nothing comes out.
        np.subtract(self._idle, clipped, out=clipped)
        return clipped


class PowerStage:
    """A push-pull stage on a supply that sags under load and recovers between notes."""

    def __init__(self, drive: float, sag: float, sag_s: float, rate_hz: float, ratio: int) -> None:
        self._drive, self._sag = drive, sag
        self._supply = Follower(sag_s, rate_hz, ratio)
        self._clip = Clipper()

    def __call__(self, audio: Audio) -> Audio:
        """Amplify one block; the output is symmetric and bounded by the sagging supply."""
        driven = self._drive * audio
        # Beyond full output the stage draws no more.
        load = np.abs(driven)
        drop = self._supply(np.minimum(load, 1.5, out=load))
        drop *= self._sag
        drop += 1.0
        # Up before the clipper and down behind it: quiet passages keep their gain, and the ceiling
        # is 1 / drop.
        driven *= drop
        clipped = self._clip(driven)
        clipped /= drop
        return np.asarray(clipped)


#: Taps of the oversampling filter per frame of the lower rate.
TAPS_PER_PHASE = 20


class Oversampler:
    """Raises the rate by a whole factor and lowers it again, linear-phase, block after block."""

    def __init__(self, factor: int) -> None:
        self.factor = factor
        half = factor * TAPS_PER_PHASE // 2
        # Frequencies in units of the lower rate's Nyquist frequency: the cut-off is just below it.
        self._taps = signal.firwin(2 * half + 1, 0.92, window=("kaiser", 8.0), fs=2.0 * factor)
        self._low = np.zeros(TAPS_PER_PHASE)
        self._high = np.zeros(2 * half)
        #: Delay of the way up and down together, at the lower rate.
        self.delay_frames = 2 * half // factor

    def up(self, audio: Audio) -> Audio:
        """Raise the rate: ``(frames,)`` to ``(frames * factor,)``."""
        # With the last frames in front, and their share of the output cut off again, blocks join
        # without a seam; every filter tap that reaches back finds what was there.
        joined = np.concatenate((self._low, audio))
        start = len(self._low) * self.factor
        self._low = joined[len(audio) :]
        # Zeros between the frames divide the level by the factor; the taps multiply it back.
        raised = signal.upfirdn(self._taps * self.factor, joined, up=self.factor)
        return np.asarray(raised[start : start + len(audio) * self.factor])

    def down(self, audio: Audio) -> Audio:
        """Lower the rate: ``(frames * factor,)`` to ``(frames,)``."""
        joined = np.concatenate((self._high, audio))
        skip = len(self._high) // self.factor
        self._high = joined[len(audio) :]
        lowered = signal.upfirdn(self._taps, joined, down=self.factor)
        return np.asarray(lowered[skip : skip + len(audio) // self.factor])
