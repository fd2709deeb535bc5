"""The section of a knob: how far it turns, how it is set, where it may and should stand."""

import math
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, ValidationInfo, model_validator

from rig.config.section import Mistake, Positive, Section, is_stored
from rig.knobs import FINE_POSITIONS, Knob

#: How many positions a hand can find again on a knob that turns freely: half marks of ten.
HAND_POSITIONS = 21
#: What MIDI can tell apart: one controller, two of them as a pair, or a parameter number.
CC_POSITIONS, FINE_CC_POSITIONS = 128, 16_384
SMALLEST_RANGE = 1e-3
#: From here on controllers say "all sound off" and the like to the whole channel (MIDI 1.0).
FIRST_CHANNEL_MODE = 120
MOST_PROGRAM = 127
#: Controllers that choose a bank of programs, and those that carry an NRPN or choose it (MIDI 1.0).
BANK_SELECT, NRPN_CONTROLLERS = frozenset({0, 32}), frozenset({6, 38, *range(96, 102)})
#: A span of usual settings, as a share of the range, where the file says nothing.
USUAL = (0.22, 0.78)

Face = Annotated[float, Field(ge=-1e6, le=1e6)]
Span = tuple[Face, Face]
MidiValue = Annotated[int, Field(ge=0, lt=16_384)]


class KnobConfig(Section):
    """One control: how far it turns, how it is set, where it may and should stand."""

    range: Span = (0.0, 10.0)
    """Faceplate values at both ends."""
    step: Positive | None = None
    """Distance between two positions of a stepped knob; leave out where it turns freely. One that a
    hand turns is then set in steps that a hand finds, such as 0.5 of 0 to 10."""
    switch: Annotated[tuple[str, ...], Field(min_length=2, max_length=16)] | None = None
    """Names of a switch's positions, in place of range and step."""
    control: str | None = None
    """What the amp's driver calls this control, where that is not the knob's own name."""
    cc: Annotated[int, Field(ge=0, le=127)] | None = None
    """MIDI controller number, below 120; the knob then has 128 positions."""
    cc14: Annotated[int, Field(ge=0, le=31)] | None = None
    """MIDI controller pair, by its coarse number (the fine one is 32 higher)."""
    nrpn: Annotated[int, Field(ge=0, le=16_383)] | None = None
    """MIDI parameter number (NRPN), with 14-bit values."""
    program: Annotated[int, Field(ge=0, le=127)] | None = None
    """MIDI program of the switch's first position, counted from 0 as it is sent (an amp's display
    may count from 1); the others follow."""
    send: tuple[MidiValue, MidiValue] | None = None
    """Controller values at both ends of the range; all of them where left out."""
    table: Annotated[tuple[tuple[Face, MidiValue], ...], Field(min_length=2)] | None = None
    """Faceplate values and their controller values, [[0, 0], [5, 90], [10, 127]], where the way
    between the ends is not straight."""
    hand: bool = False
    """Whether a person turns it, when asked to."""
    settle_s: Annotated[float, Field(ge=0, le=60)] | None = None
    """How long it takes to arrive, where that differs from the amp's other knobs."""
    ramp_s: Annotated[float, Field(ge=0, le=60)] = 0.0
    """Over how long a controller sweeps to its new value; 0 jumps, as most amps like it."""
    limits: Span | None = None
    """Lowest and highest value that may ever be set."""
    avoid: tuple[Face | Span, ...] = ()
    """Values, or [low, high] spans, that are never set."""
    rest: float | str | None = None
    """Where the knob is put when the session ends; its lowest value where left out."""
    play: Span | None = None
    """The span where players set it four times out of five."""

    @model_validator(mode="after")
    def _consistent(self, info: ValidationInfo) -> Self:
        # In this order, since each check relies on those before it.
        if self.switch is not None:
            self._check_switch()
        low, high = self.faceplate
        if high - low < SMALLEST_RANGE:
            raise ValueError("range: the first value must be lower than the second")
        self._check_wires()
        # A session from before these were refused has to open.
        if not is_stored(info):
            self._check_numbers()
        self._check_step(low, high)
        for name, span in (("limits", self.limits), ("play", self.play)):
            if span is not None and not low <= span[0] < span[1] <= high:
                raise ValueError(f"{name}: must rise and lie within the range {low:g} to {high:g}")
        self._check_positions()
        return self

    @property
    def faceplate(self) -> Span:
        """The values at both ends; a switch counts its positions from 0."""
        return self.range if self.switch is None else (0.0, len(self.switch) - 1.0)

    @property
    def wires(self) -> dict[str, int]:
        """The ways that the file gives to set the knob over MIDI, with their numbers."""
        ways = {"cc": self.cc, "cc14": self.cc14, "nrpn": self.nrpn, "program": self.program}
        return {way: number for way, number in ways.items() if number is not None}

    @property
    def send_span(self) -> tuple[int, int]:
        """The controller values at both ends of the range; the second may be the lower one."""
        if self.table is not None:
            return self.table[0][1], self.table[-1][1]
        top = CC_POSITIONS if self.cc is not None else FINE_CC_POSITIONS
        return self.send or (0, top - 1)

    def sent(self, value: float) -> int:
        """Return a faceplate value's controller value: straight between the ends, or by table."""
        low, high = self.faceplate
        first, last = self.send_span
        points = self.table or ((low, first), (high, last))
        spans = list(pairwise(points))
        # Beyond the last point by rounding only: the last span holds that too.
        holding = (span for span in spans if value <= span[1][0])
        (left, start), (right, stop) = next(holding, spans[-1])
        return round(start + (value - left) / (right - left) * (stop - start))

    @property
    def wire_positions(self) -> int | None:
        """The number of positions that its controller has; None where it has none."""
        if not self.wires or self.program is not None:
            return None
        return abs(self.send_span[1] - self.send_span[0]) + 1

    def _check_wires(self) -> None:
        if len(self.wires) > 1:
            raise ValueError(f"{list(self.wires)[1]}: one way to set a knob is enough")
        if self.hand and self.wires:
            raise ValueError(f"hand: {next(iter(self.wires))} sets it already")
        if self.program is not None and self.switch is None:
            raise ValueError("program: only a switch can be set by programs")
        if self.ramp_s and not (self.wires and self.switch is None):
            raise ValueError("ramp_s: only a controller that turns can sweep")
        if self.table is not None:
            self._check_table()
        if self.send is not None:
            if not self.wires or self.program is not None:
                raise ValueError("send: there is no controller that it could be about")
            if self.cc is not None and max(self.send) >= CC_POSITIONS:
                raise ValueError("send: one CC carries 0 to 127")
            if self.send[0] == self.send[1]:
                raise ValueError("send: both ends of the range would be the same")

    def _check_numbers(self) -> None:
        if self.cc is not None and self.cc >= FIRST_CHANNEL_MODE:
            raise ValueError(
                f"cc: controllers from {FIRST_CHANNEL_MODE} to 127 tell a whole channel to be "
                "silent or to reset, and turn no knob; look into the amp's MIDI chart"
            )
        if self.limits is not None and self.play is not None:
            low, high = self.limits
            if not low <= self.play[0] < self.play[1] <= high:
                raise ValueError(f"play: must lie within the limits {low:g} to {high:g}")
        if self.program is not None:
            self._check_program(self.program)

    def _check_program(self, first: int) -> None:
        count = len(self.switch or ())
        last = first + count - 1
        if last > MOST_PROGRAM:
            raise ValueError(
                f"program: {count} positions from program {first} on end at {last}, and "
                f"{MOST_PROGRAM} is the last there is; programs are counted from 0 as they are "
                "sent, an amp's display may count from 1"
            )

    def _check_table(self) -> None:
        assert self.table is not None
        places, values = zip(*self.table, strict=True)
        steps = [after - before for before, after in pairwise(values)]
        if not self.wires or self.program is not None:
            raise ValueError("table: there is no controller that it could be about")
        if self.send is not None:
            raise ValueError("table: says what 'send' says too; leave one of them out")
        if (places[0], places[-1]) != self.faceplate or list(places) != sorted(set(places)):
            raise ValueError("table: faceplate values must rise over the whole range")
        if self.cc is not None and max(values) >= CC_POSITIONS:
            raise ValueError("table: one CC carries 0 to 127")
        if not (all(step > 0 for step in steps) or all(step < 0 for step in steps)):
            raise ValueError("table: controller values must only rise, or only fall")

    def _check_switch(self) -> None:
        given = self.model_fields_set & {"range", "step", "play"}
        if given:
            raise ValueError(f"{sorted(given)[0]}: a switch has positions, not a range")
        assert self.switch is not None
        if len({label.lower() for label in self.switch}) < len(self.switch):
            raise ValueError("switch: every position needs a name of its own")

    def _check_step(self, low: float, high: float) -> None:
        if self.step is None:
            return
        steps = (high - low) / self.step
        if steps < 1:
            raise ValueError(f"step: {self.step:g} is larger than the range {low:g} to {high:g}")
        if not _divides(self.step, high - low):
            raise ValueError(f"step: {self.step:g} does not divide the range {low:g} to {high:g}")
        # All positions are held in memory, one by one.
        if steps > 100_000:
            raise ValueError(f"step: {self.step:g} gives more than 100000 positions")
        if self.wire_positions is not None and steps >= self.wire_positions:
            count = self.wire_positions
            raise ValueError(f"step: its controller has {count} positions, {self.step:g} is finer")

    def _check_positions(self) -> None:
        knob = self.knob("knob")
        if not knob.values:
            raise ValueError("avoid: nothing is left that may be set")
        low, high = knob.limits
        if not low <= knob.rest <= high:
            raise ValueError(f"rest: must be a position within {low:g} to {high:g}")

    def _count(self, *, by_hand: bool) -> int:
        low, high = self.faceplate
        if self.switch is not None:
            return len(self.switch)
        if self.step is not None:
            return round((high - low) / self.step) + 1
        return self.wire_positions or (HAND_POSITIONS if by_hand else FINE_POSITIONS)

    def _rest(self, limits: Span) -> float:
        if self.rest is None:
            return limits[0]
        labels = [label.lower() for label in self.switch or ()]
        if isinstance(self.rest, str):
            if not labels:
                raise ValueError(f"rest: {self.rest!r} is no number, and the knob is no switch")
            if self.rest.lower() not in labels:
                raise ValueError(f"rest: {self.rest!r} is none of the switch's positions")
            return float(labels.index(self.rest.lower()))
        return self.rest

    def knob(self, name: str, *, by_hand: bool = False) -> Knob:
        """Return the knob that this section describes; ``by_hand``: somebody turns it anyway."""
        by_hand = by_hand or self.hand
        low, high = self.faceplate
        limits = self.limits or (low, high)
        usual = (low + USUAL[0] * (high - low), low + USUAL[1] * (high - low))
        spans = tuple(a if isinstance(a, tuple) else (a, a) for a in self.avoid)
        return Knob(
            name,
            low,
            high,
            self._count(by_hand=by_hand),
            self.switch or (),
            limits,
            spans,
            self._rest(limits),
            self.play or usual,
            by_hand,
        )


def hand_step(low: float, high: float) -> float | None:
    """Return the distance between two marks that a hand finds on a knob that turns freely.

    It is 1, 2 or 5 times a power of ten, so that the marks are numbers on the faceplate; None where
    no such step goes from one end to the other.
    """
    decade = math.floor(math.log10((high - low) / HAND_POSITIONS))
    steps = (digit * 10.0**power for power in (decade, decade + 1) for digit in (1, 2, 5))
    fitting = {s: (high - low) / s + 1 for s in steps if _divides(s, low) and _divides(s, high)}
    apart = {step: abs(math.log(count / HAND_POSITIONS)) for step, count in fitting.items()}
    near = min(apart, key=apart.__getitem__, default=None)
    return near if near is not None and apart[near] < math.log(2.5) else None


def _divides(step: float, value: float) -> bool:
    # Decimal steps such as 0.1 are no exact floats.
    return abs(value / step - round(value / step)) < 1e-6


def with_marks(knob: KnobConfig, *, by_hand: bool) -> KnobConfig:
    """Return a knob in the steps that a hand finds, where a hand turns it and no steps are told.

    A session's own file keeps them: one from before there were any goes on without.
    """
    if knob.step is not None or knob.switch is not None or not (by_hand or knob.hand):
        return knob
    step = hand_step(*knob.range)
    return knob if step is None else knob.model_copy(update={"step": step})


def wires_of(name: str, knob: KnobConfig) -> list[str]:
    """List the MIDI messages or the control that a knob takes up; two knobs may share none."""
    # A controller pair takes a second number, 32 higher, for its fine part.
    if knob.cc14 is not None:
        return [f"CC {knob.cc14}", f"CC {knob.cc14 + 32}"]
    if knob.program is not None:
        return [f"program {knob.program + i}" for i in range(len(knob.switch or ()))]
    for way, number in knob.wires.items():
        return [f"{way.upper()} {number}"]
    return [f"control {knob.control or name}"]


def refuse_reserved(knobs: Mapping[str, KnobConfig]) -> None:
    """Refuse controllers that the messages of other knobs need for themselves.

    Raises:
        ValueError: A knob is set by one, as ``name.key: sentence``.
    """
    for (name, way), said in _reserved(knobs):
        raise ValueError(f"{name}.{way}: {said}")


def _reserved(knobs: Mapping[str, KnobConfig]) -> Iterator[Mistake]:
    ways = {way for knob in knobs.values() for way in knob.wires}
    for name, knob in knobs.items():
        way, number = next(iter(knob.wires.items()), ("", -1))
        used = {"cc": {number}, "cc14": {number, number + 32}}.get(way, set())
        for reserved, other, purpose in (
            (NRPN_CONTROLLERS, "nrpn", "carry what is sent to knobs with nrpn"),
            (BANK_SELECT, "program", "choose the bank of the programs that a switch recalls"),
        ):
            if other in ways and used & reserved:
                numbers = ", ".join(str(controller) for controller in sorted(reserved))
                yield (
                    (name, way),
                    f"controllers {numbers} {purpose}, so they turn no other knob; "
                    "look into the amp's MIDI chart",
                )


def knob_mistakes(knobs: Mapping[str, KnobConfig], *, stored: bool) -> Iterator[Mistake]:
    """Yield what is wrong with the names of knobs, and with knobs beside each other.

    Args:
        knobs: All of them, by name.
        stored: Whether a session has them already, which may be older than some refusals.
    """
    wires: dict[object, str] = {}
    for name, knob in knobs.items():
        # Settings are typed as gain=6,bass=4.5, so a name may have none of these signs.
        if not name or not name.replace("_", "").replace("-", "").isalnum():
            yield (name,), "a knob's name is made of letters, digits, - and _"
        # '0-10' is what a range looks like: a name of that kind was meant to be one.
        elif not stored and not any(map(str.isalpha, name)):
            yield (name,), "a knob's name needs a letter, such as gain"
        shared = next((wire for wire in wires_of(name, knob) if wire in wires), None)
        if shared is not None:
            yield (name,), f"{shared} already moves the knob {wires[shared]}"
        wires = dict.fromkeys(wires_of(name, knob), name) | wires
    if not stored:
        yield from _reserved(knobs)
