"""Say what error an ensemble expects of settings: what its members differ by, and its levels."""

import numpy as np
import torch

from models.acquisition.disagreement import expected_errors
from models.acquisition.level_errors import LevelErrors, MeasuredLevels, level_errors
from models.training.dataset import Dataset, Model
from rig.learner import data
from rig.learner.excerpts import EXCERPT_FRAMES, loudest_stretches
from rig.proposals import designs
from rig.proposals.strategies import ProposalRequest
from rig.session.folder import Session

#: Settings where players set the knobs, for which the expected error is told.
EXPECTED_AT = 64


def of_levels(
    session: Session, dataset: Dataset, model: Model, request: ProposalRequest
) -> LevelErrors | None:
    """Return what tells the error that an ensemble's levels come to; None where nothing does.

    Args:
        session: For what can be heard in it.
        dataset: The captures that the ensemble has learnt.
        model: The ensemble.
        request: What the ensemble was asked with.
    """
    begins = loudest_stretches(dataset.audio, dataset.start, dataset.stop, model.history_frames)
    heard = torch.stack([dataset.targets[:, at : at + EXCERPT_FRAMES] for at in begins], 1)
    powers = heard.square().mean((1, 2))
    measured = MeasuredLevels(dataset.knobs, powers, request.panel.switch_positions)
    return level_errors(request.plain, measured, data.floor_power(session))


def at_play(request: ProposalRequest, levels: LevelErrors | None) -> tuple[float, float]:
    """Return the mean disagreement, and error of levels, where players set the knobs."""
    random = np.random.default_rng(request.seed)
    draws = designs.to_play_distribution(
        request.panel, random.random((EXPECTED_AT, len(request.panel)))
    )
    points = request.points([request.panel.quantise(draw) for draw in draws])
    level_error = 0.0 if levels is None else float(levels(points).mean())
    return float(expected_errors(request.predictions, points).mean()), level_error
