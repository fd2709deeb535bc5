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
#: Three recordings that are as far from each other, any two of them, differ by chance: of what
#: drifts the first and the last are furthest apart. By no more than hiss, though.
ALIKE, MOST_CHANCE_ESR = 1.3, 0.02


@dataclass(frozen=True)
class Warmup:
    """A recording beside the ones before it.

    Attributes:
        step_esr: ESR to the one before; None where there is none.
        noise_esr: What of that noise may make.
        steps_db: By how much the level moved from each recording to the next, oldest first.
        earlier_esrs: ESR of the two to the one before them; none where there are no three.
    """

    step_esr: float | None
    noise_esr: float
    steps_db: tuple[float, ...]
    earlier_esrs: tuple[float, ...] = ()

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
        return (quiet or self._is_chance) and len(still) == 2 and all(still)

    @property
    def _is_chance(self) -> bool:
        """Whether three recordings differ by chance: of a gate's hiss silence says nothing."""
        assert self.step_esr is not None
        apart = (self.step_esr, *self.earlier_esrs)
        return len(apart) == 3 and max(apart) <= min(ALIKE * min(apart), MOST_CHANCE_ESR)


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
    earlier = tuple(levels.esr(row[0], other) for other in row[1:]) if len(row) == 3 else ()
    return Warmup(found.esr, found.noise_esr, steps, earlier)
