"""Levels in dBFS and the error-to-signal ratio."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: What an empty or digitally silent signal is said to have.
#: A finite one: the difference of two infinities would be no number.
SILENCE_DBFS = -200.0


def rms(audio: ArrayLike) -> float:
    """Root mean square of a signal of any shape; 0 where it is empty."""
    # In double precision: a sum over millions of squares has more digits than float32 holds.
    samples = np.asarray(audio, dtype=np.float64)
    return float(np.sqrt(np.mean(samples * samples))) if samples.size else 0.0


def dbfs(amplitude: float) -> float:
    """An amplitude as decibels relative to full scale, at least `SILENCE_DBFS`."""
    return max(float(20.0 * np.log10(amplitude)), SILENCE_DBFS) if amplitude > 0 else SILENCE_DBFS


def peak_dbfs(audio: ArrayLike) -> float:
    """The largest sample, in dBFS."""
    samples = np.asarray(audio)
    return dbfs(float(np.max(np.abs(samples)))) if samples.size else SILENCE_DBFS


def rms_dbfs(audio: ArrayLike) -> float:
    """The root mean square, in dBFS (a full-scale square wave is at 0)."""
    return dbfs(rms(audio))


def block_rms(audio: ArrayLike, block_frames: int) -> NDArray[np.float64]:
    """Root mean square of each whole block, ``(frames // block_frames,)``."""
    samples = np.asarray(audio, dtype=np.float64)
    # What is left over at the end would be a block of another weight.
    whole = samples[: len(samples) // block_frames * block_frames].reshape(-1, block_frames)
    return np.asarray(np.sqrt(np.mean(whole * whole, axis=1)))


def esr(target: ArrayLike, predicted: ArrayLike) -> float:
    """Error-to-signal ratio, sum((y - p)^2) / sum(y^2); infinite for a silent target."""
    wanted = np.asarray(target, dtype=np.float64)
    error = wanted - np.asarray(predicted, dtype=np.float64)
    power = float(np.sum(wanted * wanted))
    return float(np.sum(error * error)) / power if power > 0 else float("inf")
