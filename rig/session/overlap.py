"""Whether two recordings hold the same guitar: then models are tested on what they learnt."""

import numpy as np
import scipy
import soxr
from numpy.typing import NDArray

Audio = NDArray[np.float64]

#: Recordings are compared at this rate: what tells one performance from another lies far below it.
RATE = 8_000
#: The same audio correlates like this, block for block, between frames as well; two performances
#: of one riff never do, since strings are never plucked to the tenth of a millisecond.
SAME, BLOCK_S, BLOCKS = 0.95, 0.25, 2
#: At so many distances the two are compared, the likeliest ones: of 150 pairs that share a second
#: 32 find all but one, and 128 find all.
CANDIDATES = 128
#: A block below this share of the recording's RMS is a pause, and all pauses are alike.
QUIET = 0.03


def overlap_s(one: Audio, other: Audio, rate: int) -> tuple[float, float] | None:
    """Where the same audio begins in both, in seconds; None where no half second is in both.

    They may be of different level, polarity and rate before they were converted, and only a part of
    either may be in the other.

    Args:
        one: ``(frames,)``.
        other: ``(other_frames,)``.
        rate: Hz, of both.
    """
    a, b = (np.asarray(soxr.resample(audio, rate, RATE)) for audio in (one, other))
    for lag in _candidates(a, b):
        start = _same_at(a, b, lag)
        if start is not None:
            return start / RATE, (start + lag) / RATE
    return None


def _candidates(a: Audio, b: Audio) -> list[int]:
    """List the distances at which most of the two may agree.

    Source: Knapp and Carter 1976, the phase transform: a note that both hold is no agreement.
    """
    # Room for every distance, since products of spectra wrap around.
    size = scipy.fft.next_fast_len(len(a) + len(b), real=True)
    cross = scipy.fft.rfft(b, size) * np.conj(scipy.fft.rfft(a, size))
    agreement = np.abs(scipy.fft.irfft(cross / np.maximum(np.abs(cross), 1e-12), size))
    places = np.argpartition(agreement, -CANDIDATES)[-CANDIDATES:]
    ranked = places[np.argsort(agreement[places])[::-1]]
    # What lies behind the end of `b` has wrapped around: there it begins before `a`.
    return [int(place) if place < len(b) else int(place) - size for place in ranked]


def _same_at(a: Audio, b: Audio, lag: int) -> int | None:
    """Return the frame of ``a`` from which on ``b``, ``lag`` frames later, is the same."""
    start, stop = max(0, -lag), min(len(a), len(b) - lag)
    frames = round(BLOCK_S * RATE)
    count = max(stop - start, 0) // frames
    if count < BLOCKS:
        return None
    x = a[start : start + count * frames].reshape(count, frames)
    y = b[start + lag : start + lag + count * frames].reshape(count, frames)
    x_energy, y_energy = np.sum(x * x, axis=1), np.sum(y * y, axis=1)
    likeness = np.abs(np.sum(x * y, axis=1)) / np.sqrt(np.maximum(x_energy * y_energy, 1e-30))
    floors = [QUIET**2 * frames * float(np.mean(audio * audio)) for audio in (a, b)]
    same = (likeness > SAME) & (x_energy > floors[0]) & (y_energy > floors[1])
    # Several in a row: a single block may be alike by chance.
    runs = np.convolve(same, np.ones(BLOCKS), mode="valid") == BLOCKS
    return start + int(np.argmax(runs)) * frames if np.any(runs) else None
