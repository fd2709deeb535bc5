"""Whatever becomes of an errand, the daemon gets one answer, and the session one set of files."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from rig import waits
from rig.elsewhere import worker
from rig.elsewhere.parts import RATE, may_write
from rig.errors import LearnerError
from rig.learner.client import Job, Learner
from rig.session.door import Door
from rig.session.facts import RoundLearned
from rig.session.folder import Session
from tests.elsewhere.errands import ENSEMBLE

ROOT = Path(__file__).parents[2]
ROUND = Job(final=False, round=3, count=2)
OWN = "rounds/003/ensemble.safetensors"


class Box:
    """The daemon's child without its process: what it would say, and what it would learn itself."""

    def __init__(self, folder: Path, attempts: Path) -> None:
        self.folder, self.attempts = folder, attempts
        self.said: list[str] = []
        self.told: list[dict[str, object]] = []
        self.child = worker.Elsewhere.__new__(worker.Elsewhere)
        self.child._is_away = False
        self.child._parent = self  # type: ignore[assignment]

    def send(self, message: dict[str, object], block: bytes = b"") -> None:
        """Hear what the daemon would."""
        if message.get("warns"):
            self.said.append(str(message["says"]))
        self.told.append(message)

    def ask(self, job: Job = ROUND) -> dict[str, object]:
        """Have the child do a job."""
        place = {"address": "127.0.0.1:1", "num_cpus": 1, "num_gpus": 0.0, "finals": 1}
        order = {"session": str(self.folder), "place": place, "until": None, **vars(job)}
        answer: dict[str, object] = self.child._work(order)
        return answer

    @property
    def orders(self) -> list[dict[str, object]]:
        """What the errands were told, one after the other."""
        return [json.loads(line) for line in self.attempts.read_text().splitlines()]


@pytest.fixture
def box(copied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Box:
    def here(self: object, message: dict[str, object]) -> dict[str, object]:
        return {"fact": "learnt here"}

    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("ATTEMPTS", str(tmp_path / "attempts"))
    monkeypatch.setattr(worker, "ERRAND", "tests.elsewhere.errands")
    monkeypatch.setattr(worker, "PAUSES_S", (0.0, 0.0, 0.0))
    monkeypatch.setattr("rig.learner.worker.Worker._work", here)
    return Box(copied, tmp_path / "attempts")


@pytest.mark.parametrize("kind", ["well", "twice"])
def test_an_answer_is_taken_once_with_its_files(
    box: Box, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ERRAND", kind)
    fact = RoundLearned.model_validate(box.ask()["fact"])
    assert (box.folder / OWN).read_bytes() == ENSEMBLE
    assert fact.ensemble.path == OWN
    assert not box.said
    # The second one stays with whoever was sent: the next job hears nothing of it.
    again = RoundLearned.model_validate(box.ask(replace(ROUND, round=4))["fact"])
    assert again.round == 4
    assert len(box.orders) == 2


def test_one_that_dies_is_sent_again(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERRAND", "dies once")
    assert RoundLearned.model_validate(box.ask()["fact"]).round == 3
    assert len(box.orders) == 2
    assert not box.said


@pytest.mark.parametrize(
    ("kind", "attempts", "why"),
    [
        ("dies", 3, "broke off"),
        ("sick", 3, "box-1: no memory"),
        ("refused", 1, "no connection"),
        ("half", 3, "has not come whole"),
        ("stray", 3, "rig.yaml is nothing that a job writes"),
        ("another", 3, "has not come as the answer names it"),
        ("nothing", 3, "has not come as the answer names it"),
        ("wrong round", 3, "round 4 is not round 3"),
    ],
)
def test_what_comes_to_nothing_is_learnt_here_and_said_once(
    box: Box, kind: str, attempts: int, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ERRAND", kind)
    config = (box.folder / "rig.yaml").read_bytes()
    assert box.ask() == {"fact": "learnt here"}
    assert len(box.orders) == attempts
    assert not (box.folder / OWN).exists(), "half an answer was written"
    assert (box.folder / "rig.yaml").read_bytes() == config
    assert box.ask() == {"fact": "learnt here"}
    (said,) = box.said
    assert why in said
    # While it is away, each round asks it once, and does not wait for more.
    assert len(box.orders) == attempts + 1


def test_a_machine_that_failed_is_avoided(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERRAND", "sick")
    box.ask()
    assert [o["avoided"] for o in box.orders] == [[], ["node-1"], ["node-1", "node-2"]]


@pytest.mark.parametrize(("kind", "attempts"), [("unreachable", 1), ("silent", 3)])
def test_a_cluster_that_says_nothing_holds_up_nobody(
    box: Box, kind: str, attempts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = [("CLUSTER_ANSWERS", 2.0), ("CLUSTER_ADVANCES", 0.5)]
    for name, seconds in short:
        monkeypatch.setattr(waits, name, replace(getattr(waits, name), s=seconds))
    monkeypatch.setenv("ERRAND", kind)
    assert box.ask() == {"fact": "learnt here"}
    assert len(box.orders) == attempts


def test_what_was_trained_before_a_worker_died_is_kept(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ERRAND", "checkpoint")
    left = box.folder / "rounds" / "unfinished-0123456789abcdef.pt"
    put = []
    monkeypatch.setattr(Door, "put", lambda _, name, content, **__: put.append((name, content)))
    box.ask()
    # Twice, once by each attempt; the end of the job takes it away.
    assert put[0] == (f"rounds/{left.name}", b"half way")
    assert len(box.orders) == 2
    assert not left.exists()


def test_it_is_said_again_once_it_had_come_back(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("refused", "refused", "well", "refused"):
        monkeypatch.setenv("ERRAND", kind)
        box.ask()
    assert len(box.said) == 2


@pytest.mark.parametrize(
    ("job", "name", "may"),
    [
        (ROUND, OWN, True),
        (ROUND, "rounds/003/proposals.json", True),
        (ROUND, RATE, True),
        (ROUND, "rounds/unfinished-0123456789abcdef.pt", True),
        (ROUND, "rounds/002/ensemble.safetensors", False),
        (ROUND, "rounds/003/../../rig.yaml", False),
        (ROUND, "captures/00001.wav", False),
        (ROUND, "model/next/model.safetensors", False),
        (Job(final=True, round=3), "model/next/model.safetensors", True),
        (Job(final=True, round=3), "model/next/metrics.json", True),
        (Job(final=True, round=3), "model/model.safetensors", False),
        (Job(final=True, round=3), OWN, False),
    ],
)
def test_a_job_writes_its_own_files_only(job: Job, name: str, may: bool) -> None:
    assert may_write(job, name) is may


def test_a_session_without_a_cluster_starts_the_learner_beside_it(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = []

    class Nobody:
        """Notes what would be started, and cannot be."""

        def __init__(self, module: str, *_: object) -> None:
            begun.append(module)
            raise OSError

    monkeypatch.setattr("rig.learner.client.Child", Nobody)
    for place in (None, {"address": "a:1"}):
        with pytest.raises(LearnerError):
            Learner(copied, place=place).ask(ROUND)
    assert begun == ["rig.learner.worker", "rig.elsewhere.worker"]
    Session.view(copied).close()
    shutil.rmtree(copied)
