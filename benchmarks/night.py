"""Simulate ten-hour nights: 500 captures on a virtual clock, every trouble five times.

``python benchmarks/night.py 20`` runs 20 seeds, a minute or two each.
"""

import logging
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from rig.capture import Outcome
from rig.session.status import status
from rig.session.verify import verify
from tests.nights import simulation


def main(seeds: int) -> None:
    logging.disable(logging.CRITICAL)
    for seed in range(seeds):
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            night = simulation.night(Path(folder), seed, captures=500, times=5)
            now, report = status(night.session), verify(night.session)
            least = min(night.world.happened.values())
            takes = night.session.state.takes.counts
            worst = simulation.worst_kept_esr(night.session)
            print(
                f"seed {seed}: {now.state} after {night.hours:.1f} h and {night.runs} runs, "
                f"{takes[Outcome.KEPT]} kept {takes[Outcome.REJECTED]} rejected "
                f"{takes[Outcome.FAILED]} failed, each trouble at least {least} times, "
                f"{'sound' if report.sound else report.problems}, worst kept ESR {worst:.1e}, "
                f"{time.monotonic() - began:.0f} s",
                flush=True,
            )
            night.session.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
