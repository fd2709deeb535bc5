"""Preamplifiers: one to four stages of triodes, transistors or op-amps, and their gain pots."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from rig.devices.virtual.circuit import Part, TriodeStage, highpass, lowpass
from rig.devices.virtual.wide.curves import Shaper
from rig.devices.virtual.wide.pots import Pot, draw_pot, linear, log_between
from rig.devices.virtual.wide.rates import SLOW_RATIO

KINDS = ("triode", "transistor", "op-amp")


@dataclass(frozen=True)
class Stage:
    """One gain stage, the capacitor in front of it and the roll-off behind it."""

    kind: str
    gain_db: float
    bias: float
    bias_shift: float
    recovery_s: float
    coupling_hz: float
    miller_hz: float

    def parts(self, rate_hz: float) -> Iterator[Part]:
        """Build the stage."""
        gain = linear(self.gain_db)
        yield highpass(self.coupling_hz, rate_hz)
        match self.kind:
            case "triode":
                yield TriodeStage(
                    gain, self.bias, self.bias_shift, self.recovery_s, rate_hz, SLOW_RATIO
                )
            case "transistor":
                yield Shaper("transistor", gain, self.bias, sign=-1.0)
            case "op-amp":
                yield Shaper("rails", gain, 0.2 * self.bias)
        yield lowpass(self.miller_hz, rate_hz)


@dataclass(frozen=True)
class Preamp:
    """The stages in a row.

    Attributes:
        stages: From the input on.
        pots: Each pot's name, and behind how many stages it sits.
    """

    stages: tuple[Stage, ...]
    pots: tuple[tuple[str, int, Pot], ...]

    @property
    def controls(self) -> tuple[str, ...]:
        """The names of its knobs."""
        return tuple(name for name, _, _ in self.pots)

    def parts(self, positions: Mapping[str, float], rate_hz: float) -> Iterator[Part]:
        """Build it with its knobs where they stand."""
        for index in range(len(self.stages) + 1):
            for name, after, pot in self.pots:
                if after == index:
                    yield pot.part(positions[name], rate_hz)
            if index < len(self.stages):
                yield from self.stages[index].parts(rate_hz)


def _draw_stage(random: np.random.Generator, kind: str, gain_db: float) -> Stage:
    return Stage(
        kind=kind,
        gain_db=gain_db,
        bias=random.uniform(0.0, 0.5),
        bias_shift=random.uniform(0.05, 0.9),
        recovery_s=log_between(random, 0.006, 0.06),
        coupling_hz=log_between(random, 8.0, 200.0),
        miller_hz=log_between(random, 4_000.0, 18_000.0),
    )


def draw_preamp(random: np.random.Generator, name: str) -> Preamp:
    """Draw a preamplifier whose first gain pot has this name."""
    kind = KINDS[int(random.choice(3, p=(0.65, 0.17, 0.18)))]
    count = int(random.integers(1, 5 if kind == "triode" else 3))
    # Dividers between stages waste what would be too much: the sum is drawn, and then shared out.
    total_db = random.uniform(12.0, 34.0) + 11.0 * (count - 1)
    shares = random.dirichlet(np.full(count, 6.0))
    stages = tuple(_draw_stage(random, kind, share * total_db) for share in shares)
    # Semiconductor amps may have their volume in front of all that could clip.
    first = int(random.integers(0 if kind != "triode" else 1, 2))
    pots = [(name, first, draw_pot(random, bright=0.4))]
    if count > 1 and random.random() < 0.35:
        pots.append(("gain 2", int(random.integers(first + 1, count + 1)), draw_pot(random, 0.2)))
    return Preamp(stages, tuple(pots))
