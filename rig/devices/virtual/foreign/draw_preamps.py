"""Preamps, drawn with the values that such circuits have."""

from rig.devices.virtual.foreign.clipping import Clip
from rig.devices.virtual.foreign.controls import Taper
from rig.devices.virtual.foreign.draw_tones import LEVELS, tone
from rig.devices.virtual.foreign.faceplate import Drawing
from rig.devices.virtual.foreign.modules import Bypassed, Module, Volume


def stage(d: Drawing, device: str, low_db: float, high_db: float) -> Clip:
    """Draw a gain stage of a device, and its coupling."""
    return Clip(
        device,
        d.between(0.0, 1.0),
        d.between(low_db, high_db),
        low_hz=d.octaves(12.0, 140.0),
        high_hz=d.octaves(5_000.0, 16_000.0),
        # An op-amp has nothing that charges while it clips.
        shift=d.between(0.0, 0.7) if device != "rails" else 0.0,
        recovery_s=d.octaves(0.005, 0.08),
    )


def pot(d: Drawing, role: str) -> Volume:
    """Draw a volume pot, and the capacitor that keeps it bright."""
    bright_hz = d.octaves(700.0, 4_000.0) if d.chance(0.5) else 0.0
    bright = d.switch("bright") if bright_hz and d.chance(0.6) else None
    return Volume(d.knob(role, *LEVELS), bright_hz, bright)


def tube_preamp(d: Drawing) -> tuple[Module, ...]:
    """Draw one to four triodes, one or two gain pots among them, and a tone control."""
    later = int(d.random.integers(0, 4))
    modules: list[Module] = [stage(d, "triode", 4.0, 14.0), pot(d, "gain")]
    tone_after = int(d.random.integers(0, later + 1))
    for number in range(later):
        if number == tone_after:
            modules += tone(d)
        modules.append(stage(d, "triode", 12.0, 24.0))
        if number == 0 and later > 1 and d.chance(0.6):
            modules.append(pot(d, "second"))
        if number == 1 and d.chance(0.4):
            modules.append(Bypassed(d.switch("channel"), (stage(d, "triode", 6.0, 14.0),)))
    return (*modules, *(tone(d) if tone_after == later else ()))


def transistor_preamp(d: Drawing) -> tuple[Module, ...]:
    """Draw two discrete transistors with a pot between them, and an active tone control."""
    device = d.one_of("transistor", "square-law")
    second = stage(d, d.one_of("transistor", "square-law"), 14.0, 28.0)
    rail = stage(d, "rails", 0.0, 8.0)
    return stage(d, device, 0.0, 8.0), pot(d, "gain"), second, *tone(d), rail


def op_amp_preamp(d: Drawing) -> tuple[Module, ...]:
    """Draw an op-amp whose gain pot sits in its feedback, with diodes behind it or none."""
    is_grounded = d.chance(0.5)
    tapers = (Taper.REVERSE, Taper.LINEAR) if is_grounded else (Taper.AUDIO, Taper.LINEAR)
    first = Clip(
        "rails",
        d.between(0.0, 1.0),
        d.between(-3.0, 5.0),
        low_hz=d.octaves(20.0, 200.0),
        high_hz=d.octaves(4_000.0, 14_000.0),
        dial=d.knob("gain", *tapers),
        span_db=d.between(28.0, 48.0),
        is_grounded=is_grounded,
        boost=d.switch("boost") if d.chance(0.4) else None,
        boost_db=d.between(8.0, 16.0),
    )
    diodes: tuple[Module, ...] = ()
    if d.chance(0.6):
        diodes = (Clip("diodes", d.between(0.0, 1.0), d.between(0.0, 8.0)),)
    return first, *diodes, *tone(d), stage(d, "rails", 0.0, 6.0)
