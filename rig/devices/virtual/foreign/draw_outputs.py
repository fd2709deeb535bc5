"""What comes behind a preamp, drawn with the values that such circuits have."""

from rig.devices.virtual.foreign.cabinets import Cabinet
from rig.devices.virtual.foreign.draw_preamps import pot, stage
from rig.devices.virtual.foreign.faceplate import Drawing
from rig.devices.virtual.foreign.gates import NoiseGate
from rig.devices.virtual.foreign.modules import Band, Module
from rig.devices.virtual.foreign.power import Power


def master(d: Drawing) -> tuple[Module, ...]:
    """Draw the pot behind the preamp."""
    return (pot(d, "master"),)


def power(d: Drawing) -> tuple[Module, ...]:
    """Draw a power amp: push-pull, single-ended, or of transistors."""
    device = d.one_of("push-pull", "push-pull", "single-ended", "rails")
    tubes = device != "rails"
    fed_back = device == "push-pull" or (tubes and d.chance(0.2))
    # Supplies of transistors are stiff, and who drives tubes hard has them sag by up to 4 dB.
    sag = d.between(0.0, 0.5) if tubes else 0.0
    return (
        Band(20.0, 18_000.0),
        Power(
            device,
            d.between(0.0, 1.0),
            drive_db=d.between(-6.0, 12.0),
            depth=d.between(1.0, 4.0) if fed_back else 0.0,
            presence=d.knob("presence") if fed_back and d.chance(0.7) else None,
            resonance=d.knob("resonance") if fed_back and d.chance(0.4) else None,
            presence_hz=d.octaves(1_200.0, 5_000.0),
            resonance_hz=d.octaves(60.0, 200.0),
            sag=sag,
            sag_s=d.octaves(0.03, 0.25),
            sag_dial=d.knob("sag") if sag > 0.2 and d.chance(0.3) else None,
            load_hz=d.octaves(65.0, 140.0),
            load_db=d.between(1.0, 8.0) if tubes else d.between(0.0, 1.0),
        ),
    )


def line_out(d: Drawing) -> tuple[Module, ...]:
    """Draw the op-amp that ends a preamp without a power amp."""
    return (stage(d, "rails", -3.0, 4.0),)


def cabinet(d: Drawing) -> Cabinet:
    """Draw a loudspeaker and a microphone."""
    bells = [(d.octaves(1_800.0, 3_800.0), d.between(3.0, 9.0), d.between(1.0, 2.5))]
    bells += [
        (d.octaves(250.0, 4_500.0), d.between(-9.0, 5.0), d.between(1.5, 6.0))
        for _ in range(int(d.random.integers(2, 5)))
    ]
    return Cabinet(
        d.octaves(70.0, 130.0),
        d.between(0.7, 1.6),
        tuple(bells),
        d.octaves(3_800.0, 6_500.0),
        int(d.random.integers(2, 6)),
    )


def gate(d: Drawing) -> NoiseGate:
    """Draw a noise gate."""
    dial = d.knob("gate") if d.chance(0.5) else None
    return NoiseGate(d.between(-62.0, -48.0), d.between(-100.0, -50.0), dial)
