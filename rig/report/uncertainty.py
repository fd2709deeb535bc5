"""How far the last ensemble agrees with itself all over the knob space, recorded or not."""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import qmc

from calibration.signals import Part
from models.acquisition import predictions
from models.acquisition.disagreement import expected_errors
from rig.learner.data import floor_power
from rig.learner.excerpts import loudest_excerpts
from rig.learner.rounds import last_ensemble
from rig.session.folder import Session

#: Settings that are asked about: a power of two, as a Sobol sequence is spread evenly.
SETTINGS = 128


@dataclass(frozen=True)
class Uncertainty:
    """Settings spread over the whole knob space, and how far the members differ at each.

    Attributes:
        round: The round whose ensemble was asked.
        units: Settings in [0, 1].
        disagreement: The members' relative variance there.
    """

    round: int
    units: list[list[float]]
    disagreement: list[float]


def uncertainty(session: Session) -> Uncertainty | None:
    """Ask the last ensemble; None where there is none that can be read."""
    last, panel = last_ensemble(session), session.config.panel
    # The page then has a map without its shades: that is no reason to have no page.
    if last is None:
        return None
    model, spec = last
    if spec.positions != panel.switch_positions or spec.members < 2:
        return None
    signal = session.signal()
    part = signal.segment(Part.TRAIN)
    send = torch.from_numpy(signal.send[: part.stop].astype(np.float32))
    # One excerpt: the learner takes two, and is given more time than a page.
    guitar = loudest_excerpts(send, part.start, part.stop, model.history_frames)[:1]
    draw = qmc.Sobol(len(panel), rng=np.random.default_rng(session.config.seed)).random(SETTINGS)
    points = np.stack([panel.point(panel.quantise(point)) for point in draw])
    said = predictions.relative(model, guitar, signal.sample_rate, floor_power(session))
    found = expected_errors(said, torch.from_numpy(points.astype(np.float32))).tolist()
    units = [[round(float(unit), 4) for unit in point] for point in points]
    return Uncertainty(session.state.learning.rounds[-1].round, units, found)
