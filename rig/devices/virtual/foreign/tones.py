"""Tone controls, built where their dials stand."""

from collections.abc import Iterator
from dataclasses import dataclass

from rig.devices.virtual.circuit import Part, ToneStack
from rig.devices.virtual.foreign import networks, tone_networks
from rig.devices.virtual.foreign.controls import Dial, Turned
from rig.devices.virtual.foreign.modules import linear


@dataclass(frozen=True)
class Passive:
    """The three-knob passive tone stack between two stages."""

    stack: ToneStack
    bass: Dial
    middle: Dial
    treble: Dial
    makeup_db: float

    def parts(self, turned: Turned, rate_hz: float) -> Iterator[Part]:
        """Build the filter."""
        b, a = self.stack.transfer(*(d.at(turned) for d in (self.bass, self.middle, self.treble)))
        yield networks.digital((linear(self.makeup_db) * b, a), rate_hz)


@dataclass(frozen=True)
class Active:
    """A Baxandall control of bass and treble, with an active middle where there is a dial."""

    bass: Dial
    treble: Dial
    middle: Dial | None
    bass_hz: float
    treble_hz: float
    middle_hz: float
    middle_db: float = 24.0

    def parts(self, turned: Turned, rate_hz: float) -> Iterator[Part]:
        """Build the filters."""
        stages = [
            tone_networks.active_bass(self.bass.at(turned), self.bass_hz),
            tone_networks.active_treble(self.treble.at(turned), self.treble_hz),
        ]
        if self.middle is not None:
            at = self.middle.at(turned)
            stages.append(tone_networks.bell(at, self.middle_hz, 0.8, self.middle_db))
        yield networks.digital(networks.cascade(*stages), rate_hz)


@dataclass(frozen=True)
class OneKnobTone:
    """One knob for the tone: a treble cut, a fuzz's low to high, or a scoop."""

    kind: str
    dial: Dial
    low_hz: float
    high_hz: float
    q: float = 0.7

    def parts(self, turned: Turned, rate_hz: float) -> Iterator[Part]:
        """Build the filter."""
        at = self.dial.at(turned)
        match self.kind:
            case "cut":
                network = tone_networks.treble_cut(at, self.low_hz, self.high_hz)
            case "low-to-high":
                network = tone_networks.low_to_high(at, self.low_hz, self.high_hz)
            case _:
                network = tone_networks.notch(at, (self.low_hz * self.high_hz) ** 0.5, self.q)
        yield networks.digital(network, rate_hz)
