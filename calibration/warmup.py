"""Whether an amp has come to rest, from recordings of one setting in a row."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration import levels

Audio = NDArray[np.float64]

#: An amp that changes by less than this from take to take is warm.
STEADY_ESR = 5e-6
#: Takes further apart differ more where an amp drifts, and not where it only hisses.
STEADY_RATIO = 2.0


@dataclass(frozen=True)
class Warmup:
    """ESR of a recording to the one before it, and to the one before that; None for no such one.

    Drift adds up, so it shows in the second figure; hiss does not.
    """

    step_esr: float | None
    longer_esr: float | None

    @property
    def is_steady(self) -> bool:
        """Whether the amp has come to rest."""
        if self.step_esr is None:
            return False
        if self.step_esr <= STEADY_ESR:
            return True
        return self.longer_esr is not None and self.longer_esr <= STEADY_RATIO * self.step_esr


def warmth(before: Sequence[Audio], latest: Audio) -> Warmup:
    """Compare a recording with up to two earlier ones, oldest first, ``(frames,)`` each."""
    distances = [levels.esr(audio, latest) for audio in before[-2:]]
    return Warmup(
        distances[-1] if distances else None, distances[-2] if len(distances) > 1 else None
    )
