"""A session against a third-party amp: real audio, real MIDI, every knob over a controller."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from calibration import levels
from calibration.signals import Part
from rig import config as configuration
from rig.capture import Role
from rig.daemon.request import Request
from rig.daemon.service import capture
from rig.devices.client import DevicesClient
from rig.session import store
from rig.session.folder import Session
from rig.session.verify import verify
from tests.conftest import TINY
from tests.devices import guitarix, jack

AMP = "{driver: midi, port: 'gx_head_amp:midi_in_1', api: UNIX_JACK, approach: afar, settle_s: 0.3}"
CARD = """{driver: soundcard, input: gx_head_fx, output: gx_head_amp, host_api: JACK,
  loopback_channel: 2}"""
RIG = f"""
name: guitarix
amp: {AMP}
interface: {CARD}
knobs:
  gain: {{cc: 20, rest: 2}}
  bass: {{cc: 21, rest: 5}}
  treble: {{cc: 22, rest: 5}}
  volume: {{cc: 23, limits: [1, 10], rest: 1}}
plan: {{captures: 6, seeds: 2, batch: 2, holdouts: 1, canary_every: 6}}
"""
#: Each knob costs the check four takes in real time.
LEFT_OUT = ("  treble", "  volume")
REST = TINY[TINY.index("signal:") : TINY.index("plan:")] + TINY[TINY.index("learner:") :]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    jack.needs_jack()
    guitarix.needs_guitarix()
    for name, value in jack.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.mark.timeout(600)
def test_captures_of_a_third_party_amp_and_not_one_corrupt(tmp_path: Path) -> None:
    path = tmp_path / "rig.yaml"
    path.write_text(RIG + REST, encoding="utf-8")
    config = configuration.load(path)
    with jack.server(), guitarix.amp(tmp_path / "home"):
        with guitarix.loopback():
            ending = capture(Request(tmp_path / "session", path), config)
        assert not ending.failed, ending.reason
        session = Session.view(tmp_path / "session")
        kept = session.state.kept(Role.SEED, Role.ACTIVE)
        assert len(kept) == 6
        assert len(session.state.learning.rounds) >= 2
        assert verify(session).sound
        assert worst_repeat(session, tmp_path) < 1e-8


def worst_repeat(session: Session, folder: Path) -> float:
    """Record every third kept setting a second time; the largest ESR against what was kept."""
    bench = DevicesClient(session.config, folder / "again.log")
    bench.open()
    guitarix.patch_loopback()
    signal = session.signal()
    guitar = slice(signal.segment(Part.TRAIN).start, None)
    found = []
    for about in session.state.kept()[::3]:
        assert about.kept is not None
        assert about.kept.aligned is not None
        bench.dial(about.capture.setting)
        _, again = jack.good_take(bench, signal)
        _, first = store.read_wav(session.folder / about.kept.aligned.path)
        found.append(levels.esr(first[guitar], again.returned[guitar]))
    bench.close()
    return max(found)


@pytest.mark.timeout(300)
def test_the_check_knows_the_rig_and_finds_a_controller_that_is_not_wired(tmp_path: Path) -> None:
    two_knobs = "".join(line for line in RIG.splitlines(True) if line[:8] not in LEFT_OUT)
    with jack.server(), guitarix.amp(tmp_path / "home"), guitarix.loopback():
        rows = checked(tmp_path, two_knobs.replace("cc: 21", "cc: 99") + REST)
    figures = {row["name"]: row["figure"] for row in rows}
    assert figures["round trip"].endswith(" frames")
    said = {row["name"]: row["advice"] for row in rows if not row["passed"]}
    assert "nothing was heard of it at" in said["knob bass"]
    assert "look at knobs.bass.cc in rig.yaml" in said["knob bass"]
    assert set(said) <= {"knob bass", "return level"}


def checked(folder: Path, text: str) -> list[dict[str, Any]]:
    (folder / "rig.yaml").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "rig", "check", "--json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert not done.stderr, done.stderr
    rows: list[dict[str, Any]] = json.loads(done.stdout)["checks"]
    return rows
