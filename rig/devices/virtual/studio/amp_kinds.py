"""The kinds of amps that a studio may hold, each drawn from a seed."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from rig.devices.virtual.studio.amps import PLAIN_CONTROLS, AmpParameters
from rig.devices.virtual.studio.circuits import (
    Cabinet,
    Chorus,
    Compressor,
    Echo,
    Gate,
    Reverb,
    Supply,
    Tremolo,
    WarmUp,
)
from rig.devices.virtual.studio.controls import Control, Law

Rng = np.random.Generator
Trait = Callable[[AmpParameters, Rng], AmpParameters]


def _with_control(amp: AmpParameters, control: Control) -> AmpParameters:
    others = tuple(c for c in amp.controls if c.name != control.name)
    return replace(amp, controls=(*others, control))


def plain(amp: AmpParameters, rng: Rng) -> AmpParameters:
    """A plain push-pull amp straight into the interface."""
    return replace(amp, gain_range_db=rng.uniform(24.0, 44.0))


def plain_cabinet(amp: AmpParameters, rng: Rng) -> AmpParameters:
    """A plain amp with a cabinet and a microphone."""
    cabinet = Cabinet(
        resonance_hz=rng.uniform(75.0, 125.0),
        presence_hz=rng.uniform(2000.0, 3400.0),
        presence_db=rng.uniform(2.0, 9.0),
        top_hz=rng.uniform(3800.0, 6000.0),
    )
    return replace(amp, cabinet=cabinet)


def single_ended(amp: AmpParameters, rng: Rng) -> AmpParameters:
    """A single-ended amp, which bends one half of the wave sooner than the other."""
    return replace(amp, asymmetry=rng.uniform(0.15, 0.5))


def closing_volume(amp: AmpParameters, rng: Rng) -> AmpParameters:
    """An amp whose master closes completely: at 0 it is silent, and that is the truth."""
    del rng
    return _with_control(amp, Control("master", Law.CLOSING))


def noise_gate(amp: AmpParameters, rng: Rng) -> AmpParameters:
    """An amp with a noise gate before the preamp: quiet playing comes back as silence."""
    return replace(amp, gate=Gate(threshold_dbfs=rng.uniform(-60.0, -35.0)))


def sagging(amp: AmpParameters, rng: Rng) -> AmpParameters:
    """An amp with a weak supply, which compresses with memory."""
    supply = Supply(depth=rng.uniform(0.15, 0.5), time_s=rng.uniform(0.05, 0.4))
    return replace(amp, supply=supply)


def slow_settling(amp: AmpParameters, rng: Rng) -> AmpParameters:
    """An amp that needs 0.3 to 2.4 s after its knobs have moved."""
    return replace(amp, settle_s=rng.uniform(0.3, 2.4))


def warming_up(amp: AmpParameters, rng: Rng) -> AmpParameters:
    """An amp that changes over minutes of playing until it is warm."""
    warm_up = WarmUp(
        cold_db=rng.uniform(-3.0, 1.0),
        cold_bias=rng.uniform(0.0, 0.2),
        time_s=rng.uniform(40.0, 240.0),
    )
    return replace(amp, warm_up=warm_up)


def tremolo(amp: AmpParameters, rng: Rng) -> AmpParameters:
    """An amp whose tremolo was left on: no two takes are alike."""
    return replace(amp, tremolo=Tremolo(rng.uniform(2.0, 8.0), rng.uniform(0.15, 0.8)))


def chorus(amp: AmpParameters, rng: Rng) -> AmpParameters:
    """An amp whose chorus was left on: no two takes are alike."""
    return replace(amp, chorus=Chorus(rng.uniform(0.2, 2.0), rng.uniform(0.004, 0.015)))


def echo(amp: AmpParameters, rng: Rng) -> AmpParameters:
    """An amp whose delay was left on."""
    return replace(amp, echo=Echo(rng.uniform(0.08, 0.6), rng.uniform(0.1, 0.6)))


def reverb(amp: AmpParameters, rng: Rng) -> AmpParameters:
    """An amp whose reverb was left on."""
    part = Reverb(rng.uniform(0.4, 2.5), rng.uniform(0.08, 0.4), int(rng.integers(2**31)))
    return replace(amp, reverb=part)


def compressor(amp: AmpParameters, rng: Rng) -> AmpParameters:
    """An amp with a compressor before the preamp."""
    return replace(amp, compressor=Compressor(rng.uniform(-40.0, -15.0), rng.uniform(2.0, 8.0)))


def latent_channel(amp: AmpParameters, rng: Rng) -> AmpParameters:
    """An amp whose second channel answers 64 frames later than its first."""
    del rng
    latent = replace(amp, channel_latency_frames=64)
    return _with_control(latent, Control("channel", Law.SWITCH))


def coarse_control(amp: AmpParameters, rng: Rng) -> AmpParameters:
    """An amp whose gain moves in steps."""
    return _with_control(amp, Control("gain", Law.COARSE, int(rng.integers(4, 13))))


def folded_control(amp: AmpParameters, rng: Rng) -> AmpParameters:
    """An amp with a control that rises and falls again along its travel."""
    name = str(rng.choice(["treble", "gain"]))
    return _with_control(amp, Control(name, Law.FOLDED))


def late_presence(amp: AmpParameters, rng: Rng) -> AmpParameters:
    """An amp whose presence acts only while the master is above 0.7."""
    del rng
    return _with_control(amp, Control("presence"))


def bypassed_tone(amp: AmpParameters, rng: Rng) -> AmpParameters:
    """An amp whose tone controls do nothing while a switch bypasses them."""
    del rng
    return _with_control(amp, Control("bypass", Law.SWITCH))


def gain_alike_at_ends(amp: AmpParameters, rng: Rng) -> AmpParameters:
    """An amp whose gain does the same at both ends of its travel."""
    del rng
    return _with_control(amp, Control("gain", Law.ALIKE_ENDS))


def hissing(amp: AmpParameters, rng: Rng) -> AmpParameters:
    """An amp whose hiss is heard and grows with its gain."""
    return replace(amp, hiss_dbfs=rng.uniform(-110.0, -85.0))


def drifting(amp: AmpParameters, rng: Rng) -> AmpParameters:
    """An amp whose gain drifts by half a dB to four dB in an hour, for as long as it is on."""
    sign = float(rng.choice([-1.0, 1.0]))
    return replace(amp, drift_db_per_hour=sign * rng.uniform(0.5, 4.0))


_TRAITS: tuple[Trait, ...] = (
    plain, plain_cabinet, single_ended, closing_volume, noise_gate, sagging, slow_settling,
    warming_up, tremolo, chorus, echo, reverb, compressor, latent_channel, coarse_control,
    folded_control, late_presence, bypassed_tone, gain_alike_at_ends, hissing,
    drifting,
)  # fmt: skip
AMP_KINDS: dict[str, Trait] = {trait.__name__: trait for trait in _TRAITS}
#: Kinds that never give the same take twice, or not without waiting.
UNREPEATABLE = frozenset({"tremolo", "chorus", "slow_settling", "drifting"})


def draw_amp(seed: int, *kinds: str) -> AmpParameters:
    """Draw an amp that has all the named traits and is otherwise plain."""
    rng = np.random.default_rng((seed, 101))
    basics: dict[str, Any] = {"gain_low_db": rng.uniform(-6.0, 6.0), "seed": seed}
    amp = plain(AmpParameters(controls=PLAIN_CONTROLS, **basics), rng)
    for kind in kinds:
        amp = AMP_KINDS[kind](amp, rng)
    return amp
