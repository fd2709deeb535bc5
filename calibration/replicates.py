"""Two recordings of the same thing: how far apart they are, and how far noise alone would be."""

from dataclasses import dataclass

import numpy as np
import scipy  # its parts load when they are first used: 'rig status' needs none
from numpy.typing import ArrayLike, NDArray

from calibration import levels

Audio = NDArray[np.float64]

#: Hum may beat against itself, and lie twice as far apart as its power says; hiss does not.
NOISE_FACTOR = 3.0
#: How far apart in time two recordings are looked for, in frames.
REACH_FRAMES = 1_500


@dataclass(frozen=True)
class Replicate:
    """A recording against an earlier one of the same thing.

    Attributes:
        esr: Energy of the difference over the earlier one's.
        noise_esr: What of that noise alone would make, at most.
        lag_frames: How much later the second one is, with a fraction.
        agreement: Their correlation at that lag: 1 where they are the same but for level.
        gain: What the first one is to be multiplied by to come nearest to the second one, in step
            as they are; negative where that stands upside down.
        shape_esr: What their difference is beside that gain.
    """

    esr: float
    noise_esr: float
    lag_frames: float
    agreement: float
    gain: float = 1.0
    shape_esr: float = 0.0

    def is_same(self, limit_esr: float) -> bool:
        """Whether they differ by no more than a limit, noise set aside."""
        return self.esr <= limit_esr + self.noise_esr

    def is_same_but_for_gain(self, limit_esr: float) -> bool:
        """Whether they differ by no more than that once the second one has the first one's gain."""
        return self.shape_esr <= limit_esr + self.noise_esr


def compare(
    first: ArrayLike, second: ArrayLike, noise_power: float, reach_frames: int = REACH_FRAMES
) -> Replicate:
    """Compare two recordings, ``(frames,)`` each.

    Args:
        first: The earlier one.
        second: The later one.
        noise_power: Mean square of the noise of both together.
        reach_frames: How far apart in time they may be and still be told to be.
    """
    one = np.asarray(first, dtype=np.float64)
    other = np.asarray(second, dtype=np.float64)
    power = float(np.mean(one**2)) if len(one) else 0.0
    if power == 0.0:
        esr = float("inf") if np.any(other) else 0.0
        return Replicate(esr, 0.0, 0.0, 0.0, shape_esr=esr)
    noise_esr = NOISE_FACTOR * noise_power / power
    # Zeros to the bit have no correlation with anything; all of the first one is missing.
    if not np.any(other):
        return Replicate(1.0, noise_esr, 0.0, 0.0, gain=0.0, shape_esr=1.0)
    lag, agreement = _lag(one, other, min(reach_frames, len(one) // 4))
    gain = float(one @ other) / float(one @ one)
    # Of the second one's own power, which is what is left to be explained at its level.
    shape_esr = levels.esr(other, gain * one)
    return Replicate(levels.esr(one, other), noise_esr, lag, agreement, gain, shape_esr)


def _lag(one: Audio, other: Audio, reach: int) -> tuple[float, float]:
    """How much later the second is, by the peak of their correlation; a parabola between frames."""
    # Padded, since products of spectra wrap around: no lag within reach may meet the other end.
    size = scipy.fft.next_fast_len(len(one) + reach + 1, real=True)
    spectrum = scipy.fft.rfft(other, size) * np.conj(scipy.fft.rfft(one, size))
    correlation = scipy.fft.irfft(spectrum, size)
    # Lags below zero stand at the array's end, where negative indices find them; one more on
    # either side is for the parabola.
    around = correlation[np.arange(-reach - 1, reach + 2)]
    place = int(np.argmax(around[1:-1])) + 1
    before, peak, after = around[place - 1 : place + 2]
    bend = before - 2 * peak + after
    # A parabola that opens upwards has no peak: then the lag is the whole frame.
    fraction = 0.5 * (before - after) / bend if bend < 0 else 0.0
    scale = float(np.sqrt(np.sum(one**2) * np.sum(other**2)))
    return place - 1 - reach + float(fraction), float(peak) / scale
