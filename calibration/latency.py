"""Round-trip latency to a fraction of a frame, and the shift that takes it away.

Constant offsets: none. What `measure` finds on a loopback is the time from a sample leaving the
interface to its coming back, converters, buffers and cable together; a frame that is played and
recorded in the same instant has latency 0. On an amp's return the amp's own delay is in it.
"""

from dataclasses import dataclass

import numpy as np
import scipy  # its parts load when they are first used: 'rig status' needs none
from numpy.typing import ArrayLike, NDArray

Audio = NDArray[np.float64]

#: The phase is fitted over this band (of the sample rate): above it converters' low-passes bend it.
BAND = (0.004, 0.2)
#: The delay is told at this angular frequency (1 kHz at 48 kHz).
REFERENCE = 2 * np.pi / 48
#: Half-width of the interpolation kernel; its error is under -100 dB up to 0.42 of the rate.
KERNEL_FRAMES = 64
KERNEL_BETA = 10.0
#: A shift this near to whole frames is one: what is left is 110 dB down at the highest frequency.
WHOLE_FRAMES = 1e-6
#: A phase that tells another place than the correlation's peak by more than so many frames is that
#: of noise, where a tone control has taken away what it is fitted to: then the peak holds.
PHASE_REACH_FRAMES = 24.0
#: Frequencies weaker than this share of the strongest say nothing about the delay.
PHAT_FLOOR = 1e-4


@dataclass(frozen=True)
class Latency:
    """Where the preamble was found.

    Attributes:
        frames: Frames from leaving the interface to returning, with a fraction.
        sharpness: Correlation peak over its surroundings' RMS; under about 8 it is a guess.
        inverted: Whether it came back with its polarity turned.
    """

    frames: float
    sharpness: float
    inverted: bool


def _fraction(received: Audio, sent: Audio) -> float:
    """Delay of ``received`` behind ``sent`` near `REFERENCE`, from the phase, to a frame or so.

    A converter is no plain delay: its coupling capacitors turn low frequencies forward (a phase
    that falls with one over the frequency), and a low-pass of least delay holds high ones back (a
    phase that grows with its cube). Both are fitted along with the slope, which is the delay.
    """
    # Twice the length, since products of spectra wrap around.
    size = 2 * len(sent)
    reference = np.fft.rfft(sent, size)
    cross = np.fft.rfft(received, size) * np.conj(reference)
    frequency = np.fft.rfftfreq(size)
    band = (frequency > BAND[0]) & (frequency < BAND[1])
    omega = 2 * np.pi * frequency[band] / REFERENCE
    # Unwrapped from the strongest frequency outwards would matter in noise; the whole turns that
    # are left are taken away where most of the energy is.
    phase = np.unwrap(np.angle(cross[band]))
    weight = np.abs(reference[band])
    turns = np.round(np.average(phase, weights=weight) / (2 * np.pi))
    phase -= 2 * np.pi * turns
    terms = np.stack([omega, 1.0 / omega, omega**3], axis=1)
    # Weighted: where hardly anything was played, the phase is that of noise.
    found, *_ = np.linalg.lstsq(weight[:, None] * terms, weight * phase, rcond=None)
    # The slope at the reference, where omega is 1: that of a cubic is three times its weight.
    # What coupling capacitors turn forward is left out, since it is no delay.
    return float(-(found[0] + 3.0 * found[2]) / REFERENCE)


def measure(
    received: ArrayLike, preamble: ArrayLike, start: int, within_frames: int | None = None
) -> Latency:
    """Find the preamble in what came back.

    The coarse place is the cross-correlation's largest magnitude, the fraction the slope of the
    cross-spectrum's phase, fitted twice so that the second fit starts within half a frame. Where
    that leads away from the peak, the peak it is, to a whole frame.

    Args:
        received: The loopback (or the return), ``(frames,)``.
        preamble: What was sent, ``(preamble frames,)``.
        start: Frame of the send at which the preamble began.
        within_frames: The longest latency that is looked for; to the end where left out.
    """
    sent = np.asarray(preamble, dtype=np.float64)
    stop = None if within_frames is None else start + within_frames + len(sent)
    heard = np.asarray(received, dtype=np.float64)[start:stop]
    if len(heard) < 2 * len(sent):
        return Latency(0.0, 0.0, False)
    correlation = scipy.signal.correlate(heard, sent, mode="valid", method="fft")
    place = int(np.argmax(np.abs(correlation)))
    surroundings = float(np.sqrt(np.mean(correlation**2)))
    if surroundings == 0.0:
        return Latency(0.0, 0.0, False)
    inverted = bool(correlation[place] < 0)
    # Upright, since an upside-down copy would have half a turn more in every phase.
    clean = -heard if inverted else heard
    margin = len(sent) // 8
    lag = float(place)
    for _ in range(2):
        whole = round(lag)
        first = max(whole - margin, 0)
        window = clean[first : whole + len(sent) + margin]
        padded = np.zeros(len(sent) + 2 * margin)
        padded[: len(window)] = window
        lag = whole + _fraction(np.roll(padded, first - whole)[: len(sent) + margin], sent)
    if abs(lag - place) > PHASE_REACH_FRAMES:
        lag = float(place)
    sharpness = float(np.abs(correlation[place])) / surroundings
    return Latency(lag, sharpness, inverted)


def delay_between(sent: ArrayLike, received: ArrayLike, reach_frames: int) -> float:
    """Delay of ``received`` behind ``sent`` from anything that was played, to a whole frame or so.

    The cross-spectrum without its magnitudes (GCC-PHAT), so that an amp's tone matters little: an
    independent look at what `measure` found from the preamble.

    Args:
        sent: What was played, ``(frames,)``.
        received: What came back, ``(frames,)``.
        reach_frames: The delay is looked for within plus and minus this.

    Source: Knapp and Carter, "The generalized correlation method for estimation of time delay",
    IEEE Trans. ASSP 24(4), 1976.
    """
    played, heard = np.asarray(sent, dtype=np.float64), np.asarray(received, dtype=np.float64)
    # Room for every lag, since products of spectra wrap around.
    size = len(played) + len(heard)
    spectrum = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(played, size))
    loudness = np.abs(spectrum)
    heard_well = loudness > PHAT_FLOOR * np.max(loudness, initial=0.0)
    # Every frequency counts the same: an amp's tone is in the magnitudes, its delay in the phases.
    flat = np.where(heard_well, spectrum / np.maximum(loudness, 1e-300), 0.0)
    # By magnitude, since the amp may turn the polarity over.
    correlation = np.abs(np.fft.irfft(flat, size))
    lags = np.arange(-reach_frames, reach_frames + 1)
    return float(lags[np.argmax(correlation[lags])])


def advance(audio: ArrayLike, frames: float, length: int) -> Audio:
    """``audio`` moved ``frames`` earlier, with a fraction, cut or zero-padded to ``length``.

    A Kaiser-windowed sinc interpolates, so nothing rings further than `KERNEL_FRAMES`.
    """
    samples = np.asarray(audio, dtype=np.float64)
    nearest = round(frames)
    # No sample is touched: what was brought in step once comes back bit for bit.
    if abs(frames - nearest) < WHOLE_FRAMES:
        return _cut(samples, nearest, length)
    whole = int(np.floor(frames))
    # The whole frames are a cut, and only the fraction is interpolated.
    taps = np.arange(-KERNEL_FRAMES, KERNEL_FRAMES + 1) + (frames - whole)
    # The window moves with the sinc: fixed in place, it would be off its middle by the fraction.
    bell = np.sqrt(np.maximum(1.0 - (taps / (KERNEL_FRAMES + 1)) ** 2, 0.0))
    kernel = np.sinc(taps) * np.i0(KERNEL_BETA * bell) / np.i0(KERNEL_BETA)
    padded = _cut(samples, whole - KERNEL_FRAMES, length + 2 * KERNEL_FRAMES)
    return np.asarray(scipy.signal.oaconvolve(padded, kernel, mode="valid"))


def _cut(samples: Audio, first: int, length: int) -> Audio:
    """Return ``length`` frames from ``first`` on, which may lie before the beginning."""
    found = np.zeros(length)
    source = samples[max(first, 0) : max(first + length, 0)]
    offset = min(max(-first, 0), length)
    found[offset : offset + len(source)] = source
    return found
