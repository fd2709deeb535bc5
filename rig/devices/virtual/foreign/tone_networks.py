"""Tone controls as transfer functions, from the share of each pot that is open."""

import numpy as np

from rig.devices.virtual.foreign.networks import Transfer, cascade, poly, product, roll_off, total

#: Resistors at both ends of a tone pot, as a share of it: no pot reaches nothing there.
END_SHARE = 0.1


def active_bass(share: float, corner_hz: float) -> Transfer:
    """Return the bass half of an active Baxandall control: a pot, a capacitor across each side.

    Source: Baxandall, "Negative-Feedback Tone Control", Wireless World, October 1952.
    """
    # Resistances in units of the pot, so that its time constant is all there is.
    time_s = 1.0 / (2 * np.pi * corner_hz)

    def side(part: float) -> Transfer:
        """Return the impedance of a side that has this part of the pot."""
        across = part * time_s
        return poly(across * END_SHARE, END_SHARE + part), poly(across, 1.0)

    (feedback, under), (entry, over) = side(share), side(1.0 - share)
    return product(feedback, over), product(under, entry)


def active_treble(share: float, corner_hz: float) -> Transfer:
    """Return the treble half: a resistor, beside it a capacitor and a side of the pot in series."""
    time_s = 1.0 / (2 * np.pi * corner_hz)

    def side(part: float) -> Transfer:
        """Return the impedance of a side that has this part of the pot."""
        series = (part + END_SHARE) * time_s
        return poly(series, 1.0), poly(series + time_s, 1.0)

    (feedback, under), (entry, over) = side(share), side(1.0 - share)
    return product(feedback, over), product(under, entry)


def notch(share: float, centre_hz: float, q: float) -> Transfer:
    """Return a bridged T: the further its pot is open, the deeper the scoop."""
    centre = 2 * np.pi * centre_hz
    left = 1.0 - 0.94 * share
    return poly(1.0, left * centre / q, centre**2), poly(1.0, centre / q, centre**2)


def bell(share: float, centre_hz: float, q: float, span_db: float) -> Transfer:
    """Return an active middle control, flat in the middle of its travel."""
    centre, lift = 2 * np.pi * centre_hz, 10 ** (span_db * (2.0 * share - 1.0) / 40)
    return (
        poly(1.0, lift * centre / q, centre**2),
        poly(1.0, centre / (lift * q), centre**2),
    )


def low_to_high(share: float, low_hz: float, high_hz: float) -> Transfer:
    """Return a fuzz's tone control: a low-pass and a high-pass, and a pot between their outputs."""
    low, high = 2 * np.pi * low_hz, 2 * np.pi * high_hz
    numerator = total(
        (1.0 - share) * product(poly(low), poly(1.0, high)),
        share * product(poly(1.0, 0.0), poly(1.0, low)),
    )
    return numerator, product(poly(1.0, low), poly(1.0, high))


def treble_cut(share: float, closed_hz: float, open_hz: float) -> Transfer:
    """Return a variable resistor with a capacitor to ground: dull at 0."""
    return roll_off(1.0 / (share / open_hz + (1.0 - share) / closed_hz))


def feedback_loop(
    depth: float, presence: float, resonance: float, presence_hz: float, resonance_hz: float
) -> Transfer:
    """Return what negative feedback leaves of a power amp, 1 where it works in full.

    Args:
        depth: Open loop's gain times what is fed back: how many times less gain it leaves.
        presence: Of the fed-back treble, the share that is led to ground.
        resonance: Of the fed-back bass, the share that is kept back.
        presence_hz: Above this.
        resonance_hz: Below this.
    """
    high, low = 2 * np.pi * presence_hz, 2 * np.pi * resonance_hz
    back = cascade(
        (poly(1.0 - presence, high), poly(1.0, high)),
        (poly(1.0, low * (1.0 - resonance)), poly(1.0, low)),
    )
    return (1.0 + depth) * back[1], total(back[1], depth * back[0])
