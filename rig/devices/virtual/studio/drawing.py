"""Draws whole studios from a seed: healthy, but as awkward as real ones are."""

from dataclasses import dataclass, replace

import numpy as np

from rig.devices.virtual.studio.amp_kinds import AMP_KINDS, UNREPEATABLE, draw_amp
from rig.devices.virtual.studio.amps import AmpParameters, StudioAmp
from rig.devices.virtual.studio.converters import Channel, Converter, sent
from rig.devices.virtual.studio.filters import Signal, decibels, level_db
from rig.devices.virtual.studio.noise import NoiseFloor
from rig.devices.virtual.studio.studio import Studio, StudioParameters

Rng = np.random.Generator

_TRIAL_PEAK = 0.5
_TRIAL_S = 0.5
_CEILING_DB = -7.5
_RATE = 48000
# Of the noise's power seven tenths are the amp's hiss where it hisses, and the rest the input's.
_HISS_SHARE_DB = 1.5
_OTHER_SHARE_DB = 5.2


@dataclass(frozen=True)
class _Loudness:
    peak_db: float
    usual_db: float
    hiss_db: float


def draw_studio(
    seed: int,
    *,
    healthy: bool = True,
    loopback: bool = True,
    amp_kinds: tuple[str, ...] | None = None,
) -> Studio:
    """Draw a studio whose levels fit a send of -6 dBFS peak.

    The signal-to-noise ratio with all knobs in the middle lies between 40 and 100 dB.

    Args:
        seed: What everything is drawn from.
        healthy: Leave out amps that never give the same take twice (tremolo, chorus, drift)
            or that need waiting after their knobs have moved.
        loopback: Whether a cable leads from an output straight to an input.
        amp_kinds: The amp's traits, in place of drawn ones.
    """
    rng = np.random.default_rng((seed, 7))
    kinds = amp_kinds if amp_kinds is not None else _drawn_kinds(rng, healthy)
    amp = draw_amp(seed, *kinds)
    return Studio(_fitted(amp, rng, seed, loopback))


def _drawn_kinds(rng: Rng, healthy: bool) -> tuple[str, ...]:
    offered = [kind for kind in AMP_KINDS if not (healthy and kind in UNREPEATABLE)]
    count = int(rng.integers(1, 5))
    return tuple(str(kind) for kind in rng.choice(offered, count, replace=False))


def _fitted(amp: AmpParameters, rng: Rng, seed: int, loopback: bool) -> StudioParameters:
    """An interface whose gain and noise fit the amp, and the amp with hiss that fits both."""
    out = Channel(output_corner_hz=_corner(rng), output_gain_db=rng.uniform(-6.0, 0.0))
    loudness = _loudness(amp, out, rng)
    gain_db = _CEILING_DB - rng.uniform(0.0, 8.0) - loudness.peak_db
    hissing = amp.hiss_dbfs > -180.0
    # Hiss of the preamp grows by 20 dB until the gain is full, and shall not drown the amp.
    noise_db = loudness.usual_db + gain_db - rng.uniform(60.0 if hissing else 40.0, 100.0)
    if hissing:
        change_db = noise_db - _HISS_SHARE_DB - (loudness.hiss_db + gain_db)
        amp = replace(amp, hiss_dbfs=amp.hiss_dbfs + change_db)
    floor = _floor(noise_db - (_OTHER_SHARE_DB if hissing else 0.0), rng)
    # By its logarithm, so that short round trips are drawn as often as long ones.
    trip = float(np.exp(rng.uniform(np.log(320.0), np.log(4000.0))))
    converter = _converter(_amp_channel(out, gain_db, floor, rng), rng, loopback)
    return StudioParameters(amp, converter, trip, rng.uniform(1.0, 128.0), seed)


def _amp_channel(out: Channel, gain_db: float, floor: NoiseFloor, rng: Rng) -> Channel:
    return replace(
        _input(rng, floor),
        output_corner_hz=out.output_corner_hz,
        output_gain_db=out.output_gain_db,
        input_gain_db=gain_db,
    )


def _converter(returned: Channel, rng: Rng, loopback: bool) -> Converter:
    cable = _cable(rng)
    return Converter(
        returned=returned,
        loopback=cable if loopback else None,
        low_pass_hz=rng.uniform(18000.0, 22000.0),
        minimum_phase=bool(rng.random() < 0.4),
        crosstalk_db=rng.uniform(-120.0, -75.0),
        rate=_RATE,
    )


def _corner(rng: Rng) -> float:
    return float(np.exp(rng.uniform(0.0, np.log(10.0)))) if rng.random() < 0.85 else 0.0


def _input(rng: Rng, floor: NoiseFloor) -> Channel:
    offset = float(rng.choice([-1.0, 1.0])) * decibels(rng.uniform(-90.0, -40.0))
    return Channel(
        input_corner_hz=_corner(rng),
        inverted=bool(rng.random() < 0.3),
        offset=offset,
        noise=floor,
    )


def _cable(rng: Rng) -> Channel:
    gain_db = rng.uniform(-20.0, -2.0)
    floor = _floor(gain_db + rng.uniform(-110.0, -55.0), rng)
    return replace(_input(rng, floor), output_corner_hz=_corner(rng), input_gain_db=gain_db)


def _floor(total_db: float, rng: Rng) -> NoiseFloor:
    """A noise floor of a total level, shared out at random between its kinds."""
    shares_db = 10.0 * np.log10(rng.dirichlet([1.0, 1.0, 0.5]) + 1e-6)
    white, pink, hum = (float(total_db + share) for share in shares_db)
    return NoiseFloor(white, pink, hum, float(rng.choice([50.0, 60.0])))


def trial(rng: Rng) -> Signal:
    """A signal of -6 dBFS peak that is as loud as a send can be: squares, noise and a sweep."""
    t = np.arange(int(_TRIAL_S * _RATE)) / _RATE
    squares = [np.sign(np.sin(2.0 * np.pi * hz * t)) for hz in (90.0, 410.0, 2600.0)]
    noise = np.clip(rng.standard_normal(len(t)) / 2.0, -1.0, 1.0)
    sweep = np.sin(2.0 * np.pi * 40.0 * (np.exp(5.0 * t / t[-1]) - 1.0) * t[-1] / 5.0)
    return _TRIAL_PEAK * np.concatenate([*squares, noise, sweep])


def plucks(rng: Rng) -> Signal:
    """A guitar-like signal of -6 dBFS peak: decaying notes with harmonics."""
    t = np.arange(int(_TRIAL_S * _RATE)) / _RATE
    total = []
    for pitch_hz in rng.uniform(82.0, 500.0, 4):
        partials = [
            np.sin(2.0 * np.pi * k * pitch_hz * t) * np.exp(-k * t) / k for k in range(1, 9)
        ]
        total.append(np.sum(partials, axis=0) * np.exp(-3.0 * t))
    signal = np.concatenate(total)
    return np.asarray(_TRIAL_PEAK * signal / np.max(np.abs(signal)))


def _loudness(amp: AmpParameters, out: Channel, rng: Rng) -> _Loudness:
    """How loud the amp gets at most, and in the middle, with and without a signal."""
    x = sent(trial(rng), out, _RATE)
    middle = dict.fromkeys(amp.knobs, 0.5)
    corners = [dict.fromkeys(amp.knobs, 1.0), middle]
    corners += [
        dict(zip(amp.knobs, rng.random(len(amp.knobs)).round(), strict=True)) for _ in "1234"
    ]
    corners += [{**corner, "master": 1.0} for corner in corners]
    steady = StudioAmp(amp)
    peak = max(float(np.max(np.abs(steady.truth(x, point, _RATE)))) for point in corners)
    warmth_db = max(0.0, amp.warm_up.cold_db) if amp.warm_up else 0.0
    peak_db = 20.0 * np.log10(peak + 1e-12) + warmth_db
    usual_db = level_db(steady.truth(sent(plucks(rng), out, _RATE), middle, _RATE))
    # Without its gate, which shuts on silence and lets the hiss through as soon as it opens.
    hiss_db = max(-180.0, level_db(StudioAmp(replace(amp, gate=None)).heard(0.0 * x, _RATE)))
    return _Loudness(peak_db, usual_db, hiss_db)
