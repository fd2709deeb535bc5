"""Faults of time: frames lost and inserted, blocks out of place, clocks that differ."""

import numpy as np

from rig.devices.virtual.studio.fault_kinds import (
    Change,
    Draw,
    Pair,
    Take,
    on_each_side,
    spoiler,
)
from rig.devices.virtual.studio.filters import Signal
from rig.devices.virtual.studio.timing import (
    at_other_rate,
    delayed,
    filled,
    fractionally_delayed,
    on_clock,
    read_at,
    with_inserted,
    without,
)


@on_each_side(must_never_pass=True)
def frames_lost(take: Take, draw: Draw) -> Change:
    """A buffer ran over, frames are gone and all that follows comes too early."""
    count = draw.whole("count", 1, 1024)
    at = draw.place("at", take.frames, count)
    return lambda x: without(x, at, count)


@on_each_side(must_never_pass=True)
def frames_repeated(take: Take, draw: Draw) -> Change:
    """A buffer ran empty, its last frames were played again and all that follows is late."""
    count = draw.whole("count", 1, 1024)
    at = draw.place("at", take.frames, count)
    return lambda x: with_inserted(x, at, x[at - count : at])


@on_each_side(must_never_pass=True)
def zeros_inserted(take: Take, draw: Draw) -> Change:
    """A buffer ran empty, zeros were put in its place and all that follows is late."""
    count = draw.whole("count", 1, 1024)
    at = draw.place("at", take.frames, count)
    return lambda x: with_inserted(x, at, np.zeros(count))


@on_each_side(must_never_pass=True)
def on_other_clock(take: Take, draw: Draw) -> Change:
    """A second device with a clock of its own runs 20 to 100 ppm fast or slow."""
    del take
    ppm = draw.sign("sign") * draw.uniform("ppm", 20.0, 100.0)
    return lambda x: on_clock(x, ppm)


@on_each_side(must_never_pass=True)
def at_wrong_rate(take: Take, draw: Draw) -> Change:
    """The device runs at another rate than it says, so that pitch and length are wrong."""
    del take
    # 44.1 kHz is to 48 kHz as 147 is to 160.
    up, down = (147, 160) if draw.sign("slower") > 0.0 else (160, 147)
    return lambda x: at_other_rate(x, up, down)


@on_each_side()
def block_stale(take: Take, draw: Draw) -> Change:
    """A ring buffer was read before it was written: one block holds what it held before."""
    count, at = _block(take, draw)
    ring = max(count, int(draw.whole("ring_frames", 1024, 8192)))

    def change(x: Signal) -> Signal:
        """Put the older block in its place."""
        # What stands at a place of the ring is older than what belongs there by one turn of it.
        return _replaced(x, at, x[max(0, at - ring) : max(0, at - ring) + count])

    return change


@on_each_side()
def blocks_swapped(take: Take, draw: Draw) -> Change:
    """Two neighbouring blocks arrived in the wrong order."""
    count, at = _block(take, draw)

    def change(x: Signal) -> Signal:
        """Put the later block first."""
        pair = np.concatenate([x[at + count : at + 2 * count], x[at : at + count]])
        return _replaced(x, at, pair)

    return change


@on_each_side()
def block_repeated(take: Take, draw: Draw) -> Change:
    """A block was handed over twice in place of the one that follows it, with no shift."""
    count, at = _block(take, draw)
    return lambda x: _replaced(x, at + count, x[at : at + count])


@on_each_side()
def block_zeroed(take: Take, draw: Draw) -> Change:
    """A block did not arrive in time and zeros stand in its place, with no shift."""
    count, at = _block(take, draw)
    return lambda x: _replaced(x, at, np.zeros(count))


@spoiler()
def return_block_of_previous_take(take: Take, draw: Draw) -> Pair:
    """A block of the return still holds the same place of the take before."""
    count, at = _block(take, draw)
    before = take.context.previous if take.context.previous is not None else np.zeros(take.frames)
    stale = filled(before, take.frames)[at : at + count]
    return _replaced(take.returned, at, stale), take.loopback


@spoiler()
def return_begins_late(take: Take, draw: Draw) -> Pair:
    """The whole return comes some frames too late, as when its driver skipped at the start."""
    return delayed(take.returned, draw.whole("frames", 1, 512)), take.loopback


@spoiler()
def return_off_by_fraction(take: Take, draw: Draw) -> Pair:
    """A digital input locked anew and the whole return is off by a part of a frame."""
    return fractionally_delayed(take.returned, draw.uniform("frames", 0.1, 0.9)), take.loopback


@spoiler(must_never_pass=True)
def return_clock_wanders(take: Take, draw: Draw) -> Pair:
    """A wireless link steers its clock to and fro, and with it the return's delay."""
    depth = draw.uniform("frames", 0.5, 5.0)
    period_s = draw.uniform("period_s", 1.0, 10.0)
    n = np.arange(take.frames, dtype=np.float64)
    swing = depth * np.sin(2.0 * np.pi * n / (period_s * take.rate))
    return read_at(take.returned, n - swing), take.loopback


def _block(take: Take, draw: Draw) -> tuple[int, int]:
    count = draw.whole("block_frames", 64, 1024)
    # Room for two: some faults exchange a block with the next.
    return count, draw.place("at", take.frames, 2 * count)


def _replaced(x: Signal, at: int, block: Signal) -> Signal:
    y = x.copy()
    count = min(len(block), len(x) - at)
    y[at : at + count] = block[:count]
    return y
