"""Faults of level and shape: steps, fades, clipping, coarse numbers, filters."""

import numpy as np

from rig.devices.virtual.studio.fault_kinds import Draw, Pair, Take, spoiler
from rig.devices.virtual.studio.filters import Signal, coupled, decibels, low_pass
from rig.devices.virtual.studio.timing import fractionally_delayed


def _from(take: Take, at: int) -> Signal:
    after = np.zeros(take.frames)
    after[at:] = 1.0
    return after


@spoiler()
def gain_step(take: Take, draw: Draw) -> Pair:
    """A contact or an automatic level changed the gain by 0.3 to 3 dB in the middle."""
    change_db = draw.sign("sign") * draw.uniform("change_db", 0.3, 3.0)
    after = _from(take, draw.place("at", take.frames))
    return take.returned * 10.0 ** (change_db * after / 20.0), take.loopback


@spoiler()
def gain_off(take: Take, draw: Draw) -> Pair:
    """The input's gain stands 0.3 to 3 dB off for the whole take."""
    change_db = draw.sign("sign") * draw.uniform("change_db", 0.3, 3.0)
    return take.returned * decibels(change_db), take.loopback


@spoiler()
def fade(take: Take, draw: Draw) -> Pair:
    """The return fades by 3 to 40 dB from some place to the end."""
    at = draw.place("at", take.frames)
    depth_db = draw.uniform("depth_db", 3.0, 40.0)
    ramp = np.maximum(0.0, np.arange(take.frames) - at) / (take.frames - at)
    return take.returned * 10.0 ** (-depth_db * ramp / 20.0), take.loopback


@spoiler()
def gain_drift(take: Take, draw: Draw) -> Pair:
    """The amp's gain drifts slowly by 0.2 to 2 dB over the take."""
    drift_db = draw.sign("sign") * draw.uniform("drift_db", 0.2, 2.0)
    ramp = np.linspace(-0.5, 0.5, take.frames)
    return take.returned * 10.0 ** (drift_db * ramp / 20.0), take.loopback


@spoiler()
def bias_drift(take: Take, draw: Draw) -> Pair:
    """The bias of the last valve drifts, which adds an even distortion that grows."""
    strength = draw.uniform("strength", 0.05, 0.4)
    x = take.returned / take.peak
    # A square adds even harmonics, and DC, which no output transformer passes on.
    even = coupled(x**2, 20.0, take.rate) * np.linspace(0.0, strength, take.frames)
    return take.peak * (x + even), take.loopback


@spoiler()
def muted(take: Take, draw: Draw) -> Pair:
    """A relay or a protection circuit mutes the return for 200 ms."""
    at = draw.place("at", take.frames)
    y = take.returned.copy()
    y[at : at + take.rate // 5] = 0.0
    return y, take.loopback


@spoiler()
def held(take: Take, draw: Draw) -> Pair:
    """A converter holds one value of the return for 5 ms."""
    at = draw.place("at", take.frames)
    y = take.returned.copy()
    y[at : at + take.rate // 200] = y[at]
    return y, take.loopback


@spoiler()
def contact_drops_out(take: Take, draw: Draw) -> Pair:
    """A loose plug breaks the return for some milliseconds, several times."""
    y = take.returned.copy()
    for number in range(draw.whole("times", 3, 12)):
        at = draw.place(f"at_{number}", take.frames)
        y[at : at + draw.whole(f"frames_{number}", 48, 2400)] *= 0.05
    return y, take.loopback


@spoiler(must_never_pass=True)
def polarity_turned(take: Take, draw: Draw) -> Pair:
    """The return is of the other polarity for the whole take."""
    del draw
    return -take.returned, take.loopback


@spoiler(must_never_pass=True)
def polarity_turns(take: Take, draw: Draw) -> Pair:
    """The return changes its polarity in the middle."""
    return take.returned * (1.0 - 2.0 * _from(take, draw.place("at", take.frames))), take.loopback


@spoiler(needs_loopback=True, spares_return=True)
def loopback_polarity_turned(take: Take, draw: Draw) -> Pair:
    """The loopback's cable was exchanged for one of the other polarity."""
    del draw
    return take.returned, None if take.loopback is None else -take.loopback


def _threshold(take: Take, draw: Draw) -> float:
    return take.peak * decibels(-draw.uniform("below_peak_db", 1.0, 9.0))


@spoiler(must_never_pass=True)
def clipped_hard(take: Take, draw: Draw) -> Pair:
    """A stage between amp and converter clips hard, well below full scale."""
    limit = _threshold(take, draw)
    return np.clip(take.returned, -limit, limit), take.loopback


@spoiler(must_never_pass=True)
def clipped_softly(take: Take, draw: Draw) -> Pair:
    """A stage between amp and converter saturates above a level and leaves the rest alone."""
    # Half of it is left alone, and what exceeds that can add no more than the other half.
    limit = _threshold(take, draw) / 2.0
    excess = np.abs(take.returned) - limit
    bent = np.sign(take.returned) * (limit + limit * np.tanh(np.maximum(excess, 0.0) / limit))
    return np.where(excess > 0.0, bent, take.returned), take.loopback


@spoiler(must_never_pass=True)
def clipped_on_one_side(take: Take, draw: Draw) -> Pair:
    """A stage between amp and converter clips one half of the wave only."""
    limit, sign = _threshold(take, draw), draw.sign("side")
    # Turned over, clipped, and turned back: one line for either side.
    return sign * np.minimum(sign * take.returned, limit), take.loopback


@spoiler(must_never_pass=True)
def clipped_digitally(take: Take, draw: Draw) -> Pair:
    """The input is set too high, so that peaks stand at full scale."""
    loud = take.returned / take.peak * decibels(draw.uniform("over_db", 1.0, 9.0))
    # Two's complement of 24 bits ends one step below full scale.
    return np.clip(loud, -1.0, 1.0 - 2.0**-23), take.loopback


@spoiler(must_never_pass=True)
def wrapped_around(take: Take, draw: Draw) -> Pair:
    """Numbers above full scale come out at the other end, for want of a ceiling."""
    loud = take.returned / take.peak * decibels(draw.uniform("over_db", 0.3, 3.0))
    # As an integer overflows: what exceeds the highest number goes on from the lowest.
    return (loud + 1.0) % 2.0 - 1.0, take.loopback


@spoiler(must_never_pass=True, needs_loopback=True, spares_return=True)
def loopback_clipped(take: Take, draw: Draw) -> Pair:
    """The loopback's input is set too high and clips."""
    if take.loopback is None:
        return take.returned, None
    limit = float(np.max(np.abs(take.loopback))) * decibels(
        -draw.uniform("below_peak_db", 1.0, 9.0)
    )
    return take.returned, np.clip(take.loopback, -limit, limit)


@spoiler()
def crossover(take: Take, draw: Draw) -> Pair:
    """A stage with a dying battery has a dead zone around zero."""
    dead = take.loudness * draw.uniform("dead_part", 0.02, 0.3)
    y = np.sign(take.returned) * np.maximum(0.0, np.abs(take.returned) - dead)
    return y, take.loopback


@spoiler()
def bits_lost(take: Take, draw: Draw) -> Pair:
    """A link in between passes 8 or 12 bits only, without dither."""
    # One of the 8 or 12 bits is the sign.
    steps = 2.0 ** (7 if draw.sign("coarse") > 0.0 else 11)
    return np.round(take.returned * steps) / steps, take.loopback


@spoiler()
def cable_dulled(take: Take, draw: Draw) -> Pair:
    """Another, longer cable takes the treble from somewhere in the take on."""
    at = draw.place("at", take.frames)
    dull = low_pass(take.returned, draw.log("corner_hz", 1500.0, 8000.0), take.rate)
    after = _from(take, at)
    return take.returned * (1.0 - after) + dull * after, take.loopback


@spoiler()
def cable_dull(take: Take, draw: Draw) -> Pair:
    """A longer cable takes the treble of the whole take."""
    corner_hz = draw.log("corner_hz", 1500.0, 8000.0)
    return low_pass(take.returned, corner_hz, take.rate), take.loopback


@spoiler()
def ground_lifted(take: Take, draw: Draw) -> Pair:
    """The cable's shield is broken and only a small capacity carries the return."""
    corner_hz = draw.log("corner_hz", 80.0, 800.0)
    return coupled(take.returned, corner_hz, take.rate), take.loopback


@spoiler()
def monitored(take: Take, draw: Draw) -> Pair:
    """The monitor path is on and a later copy of the return makes a comb of notches."""
    frames = draw.log("delay_frames", 8.0, 2000.0)
    copy = fractionally_delayed(take.returned, frames)
    return take.returned + decibels(draw.uniform("copy_db", -20.0, -3.0)) * copy, take.loopback
