"""What is on the return that nobody played: noise, hum, crosstalk."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibration import levels

Audio = NDArray[np.float64]

MAINS_HZ = (50.0, 60.0)
#: Mains wander this far, and this fine a step finds them.
WANDER_HZ, WANDER_STEPS = 0.25, 21
HARMONICS = 10
#: So much of the noise's power must be hum before a mains frequency is named.
HUM_SHARE = 0.1
#: Taps of the filter that explains a return by the send; a cable's bleed needs one.
BLEED_TAPS = 33
#: A bleed is flat; an amp turned low is not: one tap must explain this much of what all of them do.
FLAT_SHARE = 0.985


@dataclass(frozen=True)
class Noise:
    """A silent return: all of it, its hum, and what is left without the hum, RMS in dBFS.

    ``mains_hz`` is 50 or 60, or None where no hum stands out.
    """

    total_dbfs: float
    hum_dbfs: float
    hiss_dbfs: float
    mains_hz: float | None


def _hum(silence: Audio, mains_hz: float, sample_rate: int) -> Audio:
    """The part of a recording that a mains frequency and its harmonics explain."""
    time_s = np.arange(len(silence)) / sample_rate
    best, most = np.zeros_like(silence), -1.0
    for hz in mains_hz + np.linspace(-WANDER_HZ, WANDER_HZ, WANDER_STEPS):
        phases = 2 * np.pi * hz * np.outer(time_s, np.arange(1, HARMONICS + 1))
        # Sine and cosine of each harmonic, since nobody knows its phase.
        basis = np.hstack([np.sin(phases), np.cos(phases)])
        weights, *_ = np.linalg.lstsq(basis, silence, rcond=None)
        explained = basis @ weights
        power = float(np.sum(explained * explained))
        if power > most:
            best, most = explained, power
    return best


def noise(silence: ArrayLike, sample_rate: int) -> Noise:
    """Hum and hiss of a recording of silence, ``(frames,)``; a second or more tells 50 from 60 Hz.

    Hum is a least-squares fit of the mains frequency and its first ten harmonics.
    """
    audio = np.asarray(silence, dtype=np.float64)
    audio = audio - np.mean(audio) if len(audio) else audio
    total = levels.rms(audio)
    if total == 0.0:
        return Noise(levels.SILENCE_DBFS, levels.SILENCE_DBFS, levels.SILENCE_DBFS, None)
    found = {hz: _hum(audio, hz, sample_rate) for hz in MAINS_HZ}
    mains_hz = max(found, key=lambda hz: levels.rms(found[hz]))
    hum = found[mains_hz]
    stands_out = levels.rms(hum) ** 2 > HUM_SHARE * total**2
    return Noise(
        levels.dbfs(total),
        levels.rms_dbfs(hum),
        levels.rms_dbfs(audio - hum),
        mains_hz if stands_out else None,
    )


@dataclass(frozen=True)
class Bleed:
    """How much of the send is in a return that should be quiet.

    Attributes:
        gain_db: Of the strongest copy of the send, an upper bound of the crosstalk.
        is_flat: Whether it is a plain copy, as a cable's crosstalk is, and not a quiet amp.
    """

    gain_db: float
    is_flat: bool


def bleed(send: ArrayLike, returned: ArrayLike) -> Bleed:
    """Find the send in a return, both ``(frames,)`` and in step.

    Both are differentiated first, so that a guitar's treble counts as much as its bass. Then a
    short filter that explains the return by the send is fitted by least squares (the normal
    equations from auto- and cross-correlation), and its best single tap is held against all of
    them; what so many taps would explain of plain noise is taken off.
    """
    played = np.diff(np.asarray(send, dtype=np.float64))
    heard = np.diff(np.asarray(returned, dtype=np.float64))
    # Twice the length, since products of spectra wrap around.
    size = 2 * len(played)
    spectrum = np.fft.rfft(played, size)
    own = np.fft.irfft(np.abs(spectrum) ** 2, size)[:BLEED_TAPS]
    half = BLEED_TAPS // 2
    cross = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(spectrum), size)
    cross = cross[np.arange(-half, half + 1)]
    if own[0] == 0.0:
        return Bleed(levels.SILENCE_DBFS, is_flat=False)
    # What two taps have in common hangs on their distance only.
    places = np.abs(np.subtract.outer(np.arange(BLEED_TAPS), np.arange(BLEED_TAPS)))
    # The ridge is for a send with gaps in its spectrum, whose equations would be singular.
    system = own[places] + 1e-9 * own[0] * np.eye(BLEED_TAPS)
    explained = float(np.linalg.solve(system, cross) @ cross)
    unexplained = max(float(np.sum(heard**2)) - explained, 0.0)
    # So many free numbers explain their share of anything.
    by_chance = BLEED_TAPS * unexplained / len(heard)
    strongest = float(np.max(np.abs(cross)))
    by_one = strongest**2 / own[0]
    is_flat = by_one > FLAT_SHARE * max(explained - by_chance, 0.0) and by_one > by_chance
    return Bleed(levels.dbfs(strongest / own[0]), is_flat)
