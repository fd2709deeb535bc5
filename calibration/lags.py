"""How much later the same thing came back a second time, beside noise, and how sure that is."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy  # its parts load when they are first used
from numpy.typing import NDArray

from calibration.replicates import compare

Audio = NDArray[np.float64]
#: Anything of the bins of a spectrum.
Floats = NDArray[np.float64]

#: A timing has no better claim than this many times its own standard deviation.
LAG_ERRORS = 4.0
#: Bands in which a recording is held against its noise: as wide as a third of an octave, and of so
#: many bins at least, since a few say little.
BAND_RATIO, LEAST_BINS = 2.0 ** (1 / 3), 6
#: A band that is less above its noise says nothing about time.
ABOVE_NOISE = 4.0
#: Where so much of what is heard is not the same twice (an amp that still rings), nothing does.
MOST_APART = 0.3
#: What is left of a difference counts as noise up to so many times what was measured of that.
NOISE_TIMES = 2.0
#: What is left beyond it may move a peak by this share of a lag that makes as much of a difference.
SWAY_SHARE = 0.5


@dataclass(frozen=True)
class Lag:
    """How much later the second of two recordings is, in frames, and its standard deviation."""

    frames: float
    error_frames: float

    @property
    def clear_frames(self) -> float:
        """How far they are apart at least."""
        return max(abs(self.frames) - LAG_ERRORS * self.error_frames, 0.0)


def lag(one: Audio, other: Audio, silence: Audio) -> Lag:
    """Tell how much later the second of two recordings of one thing is.

    Noise lies in all bands, and what a tone control left in a few: what noise hides is left out
    of both, or its own wiggles would choose the place of a peak that is as flat as bass makes it. A
    peak stands where the correlation's slope is zero, so the deviation is that of this slope over
    how bent the peak is (Carter, "Coherence and time delay estimation", 1987).

    Args:
        one: The earlier one, ``(frames,)``.
        other: The later one, as long.
        silence: Noise of either, without DC.

    Returns:
        No lag with an infinite deviation where noise hides everything, or they are not the same.
    """
    # A recording that ends before its closing sweep has nothing to hold against the first one.
    if len(one) < 2:
        return Lag(0.0, float("inf"))
    if len(silence) < 2 or not np.any(silence):
        return Lag(compare(one, other, 0.0).lag_frames, 0.0)
    spectra = scipy.fft.rfft(one), scipy.fft.rfft(other)
    power = (np.abs(spectra[0]) ** 2 + np.abs(spectra[1]) ** 2) / 2
    noise = _noise(silence, len(one))
    heard = _by_band(power)
    # The least of a number keeps bins in which nothing is at all from dividing by it.
    share = 1.0 - noise / np.maximum(heard, np.finfo(float).tiny)
    weights = np.where(heard > ABOVE_NOISE * noise, share, 0.0)
    first, second = (scipy.fft.irfft(weights * each, len(one)) for each in spectra)
    frames = compare(first, second, 0.0).lag_frames
    turns = 2 * np.pi * np.arange(len(power)) / len(one)
    apart = np.abs(spectra[1] * np.exp(1j * turns * frames) - spectra[0]) ** 2 / 2
    if np.sum(weights**2 * apart) >= MOST_APART * np.sum(weights**2 * power):
        return Lag(0.0, float("inf"))
    # Whatever else is not the same twice is as bad as noise.
    left = _by_band(apart)
    spoilt = np.maximum(np.maximum(noise, left), np.finfo(float).tiny)
    explained = np.abs(spectra[1] - spectra[0]) ** 2 / 2 - apart
    errors = (
        _noise_error(power, spoilt, weights, turns),
        _sway_error(power, np.maximum(left - NOISE_TIMES * noise, 0.0), weights, turns),
        _rival_error(frames, explained, spoilt, weights),
    )
    return Lag(frames, max(errors))


def _sway_error(power: Floats, unlike: Floats, weights: Floats, turns: Floats) -> float:
    """Return how far a peak may be moved by what sways: a phaser is no delay.

    Args:
        power: Of both recordings, in the mean, bin by bin.
        unlike: As much of it is not the same twice, noise set aside.
        weights: What both are filtered with.
        turns: Frequency of each bin, in radians a frame.
    """
    bend = float(np.sum(turns**2 * weights**2 * power))
    as_much = math.sqrt(2 * float(np.sum(weights**2 * unlike)) / bend) if bend > 0.0 else math.inf
    return SWAY_SHARE * as_much


def _rival_error(frames: float, explained: Floats, spoilt: Floats, weights: Floats) -> float:
    """Return a deviation by how much likelier a lag is than none.

    In a narrow band one peak of a correlation is hardly above the next, however sharp both are.

    Args:
        frames: The lag.
        explained: What of the difference is gone with it, bin by bin.
        spoilt: What is noise, or not the same twice; above 0.
        weights: What both recordings are filtered with.
    """
    heard = weights > 0.0
    likelier = 2 * float(np.sum(explained[heard] / spoilt[heard]))
    return abs(frames) / math.sqrt(likelier) if likelier > 0.0 else abs(frames)


def _noise_error(power: Floats, noise: Floats, weights: Floats, turns: Floats) -> float:
    """Return the deviation of a correlation's peak, in frames.

    Args:
        power: Of both recordings, in the mean, bin by bin.
        noise: As much of it is noise.
        weights: What both are filtered with.
        turns: Frequency of each bin, in radians a frame.
    """
    left = np.maximum(power - noise, 0.0)
    bend = float(np.sum(turns**2 * weights**2 * left))
    # Noise of either with the other's sound, and of both with each other.
    slope = float(np.sum(turns**2 * weights**4 * (2 * left * noise + noise**2)) / 2)
    return float(np.sqrt(slope)) / bend if bend > 0.0 else float("inf")


def _noise(silence: Audio, frames: int) -> Floats:
    """Return the power that noise has in each bin of so many frames' spectrum."""
    own = np.abs(scipy.fft.rfft(silence)) ** 2 * (frames / len(silence))
    bins = frames // 2 + 1
    ratio = (len(own) - 1) / (bins - 1)
    found = np.zeros(bins)
    for first, last in _bands(bins):
        begin = min(round(first * ratio), len(own) - 1)
        found[first:last] = np.mean(own[begin : max(round(last * ratio), begin + 1)])
    return found


def _by_band(power: Floats) -> Floats:
    """Return the mean of a power over the band that each bin is in."""
    found = np.zeros_like(power)
    for first, last in _bands(len(power)):
        found[first:last] = np.mean(power[first:last])
    return found


def _bands(bins: int) -> Iterator[tuple[int, int]]:
    """Yield the first bin of each band, and the first behind it; DC is in none."""
    first = 1
    while first < bins:
        last = min(max(round(first * BAND_RATIO), first + LEAST_BINS), bins)
        yield first, last
        first = last
