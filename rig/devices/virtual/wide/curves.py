"""Curves of what clips without a memory: diodes, transistors, op-amps at their rails."""

from collections.abc import Callable, Mapping

import numpy as np

from rig.devices.virtual.circuit import Audio, Part


def _rails(audio: Audio) -> Audio:
    # Straight up to close to the rail, as feedback keeps it, and two roots instead of a power.
    square = audio * audio
    square *= square
    square += 1.0
    return np.asarray(audio / np.sqrt(np.sqrt(square)))


#: Slope 1 at zero; the diodes' is a logarithm and has no ceiling.
CURVES: Mapping[str, Callable[[Audio], Audio]] = {
    "rails": _rails,
    "diodes": np.arcsinh,
    "transistor": np.tanh,
}


class Shaper:
    """A memoryless curve that is driven and lopsided, with nothing for nothing.

    Args:
        kind: One of `CURVES`.
        gain: In front of the curve.
        bias: How far its working point is off the middle.
        sign: Of the output; one transistor inverts.
    """

    def __init__(self, kind: str, gain: float, bias: float = 0.0, sign: float = 1.0) -> None:
        self._curve, self._gain, self._bias, self._sign = CURVES[kind], gain, bias, sign
        self._idle = self._curve(np.array([bias]))

    def __call__(self, audio: Audio) -> Audio:
        """Shape one block."""
        driven = self._gain * audio
        driven += self._bias
        shaped = self._curve(driven)
        shaped -= self._idle
        shaped *= self._sign
        return shaped


class Beside:
    """A part whose output is added to what goes in, as an op-amp's with its diodes in feedback."""

    def __init__(self, parts: list[Part], wet: float) -> None:
        self._parts, self._wet = parts, wet

    def __call__(self, audio: Audio) -> Audio:
        """Play one block both ways."""
        shaped = audio
        for part in self._parts:
            shaped = part(shaped)
        return audio + self._wet * shaped
