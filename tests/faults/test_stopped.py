"""Processes that were stopped, not killed: nobody waits for them for ever, none is left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rig.clock import Clock
from rig.config import Config
from rig.daemon.leftovers import end_leftovers, leftovers
from rig.devices.client import DevicesClient
from rig.errors import AudioDied
from rig.knobs import Setting

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGSTOP is POSIX")


def eventually(what: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def test_an_audio_child_that_is_stopped_before_a_take_is_let_go(
    tiny: Config, tmp_path: Path
) -> None:
    devices = DevicesClient(tiny, tmp_path / "log", stall_s=2.0)
    devices.open()
    devices.dial(tiny.panel.rest)
    assert devices.pid is not None
    os.kill(devices.pid, signal.SIGSTOP)
    # More than a pipe holds: the write itself would wait for ever.
    with pytest.raises(AudioDied, match="hung for 2 s"):
        devices.reamp(np.zeros(1_000_000, np.float32))
    assert devices.pid is None
    devices.open()
    devices.dial(Setting(tiny.panel.rest.values))
    devices.close()


def test_a_child_that_was_stopped_does_not_outlive_its_daemon(tmp_path: Path) -> None:
    folder = tmp_path / "my session"
    words = [sys.executable, "-m", "rig.devices.worker"]
    slept: list[float] = []
    clock = Clock(sleep=slept.append)
    with (
        subprocess.Popen([*words, str(folder)], stdin=subprocess.PIPE) as ours,
        subprocess.Popen([*words, f"{folder}2"], stdin=subprocess.PIPE) as theirs,
    ):
        eventually(lambda: leftovers(folder) == [ours.pid])
        os.kill(ours.pid, signal.SIGSTOP)
        end_leftovers(folder, clock)
        assert ours.wait(5) == -signal.SIGKILL
        assert 4.0 < sum(slept) < 6.0
        assert leftovers(folder) == []
        assert theirs.poll() is None
        theirs.kill()
