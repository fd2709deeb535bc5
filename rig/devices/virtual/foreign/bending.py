"""The two things that every stage has in it: a curve without aliases, and what moves slowly."""

import numpy as np

from rig.devices.virtual.circuit import Audio, lowpass
from rig.devices.virtual.foreign.curves import Curve

#: The slow parts run at this fraction of the oversampled rate.
SLOW_RATIO = 4


class Bend:
    """A curve whose output is averaged over each step, which keeps its aliases low.

    The mean over a straight step is taken by Simpson's rule, so that any curve will do. Source:
    Bilbao, Esqueda, Parker and Valimaki, "Antiderivative Antialiasing for Memoryless
    Nonlinearities", IEEE SPL 24(7), 2017.
    """

    def __init__(self, curve: Curve) -> None:
        self._curve = curve
        self._last, self._bent = 0.0, 0.0

    def __call__(self, audio: Audio) -> Audio:
        """Bend one block."""
        before = np.concatenate(([self._last], audio[:-1]))
        before += audio
        before *= 0.5
        # The end of each step is the beginning of the next: two readings a step, not three.
        bent = self._curve(audio)
        mean = self._curve(before)
        mean *= 4.0
        mean += bent
        mean[0] += self._bent
        mean[1:] += bent[:-1]
        self._last, self._bent = float(audio[-1]), float(bent[-1])
        mean /= 6.0
        return mean


class Envelope:
    """Smooths what charges a capacitor or loads a supply: one frame in `SLOW_RATIO` will do."""

    def __init__(self, time_s: float, rate_hz: float) -> None:
        self._smooth = lowpass(1 / (2 * np.pi * time_s), rate_hz / SLOW_RATIO)
        self._last = 0.0

    def __call__(self, rectified: Audio) -> Audio:
        """Smooth one block; its length must be a multiple of the ratio."""
        slow = self._smooth(rectified[SLOW_RATIO - 1 :: SLOW_RATIO])
        before = np.concatenate(([self._last], slow[:-1]))
        self._last = float(slow[-1])
        slow -= before
        slow /= SLOW_RATIO
        # Straight lines in between: jumps would be heard as a buzz at the slow rate.
        lines = np.empty((len(slow), SLOW_RATIO))
        for step in range(SLOW_RATIO):
            before += slow
            lines[:, step] = before
        return lines.ravel()
