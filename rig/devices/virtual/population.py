"""A population of amplifiers that nobody built: circuits drawn from a seed.

The values stay where guitar amps have theirs; what differs is how many stages there are, how hot
and how lopsided each one is, where the gain pot sits, the tone stack, and the power amp's give.
"""

import numpy as np

from rig.devices.virtual.amplifier import Circuit, Preamp
from rig.devices.virtual.circuit import ToneStack

#: Amps are told apart from everything else that is drawn.
_STREAM = 71


def _log_between(random: np.random.Generator, low: float, high: float) -> float:
    # Component values come in factors: every octave of the range is as likely.
    return float(np.exp(random.uniform(np.log(low), np.log(high))))


def _preamp(random: np.random.Generator) -> Preamp:
    return Preamp(
        gain_db=random.uniform(17.0, 27.0),
        bias=random.uniform(0.05, 0.35),
        bias_shift=random.uniform(0.1, 0.8),
        recovery_s=_log_between(random, 0.008, 0.05),
        coupling_hz=_log_between(random, 15.0, 120.0),
        miller_hz=_log_between(random, 6_000.0, 16_000.0),
    )


def _tone(random: np.random.Generator) -> ToneStack:
    return ToneStack(
        treble_ohm=_log_between(random, 200e3, 300e3),
        bass_ohm=_log_between(random, 250e3, 1.2e6),
        middle_ohm=_log_between(random, 10e3, 30e3),
        slope_ohm=_log_between(random, 30e3, 100e3),
        treble_farad=_log_between(random, 220e-12, 560e-12),
        bass_farad=_log_between(random, 15e-9, 100e-9),
        middle_farad=_log_between(random, 15e-9, 50e-9),
    )


def draw_circuit(number: int) -> Circuit:
    """Draw amplifier ``number`` of the population; the same one every time."""
    random = np.random.default_rng([_STREAM, number])
    stages = int(random.integers(2, 4))
    return Circuit(
        preamps=tuple(_preamp(random) for _ in range(stages)),
        gain_span_db=random.uniform(30.0, 55.0),
        boost_db=random.uniform(5.0, 12.0),
        tone=_tone(random),
        master_span_db=random.uniform(22.0, 40.0),
        presence_hz=_log_between(random, 1_500.0, 4_000.0),
        presence_db=random.uniform(5.0, 11.0),
        power_drive_db=random.uniform(-4.0, 9.0),
        sag=random.uniform(0.0, 0.45),
        sag_s=_log_between(random, 0.03, 0.12),
        load_hz=_log_between(random, 70.0, 130.0),
        load_db=random.uniform(2.0, 7.0),
        load_q=random.uniform(1.0, 2.5),
    )
