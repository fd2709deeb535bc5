"""Whether two takes of one setting said the same: as a whole, and at every instant."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from calibration import levels, takes
from calibration.replicates import compare
from calibration.signals import Signal
from calibration.takes import BLOCK_S, Aligned

Audio = NDArray[np.float64]

#: Ten milliseconds of two takes that are the same differ by less than this share of the louder one.
LOCAL_ESR = 0.25
#: A difference counts from this share of a take's mean power on, and from so many times the noise.
LEAST_SHARE, NOISE_TIMES = 1e-2, 16.0


def say_the_same(
    aligned: Aligned, signal: Signal, others: Iterable[Audio], same_esr: float, part: slice
) -> bool:
    """Return whether one of some other takes of this very setting said the same.

    What is wrong with an instant is little of a whole take: a hole of 20 ms in ten seconds is an
    ESR of 0.002. So two takes have to agree at every instant, too.

    Args:
        aligned: The take.
        signal: What was played.
        others: What the others brought back, in step.
        same_esr: Up to which ESR two takes are the same, noise set aside.
        part: Which part of them is asked about.
    """
    heard, block = aligned.returned[part], round(BLOCK_S * signal.sample_rate)
    for other in others:
        noise_power = _noise_of_both(aligned, other, signal)
        is_same = compare(other[part], heard, noise_power).is_same(same_esr)
        if is_same and not differ_somewhere(other[part], heard, noise_power, block):
            return True
    return False


def differ_somewhere(one: Audio, other: Audio, noise_power: float, block: int) -> bool:
    """Return whether two recordings differ at some instant, which the rest of them does not show.

    Args:
        one: Of some frames.
        other: Of as many.
        noise_power: Mean square of the noise of both together.
        block: Frames of an instant.
    """
    apart, *powers = (levels.block_rms(each, block) ** 2 for each in (one - other, one, other))
    if not len(apart):
        return False
    least = max(LEAST_SHARE * float(np.mean(one**2)), NOISE_TIMES * noise_power)
    return bool(np.any(apart > np.maximum(LOCAL_ESR * np.maximum(*powers), least)))


def _noise_of_both(aligned: Aligned, other: Audio, signal: Signal) -> float:
    """Twice the noise of the quieter take: what crackles in one is no excuse for it."""
    # Twice, since noise is never the same again.
    noise = levels.rms(takes.silence_in_step(other, signal)) ** 2
    return 2 * min(takes.noise_power(aligned, signal), noise)
