"""What a model is taught about levels between its captures, where nothing was recorded.

A network meets few settings, and between them its level is a guess: on amps of five to eight knobs
that was most of its error. `level_process` predicts it better, and a model is held to it as far as
it is sure.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from models.training.dataset import Dataset
from models.training.level_process import LevelsBetween, random_settings

#: Fewer captures tell a level's deviation from a knob's effect badly.
FEWEST_CAPTURES = 12
#: Settings between captures that levels are predicted for.
BANK = 512
#: Frames over which a level is taken.
STRETCH_FRAMES = 4_096
#: So far below the loudest capture nobody hears what a level is.
INAUDIBLE_NEPERS = 15.0
#: Deviation of a predicted level, in nepers of power, at which it counts half.
TRUSTED_NEPERS = 0.2
#: Nearer than so many deviations a prediction has nothing to teach: there captures know better.
LEFT_DEVIATIONS = 0.5


@dataclass(frozen=True)
class LevelPrior:
    """Levels between captures.

    Attributes:
        starts: First frame of each stretch, ``(stretches,)``.
        frames: How long a stretch is.
        knobs: ``(settings, knobs)`` in [0, 1].
        levels: Logarithm of the mean square at a setting in a stretch, ``(settings, stretches)``.
        deviations: How far off each may be, as a standard deviation, ``(settings, stretches)``.
        floor: Mean square below which nothing is heard.
    """

    starts: Tensor
    frames: int
    knobs: Tensor
    levels: Tensor
    deviations: Tensor
    floor: float

    def loss(self, played: Tensor, settings: Tensor, stretches: Tensor) -> Tensor:
        """Return how far off levels are, as the ESR that they come to, ``(members,)``.

        Args:
            played: ``(members, batch, frames)``.
            settings: Which settings, ``(members, batch)``.
            stretches: Which stretches, ``(members, batch)``.
        """
        heard = ((played**2).mean(-1) + self.floor).log()
        deviation = self.deviations[settings, stretches]
        off = (heard - self.levels[settings, stretches]).abs()
        beyond = (off - LEFT_DEVIATIONS * deviation).clamp(min=0.0)
        # Half of a power's neper is one of the amplitude, and its square an ESR where it is small.
        away = (0.5 * beyond) ** 2
        trust = TRUSTED_NEPERS**2 / (TRUSTED_NEPERS**2 + deviation**2)
        # What is far off pulls no harder than an ESR of 1 would.
        return (trust * away / (1.0 + away)).mean(-1)


def level_prior(data: Dataset, positions: Sequence[int], seed: int) -> LevelPrior | None:
    """Predict levels at settings between the captures; None where there is nothing to go by.

    Args:
        data: The captures.
        positions: Per knob, 0 if it turns, else how many positions it switches.
        seed: Of the settings.
    """
    frames = min(STRETCH_FRAMES, data.stop - data.start)
    if len(data.targets) < FEWEST_CAPTURES or frames < 1:
        return None
    starts = torch.arange(data.start, data.stop - frames + 1, frames)
    stretches = [data.targets[:, s : s + frames].square().mean(-1) for s in starts.tolist()]
    powers = torch.stack(stretches, 1).cpu().double()
    floor = float(powers.mean(1).max()) * math.exp(-INAUDIBLE_NEPERS) + 1e-12
    bank = random_settings(BANK, positions, seed)
    try:
        between = LevelsBetween(data.knobs.cpu().double(), (powers + floor).log(), positions)
    except RuntimeError:  # which torch's error of a singular matrix is
        return None
    predicted, spread = between(bank)
    # Captures that are no numbers lead to none.
    if not bool(torch.isfinite(predicted).all() and torch.isfinite(spread).all()):
        return None
    device = data.audio.device
    settings, levels, spread = (part.float().to(device) for part in (bank, predicted, spread))
    return LevelPrior(starts.to(device), frames, settings, levels, spread, floor)
