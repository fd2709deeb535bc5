"""Power stages: push-pull, single-ended and solid-state, with what their feedback leaves free."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from rig.devices.virtual.circuit import (
    Part,
    PowerStage,
    TriodeStage,
    high_shelf,
    highpass,
    resonance,
)
from rig.devices.virtual.wide.curves import Shaper
from rig.devices.virtual.wide.pots import Pot, draw_pot, linear, log_between
from rig.devices.virtual.wide.rates import SLOW_RATIO

KINDS = ("push-pull", "single-ended", "solid-state")


@dataclass(frozen=True)
class Power:
    """A power stage, and the master in front of it.

    Attributes:
        kind: One of `KINDS`.
        master: Its name and pot, None where the preamp drives the stage directly.
        drive_db: Into it with the master open; at 0 dB what the preamp clips to begins to clip.
        load_db: How far the loudspeaker's resonance lifts what a soft stage gives.
    """

    kind: str
    master: tuple[str, Pot] | None
    drive_db: float
    sag: float
    sag_s: float
    bias: float
    transformer_hz: float
    presence_hz: float
    presence_db: float
    has_presence: bool
    resonance_db: float
    has_resonance: bool
    load_hz: float
    load_db: float
    load_q: float

    @property
    def controls(self) -> tuple[str, ...]:
        """The names of its knobs."""
        has = (("presence", self.has_presence), ("resonance", self.has_resonance))
        names = tuple(name for name, there in has if there)
        return names if self.master is None else (self.master[0], *names)

    def parts(self, positions: Mapping[str, float], rate_hz: float) -> Iterator[Part]:
        """Build it with its knobs where they stand."""
        drive = linear(self.drive_db)
        if self.master is not None:
            name, pot = self.master
            yield pot.part(positions[name], rate_hz)
        match self.kind:
            case "push-pull":
                yield PowerStage(drive, self.sag, self.sag_s, rate_hz, SLOW_RATIO)
            case "single-ended":
                yield TriodeStage(drive, self.bias, self.sag, self.sag_s, rate_hz, SLOW_RATIO)
            case "solid-state":
                yield Shaper("rails", drive)
        yield highpass(self.transformer_hz, rate_hz)
        lift_db = self.presence_db * positions.get("presence", 0.3)
        yield high_shelf(self.presence_hz, lift_db, rate_hz)
        deep_db = self.load_db + self.resonance_db * positions.get("resonance", 0.0)
        yield resonance(self.load_hz, deep_db, self.load_q, rate_hz)


def draw_power(random: np.random.Generator) -> Power:
    """Draw a power stage."""
    kind = KINDS[int(random.choice(3, p=(0.5, 0.22, 0.28)))]
    name = "volume" if random.random() < 0.5 else "master"
    master = (name, draw_pot(random)) if random.random() < 0.72 else None
    hard = kind == "solid-state"
    return Power(
        kind=kind,
        master=master,
        drive_db=random.uniform(-14.0, 2.0) if hard else random.uniform(-8.0, 14.0),
        # A supply that is regulated, or large, does not sag.
        sag=0.0 if random.random() < 0.3 else random.uniform(0.05, 0.5),
        sag_s=log_between(random, 0.02, 0.15),
        bias=random.uniform(0.2, 0.7),
        transformer_hz=log_between(random, 8.0, 30.0) if hard else log_between(random, 20.0, 80.0),
        presence_hz=log_between(random, 1_200.0, 4_500.0),
        presence_db=random.uniform(4.0, 12.0),
        has_presence=bool(random.random() < 0.45),
        resonance_db=random.uniform(4.0, 10.0),
        has_resonance=bool(random.random() < 0.25),
        load_hz=log_between(random, 65.0, 140.0),
        load_db=0.5 if hard else random.uniform(1.0, 7.0),
        load_q=random.uniform(0.8, 2.5),
    )
