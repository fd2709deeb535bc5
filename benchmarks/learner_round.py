"""Measure how long the learner takes for a round with 5 knobs, and what it gains.

Records 24 seeds of 20 s and 6 holdouts of the british preset, then learns the first round and, from
there, the second one: training, testing and proposing 5 settings as in a real session.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

from rig import config as configuration
from rig.daemon import orders
from rig.daemon.request import Request
from rig.daemon.service import capture
from rig.learner.client import Job, Learner
from rig.session.folder import Session

RIG = """
name: british
amp: {{driver: virtual, preset: british}}
interface: {{driver: virtual}}
knobs: {{gain: {{}}, bass: {{}}, middle: {{}}, treble: {{}}, volume: {{}}}}
signal:
  train: {{file: "builtin:guitar-train"}}
  holdout: {{file: "builtin:guitar-holdout", start_s: 3, length_s: 4}}
plan: {{captures: {captures}, seeds: {captures}, holdouts: 6}}
learner: {{final_steps: 1}}
"""


def record(folder: Path, captures: int) -> None:
    """Record a session's seeds, and learn nothing."""
    path = folder / "rig.yaml"
    path.write_text(RIG.format(captures=captures), encoding="utf-8")
    capture(Request(folder / "session", path, captures=captures), configuration.load(path))


def main() -> None:
    """Print seconds and holdout ESR of two rounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--captures", type=int, default=24)
    captures = parser.parse_args().captures
    with tempfile.TemporaryDirectory() as name:
        record(Path(name), captures)
        folder = Path(name) / "session"
        learner = Learner(folder)
        for number in (1, 2):
            began = proposing = time.perf_counter()
            learner.ask(Job(final=False, round=number, count=5))
            while (answer := learner.poll(0.2)) is None:
                if learner.progress is None or learner.progress.stage != "proposing":
                    proposing = time.perf_counter()
            spent, asking = time.perf_counter() - began, time.perf_counter() - proposing
            session = Session.open(folder)
            assert answer.kind == "round-learned"
            orders.order_learnt(session, answer, None)
            session.close()
            print(
                f"round {number} at {captures} captures, {os.cpu_count()} cores: {spent:.0f} s, "
                f"{asking:.0f} s of them proposing, "
                f"holdout ESR {answer.holdout_esr:.4f}, trained settings {answer.ensemble_esr:.4f}"
            )
        learner.stop()


if __name__ == "__main__":
    main()
