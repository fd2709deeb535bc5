"""Linear filters that stand for capacitors, converters, tone controls and loudspeakers."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import signal

Signal = npt.NDArray[np.float64]

_GRID = 4096
_TAPS = 512
_LEAD = 96
#: Stands for a magnitude of zero, whose logarithm would be infinite.
_STOP_FLOOR = 1e-4


def decibels(ratio_db: float) -> float:
    """The amplitude ratio that a number of decibels stands for."""
    return float(10.0 ** (ratio_db / 20.0))


def level_db(x: Signal) -> float:
    """The RMS level of a signal in dBFS, its mean left out and -300 for pure silence."""
    return float(20.0 * np.log10(np.std(x) + 1e-15))


def coupled(x: Signal, corner_hz: float, rate: int) -> Signal:
    """A signal behind a coupling capacitor: a first-order high-pass, or a wire at 0 Hz."""
    if corner_hz <= 0.0:
        return x
    b, a = signal.butter(1, corner_hz, "highpass", fs=rate)
    return np.asarray(signal.lfilter(b, a, x), dtype=np.float64)


def smoothed(x: Signal, time_s: float, rate: int, start: float = 0.0) -> Signal:
    """A signal behind a resistor and a capacitor, which was charged to `start` at the beginning."""
    pole = float(np.exp(-1.0 / (time_s * rate)))
    y, _ = signal.lfilter([1.0 - pole], [1.0, -pole], x, zi=[pole * start])
    return np.asarray(y, dtype=np.float64)


def anti_alias_magnitude(hz: Signal, corner_hz: float, rate: int) -> Signal:
    """The magnitude of a converter's low-pass: 1, then -3 dB at the corner, then 0 by Nyquist."""
    width = min(2000.0, rate / 2.0 - corner_hz)
    place = np.clip((hz - corner_hz) / width, -1.0, 1.0)
    return np.asarray(np.cos(np.pi / 4.0 * (1.0 + place)), dtype=np.float64)


def _minimum_phase(magnitude: Signal) -> npt.NDArray[np.complex128]:
    """The spectrum of least delay that has this magnitude, through the folded cepstrum."""
    cepstrum = np.fft.irfft(np.log(np.maximum(magnitude, _STOP_FLOOR)))
    half = len(cepstrum) // 2
    # What precedes time zero is folded onto what follows it: that is what makes the delay least.
    cepstrum[1:half] *= 2.0
    cepstrum[half + 1 :] = 0.0
    return np.asarray(np.exp(np.fft.rfft(cepstrum)), dtype=np.complex128)


@lru_cache(maxsize=64)
def _response(corner_hz: float, minimum_phase: bool, rate: int) -> npt.NDArray[np.complex128]:
    hz = np.asarray(np.fft.rfftfreq(_GRID, 1.0 / rate), dtype=np.float64)
    magnitude = anti_alias_magnitude(hz, corner_hz, rate)
    return _minimum_phase(magnitude) if minimum_phase else magnitude.astype(np.complex128)


def anti_alias_taps(
    corner_hz: float, minimum_phase: bool, rate: int, fraction: float
) -> tuple[Signal, int]:
    """A converter's low-pass that also delays by a fraction of a frame, and its whole lead.

    Returns:
        The taps, and how many frames the pure delay inside them takes beside the fraction.
    """
    # A fraction of a frame rings on both sides: what rings before it needs room in front, too.
    lead = _LEAD if minimum_phase else _TAPS // 2
    spectrum = _response(corner_hz, minimum_phase, rate)
    turns = np.arange(len(spectrum)) / _GRID
    # A delay is a straight line in the phase, so that the fraction needs no filter of its own.
    taps = np.fft.irfft(spectrum * np.exp(-2j * np.pi * turns * (lead + fraction)))
    return np.asarray(taps[:_TAPS], dtype=np.float64), lead


def group_delay_frames(taps: Signal, hz: float, rate: int) -> float:
    """The delay in frames that a filter gives to a narrow band around one frequency."""
    n = np.arange(len(taps))
    turn = np.exp(-2j * np.pi * hz / rate * n)
    return float(np.real(np.sum(n * taps * turn) / np.sum(taps * turn)))


def low_pass(x: Signal, corner_hz: float, rate: int, order: int = 1) -> Signal:
    """A signal behind a Butterworth low-pass."""
    sos = signal.butter(order, corner_hz, "lowpass", fs=rate, output="sos")
    return np.asarray(signal.sosfilt(sos, x), dtype=np.float64)


def bell(hz: float, gain_db: float, width: float, rate: int) -> Signal:
    """One second-order section that lifts or lowers a band; `width` is 1/Q."""
    # Half of the gain on either side of the fraction: a lift and a cut are mirror images.
    root = 10.0 ** (gain_db / 40.0)
    angle = 2.0 * np.pi * hz / rate
    alpha = np.sin(angle) * width / 2.0
    b = [1.0 + alpha * root, -2.0 * np.cos(angle), 1.0 - alpha * root]
    a = [1.0 + alpha / root, -2.0 * np.cos(angle), 1.0 - alpha / root]
    return np.asarray(np.array(b + a) / a[0], dtype=np.float64)


def shelf(hz: float, gain_db: float, rate: int, *, high: bool) -> Signal:
    """One first-order section that lifts or lowers all above (or below) a frequency."""
    k = float(np.tan(np.pi * hz / rate))
    root = 10.0 ** (gain_db / 40.0)
    if high:
        top, bottom = (k + root, k - root), (k + 1.0 / root, k - 1.0 / root)
    else:
        top, bottom = (root * k + 1.0, root * k - 1.0), (k / root + 1.0, k / root - 1.0)
    return np.asarray(np.array([*top, 0.0, *bottom, 0.0]) / bottom[0], dtype=np.float64)


def chained(x: Signal, sections: list[Signal]) -> Signal:
    """A signal behind several second-order sections, one after another."""
    return np.asarray(signal.sosfilt(np.vstack(sections), x), dtype=np.float64)
