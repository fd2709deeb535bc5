"""One process drives a device: a second session is told who, and a lock dies with its holder."""

import subprocess
import sys
from pathlib import Path

import pytest

from rig import config as configuration
from rig.devices import lock
from rig.devices.client import DevicesClient
from rig.devices.lock import DeviceLocks
from rig.errors import DeviceError
from tests.conftest import TINY

MIDI = TINY.replace("{driver: virtual, preset: tweed}", "{driver: midi, port: 'My Amp'}")
HOLDING = """
import sys, time
from pathlib import Path
from rig import config
from rig.devices import lock
lock.folder = lambda: Path(sys.argv[2])
held = lock.DeviceLocks(config.parse(sys.argv[1]), "somebody's session")
held.take()
print("held", flush=True)
time.sleep(60)
"""


def midi(port: str = "My Amp") -> configuration.Config:
    text = MIDI.replace("My Amp", port)
    for number, name in enumerate(("gain", "tone", "volume")):
        text = text.replace(f"{name}: {{range", f"{name}: {{cc: {number}, range")
    return configuration.parse(text)


@pytest.fixture(autouse=True)
def locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(lock, "folder", lambda: tmp_path)
    return tmp_path


def test_two_sessions_cannot_drive_one_amp(tmp_path: Path) -> None:
    first = DeviceLocks(midi(), "sessions/one")
    first.take()
    first.take()
    second = DevicesClient(midi("my amp"), tmp_path / "log", owner="sessions/two")
    with pytest.raises(DeviceError, match=r"is being driven by sessions/one \(process \d+\)"):
        second.open()
    assert second.pid is None
    DeviceLocks(midi("Another"), "").take()
    first.release()
    third = DeviceLocks(midi(), "sessions/three")
    third.take()
    third.release()


def test_a_virtual_amp_and_hands_need_no_lock() -> None:
    assert lock.names(configuration.parse(TINY)) == []
    hand = TINY.replace("{driver: virtual, preset: tweed}", "{driver: hand}").replace(
        "step: 0.1, ", ""
    )
    assert lock.names(configuration.parse(hand)) == []
    outside = TINY.replace("amp: {driver: virtual, preset: tweed}", "amp: {driver: mine}")
    assert lock.names(configuration.parse(outside)) == ["mine {}"]


def test_a_lock_dies_with_its_process(tmp_path: Path) -> None:
    text = configuration.dump(midi())
    words = [sys.executable, "-c", HOLDING, text, str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(DeviceError, match=rf"somebody's session \(process {process.pid}\)"):
            DeviceLocks(midi(), "").take()
        process.kill()
    again = DeviceLocks(midi(), "")
    again.take()
    again.release()


@pytest.mark.skipif(sys.platform == "win32", reason="there the folder is the user's own anyway")
def test_a_folder_of_somebody_elses_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    import os
    import tempfile

    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    assert lock.folder().is_dir()
    place = tmp_path / f"rig-{os.getuid()}"
    place.rmdir()
    place.symlink_to(tmp_path)
    with pytest.raises(DeviceError, match="own folder"):
        lock.folder()
