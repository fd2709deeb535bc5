"""Delays, lost and inserted frames, and clocks that do not agree."""

import numpy as np
from scipy import fft, signal

from rig.devices.virtual.studio.filters import Signal

_EDGE = 64
_FINER = 8


def delayed(x: Signal, frames: int) -> Signal:
    """A signal some whole frames later (earlier if negative), at its old length."""
    if frames == 0:
        return x.copy()
    y = np.zeros_like(x)
    if frames > 0:
        y[frames:] = x[:-frames]
    else:
        y[:frames] = x[-frames:]
    return y


def fractionally_delayed(x: Signal, frames: float) -> Signal:
    """A signal later by any number of frames, by turning the phases of its spectrum."""
    spare = int(abs(frames)) + 256
    size = fft.next_fast_len(len(x) + 2 * spare, real=True)
    padded = np.pad(x, (spare, size - len(x) - spare))
    turns = np.arange(size // 2 + 1) / size
    # Padded, since turned phases carry the end of a signal round to its beginning.
    spectrum = fft.rfft(padded) * np.exp(-2j * np.pi * turns * frames)
    return np.asarray(fft.irfft(spectrum, size)[spare : spare + len(x)], dtype=np.float64)


def filled(x: Signal, frames: int) -> Signal:
    """A signal cut to a length, or carried on by its own mirrored end where it is too short."""
    if len(x) >= frames:
        return x[:frames]
    return np.pad(x, (0, frames - len(x)), mode="reflect" if len(x) > 1 else "constant")


def without(x: Signal, at: int, count: int) -> Signal:
    """A signal that has lost frames: what follows comes too early."""
    return filled(np.concatenate([x[:at], x[at + count :]]), len(x))


def with_inserted(x: Signal, at: int, inserted: Signal) -> Signal:
    """A signal into which frames were put: what follows comes too late."""
    return np.concatenate([x[:at], inserted, x[at:]])[: len(x)]


def _finer(x: Signal) -> Signal:
    """The same band-limited signal with more values per frame, by a longer spectrum."""
    size = fft.next_fast_len(len(x) + 2 * _EDGE, real=True)
    padded = np.pad(x, (_EDGE, size - len(x) - _EDGE))
    # The inverse transform divides by its own length, which is so many times the signal's.
    return np.asarray(_FINER * fft.irfft(fft.rfft(padded), size * _FINER), dtype=np.float64)


def read_at(x: Signal, places: Signal) -> Signal:
    """A signal read at any places between its frames, as a band-limited signal.

    Places outside the signal read silence. A cubic through eight values per frame leaves
    an error below -90 dB for what lies under 10 kHz at 48 kHz.
    """
    fine = _finer(x)
    held = (np.clip(places, -_EDGE / 2, len(x) + _EDGE / 2) + _EDGE) * _FINER
    whole = held.astype(np.int64)
    part = held - whole
    before, here, after, beyond = (fine[whole + step] for step in (-1, 0, 1, 2))
    slope, next_slope = (after - before) / 2.0, (beyond - here) / 2.0
    rise = after - here
    # Hermite's cubic: through both values, with the slopes that their neighbours give.
    third = slope + next_slope - 2.0 * rise
    return np.asarray(here + part * (slope + part * (rise - slope - third + part * third)))


def on_clock(x: Signal, ppm: float) -> Signal:
    """A signal as recorded by a clock that runs fast by so many parts in a million."""
    places = np.arange(len(x)) / (1.0 + ppm * 1e-6)
    return read_at(x, places)


def at_other_rate(x: Signal, up: int, down: int) -> Signal:
    """A signal resampled by up/down but called the old rate, cut to its old length."""
    moved = np.asarray(signal.resample_poly(x, up, down), dtype=np.float64)
    return filled(moved, len(x))
