"""Who names a cluster: the user's own file, and nobody else; without Ray nothing is different."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rig import config as configuration
from rig.cli import app
from rig.config import elsewhere
from rig.config.elsewhere import checked_address
from rig.daemon.request import CommandLine, Request, configured, decide
from rig.errors import ConfigError, UsageError
from rig.session.folder import Session
from tests.conftest import TINY

ROOT = Path(__file__).parents[2]
ON = "where: ray, address: 'ray://gpu-box:10001', num_cpus: 4, num_gpus: 0.5"
PLACED = TINY.replace("learner: {", f"learner: {{{ON}, ")
PLACE = {"address": "ray://gpu-box:10001", "num_cpus": 4, "num_gpus": 0.5, "finals": 1}


def test_learning_stays_here_unless_somebody_says_otherwise() -> None:
    assert configuration.parse(TINY).learner.place is None
    local = configuration.parse(TINY.replace("learner: {", "learner: {where: local, "))
    assert local.learner.place is None


def test_a_cluster_is_asked_for_by_the_given_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elsewhere, "has_ray", lambda: True)
    assert configuration.parse(PLACED).learner.place == PLACE


def test_a_session_names_no_cluster(
    copied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elsewhere, "has_ray", lambda: True)
    given = configuration.parse(PLACED)
    assert "gpu-box" not in configuration.dump(given)
    # A stranger may have written it in; a session goes on with what its user says, or alone.
    assert configuration.parse(PLACED, stored=True).learner.place is None
    (tmp_path / "rig.yaml").write_text(PLACED, encoding="utf-8")
    asked = configured(Request(copied, tmp_path / "rig.yaml"))
    assert asked.learner.place == PLACE
    assert asked.learner.steps == 2
    assert configured(Request(copied)).learner.place is None


def test_a_session_goes_on_with_another_cluster_and_with_none(
    copied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elsewhere, "has_ray", lambda: True)
    file = tmp_path / "rig.yaml"
    for text in (TINY, PLACED, PLACED.replace("gpu-box", "other-box")):
        file.write_text(text, encoding="utf-8")
        decide(CommandLine(config=file, session=copied), lambda _: [])
    file.write_text(PLACED.replace("steps: 2, final", "steps: 3, final"), encoding="utf-8")
    with pytest.raises(UsageError, match="changed: learner"):
        decide(CommandLine(config=file, session=copied), lambda _: [])
    Session.view(copied).close()


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("where: moon", "learner.where: has to be 'local' or 'ray'"),
        ("where: ray", "learner.address: is missing"),
        ("address: 'a:1'", "learner.address: says nothing without 'where: ray'"),
        ("finals: 3", "learner.finals: says nothing without 'where: ray'"),
        ("num_gpus: 1", "learner.num_gpus: says nothing without 'where: ray'"),
        ("num_cpus: 4", "learner.num_cpus: says nothing without 'where: ray'"),
        ("where: ray, address: gpu-box", "learner.address: a cluster is host:port"),
        ("where: ray, address: 'a:99999'", "learner.address: a cluster is host:port"),
        ("where: ray, address: 'a:1', num_gpus: 1.5", "learner.num_gpus: a share of one"),
        ("where: ray, address: 'a:1', num_cpus: 0", "learner.num_cpus: "),
    ],
)
def test_a_mistake_is_told_by_its_key(
    keys: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elsewhere, "has_ray", lambda: True)
    with pytest.raises(ConfigError) as told:
        configuration.parse(TINY.replace("learner: {", f"learner: {{{keys}, "))
    assert said in str(told.value)
    assert len(str(told.value).splitlines()) == 2


@pytest.mark.parametrize("address", ["127.0.0.1:6379", "ray://gpu-box.lan:10001", "[::1]:6379"])
def test_addresses_are_taken_as_ray_takes_them(address: str) -> None:
    assert checked_address(address) == address


def test_without_ray_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ConfigError) as told:
        configuration.parse(PLACED)
    assert str(told.value).splitlines()[1:] == [
        "  learner.where: ray is not installed here: pip install 'rig-capture[ray]' adds it"
    ]
    said = CliRunner().invoke(app, ["bench", str(tmp_path / "b"), "--on", "127.0.0.1:6379"])
    assert isinstance(said.exception, UsageError)
    assert "pip install 'rig-capture[ray]'" in str(said.exception)
    assert not (tmp_path / "b").exists()


def test_a_folder_by_that_name_is_not_ray(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rayless").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    found = importlib.util.find_spec("rayless")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: found)
    assert not elsewhere.has_ray()


@pytest.mark.parametrize("amp", ["session", "rig.yaml"])
def test_what_is_on_this_machine_is_not_compared_on_another(
    amp: str, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elsewhere, "has_ray", lambda: True)
    named = str(finished if amp == "session" else tmp_path / amp)
    said = CliRunner().invoke(
        app, ["bench", str(tmp_path / "b"), "--amp", named, "--on", "127.0.0.1:6379"]
    )
    assert isinstance(said.exception, UsageError)
    assert "stays on this machine" in str(said.exception)


@pytest.mark.parametrize(
    "code",
    [
        "import rig.cli",
        "import rig.daemon.loop, rig.daemon.service",
        "import rig.elsewhere.worker",
        "import rig.config",
        "import rig.elsewhere.errand",
    ],
)
def test_nothing_loads_ray_until_it_connects(code: str) -> None:
    """Nor torch, in what the daemon starts for it: both take seconds."""
    script = f"{code}\nimport sys\nassert not {{'ray', 'torch'}} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
