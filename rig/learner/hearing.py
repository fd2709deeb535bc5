"""What can be heard of an amp beside its loudest setting, as far as its captures tell.

The loudest setting is hardly ever among the captures: with eight knobs it was 14 dB louder than
any. What is heard, by what it says of itself or by what a model makes of it, is measured from what
the amp has, so its levels between captures are predicted.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from models.training.level_process import LevelsBetween
from rig.knobs import Panel, Setting

#: Of fewer captures nothing is predicted; of more the loudest is hardly louder than these are, and
#: a fit takes the time that a round has.
FEWEST_CAPTURES, MOST_CAPTURES = 8, 200
#: Settings among which the loudest is looked for.
SOUGHT = 512
#: What is less so many dB below the loudest capture is as good as silent.
SILENT_DB = 65.0
#: A setting counts as unheard where it probably is: by so many deviations of what is predicted.
UNHEARD_DEVIATIONS = 0.5
#: Decibels in a neper of power.
NEPER_DB = 10.0 / math.log(10.0)

#: Whether each of ``(settings, knobs)`` can be heard.
Heard = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Recorded:
    """What was recorded of an amp: settings, and how loud each is.

    Attributes:
        panel: The knobs.
        settings: What was recorded.
        levels_dbfs: The RMS level of each; minus infinity where it was not measured.
    """

    panel: Panel
    settings: Sequence[Setting]
    levels_dbfs: Sequence[float]

    def loudest_dbfs(self) -> float:
        """Return how loud the loudest setting is: a recorded one's, or as others are predicted."""
        recorded = max(self.levels_dbfs, default=-math.inf)
        between = self._between()
        if between is None:
            return recorded
        draws = np.random.default_rng(0).random((SOUGHT, len(self.panel)))
        # Only what may be set: behind a limit it may be louder.
        some = self.panel.pool or [self.panel.quantise(draw) for draw in draws]
        points = np.stack([self.panel.point(setting) for setting in some])
        return max(recorded, float(between(torch.from_numpy(points).double())[0].max()) * NEPER_DB)

    def heard(self, range_db: float) -> Heard:
        """Return what tells which settings can be heard.

        Args:
            range_db: So far below the loudest setting nobody hears anything.
        """
        between = self._between()
        least = (self.loudest_dbfs() - range_db) / NEPER_DB

        def tell(points: Tensor) -> Tensor:
            """Return whether each setting can be heard; of what nothing is known, it can."""
            if between is None or not len(points):
                return torch.ones(len(points), dtype=torch.bool, device=points.device)
            means, deviations = between(points.detach().cpu().double())
            return (means - UNHEARD_DEVIATIONS * deviations >= least)[:, 0].to(points.device)

        return tell

    def _between(self) -> LevelsBetween | None:
        known = {
            tuple(self.panel.point(setting).tolist()): level_dbfs
            for setting, level_dbfs in zip(self.settings, self.levels_dbfs, strict=True)
            if math.isfinite(level_dbfs)
        }
        if not FEWEST_CAPTURES <= len(known) <= MOST_CAPTURES:
            return None
        return _fitted(tuple(known), tuple(known.values()), tuple(self.panel.switch_positions))


# A round asks several times, always with the same captures.
@lru_cache(maxsize=2)
def _fitted(
    points: tuple[tuple[float, ...], ...], known_dbfs: tuple[float, ...], positions: tuple[int, ...]
) -> LevelsBetween | None:
    """Return the fitted processes; None where captures tell nothing."""
    levels_dbfs = torch.tensor(known_dbfs, dtype=torch.double)
    levels_dbfs = levels_dbfs.clamp(min=float(levels_dbfs.max()) - SILENT_DB)
    try:
        return LevelsBetween(
            torch.tensor(points, dtype=torch.double), levels_dbfs[:, None] / NEPER_DB, positions
        )
    except RuntimeError:  # which torch's error of a singular matrix is
        return None
