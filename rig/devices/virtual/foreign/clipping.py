"""Preamp stages and overdrives, built where their dials stand."""

from collections.abc import Iterator
from dataclasses import dataclass

from rig.devices.virtual.circuit import Part
from rig.devices.virtual.foreign import networks
from rig.devices.virtual.foreign.controls import Dial, Turned
from rig.devices.virtual.foreign.curves import curve
from rig.devices.virtual.foreign.modules import Band, linear
from rig.devices.virtual.foreign.stages import DiodesInFeedback, Stage

#: Of a pot to ground: the resistor in series, as a share of it.
GROUND_SHARE = 0.03


@dataclass(frozen=True)
class Clip:
    """A gain stage with its device, and what follows it up to the next one.

    Attributes:
        device: A curve's name; ``shape`` in [0, 1] is its character.
        gain_db: In front of the curve.
        dial: Adds gain, up to ``span_db``, as a pot at an op-amp does; it never closes.
        is_grounded: Whether that pot leads to ground, and not from the output to the input.
        boost: A switch that adds ``boost_db``.
    """

    device: str
    shape: float
    gain_db: float
    low_hz: float = 20.0
    high_hz: float = 14_000.0
    shift: float = 0.0
    recovery_s: float = 0.02
    dial: Dial | None = None
    span_db: float = 0.0
    is_grounded: bool = False
    boost: Dial | None = None
    boost_db: float = 0.0

    def _open(self, at: float) -> float:
        """Return the share of its gain: of resistances' quotient, one of which is the pot."""
        return GROUND_SHARE / (GROUND_SHARE + 1.0 - at) if self.is_grounded else at

    def parts(self, turned: Turned, rate_hz: float) -> Iterator[Part]:
        """Build the stage and its coupling."""
        gain = linear(self.gain_db)
        if self.dial is not None:
            gain *= 1.0 + (linear(self.span_db) - 1.0) * self._open(self.dial.at(turned))
        if self.boost is not None:
            gain *= linear(self.boost_db * self.boost.at(turned))
        device = curve(self.device, self.shape)
        yield Stage(gain, device, self.shift, self.recovery_s, rate_hz)
        yield from Band(self.low_hz, self.high_hz).parts(turned, rate_hz)


@dataclass(frozen=True)
class Screamer:
    """An op-amp with diodes in its feedback, which amplifies middle and treble only."""

    dial: Dial
    shape: float
    corner_hz: float = 720.0
    least: float = 10.0
    most: float = 110.0
    ceiling: float = 0.25

    def parts(self, turned: Turned, rate_hz: float) -> Iterator[Part]:
        """Build the clipper."""
        gain = self.least + (self.most - self.least) * self.dial.at(turned)
        # The more resistance in the feedback, the lower the corner of the capacitor across it.
        high_hz = 5_700.0 * self.most / gain
        band = networks.cascade(
            networks.coupling(self.corner_hz), networks.roll_off(min(high_hz, 40_000.0))
        )
        filtered = networks.digital(band, rate_hz)
        yield DiodesInFeedback(gain, self.ceiling, curve("diodes", self.shape), filtered)
