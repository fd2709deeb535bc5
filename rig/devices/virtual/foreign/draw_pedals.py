"""Pedals in front of an amp, drawn with the values that such circuits have."""

from collections.abc import Callable

from rig.devices.virtual.foreign.clipping import Clip, Screamer
from rig.devices.virtual.foreign.controls import Taper
from rig.devices.virtual.foreign.draw_preamps import stage
from rig.devices.virtual.foreign.draw_tones import LEVELS
from rig.devices.virtual.foreign.faceplate import Drawing
from rig.devices.virtual.foreign.modules import Bypassed, Makeup, Module, Volume
from rig.devices.virtual.foreign.tones import OneKnobTone


def screamer(d: Drawing) -> tuple[Module, ...]:
    """Draw an overdrive pedal with diodes in its feedback."""
    clip = Screamer(
        d.knob("pedal-gain", Taper.LINEAR, Taper.AUDIO),
        d.between(0.0, 1.0),
        corner_hz=d.octaves(300.0, 1_000.0),
        least=d.octaves(4.0, 12.0),
        most=d.octaves(50.0, 200.0),
        ceiling=d.between(0.15, 0.4),
    )
    tone = OneKnobTone("cut", d.knob("pedal-tone"), 700.0, 6_000.0)
    level = Volume(d.knob("pedal-level", *LEVELS), gain_db=d.between(4.0, 14.0))
    return clip, tone, level


def distortion(d: Drawing) -> tuple[Module, ...]:
    """Draw a distortion pedal: an op-amp into diodes to ground."""
    amplifier = Clip(
        "rails",
        d.between(0.0, 1.0),
        0.0,
        low_hz=d.octaves(60.0, 300.0),
        high_hz=d.octaves(3_000.0, 9_000.0),
        dial=d.knob("pedal-gain", Taper.LINEAR, Taper.AUDIO),
        span_db=d.between(34.0, 54.0),
    )
    clipper = Clip("diodes", float(d.chance(0.5)), d.between(0.0, 8.0), low_hz=20.0)
    tone = OneKnobTone("cut", d.knob("pedal-tone"), d.octaves(400.0, 900.0), 12_000.0)
    return amplifier, clipper, tone, Volume(d.knob("pedal-level", *LEVELS), gain_db=3.0)


def fuzz(d: Drawing) -> tuple[Module, ...]:
    """Draw a fuzz: two transistors, far out of their middle."""
    first = stage(d, "germanium", 4.0, 12.0)
    second = Clip(
        "transistor",
        d.between(0.3, 1.0),
        d.between(2.0, 8.0),
        low_hz=d.octaves(30.0, 120.0),
        high_hz=d.octaves(4_000.0, 9_000.0),
        shift=d.between(0.1, 0.5),
        dial=d.knob("pedal-gain", Taper.LINEAR, Taper.REVERSE),
        span_db=d.between(20.0, 36.0),
        is_grounded=True,
    )
    # Many fuzzes have two knobs only; those with three lose a few dB in the tone.
    tone: tuple[Module, ...] = ()
    if d.chance(0.5):
        tone = (OneKnobTone("low-to-high", d.knob("pedal-tone"), 320.0, 1_800.0), Makeup(6.0))
    return first, second, *tone, Volume(d.knob("pedal-level", *LEVELS))


def pedal(d: Drawing) -> tuple[Module, ...]:
    """Draw what stands in front of the amp."""
    kinds: tuple[Callable[[Drawing], tuple[Module, ...]], ...] = (screamer, distortion, fuzz)
    modules = kinds[int(d.random.integers(len(kinds)))](d)
    return (Bypassed(d.switch("pedal"), modules),) if d.chance(0.5) else modules
