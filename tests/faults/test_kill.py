"""A capture killed at random instants loses nothing that was kept, and finishes in the end."""

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rig.capture import Outcome, Role
from rig.session.facts import TakeEnded
from rig.session.folder import Session
from rig.session.status import status
from rig.session.verify import verify
from tests.conftest import TINY

KILLS = 50
#: Seconds until the kill; the long ones let a round of learning through now and then.
INSTANTS = (0.3, 1.0, 2.0, 3.0, 5.0, 9.0)


def run(folder: Path, config: Path, seconds: float | None) -> int | None:
    """Capture, and kill it after some seconds; the exit code where it ended before."""
    command = [sys.executable, "-m", "rig", "capture", str(config), "--headless"]
    process = subprocess.Popen([*command, "--session", str(folder)], stdout=subprocess.DEVNULL)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
        process.wait()
        return None


def kept(session: Session) -> dict[int, TakeEnded]:
    ended = (entry.fact for entry in session.journal.entries())
    return {
        fact.take: fact
        for fact in ended
        if isinstance(fact, TakeEnded) and fact.outcome is Outcome.KEPT
    }


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_fifty_kills_lose_nothing(tmp_path: Path) -> None:
    instants = random.Random(5)
    folder, config = tmp_path / "session", tmp_path / "rig.yaml"
    text = TINY.replace("captures: 8, seeds: 4, batch: 2", "captures: 60, seeds: 24, batch: 6")
    config.write_text(text, encoding="utf-8")
    before: dict[int, TakeEnded] = {}
    kills = 0
    while kills < KILLS:
        seconds = instants.choice(INSTANTS) * instants.uniform(0.5, 1.2)
        assert run(folder, config, seconds) is None, "it finished before it could be killed"
        kills += 1
        if not (folder / "journal.db").exists():
            continue
        session = Session.view(folder)
        report = verify(session)
        assert report.sound, [str(problem) for problem in report.problems]
        now = kept(session)
        assert {take: now.get(take) for take in before} == before
        assert status(session).state == "failed"
        before = now
        session.close()
    assert run(folder, config, None) == 0
    session = Session.view(folder)
    assert status(session).state == "finished"
    assert verify(session).sound
    assert len(session.state.kept(Role.SEED, Role.ACTIVE)) == 60
    assert len(set(session.state.settings())) == len(session.state.settings())
    assert session.state.learning.model is not None
    assert len(session.state.learning.rounds) == 6
