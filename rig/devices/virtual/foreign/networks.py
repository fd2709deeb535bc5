"""Resistors and capacitors as transfer functions: two polynomials in s, highest power first."""

from functools import reduce

import numpy as np
from scipy import signal

from rig.devices.virtual.circuit import Audio, Filter

Transfer = tuple[Audio, Audio]


def poly(*coefficients: float) -> Audio:
    """Return a polynomial in s from its coefficients, highest power first."""
    return np.array(coefficients, dtype=float)


def product(*polynomials: Audio) -> Audio:
    """Multiply polynomials in s."""
    return reduce(np.convolve, polynomials)


def total(first: Audio, second: Audio) -> Audio:
    """Add two polynomials."""
    return np.asarray(np.polyadd(first, second), dtype=float)


def cascade(*transfers: Transfer) -> Transfer:
    """Join networks one behind the other, with a buffer between them."""
    return product(*(b for b, _ in transfers)), product(*(a for _, a in transfers))


def digital(transfer: Transfer, rate_hz: float) -> Filter:
    """Return a network as a digital filter (bilinear transform)."""
    b, a = transfer
    if not b.any():
        # A closed pot: scipy transforms no polynomial that is nothing.
        return Filter(np.zeros(len(a)), np.eye(1, len(a))[0])
    return Filter(*signal.bilinear(b, a, rate_hz))


def coupling(corner_hz: float) -> Transfer:
    """Return a capacitor between two stages."""
    return poly(1.0, 0.0), poly(1.0, 2 * np.pi * corner_hz)


def roll_off(corner_hz: float) -> Transfer:
    """Return a resistor with a capacitor to ground."""
    corner = 2 * np.pi * corner_hz
    return poly(corner), poly(1.0, corner)


def volume(share: float, bright_s: float) -> Transfer:
    """Return a volume pot with a bright capacitor from its input to its wiper.

    Args:
        share: Of the pot's resistance below its wiper; with none nothing comes through.
        bright_s: Resistance of the pot times the capacitor; 0 where there is none.
    """
    across = share * (1.0 - share) * bright_s
    return poly(across, share), poly(across, 1.0)
