"""A drawn interface around the built-in amp: awkward converters, and takes that are spoilt.

What a studio with an ideal converter never shows can be rehearsed: coupling capacitors, DC, hum, a
round trip that is another one with every opening, and now and then anything that spoils a take.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rig.devices.virtual.studio import draw_studio, fault_names
from rig.devices.virtual.studio.converters import (
    Converter,
    Opening,
    recorded,
    round_trip_frames,
    sent,
)
from rig.devices.virtual.studio.faults import Fault, FaultContext, draw_fault

Audio = NDArray[np.float64]
Positions = Mapping[str, float]

#: Of half the rate: where no converter's low-pass lies above.
HIGHEST_CORNER = 0.9
#: A take is rendered longer than asked, so that lost frames are followed by true ones.
SPARE_FRAMES = 4096


class Rehearsal:
    """An interface drawn from a seed, with a fault in some takes.

    Args:
        seed: What everything is drawn from.
        loopback: Whether a cable is patched.
        spoilt_share: How many of the takes are spoilt.
        sample_rate: Hz.
        takes: How many the session has behind it: another process finds another round trip.
    """

    def __init__(
        self, seed: int, *, loopback: bool, spoilt_share: float, sample_rate: int, takes: int = 0
    ) -> None:
        drawn = draw_studio(seed, loopback=loopback).parameters
        self._converter = _fitted(drawn.converter, sample_rate)
        self._drawn, self._seed, self._share = drawn, seed, spoilt_share
        self._openings = takes
        self._before: dict[str, float] = {}
        self._previous: Audio | None = None
        self.open()

    def open(self) -> None:
        """Open the stream anew: the round trip is another one."""
        self._openings += 1
        random = np.random.default_rng((self._seed, 1, self._openings))
        apart = random.uniform(-0.5, 0.5) * self._drawn.reopening_frames
        self._opening = Opening(self._drawn.round_trip_frames + apart, self._openings)

    def fault(self, take: int) -> Fault | None:
        """The fault of a take, None where it is healthy; the same whoever asks."""
        random = np.random.default_rng((self._seed, 2, take))
        # By the take alone: a resumed session meets the same fault at the same take.
        if random.random() >= self._share:
            return None
        names = fault_names(loopback=self._converter.loopback is not None)
        # The built-in amp settles at once, whatever it is told.
        names.remove("settles_late")
        return draw_fault(str(random.choice(names)), int(random.integers(2**31)))

    def play(
        self, send: Audio, take: int, asked: Positions, amp: Callable[[Audio, Positions], Audio]
    ) -> tuple[Audio, Audio | None]:
        """Play a take through the amp, and return what both inputs recorded.

        Args:
            send: What is played, ``(frames,)``.
            take: Its number, from 1.
            asked: Where the amp's controls were put.
            amp: Plays audio with its controls somewhere.
        """
        fault, frames = self.fault(take), len(send)
        there = dict(asked)
        if fault is not None and self._before:
            there = fault.told(asked, {**asked, **self._before})[0].point
        # What was asked, not what was done: a knob that stuck once is free again in the next take.
        self._before = dict(asked)
        padded = np.pad(send, (0, SPARE_FRAMES))
        out = sent(padded, self._converter.returned, self._converter.rate)
        rngs = self._random(4, take), self._random(3, take)
        analogue = amp(out, there)
        returned, loopback = recorded(padded, analogue, self._converter, self._opening, rngs)
        if fault is not None:
            trip = round_trip_frames(self._converter, self._opening)
            context = FaultContext(self._converter.rate, trip, self._previous)
            returned, loopback, _ = fault.spoil(padded, returned, loopback, context)
        # As it was recorded: a stale block holds what the converter had written.
        self._previous = returned[:frames]
        return returned[:frames], None if loopback is None else loopback[:frames]

    def _random(self, purpose: int, take: int) -> np.random.Generator:
        # By the take: a session that goes on has no noise that it has had before.
        return np.random.default_rng((self._seed, purpose, take))


def _fitted(converter: Converter, sample_rate: int) -> Converter:
    """The converter at a rate, and with the levels of the built-in amp as they are."""
    # Gains were drawn for another amp; this one's output is made for a converter of gain 1.
    returned = replace(converter.returned, input_gain_db=-converter.returned.output_gain_db)
    corner = min(converter.low_pass_hz, HIGHEST_CORNER * sample_rate / 2)
    return replace(converter, returned=returned, low_pass_hz=corner, rate=sample_rate)
