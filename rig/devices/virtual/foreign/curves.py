"""Devices as tables: a slope of 1 at 0, and a ceiling of 1, so that gain alone tells them."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from rig.devices.virtual.circuit import Audio
from rig.devices.virtual.foreign.laws import LAWS

#: Beyond this many times its ceiling in front of it, a stage does nothing more.
SPAN = 24.0
#: Fine enough that straight lines between the points add less than -110 dB.
POINTS = 16_384


class Curve:
    """A memoryless curve as a table, with its slope of 1 at 0 and its ceiling of 1."""

    def __init__(self, law: Callable[[Audio], Audio]) -> None:
        idle, step = float(law(np.zeros(1))[0]), 1e-4
        slope = float(np.diff(law(np.array([-step, step])))[0]) / (2 * step)
        at, ceiling = np.linspace(-SPAN, SPAN, POINTS), 1.0
        # Diodes have none: theirs is what they reach at the end of the span, which goes by it.
        for _ in range(20):
            ceiling = float(np.max(np.abs(law(at * ceiling / slope) - idle)))
        self._values = (law(at * ceiling / slope) - idle) / ceiling
        self._rises = np.diff(self._values, append=self._values[-1])
        # A table has no point at 0: what it says there is taken off, so that silence is silent.
        self._values -= float(self(np.zeros(1))[0])

    def __call__(self, audio: Audio) -> Audio:
        """Bend a block of samples."""
        place = audio * ((POINTS - 1) / (2.0 * SPAN))
        place += (POINTS - 1) / 2.0
        np.clip(place, 0.0, POINTS - 1.0, out=place)
        index = place.astype(np.int32)
        place -= index
        place *= self._rises.take(index)
        place += self._values.take(index)
        return place


@lru_cache(maxsize=256)
def curve(law: str, shape: float) -> Curve:
    """Return a device's curve by its name; its shape is in [0, 1].

    Raises:
        KeyError: There is no such device.
    """
    equation = LAWS[law]
    return Curve(lambda x: equation(x, shape))
