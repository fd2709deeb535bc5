"""Faults of wiring and power: what came back is not this amp at all, or no number."""

import numpy as np

from rig.devices.virtual.studio.fault_kinds import Draw, Pair, Take, spoiler
from rig.devices.virtual.studio.filters import Signal, decibels, low_pass
from rig.devices.virtual.studio.noise import hum, pink, white
from rig.devices.virtual.studio.timing import filled, fractionally_delayed


def _hiss(take: Take, level_dbfs: float, draw: Draw) -> Signal:
    return decibels(level_dbfs) * white(take.frames, draw.rng)


@spoiler(must_never_pass=True)
def amp_off_hissing(take: Take, draw: Draw) -> Pair:
    """The amp is off from the start and the input's hiss is all there is."""
    return _hiss(take, draw.uniform("level_dbfs", -90.0, -60.0), draw), take.loopback


@spoiler(must_never_pass=True)
def amp_off_humming(take: Take, draw: Draw) -> Pair:
    """The amp is off from the start and its cable hums."""
    level = decibels(draw.uniform("level_dbfs", -65.0, -45.0))
    mains = level * hum(take.frames, 50.0, take.rate, draw.rng)
    return mains + _hiss(take, -85.0, draw), take.loopback


@spoiler(must_never_pass=True)
def amp_dies(take: Take, draw: Draw) -> Pair:
    """The amp loses its power in the take, fades within 50 ms and leaves hiss."""
    at = draw.place("at", take.frames)
    t = np.maximum(0.0, np.arange(take.frames) - at) / take.rate
    hiss = _hiss(take, draw.uniform("level_dbfs", -95.0, -60.0), draw)
    # Five time constants are 50 ms, and 43 dB.
    return take.returned * np.exp(-t / 0.01) + hiss * (t > 0.0), take.loopback


@spoiler(must_never_pass=True)
def dry_returned(take: Take, draw: Draw) -> Pair:
    """The amp is bypassed and the dry signal comes back at the amp's level."""
    delay = take.context.latency_frames
    dry = fractionally_delayed(take.send, delay)
    return dry * take.loudness / (np.std(dry) + 1e-9) + _hiss(take, -95.0, draw), take.loopback


@spoiler(must_never_pass=True)
def noise_returned(take: Take, draw: Draw) -> Pair:
    """Noise comes back at the right level and with about the right spectrum."""
    noise = low_pass(pink(take.frames, draw.rng), draw.log("corner_hz", 2e3, 15e3), take.rate)
    return noise * take.loudness / np.std(noise), take.loopback


@spoiler(must_never_pass=True)
def offset_only(take: Take, draw: Draw) -> Pair:
    """A broken input gives DC and a breath of hiss."""
    offset = draw.sign("sign") * draw.uniform("offset", 0.01, 0.5)
    return offset + _hiss(take, -90.0, draw), take.loopback


@spoiler(must_never_pass=True)
def nothing_returned(take: Take, draw: Draw) -> Pair:
    """The driver delivers zeros to the bit."""
    del draw
    return np.zeros(take.frames), take.loopback


@spoiler(must_never_pass=True)
def wrong_channel(take: Take, draw: Draw) -> Pair:
    """The return is read from an input on which something else is played."""
    rate_hz = draw.uniform("notes_hz", 1.0, 4.0)
    t = np.arange(take.frames) / take.rate
    pitch_hz = 110.0 * 2.0 ** (np.floor(t * rate_hz) * 7.0 % 24.0 / 12.0)
    # Summed up, so that a pitch that jumps does not make the wave jump.
    phase = 2.0 * np.pi * np.cumsum(pitch_hz) / take.rate
    notes = np.tanh(2.0 * np.sin(phase)) * np.exp(-3.0 * ((t * rate_hz) % 1.0))
    return notes * take.loudness / np.std(notes), take.loopback


@spoiler(must_never_pass=True, needs_loopback=True)
def channels_exchanged(take: Take, draw: Draw) -> Pair:
    """The plugs of return and loopback are exchanged."""
    del draw
    if take.loopback is None:
        return take.returned, None
    return take.loopback, take.returned


@spoiler(must_never_pass=True, needs_loopback=True)
def loopback_returned(take: Take, draw: Draw) -> Pair:
    """The return is read from the loopback's input."""
    del draw
    return take.returned if take.loopback is None else take.loopback.copy(), take.loopback


@spoiler(must_never_pass=True, needs_loopback=True, spares_return=True)
def return_looped(take: Take, draw: Draw) -> Pair:
    """The loopback is read from the return's input."""
    del draw
    return take.returned, None if take.loopback is None else take.returned.copy()


@spoiler(must_never_pass=True)
def take_before_returned(take: Take, draw: Draw) -> Pair:
    """A buffer was not refreshed and the whole return is that of the take before."""
    del draw
    before = take.context.previous if take.context.previous is not None else np.zeros(take.frames)
    return filled(before, take.frames).copy(), take.loopback


@spoiler(must_never_pass=True, needs_loopback=True, spares_return=True)
def loopback_unplugged(take: Take, draw: Draw) -> Pair:
    """The loopback's cable fell out and its input hisses."""
    level_dbfs = draw.uniform("level_dbfs", -110.0, -70.0)
    return take.returned, None if take.loopback is None else _hiss(take, level_dbfs, draw)


@spoiler(needs_loopback=True, spares_return=True)
def loopback_falls_out(take: Take, draw: Draw) -> Pair:
    """The loopback's cable falls out in the middle of the take."""
    if take.loopback is None:
        return take.returned, None
    y = take.loopback.copy()
    at = draw.place("at", take.frames)
    y[at:] = _hiss(take, -95.0, draw)[at:]
    return take.returned, y


def _one_wrong(x: Signal, value: float, draw: Draw) -> Signal:
    y = x.copy()
    y[draw.place("at", len(x))] = value
    return y


@spoiler(must_never_pass=True)
def no_number(take: Take, draw: Draw) -> Pair:
    """One frame of the return is no number, as after a fault of memory or a plug-in."""
    return _one_wrong(take.returned, np.nan, draw), take.loopback


@spoiler(must_never_pass=True)
def infinite(take: Take, draw: Draw) -> Pair:
    """One frame of the return is infinite."""
    return _one_wrong(take.returned, draw.sign("sign") * np.inf, draw), take.loopback


@spoiler(must_never_pass=True)
def astronomical(take: Take, draw: Draw) -> Pair:
    """One frame of the return is finite, but its square overflows in single precision."""
    return _one_wrong(take.returned, draw.sign("sign") * 1e30, draw), take.loopback


@spoiler(must_never_pass=True, needs_loopback=True, spares_return=True)
def loopback_no_number(take: Take, draw: Draw) -> Pair:
    """One frame of the loopback is no number."""
    looped = None if take.loopback is None else _one_wrong(take.loopback, np.nan, draw)
    return take.returned, looped
