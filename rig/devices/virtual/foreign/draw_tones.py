"""Tone controls, drawn with the values that such circuits have."""

from rig.devices.virtual.circuit import ToneStack
from rig.devices.virtual.foreign.controls import Taper
from rig.devices.virtual.foreign.faceplate import Drawing
from rig.devices.virtual.foreign.modules import Module
from rig.devices.virtual.foreign.tones import Active, OneKnobTone, Passive

#: Pots that turn a level: most are audio pots, some makers save a penny.
LEVELS = (Taper.AUDIO, Taper.AUDIO, Taper.CARBON, Taper.LINEAR)


def passive_tone(d: Drawing) -> tuple[Module, ...]:
    """Draw a passive tone stack, with whichever of its three pots the maker has given a knob."""
    stack = ToneStack(
        treble_ohm=d.octaves(120e3, 500e3),
        bass_ohm=d.octaves(250e3, 1.2e6),
        middle_ohm=d.octaves(5e3, 50e3),
        slope_ohm=d.octaves(27e3, 120e3),
        treble_farad=d.octaves(100e-12, 1e-9),
        bass_farad=d.octaves(10e-9, 120e-9),
        middle_farad=d.octaves(10e-9, 60e-9),
    )
    bass = d.knob("bass", Taper.LINEAR, Taper.AUDIO, Taper.CARBON)
    middle = d.knob("middle")
    treble = d.knob("treble", Taper.LINEAR, Taper.LINEAR, Taper.AUDIO)
    return (Passive(stack, bass, middle, treble, d.between(6.0, 14.0)),)


def active_tone(d: Drawing) -> tuple[Module, ...]:
    """Draw an active Baxandall control, and a scoop beside it now and then."""
    middle = d.knob("middle") if d.chance(0.5) else None
    tone = Active(
        d.knob("bass"),
        d.knob("treble"),
        middle,
        bass_hz=d.octaves(30.0, 120.0),
        treble_hz=d.octaves(1_500.0, 5_000.0),
        middle_hz=d.octaves(350.0, 1_200.0),
        middle_db=d.between(14.0, 30.0),
    )
    return (tone, *scoop(d)) if d.chance(0.35) else (tone,)


def scoop(d: Drawing) -> tuple[Module, ...]:
    """Draw a knob that takes the middle out."""
    centre_hz, q = d.octaves(300.0, 900.0), d.between(0.3, 0.9)
    return (OneKnobTone("scoop", d.knob("scoop", *LEVELS), centre_hz, centre_hz, q),)


def one_tone(d: Drawing) -> tuple[Module, ...]:
    """Draw a single tone knob."""
    kind = d.one_of("cut", "cut", "low-to-high")
    dial = d.knob("tone", Taper.LINEAR, Taper.AUDIO)
    return (OneKnobTone(kind, dial, d.octaves(350.0, 900.0), d.octaves(1_800.0, 9_000.0)),)


def tone(d: Drawing) -> tuple[Module, ...]:
    """Draw a tone control of any kind."""
    draw = d.random.random()
    if draw < 0.45:
        return passive_tone(d)
    return active_tone(d) if draw < 0.75 else one_tone(d)
