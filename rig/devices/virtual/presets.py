"""Ready-made virtual amplifiers and the controls on their faceplates."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from rig.devices.virtual.amplifier import Amplifier, Circuit, Preamp
from rig.devices.virtual.circuit import Audio, ToneStack
from rig.devices.virtual.foreign.amp import ForeignAmplifier, ForeignCircuit
from rig.devices.virtual.foreign.draw import draw_foreign
from rig.devices.virtual.population import draw_circuit


class Playable(Protocol):
    """An amplifier that is switched on.

    Attributes:
        delay_frames: How late its output is.
    """

    delay_frames: int

    def __call__(self, audio: Audio) -> Audio:
        """Play ``(frames,)`` through it; state carries over to the next call."""


@dataclass(frozen=True)
class Preset:
    """An amplifier: its circuit, and which of its controls each name on the faceplate turns.

    Attributes:
        circuit: What it is made of.
        controls: The circuit's control by the name on the faceplate.
        switches: Those names that have two positions.
    """

    circuit: Circuit | ForeignCircuit
    controls: Mapping[str, str]
    switches: tuple[str, ...] = ()

    def amplifier(self, positions: Mapping[str, float], rate_hz: float) -> Playable:
        """Switch it on, with the circuit's controls at ``positions``, each in [0, 1]."""
        if isinstance(self.circuit, ForeignCircuit):
            return ForeignAmplifier(self.circuit, positions, rate_hz)
        return Amplifier(self.circuit, positions, rate_hz)


_TWEED = Circuit(
    preamps=(Preamp(20.0, bias=0.25), Preamp(22.0, bias=0.15, bias_shift=0.6)),
    power_drive_db=8.0,
    sag=0.4,
    sag_s=0.09,
    load_hz=85.0,
)
_BRITISH = Circuit(
    preamps=(Preamp(22.0, coupling_hz=60.0), Preamp(26.0, bias_shift=0.6, coupling_hz=40.0)),
    gain_span_db=42.0,
    tone=ToneStack(
        treble_ohm=220e3,
        middle_ohm=22e3,
        slope_ohm=33e3,
        treble_farad=470e-12,
        bass_farad=22e-9,
        middle_farad=22e-9,
    ),
    sag=0.25,
    load_hz=105.0,
)
_MODERN = Circuit(
    preamps=(
        Preamp(20.0, coupling_hz=70.0),
        Preamp(24.0, bias=0.3, coupling_hz=50.0),
        Preamp(22.0, bias=0.1, bias_shift=0.7, recovery_s=0.03, miller_hz=9_000.0),
    ),
    gain_span_db=54.0,
    tone=ToneStack(
        treble_ohm=250e3,
        middle_ohm=25e3,
        slope_ohm=39e3,
        treble_farad=500e-12,
        bass_farad=22e-9,
        middle_farad=22e-9,
    ),
    sag=0.12,
    load_db=6.0,
)

#: Every control that a circuit has.
ALL_CONTROLS: Mapping[str, str] = {
    name: name for name in ("gain", "boost", "bass", "middle", "treble", "presence", "master")
}

PRESETS: Mapping[str, Preset] = {
    "tweed": Preset(_TWEED, {"gain": "gain", "tone": "treble", "volume": "master"}),
    "british": Preset(
        _BRITISH,
        {name: name for name in ("gain", "bass", "middle", "treble")} | {"volume": "master"},
    ),
    "modern": Preset(_MODERN, ALL_CONTROLS),
}


def preset(name: str) -> Preset:
    """Return a preset by name: one of `PRESETS`, or ``random-N`` for amp number N drawn at random.

    ``foreign-N`` is an amp of another kind, with controls of its own: what learns from rig's
    population has never met it.

    Raises:
        KeyError: There is none.
    """
    kind, _, number = name.partition("-")
    if kind == "random" and number.isdecimal():
        return Preset(draw_circuit(int(number)), ALL_CONTROLS)
    if kind == "foreign" and number.isdecimal():
        circuit = draw_foreign(int(number))
        names = (*circuit.knobs, *circuit.switches)
        return Preset(circuit, {name: name for name in names}, circuit.switches)
    return PRESETS[name]
