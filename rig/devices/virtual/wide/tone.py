"""Tone controls: the passive stack, a Baxandall, one knob that darkens or tilts, or none."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import signal

from rig.devices.virtual.circuit import (
    Filter,
    Part,
    ToneStack,
    high_shelf,
    lowpass,
    resonance,
)
from rig.devices.virtual.wide.pots import Scale, linear, log_between

KINDS = ("stack", "baxandall", "cut", "tilt", "none")
#: What a passive stack loses, and the stage behind it makes up for.
STACK_MAKEUP_DB = 12.0
CONTROLS: Mapping[str, tuple[str, ...]] = {
    "stack": ("bass", "middle", "treble"),
    "baxandall": ("bass", "middle", "treble"),
    "cut": ("tone",),
    "tilt": ("tone",),
    "none": (),
}


def low_shelf(corner_hz: float, gain_db: float, rate_hz: float) -> Filter:
    """Return a first-order shelf that lifts what lies below ``corner_hz`` by ``gain_db``."""
    corner = 2 * np.pi * corner_hz
    return Filter(*signal.bilinear([1.0, linear(gain_db) * corner], [1.0, corner], rate_hz))


@dataclass(frozen=True)
class Tone:
    """A tone control.

    Attributes:
        kind: One of `KINDS`.
        has_middle: Whether there is a knob for the middle; without one it stands at its middle.
        low_hz: Where the active bass, or the dark end of a cut, has its corner.
        span_db: How far active controls go either way.
    """

    kind: str
    stack: ToneStack
    has_middle: bool
    low_hz: float
    middle_hz: float
    high_hz: float
    span_db: float

    @property
    def controls(self) -> tuple[str, ...]:
        """The names of its knobs."""
        return tuple(c for c in CONTROLS[self.kind] if c != "middle" or self.has_middle)

    def parts(self, positions: Mapping[str, float], rate_hz: float) -> Iterator[Part]:
        """Build it with its knobs where they stand."""
        bass, middle, treble, tone = (
            positions.get(name, 0.5) for name in ("bass", "middle", "treble", "tone")
        )
        up_db = {name: self.span_db * (2.0 * at - 1.0) for name, at in positions.items()}
        match self.kind:
            case "stack":
                yield self.stack.filter(bass, middle, treble, rate_hz)
                yield Scale(linear(STACK_MAKEUP_DB))
            case "baxandall":
                yield low_shelf(self.low_hz, up_db["bass"], rate_hz)
                yield high_shelf(self.high_hz, up_db["treble"], rate_hz)
                yield resonance(self.middle_hz, 0.7 * up_db.get("middle", 0.0), 0.7, rate_hz)
            case "cut":
                # A resistor in steps of equal factors, from dark to open.
                yield lowpass(self.high_hz * (9_000.0 / self.high_hz) ** tone * 0.7, rate_hz)
            case "tilt":
                yield low_shelf(self.middle_hz, -0.5 * up_db["tone"], rate_hz)
                yield high_shelf(self.middle_hz, 0.5 * up_db["tone"], rate_hz)


def _draw_stack(random: np.random.Generator) -> ToneStack:
    return ToneStack(
        treble_ohm=log_between(random, 150e3, 500e3),
        bass_ohm=log_between(random, 150e3, 1.2e6),
        middle_ohm=log_between(random, 5e3, 50e3),
        slope_ohm=log_between(random, 22e3, 120e3),
        treble_farad=log_between(random, 120e-12, 1e-9),
        bass_farad=log_between(random, 10e-9, 150e-9),
        middle_farad=log_between(random, 10e-9, 100e-9),
    )


def draw_tone(random: np.random.Generator) -> Tone:
    """Draw a tone control."""
    return Tone(
        kind=KINDS[int(random.choice(5, p=(0.42, 0.22, 0.13, 0.13, 0.10)))],
        stack=_draw_stack(random),
        has_middle=bool(random.random() < 0.7),
        low_hz=log_between(random, 100.0, 400.0),
        middle_hz=log_between(random, 400.0, 1_100.0),
        high_hz=log_between(random, 1_000.0, 3_500.0),
        span_db=random.uniform(8.0, 16.0),
    )
