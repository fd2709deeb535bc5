"""How much better than its last ensemble is the final model of a session on a virtual amp?

    OMP_NUM_THREADS=1 python benchmarks/final_model.py SESSION [SESSION ...]

Both are tested where players set the knobs, on held-out guitar, against the circuit without
converter and hiss; and on the session's holdout takes.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np

from benchmarks.truth import Truth, tested
from rig.exchange.final_model import final_model
from rig.learner.rounds import holdout_esr, last_ensemble
from rig.session.folder import Session


def compared(folder: Path) -> None:
    """Print the ESR of a session's final model beside its last ensemble's."""
    session = Session.view(folder)
    try:
        truth = Truth(session)
        found = tested(truth, session, truth.loudest())
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
