"""On a real Ray head with workers, on this machine: the same bits, and a night that goes on."""

import contextlib
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rig import config as configuration
from rig.bench.results import Results
from rig.config import elsewhere
from rig.daemon.request import Request
from rig.daemon.service import capture
from rig.learner.client import Answer, Job, Learner
from rig.session.facts import RoundLearned
from rig.session.folder import Session
from rig.session.verify import verify
from tests.conftest import TINY
from tests.elsewhere.clusters import Cluster, running

# Not loaded here: what this process sets afterwards, such as a token, would be too late for it.
has_ray = pytest.mark.skipif(not elsewhere.has_ray(), reason="needs Ray")
# Whoever is to be killed is found by /proc.
linux = pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc")
pytestmark = [
    linux,
    has_ray,
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.xdist_group("ray"),
]

ROUND = Job(final=False, round=3, count=2)
#: So many steps that there is time to pull a plug.
LONG = TINY.replace("steps: 2, final", "steps: 200, final")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with running(workers=2) as found:
        yield found


@pytest.fixture
def patient(copied: Path) -> Path:
    """A session whose rounds take a while."""
    (copied / "rig.yaml").write_text(LONG, encoding="utf-8")
    return copied


def place_on(address: str) -> dict[str, Any]:
    return {"address": address, "num_cpus": 1, "num_gpus": 0.0, "finals": 1}


@contextlib.contextmanager
def learner_on(folder: Path, address: str, until: float | None = None) -> Iterator[Learner]:
    found = Learner(folder, place=place_on(address), until=lambda: until)
    try:
        yield found
    finally:
        found.stop()


def answer(learner: Learner, at: str | None = None, seconds: float = 120.0) -> Answer | None:
    """What it answers; None as soon as it is at a stage, where one is given."""
    last = time.monotonic() + seconds
    while time.monotonic() < last:
        found = learner.poll(0.1)
        if found is not None:
            return found
        if at is not None and learner.progress is not None and learner.progress.stage == at:
            return None
    raise AssertionError(f"no answer in {seconds:g} s; it was at {learner.progress}")


def told(folder: Path) -> list[dict[str, Any]]:
    """Every fact but for what is a matter of the clock."""
    session = Session.view(folder)
    found = [entry.fact.model_dump(mode="json") for entry in session.journal.entries()]
    session.close()
    for fact in found:
        for key in ("seconds", "pid", "asked_at", "booted_at"):
            fact.pop(key, None)
        # The file for players has the time of day in it; what it was made of is compared.
        fact.pop("export", None)
    return found


def test_a_whole_session_is_the_local_one_to_the_bit(
    cluster: Cluster, finished: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="rig")
    folder, config = tmp_path / "session", tmp_path / "rig.yaml"
    on = f"where: ray, address: '{cluster.client_address}', closing_round"
    config.write_text(TINY.replace("closing_round", on), encoding="utf-8")
    ending = capture(Request(folder, config), configuration.load(config))
    assert not ending.failed, ending.reason
    ours, theirs = told(folder), told(finished)
    # But for the configuration, which both say alike without the cluster.
    assert ours == theirs
    assert "ray" not in (folder / "rig.yaml").read_text(encoding="utf-8")
    sent = [line for line in caplog.messages if " sent, " in line]
    # The second round sends the takes of the first one's batch, and nothing that is there already.
    assert [line.partition(": ")[2].partition(" sent")[0] for line in sent[:2]] == [
        "7 files of 7",
        "2 files of 10",
    ]
    assert len(sent) == 3
    assert "learnt on the cluster" in caplog.text
    assert "goes on without the cluster" not in caplog.text


def test_a_comparison_there_has_the_rows_of_here(cluster: Cluster, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"

    def compare(folder: Path, *words: str) -> None:
        """As somebody would type it."""
        terms = ("--counts", "5,7", "--first", "5", "--batch", "2", "--tests", "4", "--seeds", "1")
        names = ("--amp", "tweed", "--strategy", "integrated-variance", "--strategy", "lhs")
        command = [sys.executable, "-m", "rig", "bench", str(folder), *terms, *names, *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    # As many threads in each trial, here and there: with more the last digits are others.
    compare(here, "--workers", "2")
    compare(there, "--on", cluster.address)
    assert measured(there) == measured(here)


def measured(folder: Path) -> list[str]:
    """The rows of a comparison, but for their times."""
    rows = [{k: v for k, v in row.items() if k != "spent_s"} for row in Results(folder).rows()]
    return sorted(map(json.dumps, rows))


def test_a_worker_that_dies_in_a_round_is_replaced_by_another(
    cluster: Cluster, patient: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="rig")
    with learner_on(patient, cluster.address) as learner:
        learner.ask(ROUND)
        assert answer(learner, at="training") is None
        os.kill(cluster.at_work()[1], signal.SIGKILL)
        found = answer(learner)
    assert isinstance(found, RoundLearned)
    assert "learnt on the cluster" in caplog.text
    assert "goes on without the cluster" not in caplog.text


def test_two_sessions_share_the_worker_that_is_left(
    cluster: Cluster, copied: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="rig")
    cluster.keep_one_worker()
    other = Path(shutil.copytree(copied, tmp_path / "other"))

    def ends(folder: Path, rounds: tuple[int, ...]) -> list[float]:
        """When each round was learnt."""
        found = []
        with learner_on(folder, cluster.address) as learner:
            for number in rounds:
                learner.ask(Job(final=False, round=number, count=len(rounds)))
                assert isinstance(answer(learner), RoundLearned)
                found.append(time.monotonic())
        return found

    with ThreadPoolExecutor(2) as pool:
        greedy, modest = pool.map(ends, (copied, other), ((3, 4), (3,)))
    # Whoever asks again and again does not go before one who waits.
    assert modest[0] < greedy[1]
    assert "goes on without the cluster" not in caplog.text


def test_a_daemon_that_dies_in_a_round_leaves_the_place_to_others(
    cluster: Cluster, patient: Path
) -> None:
    cluster.keep_one_worker()
    with learner_on(patient, cluster.client_address) as learner:
        learner.ask(replace(ROUND, count=1))
        assert answer(learner, at="training") is None
    with learner_on(patient, cluster.address) as learner:
        learner.ask(replace(ROUND, count=1))
        found = answer(learner)
    assert isinstance(found, RoundLearned)


def test_a_head_that_dies_in_a_round_costs_the_cluster_and_no_round(
    cluster: Cluster,
    patient: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The last test of this cluster: there is none afterwards."""
    monkeypatch.setenv("RAY_CLIENT_RECONNECT_GRACE_PERIOD", "2")
    with learner_on(patient, cluster.client_address) as learner:
        learner.ask(replace(ROUND, count=3))
        assert answer(learner, at="training") is None
        cluster.kill(cluster.nodes[0])
        found = answer(learner)
    assert isinstance(found, RoundLearned)
    assert caplog.text.count("goes on without the cluster") == 1
    session = Session.view(patient)
    # Which this test has changed itself.
    assert {problem.path for problem in verify(session).problems} == {"rig.yaml"}
    session.close()
