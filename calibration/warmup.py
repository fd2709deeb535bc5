"""Whether an amp has come to rest, from recordings of one setting in a row."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from calibration import levels
from calibration.replicates import compare

Audio = NDArray[np.float64]

#: An amp that changes by less than this from take to take, noise set aside, is warm at once.
STEADY_ESR = 5e-6
#: And one whose level moves by less than this, twice running: noise does not move it at all.
STEADY_DB = 0.01


@dataclass(frozen=True)
class Warmup:
    """A recording beside the ones before it.

    Attributes:
        step_esr: ESR to the one before; None where there is none.
        noise_esr: What of that noise may make.
        steps_db: By how much the level moved from each recording to the next, oldest first.
    """

    step_esr: float | None
    noise_esr: float
    steps_db: tuple[float, ...]

    @property
    def is_steady(self) -> bool:
        """Whether the amp has come to rest."""
        if self.step_esr is None:
            return False
        still = [abs(step) <= STEADY_DB for step in self.steps_db[-2:]]
        if self.step_esr <= STEADY_ESR and still[-1]:
            return True
        # Where noise covers the waveform's own change, the level still tells: two steps of it.
        quiet = self.step_esr <= STEADY_ESR + self.noise_esr
        return quiet and len(still) == 2 and all(still)


def _step_db(one: Audio, other: Audio) -> float:
    """By how much the second is louder than the first, noise of either set aside."""
    own = float(np.dot(one, one))
    # A projection: what the second has and the first has not, noise above all, does not count.
    gain = float(np.dot(one, other)) / own if own > 0 else 0.0
    return levels.dbfs(abs(gain))


def warmup(before: Sequence[Audio], latest: Audio, noise_power: float) -> Warmup:
    """Compare a recording with up to two earlier ones.

    Args:
        before: The earlier ones, oldest first, ``(frames,)`` each.
        latest: The recording.
        noise_power: Mean square of its noise.
    """
    row = [*before[-2:], latest]
    steps = tuple(_step_db(one, other) for one, other in pairwise(row))
    if not steps:
        return Warmup(None, 0.0, ())
    # Twice: each of the two recordings has noise of its own.
    found = compare(row[-2], latest, 2 * noise_power)
    return Warmup(found.esr, found.noise_esr, steps)
