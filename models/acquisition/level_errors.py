"""Estimate how far an ensemble's levels are off where nothing was recorded.

Members that began alike are wrong alike, above all in level: near the low end of a pot they agree
with each other and are ten decibels off. A process of levels is nearer to the amp there
(`models.training.level_process`): by what an ensemble differs from it, and by what the process is
itself not sure of, an error is to be expected that no disagreement shows.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from models.acquisition.disagreement import AT_ONCE, Predictions
from models.training.level_prior import INAUDIBLE_NEPERS
from models.training.level_process import LevelsBetween

#: A fit to fewer captures says nothing of an amp; one to more takes the time that a round has.
FEWEST_CAPTURES, MOST_CAPTURES = 4, 200
#: Levels that are further off, in nepers of power, count as so far off, and deviations likewise.
FURTHEST, LEAST_SURE = 6.0, 2.0

#: The error, relative to the power there, that levels come to at each of ``(settings, knobs)``.
LevelErrors = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class MeasuredLevels:
    """How loud an amp's captures are in the excerpts that an ensemble is asked about.

    Attributes:
        points: The captures' knobs, ``(captures, knobs)`` in [0, 1].
        powers: Their mean squares, ``(captures,)``.
        positions: Per knob, 0 if it turns, else how many positions it switches.
    """

    points: Tensor
    powers: Tensor
    positions: Sequence[int]


def _relative_error(
    played: Tensor, predicted: Tensor, deviations: Tensor, floor_power: float
) -> Tensor:
    """Return the error of powers that are played where others are predicted, not quite surely."""
    nepers = ((played + floor_power) / (predicted + floor_power)).log()
    # Half a neper of power is one of the amplitude; what is too loud is further off than what is as
    # much too quiet.
    off = (0.5 * nepers.clamp(-FURTHEST, FURTHEST)).expm1()
    # Below what is heard it hardly matters how sure a level is.
    heard = predicted / (predicted + floor_power)
    unsure = 0.5 * (deviations * heard).clamp(max=LEAST_SURE)
    return off**2 + unsure**2


def level_errors(
    plain: Predictions, measured: MeasuredLevels, floor_power: float
) -> LevelErrors | None:
    """Return what tells the error that levels come to; None where captures tell nothing.

    Args:
        plain: What the members play, in full scale; only the first block is looked at.
        measured: What is known.
        floor_power: The mean square that quieter settings are taken to have.
    """
    if not FEWEST_CAPTURES <= len(measured.points) <= MOST_CAPTURES:
        return None
    powers = measured.powers.cpu().double()
    # Never 0: the logarithm of digital silence is no level.
    silent = float(powers.max()) * math.exp(-INAUDIBLE_NEPERS) + 1e-12
    levels = (powers + silent).log()
    try:
        between = LevelsBetween(measured.points.cpu().double(), levels[:, None], measured.positions)
    except RuntimeError:  # which torch's error of a singular matrix is
        return None

    def tell(points: Tensor) -> Tensor:
        """Return the error that levels come to at each setting, ``(settings,)``."""
        if not len(points):
            return points.new_zeros(0)
        with torch.no_grad():
            parts = [
                plain(some)[0].mean(0).square().mean(-1) for some in torch.split(points, AT_ONCE)
            ]
        played = torch.cat(parts).cpu().double() + silent
        means, deviations = (said[:, 0] for said in between(points.cpu().double()))
        error = _relative_error(played, means.exp(), deviations, floor_power)
        # Captures that are no numbers lead to none.
        return error.nan_to_num(0.0).float().to(points.device)

    return tell
