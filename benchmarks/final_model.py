"""How much better than its last ensemble is the final model of a session on a virtual amp?

    OMP_NUM_THREADS=1 python benchmarks/final_model.py SESSION [SESSION ...]

Both are tested where players set the knobs, on held-out guitar, against the circuit without
converter and hiss; and on the session's holdout takes. Then what amp and final model give with each
turning knob at its lowest, all others in the middle or at the top, in dB below the loudest setting.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np

from benchmarks.truth import Truth, tested
from models.training.dataset import Model
from rig.exchange.final_model import final_model
from rig.learner.rounds import holdout_esr, last_ensemble
from rig.session.folder import Session


def show_lowest(truth: Truth, model: Model, loudest: float) -> None:
    """Print what amp and model give with each turning knob at its lowest."""
    for index, knob in enumerate(truth.panel.knobs):
        for others in () if knob.is_switch else (0.5, 1.0):
            point = np.full(len(truth.panel), others)
            point[index] = 0.0
            setting = truth.panel.quantise(point)
            powers = truth.power(setting), float(np.mean(truth.modelled(model, setting) ** 2))
            amp_db, model_db = (10 * np.log10(power / loudest + 1e-12) for power in powers)
            print(f"  {knob.name} at its lowest, others at {others}: {amp_db:.1f}, {model_db:.1f}")


def compared(folder: Path) -> None:
    """Print the ESR of a session's final model beside its last ensemble's."""
    session = Session.view(folder)
    try:
        truth = Truth(session)
        loudest = truth.loudest()
        found = tested(truth, session, loudest)
        show_lowest(truth, final_model(session), loudest)
        ensemble = last_ensemble(session)
        assert ensemble is not None
        held_out = {
            "ensemble": list(holdout_esr(session, ensemble[0]).values()),
            "model": list(holdout_esr(session, final_model(session)).values()),
        }
        learnt = session.state.learning
        assert learnt.model is not None
        rounds_s = sum(each.seconds for each in learnt.rounds)
    finally:
        session.close()
    print(
        f"{folder.name}: rounds took {rounds_s:.0f} s, the final model {learnt.model.seconds:.0f}"
    )
    for what, errors in (
        ("24 settings of play, as heard", {k: found[f"{k}_heard"] for k in held_out}),
        ("holdout takes", held_out),
    ):
        of = {name: np.asarray(values) for name, values in errors.items()}
        figures = (
            f"{name} median {np.median(e):.5f}, 90 % {np.quantile(e, 0.9):.5f}, "
            f"geometric mean {np.exp(np.log(e).mean()):.5f}"
            for name, e in of.items()
        )
        ratio = np.exp(np.log(of["model"] / of["ensemble"]).mean())
        print(f"  {what}: {'; '.join(figures)}; ratio {ratio:.2f}")


def main() -> None:
    """Compare in each session that is named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sessions", nargs="+", type=Path)
    for folder in parser.parse_args().sessions:
        compared(folder)


if __name__ == "__main__":
    main()
