"""Knobs and settings: faceplate values for people, points in [0, 1]^k for models."""

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Point = NDArray[np.float64]

#: A control without steps and without a coarse wire is set to a thousandth of its range.
FINE_POSITIONS = 1001
#: Four of five settings that players use lie between a knob's two `play` values.
PLAY_SHARE_SIGMA = 1.2816
#: Nine decimals: a value read back from a file hashes like the one that was written.
DECIMALS = 9


@dataclass(frozen=True)
class Knob:
    """One control of the amp, in the units of its faceplate.

    Attributes:
        name: As in ``rig.yaml``.
        minimum: Faceplate value at one end.
        maximum: Faceplate value at the other end.
        positions: How many positions the control really has, its ends included.
        labels: The position names of a switch; empty for what turns.
        limits: Lowest and highest value that may ever be set.
        avoid: Spans ``(low, high)`` that are never set, ends included.
        rest: Where the knob is put when the session ends.
        play: The span where players set it four times out of five.
        by_hand: Whether a person turns it.
        left_out: Positions of a switch that nothing new is drawn at; they can be set all the same.
    """

    name: str
    minimum: float = 0.0
    maximum: float = 10.0
    positions: int = FINE_POSITIONS
    labels: tuple[str, ...] = ()
    limits: tuple[float, float] = (0.0, 10.0)
    avoid: tuple[tuple[float, float], ...] = ()
    rest: float = 0.0
    play: tuple[float, float] = (2.0, 8.0)
    by_hand: bool = False
    left_out: tuple[float, ...] = ()

    @property
    def is_switch(self) -> bool:
        """Whether its positions have names and no order that a model could rely on."""
        return bool(self.labels)

    @cached_property
    def values(self) -> tuple[float, ...]:
        """Every value that may be set, rising."""
        low, high = self.limits
        grid = np.round(np.linspace(self.minimum, self.maximum, self.positions), DECIMALS)
        return tuple(
            float(value)
            for value in grid
            if low <= value <= high and not any(a <= value <= b for a, b in self.avoid)
        )

    def quantise(self, value: float) -> float:
        """The allowed value nearest to a faceplate value (the lower one of two)."""
        index = bisect_left(self.values, value)
        near = self.values[max(index - 1, 0) : index + 1]
        return min(near, key=lambda candidate: abs(candidate - value))

    def to_unit(self, value: float) -> float:
        """Faceplate value to [0, 1] over the allowed span."""
        if self.is_switch:
            return self.values.index(value) / max(len(self.values) - 1, 1)
        low, high = self.values[0], self.values[-1]
        return 0.0 if high == low else (value - low) / (high - low)

    def from_unit(self, unit: float) -> float:
        """Return the allowed value nearest to a share of [0, 1], equal shares for a switch."""
        if self.is_switch:
            return self._position(unit * len(self.values))
        low, high = self.values[0], self.values[-1]
        return self.quantise(low + min(max(unit, 0.0), 1.0) * (high - low))

    def _position(self, place: float) -> float:
        """Return the position of a switch at a place between 0 and how many there are."""
        # The far end itself would be one position too far.
        index = min(int(place), len(self.values) - 1)
        left = [value for value in self.values if value not in self.left_out]
        if not left or self.values[index] in left:
            return self.values[index]
        # In equal shares, and what is a position's own point stays that position.
        return left[min(int((place - index) * len(left)), len(left) - 1)]

    def turned(self, value: float) -> float:
        """How far the control is turned, in [0, 1] of its whole travel."""
        return (value - self.minimum) / (self.maximum - self.minimum)

    def play_unit(self) -> tuple[float, float]:
        """Centre and standard deviation, in unit travel, of where players set it."""
        low, high = self.to_unit(self.play[0]), self.to_unit(self.play[1])
        # Never zero: whoever draws from it divides by it.
        return (low + high) / 2, max((high - low) / 2 / PLAY_SHARE_SIGMA, 0.02)

    def parse(self, text: str) -> float:
        """A value as people write it (``4.5``, or a switch's label) to a faceplate value.

        Raises:
            ValueError: It is neither a number in the range nor a label, said in one sentence.
        """
        wanted = text.strip().lower()
        for index, label in enumerate(self.labels):
            if wanted == label.lower():
                return float(index)
        try:
            value = float(wanted)
        except ValueError:
            # In no range, so that it is refused below, in the same words as a number out of range.
            value = math.nan
        between = self.is_switch and value != round(value, 0)
        if not self.minimum <= value <= self.maximum or between:
            choices = ", ".join(self.labels) or f"{self.minimum:g} to {self.maximum:g}"
            raise ValueError(f"{self.name} cannot be {text.strip()!r}: it takes {choices}")
        return value

    def describe(self, value: float) -> str:
        """The value as its faceplate shows it."""
        return self.labels[round(value)] if self.is_switch else f"{round(value, 2):g}"


@dataclass(frozen=True)
class Setting:
    """One faceplate value per knob, in the panel's order; hashable, quantised by `Panel`."""

    values: tuple[float, ...]


@dataclass(frozen=True)
class Move:
    """A knob that somebody has to turn, in faceplate values; ``start`` is None where unknown."""

    knob: str
    start: float | None
    stop: float


@dataclass(frozen=True)
class Panel:
    """The knobs of an amp, in the order every setting and every point keeps.

    Attributes:
        knobs: Each control.
        pool: The only settings there are, of an amp that was recorded; empty where all can be had.
    """

    knobs: tuple[Knob, ...]
    pool: tuple[Setting, ...] = ()

    def __len__(self) -> int:
        return len(self.knobs)

    @property
    def switch_positions(self) -> tuple[int, ...]:
        """Per knob 0 if it turns, else how many positions it switches: what models are told."""
        return tuple(len(knob.values) if knob.is_switch else 0 for knob in self.knobs)

    def without(self, positions: Iterable[tuple[int, float]]) -> "Panel":
        """Return the same knobs, of which some switch positions are left out.

        Args:
            positions: Each a knob's place in the panel, and the position's value.
        """
        left_out = list(positions)
        if not left_out:
            return self
        knobs = tuple(
            replace(knob, left_out=tuple(value for at, value in left_out if at == place))
            for place, knob in enumerate(self.knobs)
        )
        pool = [s for s in self.pool if not any(s.values[at] == value for at, value in left_out)]
        # An empty pool would mean that everything can be had.
        return Panel(knobs, tuple(pool) or self.pool)

    @property
    def rest(self) -> Setting:
        """Where the knobs are put when the session ends."""
        return Setting(tuple(knob.quantise(knob.rest) for knob in self.knobs))

    @property
    def reference(self) -> Setting:
        """Every knob in the middle of where players set it; where knobs stand that nobody names."""
        # Between two positions of a switch there is no middle.
        return self.quantise([0.0 if k.is_switch else k.play_unit()[0] for k in self.knobs])

    def setting(self, values: Mapping[str, float]) -> Setting:
        """A quantised setting from faceplate values by name; the rest as in the reference."""
        named = {**self.named(self.reference), **values}
        chosen = (named[knob.name] for knob in self.knobs)
        pairs = zip(self.knobs, chosen, strict=True)
        return Setting(tuple(knob.quantise(value) for knob, value in pairs))

    def quantise(self, point: Sequence[float] | Point) -> Setting:
        """The setting nearest to a point in [0, 1]^k, of those there are."""
        if self.pool:
            return self._nearest(np.asarray(point, dtype=float))
        pairs = zip(self.knobs, point, strict=True)
        return Setting(tuple(knob.from_unit(float(unit)) for knob, unit in pairs))

    @cached_property
    def _pool_points(self) -> Point:
        return np.stack([self.point(setting) for setting in self.pool])

    def _nearest(self, point: Point) -> Setting:
        """Return the setting of the pool that is nearest."""
        apart = np.abs(self._pool_points - point)
        for place, knob in enumerate(self.knobs):
            if knob.is_switch:
                wanted = knob.to_unit(knob.from_unit(float(point[place])))
                # Another position is another amp, as far off as a knob's other end.
                apart[:, place] = self._pool_points[:, place] != wanted
        return self.pool[int(np.argmin(np.sum(apart**2, axis=1)))]

    def point(self, setting: Setting) -> Point:
        """A setting as a point in [0, 1]^k."""
        pairs = zip(self.knobs, setting.values, strict=True)
        return np.array([knob.to_unit(value) for knob, value in pairs])

    def allows(self, setting: Setting) -> bool:
        """Whether every value is one that may be set: the last question before the wire."""
        if self.pool:
            return setting in self.pool
        return len(setting.values) == len(self.knobs) and all(
            value in knob.values for knob, value in zip(self.knobs, setting.values, strict=True)
        )

    def named(self, setting: Setting) -> dict[str, float]:
        """Faceplate values by knob name."""
        return dict(zip((knob.name for knob in self.knobs), setting.values, strict=True))

    def describe(self, setting: Setting) -> str:
        """One line for people: ``gain 6  bass 4.5  boost on``."""
        pairs = zip(self.knobs, setting.values, strict=True)
        return "  ".join(f"{knob.name} {knob.describe(value)}" for knob, value in pairs)

    def parse(self, *texts: str) -> Setting:
        """A setting as typed on the command line; see `read`."""
        return self.setting(self.read(*texts))

    def read(self, *texts: str) -> dict[str, float]:
        """Faceplate values as typed on the command line: ``gain=6,bass=4.5``, in one or several.

        Raises:
            ValueError: A text is empty, a name or a value is not one of the panel's, or one knob is
                set twice.
        """
        values: dict[str, float] = {}
        by_name = {knob.name: knob for knob in self.knobs}
        for text in texts:
            if not text.strip(" ,"):
                # What a shell makes of a variable that is not set: not the reference, surely.
                known = ", ".join(by_name)
                raise ValueError(f"{text!r} names no knob: say knob=value; there are {known}")
        parts = (part.strip() for text in texts for part in text.split(","))
        for part in filter(None, parts):
            name, _, value = (word.strip() for word in part.partition("="))
            if name not in by_name:
                raise ValueError(f"there is no knob {name!r}: there are {', '.join(by_name)}")
            if name in values:
                raise ValueError(f"{name} is set twice")
            values[name] = by_name[name].parse(value)
        return values
