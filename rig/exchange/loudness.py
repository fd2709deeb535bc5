"""How loud a recording is to people, and what makes two of them equally loud."""

import math
import warnings
from collections.abc import Sequence

import numpy as np
import pyloudnorm
from numpy.typing import NDArray

Audio = NDArray[np.float64]

#: What is heard beside each other is this loud, in LUFS, or less where a peak would not fit.
TARGET_LUFS, PEAK_DBFS = -20.0, -1.0
#: Below this, nothing was played: it is left as quiet as it is.
SILENCE_LUFS = -70.0


def loudness_lufs(audio: Audio, sample_rate: int) -> float:
    """Integrated loudness by ITU-R BS.1770 of ``(frames,)``; minus infinity for silence.

    What is too short for the standard's gate of 0.4 s is measured as one block.
    """
    block_s = min(0.4, len(audio) / sample_rate)
    meter = pyloudnorm.Meter(sample_rate, block_size=block_s)
    with warnings.catch_warnings(), np.errstate(divide="ignore"):
        # Of silence it takes a logarithm.
        warnings.simplefilter("ignore", RuntimeWarning)
        return float(meter.integrated_loudness(audio))


def matching_gains(clips: Sequence[Audio], sample_rate: int) -> list[float]:
    """Return a factor for each of some recordings that makes all of them equally loud."""
    levels = [loudness_lufs(clip, sample_rate) for clip in clips]
    heard = [(level, clip) for level, clip in zip(levels, clips, strict=True)
             if level > SILENCE_LUFS]  # fmt: skip
    # All of them by the same: who is loudest at its peak decides for the others.
    room = [level - 20 * math.log10(float(np.max(np.abs(clip)))) for level, clip in heard]
    target = min([TARGET_LUFS, *(level + PEAK_DBFS for level in room)])
    return [10 ** ((target - lvl) / 20) if lvl > SILENCE_LUFS else 1.0 for lvl in levels]
