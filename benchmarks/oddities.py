"""How odd are the takes of a session to the ensemble of one of its rounds?

``python benchmarks/oddities.py SESSION 1`` asks the first round's ensemble about the captures that
it has learnt from, as the learner does (decision 24): for each, how odd its oddest instant is;
more than 12 has it recorded once more.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import torch

from calibration.moments import ODDITY_LIMIT, oddest_residuals
from models.networks.spec import load_model
from models.training.dataset import play_captures
from rig.learner import data
from rig.learner.oddities import both_powers
from rig.session.folder import Session


def main(folder: Path, number: int) -> None:
    """Print a line for each capture."""
    torch.set_num_threads(1)
    session = Session.view(folder)
    learnt = next(each for each in session.state.learning.rounds if each.round == number)
    # What was doubted since stands here with the take that took its place.
    captures = data.training_captures(session)
    chosen = [i for i, c in enumerate(captures) if c.capture.number in learnt.learnt_from]
    model, _ = load_model(session.stored(learnt.ensemble))
    dataset, rate = data.training_set(session), session.signal().sample_rate
    pairs = [
        (both_powers(target, rate), both_powers(target - predicted.mean(0), rate))
        for predicted, target in play_captures(model, dataset.subset(chosen))
    ]
    noise = [10 ** (captures[i].kept.figures["noise_dbfs"] / 10) for i in chosen]  # type: ignore[union-attr]
    oddest = np.zeros(len(chosen))
    for kind in range(2):
        told = [each[kind] for each, _ in pairs], [each[kind] for _, each in pairs]
        limits = [(1 + kind) * each for each in noise]
        moments = oddest_residuals(*told, limits, range(len(chosen))) or []
        oddest = np.maximum(oddest, [moment.oddity for moment in moments])
    for index, oddity in zip(chosen, oddest, strict=True):
        setting = captures[index].capture.setting
        print(f"{session.config.panel.describe(setting)}: {oddity:.1f} of {ODDITY_LIMIT:g}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
