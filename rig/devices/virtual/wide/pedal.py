"""Pedals in front of an amp: overdrive, distortion, clean boost, fuzz."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from rig.devices.virtual.circuit import Part, TriodeStage, highpass, lowpass
from rig.devices.virtual.wide.curves import Beside, Shaper
from rig.devices.virtual.wide.pots import Pot, Scale, draw_pot, linear, log_between
from rig.devices.virtual.wide.rates import SLOW_RATIO

KINDS = ("overdrive", "distortion", "boost", "fuzz")


@dataclass(frozen=True)
class Pedal:
    """A pedal, left as its owner set it but for one knob at most.

    Attributes:
        kind: One of `KINDS`.
        knob: Whether its gain is one of the knobs; else it stands at ``left_at``.
        gain_db: With its knob open.
        low_hz: What lies below is left out of the clipping.
        high_hz: Its tone control, left where it is.
        bias: How lopsided it clips.
        level_db: Behind it.
    """

    kind: str
    knob: bool
    left_at: float
    pot: Pot
    gain_db: float
    low_hz: float
    high_hz: float
    bias: float
    level_db: float

    @property
    def controls(self) -> tuple[str, ...]:
        """The names of its knobs."""
        return (("boost" if self.kind == "boost" else "fuzz"),) if self.knob else ()

    def parts(self, positions: Mapping[str, float], rate_hz: float) -> Iterator[Part]:
        """Build it with its knob where it stands."""
        at = positions[self.controls[0]] if self.knob else self.left_at
        # In a feedback loop a closed gain pot leaves a gain of one.
        gain = 1.0 + (linear(self.gain_db) - 1.0) * self.pot.gain(at)
        match self.kind:
            case "overdrive":
                narrow, diodes = highpass(self.low_hz, rate_hz), Shaper("diodes", gain, self.bias)
                yield Beside([narrow, diodes], wet=0.3)
            case "distortion":
                yield highpass(self.low_hz, rate_hz)
                yield Shaper("transistor", gain, self.bias)
            case "boost":
                yield Shaper("rails", gain)
            case "fuzz":
                yield highpass(self.low_hz, rate_hz)
                yield TriodeStage(gain, 0.2 + self.bias, 0.8, 0.02, rate_hz, SLOW_RATIO)
                yield highpass(30.0, rate_hz)
        yield lowpass(self.high_hz, rate_hz)
        yield Scale(linear(self.level_db))


def draw_pedal(random: np.random.Generator) -> Pedal:
    """Draw a pedal."""
    kind = KINDS[int(random.integers(len(KINDS)))]
    most_db = {"overdrive": 40.0, "distortion": 46.0, "boost": 20.0, "fuzz": 50.0}[kind]
    low_hz = {"overdrive": (400.0, 900.0), "boost": (15.0, 60.0)}.get(kind, (20.0, 250.0))
    return Pedal(
        kind=kind,
        knob=bool(random.random() < 0.6),
        left_at=random.uniform(0.1, 0.7),
        pot=draw_pot(random),
        gain_db=random.uniform(0.5, 1.0) * most_db,
        low_hz=log_between(random, *low_hz),
        high_hz=log_between(random, 1_500.0, 9_000.0),
        bias=random.uniform(0.0, 0.3),
        # What clips has its own ceiling; a boost is there to be louder.
        level_db=0.0 if kind == "boost" else random.uniform(-12.0, 0.0),
    )
