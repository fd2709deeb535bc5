"""Twenty rounds on a cluster that is torn down again and again: each is learnt once, and kept."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from rig.config.elsewhere import has_ray
from rig.session.facts import LearnerFailed, ModelTrained, RoundLearned
from rig.session.folder import Session
from rig.session.status import status
from rig.session.verify import verify
from tests.conftest import TINY
from tests.elsewhere.clusters import Cluster, running

ROUNDS, SEED = 20, 21
#: Of four rounds, three are spared on the average.
CALM_S = (15.0, 45.0)
FAULTS = ("workshop", "worker", "head", "daemon")


def configuration_on(address: str) -> str:
    """Twenty rounds of one setting each."""
    text = TINY.replace(
        "captures: 8, seeds: 4, batch: 2", f"captures: {4 + ROUNDS}, seeds: 4, batch: 1"
    )
    text = text.replace("steps: 2, final", "steps: 40, final")
    return text.replace("learner: {", f"learner: {{where: ray, address: '{address}', ")


def begun(folder: Path, config: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "rig", "capture", str(config), "--headless"]
    with config.with_suffix(".log").open("ab") as out:
        return subprocess.Popen([*command, "--session", str(folder)], stdout=out, stderr=out)


def strike(fault: str, cluster: Cluster, capture: subprocess.Popen[bytes]) -> None:
    """One fault, and what somebody would do about it a little later."""
    if fault == "workshop":
        try:
            os.kill(cluster.at_work()[1], signal.SIGKILL)
        except (AssertionError, ProcessLookupError):
            return
    elif fault == "worker":
        cluster.kill(cluster.workers()[0])
        cluster.start_worker()
    elif fault == "head":
        cluster.stop()
        time.sleep(5.0)
        cluster.nodes.clear()
        cluster.start_head()
        for _ in range(2):
            cluster.start_worker()
    else:
        capture.kill()
        capture.wait()


@pytest.mark.slow
@pytest.mark.skipif(not has_ray(), reason="needs Ray")
@pytest.mark.timeout(1800)
def test_twenty_rounds_with_faults_are_learnt_once_each(tmp_path: Path) -> None:
    draw, struck = random.Random(SEED), Counter[str]()
    folder, config = tmp_path / "session", tmp_path / "rig.yaml"
    with running(workers=2) as cluster:
        config.write_text(configuration_on(cluster.address), encoding="utf-8")
        capture = begun(folder, config)
        due = time.monotonic() + draw.uniform(*CALM_S)
        while capture.poll() != 0:
            if capture.poll() is not None:
                assert struck["daemon"], "it ended by itself"
                capture = begun(folder, config)
            if time.monotonic() > due:
                fault = draw.choice(FAULTS)
                strike(fault, cluster, capture)
                struck[fault] += 1
                due = time.monotonic() + draw.uniform(*CALM_S)
            time.sleep(0.2)
    session = Session.view(folder)
    told = [entry.fact for entry in session.journal.entries()]
    rounds = [fact.round for fact in told if isinstance(fact, RoundLearned)]
    log = config.with_suffix(".log").read_text(encoding="utf-8")
    shown = {
        "struck": struck,
        "there": log.count("learnt on the cluster"),
        "here": log.count("goes on without the cluster"),
        "failed": [fact.why for fact in told if isinstance(fact, LearnerFailed)],
    }
    sys.stdout.write(f"{json.dumps(shown)}\n")
    assert verify(session).sound
    assert status(session).state == "finished"
    assert rounds == list(range(1, ROUNDS + 1))
    assert len([fact for fact in told if isinstance(fact, ModelTrained)]) == 1
    assert len(set(session.state.settings())) == len(session.state.settings())
    session.close()
