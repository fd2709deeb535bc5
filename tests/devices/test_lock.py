"""One process drives a device: a second session is told who, and a lock dies with its holder."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from rig import config as configuration
from rig.devices import lock
from rig.devices.client import DevicesClient
from rig.devices.lock import DeviceLocks
from rig.errors import DeviceError, DeviceGone
from tests.conftest import TINY

CARD = "{driver: soundcard, host_api: x, input: a, output: a, send_channel: 1, return_channel: 1}"
MIDI = TINY.replace("{driver: virtual, preset: tweed}", "{driver: midi, port: 'My Amp'}")
FOLDER = lock.folder
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


def midi(port: str = "My Amp", interface: str | None = None) -> configuration.Config:
    text = MIDI.replace("My Amp", port)
    if interface is not None:
        text = text.replace("{driver: virtual, latency_frames: 311.3}", interface)
    for number, name in enumerate(("gain", "tone", "volume")):
        text = text.replace(f"{name}: {{range", f"{name}: {{cc: {number}, range")
    return configuration.parse(text)


@pytest.fixture(autouse=True)
def locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(lock, "folder", lambda: tmp_path)
    monkeypatch.setattr(lock, "FREE_S", 0.1)
    return tmp_path


def test_two_sessions_cannot_drive_one_amp() -> None:
    first = DeviceLocks(midi(), "sessions/one")
    first.take()
    first.take()
    with pytest.raises(DeviceError, match=r"is being driven by sessions/one \(process \d+\)"):
        DeviceLocks(midi("my amp"), "sessions/two").take()
    DeviceLocks(midi("Another"), "").take()
    first.release()
    third = DeviceLocks(midi(), "sessions/three")
    third.take()
    third.release()


@pytest.mark.skipif(sys.platform == "win32", reason="there the folder is told by another variable")
def test_the_process_that_has_the_devices_open_holds_their_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(lock, "folder", FOLDER)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    first = DevicesClient(midi(interface=CARD), tmp_path / "log", owner="sessions/one")
    # There is no such port, and the amp may yet be switched on: it stays theirs.
    with pytest.raises(DeviceGone):
        first.open()
    with pytest.raises(DeviceError, match=rf"sessions/one \(process {first.pid}\)"):
        DeviceLocks(midi(), "sessions/two").take()
    first.close()
    held = DeviceLocks(midi(), "sessions/two")
    held.take()
    second = DevicesClient(midi(interface=CARD), tmp_path / "log", owner="sessions/three")
    with pytest.raises(DeviceError, match="is being driven by sessions/two"):
        second.open()
    assert second.pid is None
    held.release()


def test_a_virtual_amp_and_hands_need_no_lock() -> None:
    assert lock.names(configuration.parse(TINY)) == []
    hand = TINY.replace("{driver: virtual, preset: tweed}", "{driver: hand}").replace(
        "step: 0.1, ", ""
    )
    assert lock.names(configuration.parse(hand)) == []
    outside = TINY.replace("amp: {driver: virtual, preset: tweed}", "amp: {driver: mine}")
    assert lock.names(configuration.parse(outside)) == ["mine"]


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

    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    assert lock.folder().is_dir()
    place = tmp_path / f"rig-{os.getuid()}"
    place.rmdir()
    place.symlink_to(tmp_path)
    with pytest.raises(DeviceError, match="own folder"):
        lock.folder()
