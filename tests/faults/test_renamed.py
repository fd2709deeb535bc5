"""A session's folder that is renamed while it is recorded, and numbers that mean somebody else."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rig.daemon.processes import kill_daemon
from rig.session.folder import Session, is_running
from rig.session.verify import verify
from tests.faults import victims

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="an open folder keeps its name")


def eventually(what: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def names_of(folder: Path) -> list[str]:
    """What a folder holds; nothing where it is not there."""
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.mark.parametrize("anew", [False, True], ids=["gone", "another one"])
def test_a_capture_whose_folder_is_renamed_ends_and_makes_no_other(
    anew: bool, tmp_path: Path
) -> None:
    config, folder, moved = tmp_path / "rig.yaml", tmp_path / "session", tmp_path / "moved"
    config.write_text(victims.configuration_of(24), encoding="utf-8")
    victims.start(folder, config)
    eventually(lambda: victims.last_word(folder) > 10)
    folder.rename(moved)
    if anew:
        folder.mkdir()
    eventually(lambda: not victims.pids(folder))
    assert names_of(folder) == []
    assert folder.exists() == anew
    assert "Traceback" not in (moved / "logs" / "daemon.log").read_text(encoding="utf-8")
    assert not is_running(moved)
    session = Session.view(moved)
    assert verify(session).sound
    session.close()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system is asked by another way")
def test_a_number_that_is_somebody_elses_by_now_is_left_alone(tmp_path: Path) -> None:
    sleeping = [sys.executable, "-c", "import time; time.sleep(60)"]
    named = [*sleeping, "rig.daemon.service", str(tmp_path)]
    with subprocess.Popen(sleeping) as somebody, subprocess.Popen(named) as ours:
        try:
            kill_daemon(somebody.pid, tmp_path)
            kill_daemon(ours.pid, tmp_path / "another")
            time.sleep(0.2)
            assert somebody.poll() is None
            assert ours.poll() is None
            kill_daemon(ours.pid, tmp_path)
            assert ours.wait(10) == -signal.SIGKILL
        finally:
            for process in (somebody, ours):
                if process.poll() is None:
                    os.kill(process.pid, signal.SIGKILL)
