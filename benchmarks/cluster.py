"""Learning on a Ray cluster of this machine: a round's cost, what travels, `rig bench --on`.

python -m benchmarks.cluster travel   # 24 captures of the default signal, two rounds and a final
python -m benchmarks.cluster bench    # two workers against two local processes, in turns
"""

import json
import logging
import os
import sys
import tempfile
import time
from pathlib import Path

from rig import config as configuration
from rig.bench import results
from rig.daemon.request import Request
from rig.daemon.service import capture
from rig.session import facts
from rig.session.folder import Session
from tests.elsewhere.clusters import running

# Small models: what is measured is the way there and back, and not the learning.
SESSION = """
name: travel
seed: 3
amp: {driver: virtual, preset: tweed}
interface: {driver: virtual, latency_frames: 311.3}
knobs:
  gain: {range: [1, 12], step: 0.1, rest: 3, play: [3, 10]}
  tone: {range: [1, 12], step: 0.1, rest: 6}
  volume: {range: [1, 12], step: 0.1, rest: 1, play: [3, 9]}
plan: {captures: 28, seeds: 24, batch: 4, holdouts: 4, looks: false}
learner: {where: ray, address: "ADDRESS", size: nano, members: 2, steps: 10, final_size: nano,
  final_steps: 10, threads: 1}
"""
TRIALS = ["--amp", "tweed", "--amp", "british", "--counts", "12,20", "--seeds", "2"]
STRATEGIES = ["--strategy", "integrated-variance", "--strategy", "lhs"]


def travel(folder: Path) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    with running(workers=2) as cluster:
        config = folder / "rig.yaml"
        config.write_text(SESSION.replace("ADDRESS", cluster.client_address), encoding="utf-8")
        capture(Request(folder / "session", config), configuration.load(config))
    session = Session.view(folder / "session")
    for entry in session.journal.entries():
        if isinstance(entry.fact, facts.RoundLearned | facts.ModelTrained):
            print(entry.fact.kind, f"{entry.fact.seconds:.1f} s of learning")
    size = sum(path.stat().st_size for path in (folder / "session").rglob("*") if path.is_file())
    print(f"the session has {size / 1e6:.0f} MB")
    session.close()


def compared(folder: Path, *words: str) -> float:
    """Seconds that a comparison takes as somebody would type it."""
    began = time.perf_counter()
    command = f"{sys.executable} -m rig bench {folder} {' '.join(TRIALS + STRATEGIES)}"
    assert os.system(f"{command} {' '.join(words)} > {os.devnull}") == 0
    return time.perf_counter() - began


def rows(folder: Path) -> list[str]:
    found = results.Results(folder).rows()
    kept = [{key: row[key] for key in row if key != "spent_s"} for row in found]
    return sorted(json.dumps(row) for row in kept)


def bench(folder: Path) -> None:
    with running(workers=2) as cluster:
        for number in range(2):
            local, there = folder / f"local-{number}", folder / f"there-{number}"
            here_s = compared(local, "--workers 2")
            there_s = compared(there, f"--on {cluster.address}")
            same = rows(local) == rows(there)
            print(f"here {here_s:.1f} s, there {there_s:.1f} s ({there_s / here_s:.2f}), {same=}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="rig-") as work:
        {"travel": travel, "bench": bench}[sys.argv[1]](Path(work))
