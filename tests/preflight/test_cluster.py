"""The check asks whether the cluster is there, and does not wait for it."""

import socket

import pytest

from rig import config as configuration
from rig.config import elsewhere
from rig.preflight.cluster import cluster
from rig.preflight.finding import Finding, Grade


@pytest.fixture(autouse=True)
def _with_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elsewhere, "has_ray", lambda: True)


def rows(learner: str) -> list[Finding]:
    return list(cluster(configuration.parse(f"knobs: {{gain: {{}}}}\nlearner: {{{learner}}}")))


def test_one_that_listens_is_good() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        (found,) = rows(f"where: ray, address: '{address}'")
    assert found.verdict is Grade.GOOD
    assert address in found.figure


def test_one_that_is_not_there_is_a_note_since_learning_goes_on_here() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"ray://127.0.0.1:{server.getsockname()[1]}"
    (found,) = rows(f"where: ray, address: '{address}'")
    assert (found.verdict, found.passed) == (Grade.NOTE, True)
    assert found.figure.startswith(f"{address}: nobody listens there")
    assert "learning runs here" in found.advice


def test_where_learning_stays_here_there_is_no_row() -> None:
    assert not rows("threads: 1")
