"""Power amps, built where their dials stand."""

from collections.abc import Iterator
from dataclasses import dataclass

from rig.devices.virtual.circuit import Part, resonance
from rig.devices.virtual.foreign import networks
from rig.devices.virtual.foreign.controls import Dial, Turned
from rig.devices.virtual.foreign.curves import curve
from rig.devices.virtual.foreign.modules import linear
from rig.devices.virtual.foreign.stages import PowerAmp
from rig.devices.virtual.foreign.tone_networks import feedback_loop


@dataclass(frozen=True)
class Power:
    """A power amp with its feedback, its supply and its load."""

    device: str
    shape: float
    drive_db: float
    depth: float
    presence: Dial | None
    resonance: Dial | None
    presence_hz: float
    resonance_hz: float
    sag: float
    sag_s: float
    sag_dial: Dial | None
    load_hz: float
    load_db: float

    def parts(self, turned: Turned, rate_hz: float) -> Iterator[Part]:
        """Build it, from the loop to the loudspeaker's terminals."""
        presence = self.presence.at(turned) if self.presence else 0.0
        kept_back = self.resonance.at(turned) if self.resonance else 0.0
        if self.depth:
            loop = (self.depth, presence, kept_back, self.presence_hz, self.resonance_hz)
            yield networks.digital(feedback_loop(*loop), rate_hz)
        sag = self.sag * (2.0 * self.sag_dial.at(turned) if self.sag_dial else 1.0)
        device = curve(self.device, self.shape)
        yield PowerAmp(linear(self.drive_db), device, sag, self.sag_s, rate_hz)
        # A transformer passes no DC, and the less feedback, the more the load is heard.
        out = networks.digital(networks.coupling(30.0), rate_hz)
        yield out.then(resonance(self.load_hz, self.load_db, 1.4, rate_hz))
