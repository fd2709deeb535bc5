"""What tubes, transistors, diodes and op-amps do to a voltage, as equations with a shape."""

from collections.abc import Callable

import numpy as np

from rig.devices.virtual.circuit import Audio


def _softplus(x: Audio) -> Audio:
    return np.asarray(np.logaddexp(0.0, x))


def _limited(x: Audio, hardness: float) -> Audio:
    return np.asarray(x / (1.0 + np.abs(x) ** hardness) ** (1.0 / hardness))


def _triode(x: Audio, shape: float) -> Audio:
    # The 3/2 power law down to cut-off; upwards the grid conducts, then the load line ends.
    grid = x - 0.8 * _softplus(5.0 * (x - 1.0)) / 5.0
    current = (_softplus(3.0 * (grid + 1.0 - 0.5 * shape)) / 3.0) ** 1.5
    return _limited(current / 3.0, 4.0)


def _push_pull(x: Audio, shape: float) -> Audio:
    # Two halves, each idling a little: with less idle current the middle is flatter.
    def half(v: Audio) -> Audio:
        """What one half lets through."""
        return np.asarray((_softplus(4.0 * (v + 0.35 - 0.25 * shape)) / 4.0) ** 1.5)

    return _limited((half(x) - half(-x)) / 2.0, 2.5 + 3.0 * shape)


def _single_ended(x: Audio, shape: float) -> Audio:
    current = (_softplus(4.0 * (x + 0.9 - 0.3 * shape)) / 4.0) ** 1.5
    return _limited(current / 2.5, 3.0)


def _transistor(x: Audio, shape: float) -> Audio:
    # It saturates at once on one side and is cut off softly on the other.
    upper = _limited(x / (1.0 - 0.4 * shape), 6.0) * (1.0 - 0.4 * shape)
    return np.where(x > 0.0, upper, _limited(x, 2.0))


def _square_law(x: Audio, shape: float) -> Audio:
    # A field-effect transistor: a parabola from its cut-off to where it is a resistor.
    drain = np.clip(1.0 + x / (1.5 + shape), 0.0, 2.0) ** 2
    return np.asarray(np.tanh(drain / 2.0))


def _diodes(x: Audio, shape: float) -> Audio:
    # Shockley's equation behind a resistor, solved the other way round: which voltage in front
    # gives this one across the diodes. With a shape above 0 two are in series on one side.
    v = np.linspace(-3.0, 3.0, 60_001)
    other = 1.0 + shape
    front = v + 2e-3 * (np.exp(v / 0.1) - np.exp(-v / (0.1 * other)))
    return np.asarray(np.interp(4.0 * x, front, v))


def _rails(x: Audio, shape: float) -> Audio:
    return _limited(x, 8.0 + 6.0 * shape)


def _germanium(x: Audio, shape: float) -> Audio:
    # Biased close to one end: one half of the wave is cut off early, the other one bends slowly.
    return np.where(x > 0.0, 1.0 - np.exp(-x), _limited(x / (0.5 - 0.3 * shape), 5.0) * 0.4)


LAWS: dict[str, Callable[[Audio, float], Audio]] = {
    "triode": _triode,
    "push-pull": _push_pull,
    "single-ended": _single_ended,
    "transistor": _transistor,
    "square-law": _square_law,
    "diodes": _diodes,
    "rails": _rails,
    "germanium": _germanium,
}
