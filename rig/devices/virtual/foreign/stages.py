"""What clips and sags, as parts that keep their state from block to block."""

import numpy as np

from rig.devices.virtual.circuit import Audio, Filter
from rig.devices.virtual.foreign.bending import Bend, Envelope
from rig.devices.virtual.foreign.curves import Curve

#: A stage's grid or base conducts from here on, in units of its ceiling.
CONDUCTS_AT = 0.5


class Stage:
    """A gain stage that clips, and whose working point moves while it is driven hard.

    Args:
        gain: In front of the curve.
        curve: Of the device.
        shift: How far the working point moves at most, in units of the ceiling.
        recovery_s: How long it takes to come back.
        rate_hz: It runs at this rate.
    """

    def __init__(
        self, gain: float, curve: Curve, shift: float, recovery_s: float, rate_hz: float
    ) -> None:
        self._gain, self._shift, self._bend = gain, shift, Bend(curve)
        self._charge = Envelope(recovery_s, rate_hz)

    def __call__(self, audio: Audio) -> Audio:
        """Amplify and clip one block; a stage inverts."""
        driven = -self._gain * audio
        if self._shift:
            over = driven - CONDUCTS_AT
            charge = self._charge(np.maximum(over, 0.0, out=over))
            charge /= 1.0 + charge
            charge *= self._shift
            driven -= charge
        return self._bend(driven)


class DiodesInFeedback:
    """An op-amp with diodes in its feedback: the clean signal stays, what is amplified is bent."""

    def __init__(self, gain: float, ceiling: float, curve: Curve, band: Filter) -> None:
        self._gain, self._ceiling, self._band = gain / ceiling, ceiling, band
        self._bend = Bend(curve)

    def __call__(self, audio: Audio) -> Audio:
        """Amplify and bend one block."""
        amplified = self._band(audio)
        amplified *= self._gain
        bent = self._bend(amplified)
        bent *= self._ceiling
        bent += audio
        return bent


class PowerAmp:
    """Power tubes or transistors on a supply that sags."""

    def __init__(
        self, drive: float, curve: Curve, sag: float, sag_s: float, rate_hz: float
    ) -> None:
        self._drive, self._sag, self._bend = drive, sag, Bend(curve)
        self._supply = Envelope(sag_s, rate_hz)

    def __call__(self, audio: Audio) -> Audio:
        """Amplify one block."""
        driven = self._drive * audio
        if not self._sag:
            return self._bend(driven)
        load = np.abs(driven)
        drop = self._supply(np.minimum(load, 1.2, out=load))
        drop *= self._sag
        drop += 1.0
        driven *= drop
        bent = self._bend(driven)
        bent /= drop
        return bent
