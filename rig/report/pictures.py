"""What of two recordings can be seen: spectra, curves over level, waveforms."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import welch

Audio = NDArray[np.float64]

#: A spectrum's bands: six to the octave, between these frequencies.
BANDS_PER_OCTAVE, LOWEST_HZ, HIGHEST_HZ = 6, 60.0, 16_000.0
#: Of a swept tone: so many steps of its level, and the harmonics that are looked at.
STEPS, HARMONICS = 24, (2, 3, 4, 5)
FLOOR_DB = -120.0
#: Waveforms are shown for so long: a few periods of a low note.
SHOWN_S = 0.02


@dataclass(frozen=True)
class Spectrum:
    """Levels in bands, in dB."""

    hz: list[float]
    amp_db: list[float]
    model_db: list[float]


@dataclass(frozen=True)
class Curves:
    """What comes out over what goes in, of one swept tone; harmonics relative to the fundamental.

    Attributes:
        tone_hz: The tone.
        in_dbfs: RMS of what was played, rising.
        amp_dbfs: RMS of what came back.
        model_dbfs: RMS of what the model plays.
        amp_harmonics_db: A list for each of `HARMONICS`.
        model_harmonics_db: The same of the model.
    """

    tone_hz: float
    in_dbfs: list[float]
    amp_dbfs: list[float]
    model_dbfs: list[float]
    amp_harmonics_db: list[list[float]]
    model_harmonics_db: list[list[float]]


@dataclass(frozen=True)
class Waveform:
    """A moment of both, sample by sample."""

    start_s: float
    amp: list[float]
    model: list[float]


def _db(power: Audio | float) -> Audio:
    return np.asarray(10.0 * np.log10(np.maximum(power, 10 ** (FLOOR_DB / 10))))


def _rounded(values: Audio, digits: int = 2) -> list[float]:
    # A page holds a few thousand of them: more digits would only be seen by its length.
    return [round(float(value), digits) for value in values]


def _bands(audio: Audio, sample_rate: int, edges: Audio) -> Audio:
    frames = min(len(audio), 8192)
    hz, power = welch(audio, sample_rate, nperseg=frames)
    step = hz[1] - hz[0]
    summed = np.concatenate([[0.0], np.cumsum(power * step)])
    # Between bins the sum goes on straight, so that a band narrower than a bin has its share.
    at = np.interp(edges, np.concatenate([[0.0], hz + step / 2]), summed)
    return _db(np.diff(at))


def spectrum(amp: Audio, model: Audio, sample_rate: int) -> Spectrum:
    """Compare the spectra of two recordings ``(frames,)``."""
    highest = min(HIGHEST_HZ, 0.45 * sample_rate)
    count = int(BANDS_PER_OCTAVE * np.log2(highest / LOWEST_HZ))
    centres = LOWEST_HZ * 2.0 ** (np.arange(count) / BANDS_PER_OCTAVE)
    half = 2.0 ** (0.5 / BANDS_PER_OCTAVE)
    edges = np.concatenate([centres / half, centres[-1:] * half])
    both = [_rounded(_bands(audio, sample_rate, edges)) for audio in (amp, model)]
    return Spectrum(_rounded(centres, 1), both[0], both[1])


def _harmonics(audio: Audio, tone_hz: float, sample_rate: int) -> list[float]:
    """Levels of a tone's harmonics relative to it, in dB; the floor beyond what there is."""
    # A block holds no whole number of periods: without a window the tone would leak everywhere.
    window = np.hanning(len(audio))
    turns = -2j * np.pi * tone_hz * np.arange(len(audio)) / sample_rate
    powers = [
        abs(np.sum(window * audio * np.exp(turns * n))) ** 2 if n * tone_hz < sample_rate / 2 else 0
        for n in (1, *HARMONICS)
    ]
    return _rounded(_db(np.array(powers[1:]) / max(powers[0], 1e-20)))


def curves(sent: Audio, amp: Audio, model: Audio, tone_hz: float, sample_rate: int) -> Curves:
    """Compare what two recordings make of a swept tone, all ``(frames,)`` and in step."""
    blocks = [np.array_split(audio, STEPS) for audio in (sent, amp, model)]
    levels = [_rounded(_db(np.array([np.mean(b**2) for b in each]))) for each in blocks]
    found = [[_harmonics(b, tone_hz, sample_rate) for b in each] for each in blocks[1:]]
    by_harmonic = [[list(column) for column in zip(*each, strict=True)] for each in found]
    return Curves(tone_hz, levels[0], levels[1], levels[2], by_harmonic[0], by_harmonic[1])


def waveform(amp: Audio, model: Audio, sample_rate: int) -> Waveform:
    """Show the moment in which two recordings ``(frames,)`` differ the most."""
    frames = min(round(SHOWN_S * sample_rate), len(amp))
    # The worst moment and not a usual one: that is where a listener will look for the difference.
    off = np.convolve((amp - model) ** 2, np.ones(frames), "valid")
    start = int(np.argmax(off))
    part = slice(start, start + frames)
    return Waveform(start / sample_rate, _rounded(amp[part], 5), _rounded(model[part], 5))


def ranked(errors: Sequence[float]) -> dict[str, int]:
    """Places of the worst, the median and the best of some errors, each place once."""
    order = sorted(range(len(errors)), key=lambda place: -errors[place])
    found: dict[str, int] = {}
    for name, place in (("worst", 0), ("best", len(order) - 1), ("median", len(order) // 2)):
        if order and order[place] not in found.values():
            found[name] = order[place]
    return {name: found[name] for name in ("worst", "median", "best") if name in found}
