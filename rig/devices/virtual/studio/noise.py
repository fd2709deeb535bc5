"""What is heard when nothing is played: hiss, hum and their levels."""

from dataclasses import dataclass

import numpy as np
from scipy import signal

from rig.devices.virtual.studio.filters import Signal, decibels

# Poles and gains of three first-order filters whose sum falls by 3 dB an octave, after Kellet.
_PINK = ((0.99765, 0.0990460), (0.96300, 0.2965164), (0.57000, 1.0526913))
_HARMONICS = (1.0, 0.35, 0.5, 0.12, 0.25, 0.06, 0.12)
_SILENT_DBFS = -200.0


@dataclass(frozen=True)
class NoiseFloor:
    """The noise of one input by its kinds; every level is an RMS in dBFS.

    Attributes:
        white_dbfs: Hiss alike at all frequencies.
        pink_dbfs: Hiss that falls by 3 dB an octave.
        hum_dbfs: Mains hum with harmonics.
        mains_hz: The frequency of the mains, 50 or 60, about which the hum wanders.
    """

    white_dbfs: float = _SILENT_DBFS
    pink_dbfs: float = _SILENT_DBFS
    hum_dbfs: float = _SILENT_DBFS
    mains_hz: float = 50.0


def white(frames: int, rng: np.random.Generator) -> Signal:
    """White noise with an RMS of 1."""
    return rng.standard_normal(frames)


def pink(frames: int, rng: np.random.Generator) -> Signal:
    """Pink-ish noise with an RMS of 1: it falls by about 3 dB an octave."""
    source = rng.standard_normal(frames)
    total = 0.1848 * source
    for pole, gain in _PINK:
        total = total + signal.lfilter([gain], [1.0, -pole], source)
    return np.asarray(total / (np.std(total) + 1e-12), dtype=np.float64)


def hum(frames: int, mains_hz: float, rate: int, rng: np.random.Generator) -> Signal:
    """Mains hum with an RMS of 1 whose pitch wanders by some hundredths of a hertz."""
    t = np.arange(frames) / rate
    wander_hz, period_s = rng.uniform(0.0, 0.05), rng.uniform(5.0, 30.0)
    wander = wander_hz * period_s * np.sin(2.0 * np.pi * t / period_s + rng.uniform(0.0, 6.28))
    turns = mains_hz * t + wander / (2.0 * np.pi)
    total = np.zeros(frames)
    for order, gain in enumerate(_HARMONICS, start=1):
        total += gain * np.sin(2.0 * np.pi * order * turns + rng.uniform(0.0, 6.28))
    # The power of a sine is half the square of its peak.
    return np.asarray(total / np.sqrt(np.sum(np.square(_HARMONICS)) / 2.0), dtype=np.float64)


def floor_noise(floor: NoiseFloor, frames: int, rate: int, rng: np.random.Generator) -> Signal:
    """The noise of an input for a number of frames; kinds below -180 dBFS cost nothing."""
    total = np.zeros(frames)
    if floor.white_dbfs > -180.0:
        total += decibels(floor.white_dbfs) * white(frames, rng)
    if floor.pink_dbfs > -180.0:
        total += decibels(floor.pink_dbfs) * pink(frames, rng)
    if floor.hum_dbfs > -180.0:
        total += decibels(floor.hum_dbfs) * hum(frames, floor.mains_hz, rate, rng)
    return total
