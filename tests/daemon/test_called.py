"""Somebody who is called to the knobs, wherever they are, and answers from any terminal."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rig.session.folder import Session
from rig.session.status import status
from tests.conftest import LAID_OUT
from tests.daemon.test_hands import GAIN, HAND

BY_HAND = LAID_OUT.replace(GAIN, HAND).replace("captures: 8, seeds: 8", "captures: 3, seeds: 3")
#: Writes each call below the one before.
NOTE = "import os, sys; open(sys.argv[1], 'a').write(os.environ['RIG_REASON'] + chr(10))"


def rig(*words: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "rig", *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)


@pytest.fixture
def configured(tmp_path: Path) -> Path:
    call = [sys.executable, "-c", NOTE, str(tmp_path / "calls.txt")]
    text = f"{BY_HAND}notify: {{on_hands: {json.dumps(call)}}}\n"
    (tmp_path / "rig.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def test_a_person_who_is_called_answers_from_another_terminal(configured: Path) -> None:
    command = [sys.executable, "-m", "rig", "capture", "--headless"]
    with subprocess.Popen(command, cwd=configured, stdout=subprocess.PIPE, text=True) as capture:
        refused_at_first(capture, configured)
        answers = answered(capture, configured)
        assert capture.stdout is not None
        assert "kept; 3 of 3 captures" in capture.stdout.read()
    assert capture.returncode == 0
    calls = (configured / "calls.txt").read_text(encoding="utf-8").splitlines()
    assert answers == calls
    assert len(calls) > 2
    assert all(call.startswith("turn gain to ") for call in calls)
    late = rig("done", cwd=configured)
    assert late.returncode == 1
    assert "nobody is asked to turn anything just now" in late.stderr


def refused_at_first(capture: "subprocess.Popen[str]", folder: Path) -> None:
    """Say what changes nothing yet: it is not taken, and the same is asked as before."""
    while (asked := asked_in(folder)) is None:
        assert capture.poll() is None
        time.sleep(0.05)
    skipped, again = rig("skip", cwd=folder), rig("redo", cwd=folder)
    assert (skipped.returncode, again.returncode) == (1, 1)
    assert "the reference setting is asked for" in skipped.stderr
    assert "nothing is recorded yet" in again.stderr
    assert asked_in(folder) == asked


def answered(capture: "subprocess.Popen[str]", folder: Path) -> list[str]:
    """Answer whatever the status asks, until the capture ends; every question in its order."""
    found: list[str] = []
    while capture.poll() is None:
        asked = asked_in(folder)
        if asked is not None and asked not in found[-1:]:
            found.append(asked)
            rig("done", cwd=folder)
        time.sleep(0.05)
    return found


def asked_in(folder: Path) -> str | None:
    if not (folder / "sessions" / "tiny" / "journal.db").exists():
        return None
    session = Session.view(folder / "sessions" / "tiny")
    try:
        return status(session).asked
    finally:
        session.close()


def test_a_unit_for_hands_needs_somebody_to_be_called(configured: Path) -> None:
    if sys.platform != "win32":
        assert "--headless" in rig("unit", "--for", "systemd", cwd=configured).stdout
    text = (configured / "rig.yaml").read_text(encoding="utf-8").split("notify:")[0]
    (configured / "rig.yaml").write_text(text, encoding="utf-8")
    refused = rig("unit", "--for", "systemd", cwd=configured)
    assert refused.returncode == 2
    if sys.platform != "win32":
        assert "notify.on_hands" in refused.stderr
