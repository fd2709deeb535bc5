"""The example package: installed as a user would, run through the contracts and a session."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rig.session.folder import Session
from rig.session.verify import verify
from tests.conftest import TINY

EXAMPLE = Path(__file__).parents[2] / "examples" / "rig-command"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which the example is installed; the sources stay clean."""
    folder = tmp_path_factory.mktemp("example")
    source = shutil.copytree(EXAMPLE, folder / "source")
    target = folder / "site packages"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
    subprocess.run([*command, str(target), str(source)], check=True)
    return {**os.environ, "PYTHONPATH": str(target), "EXAMPLE_TESTS": str(source / "tests")}


def test_the_contract_suites_pass_in_the_examples_own_tests(
    installed: dict[str, str], tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, installed["EXAMPLE_TESTS"], "--rootdir", str(tmp_path)],
        env=installed,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "9 passed" in done.stdout


def rig(
    environment: dict[str, str], folder: Path, *words: str
) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "rig", *words]
    return subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, check=False
    )


def test_a_session_through_drivers_from_another_package(
    installed: dict[str, str], tmp_path: Path
) -> None:
    program = json.dumps([sys.executable, str(EXAMPLE / "tests" / "fuzz.py")])
    text = TINY.replace("amp: {driver: virtual, preset: tweed}", "amp: {driver: command}").replace(
        "interface: {driver: virtual, latency_frames: 311.3}",
        f"interface: {{driver: command, options: {{program: {program}}}}}",
    )
    text = text.replace("gain: {", "drive: {").replace("captures: 8", "captures: 6")
    (tmp_path / "rig.yaml").write_text(text, encoding="utf-8")
    done = rig(installed, tmp_path, "capture")
    assert done.returncode == 0, done.stdout + done.stderr
    session = Session.view(tmp_path / "sessions" / "tiny")
    assert len(session.state.kept()) >= 8
    assert verify(session).sound
    kept = session.state.kept()[0].kept
    assert kept is not None
    assert kept.figures["latency_frames"] == pytest.approx(64, abs=3)


def test_a_drivers_own_mistakes_are_told_with_all_others(
    installed: dict[str, str], tmp_path: Path
) -> None:
    text = TINY.replace(
        "interface: {driver: virtual, latency_frames: 311.3}", "interface: {driver: command}"
    )
    (tmp_path / "rig.yaml").write_text(text, encoding="utf-8")
    done = rig(installed, tmp_path, "check")
    assert done.returncode == 2
    assert "interface.options.program: name the program" in done.stderr
    assert "Traceback" not in done.stderr
