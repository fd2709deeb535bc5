"""What can be heard of an amp beside its loudest setting, as far as its captures tell.

The loudest setting is hardly ever among the captures: with eight knobs it was 14 dB louder than
any. What is heard, by what it says of itself or by what a model makes of it, is measured from what
the amp has, so its levels between captures are predicted.
"""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from models.training.level_process import LevelsBetween, random_settings
from rig.knobs import Panel
from rig.session.captures import CaptureState

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


def level_dbfs(about: CaptureState) -> float:
    """Return how loud a capture is, as it was measured when it was kept."""
    assert about.kept is not None
    # What nobody measured when it was kept is no level.
    return about.kept.figures.get("return_rms_dbfs", -math.inf)


def loudest_dbfs(panel: Panel, captures: Sequence[CaptureState]) -> float:
    """Return how loud the amp's loudest setting is: a capture's, or what is predicted of others."""
    recorded = max(map(level_dbfs, captures), default=-math.inf)
    between = _levels_between(panel, captures)
    if between is None:
        return recorded
    if panel.pool:
        asked = torch.from_numpy(np.stack([panel.point(setting) for setting in panel.pool]))
    else:
        asked = random_settings(SOUGHT, panel.switch_positions, seed=0)
    return max(recorded, float(between(asked.double())[0].max()) * NEPER_DB)


def heard(panel: Panel, captures: Sequence[CaptureState], range_db: float) -> Heard:
    """Return what tells which settings can be heard, ``(settings, knobs)`` to booleans.

    Args:
        panel: The knobs.
        captures: What is known.
        range_db: So far below the loudest setting nobody hears anything.
    """
    between = _levels_between(panel, captures)
    least = (loudest_dbfs(panel, captures) - range_db) / NEPER_DB

    def tell(points: Tensor) -> Tensor:
        """Return whether each setting can be heard; of what nothing is known, it can."""
        if between is None or not len(points):
            return torch.ones(len(points), dtype=torch.bool, device=points.device)
        means, deviations = between(points.detach().cpu().double())
        return (means - UNHEARD_DEVIATIONS * deviations >= least)[:, 0].to(points.device)

    return tell


def _levels_between(panel: Panel, captures: Sequence[CaptureState]) -> LevelsBetween | None:
    known = [about for about in captures if math.isfinite(level_dbfs(about))]
    if not FEWEST_CAPTURES <= len(known) <= MOST_CAPTURES:
        return None
    points = tuple(tuple(panel.point(about.capture.setting).tolist()) for about in known)
    return _fitted(points, tuple(map(level_dbfs, known)), tuple(panel.switch_positions))


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
