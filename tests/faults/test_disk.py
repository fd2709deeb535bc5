"""A disk that is full, really; a folder that cannot be written; and the room kept back for both."""

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rig import config as configuration
from rig.daemon.request import Request
from rig.daemon.service import capture
from rig.errors import RigError, StorageError
from rig.session.door import Door
from rig.session.folder import Session, is_session
from rig.session.reserve import SLACK_BYTES, Reserve
from rig.session.status import status
from rig.session.verify import verify
from tests.conftest import TINY

#: A whole small session, and nothing that its learner would take long for.
SMALL = (
    TINY.replace("captures: 8, seeds: 4, batch: 2", "captures: 3, seeds: 3, batch: 1")
    .replace("latency_frames: 311.3", "latency_frames: 311.3, sample_rate: 16000")
    .replace("canary_every: 5", "canary_every: 5, disk_floor_gb: 0")
)


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own that can really be filled."""
    if sys.platform != "linux" or os.getuid() != 0:
        pytest.skip("only root on Linux can mount a small file system")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(disk)]
    if subprocess.run(mounted, check=False, capture_output=True).returncode:
        pytest.skip("a small file system cannot be mounted here")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def fill(disk: Path, leave: int) -> Path:
    """Take the disk's room, but for some bytes."""
    ballast = disk / "ballast"
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(free - leave, 1))
    return ballast


def run(request: Request, path: Path) -> str:
    """What the capture ends with, however it ends; never a traceback."""
    try:
        return capture(request, configuration.load(path)).reason
    except RigError as error:
        return str(error)


@pytest.mark.timeout(900)
def test_a_disk_that_fills_up_anywhere_leaves_a_valid_session_that_goes_on(
    tiny_disk: Path, tmp_path: Path
) -> None:
    path = tmp_path / "rig.yaml"
    path.write_text(SMALL, encoding="utf-8")
    for number, leave in enumerate([40_000, 900_000, 4_600_000, 5_600_000]):
        folder = tiny_disk / f"session-{number}"
        ballast = fill(tiny_disk, leave)
        said = (
            run(Request(folder), path) if is_session(folder) else run(Request(folder, path), path)
        )
        assert "room" in said or "No space" in said or "cannot be" in said or "full" in said, said
        ballast.unlink()
        if is_session(folder):
            session = Session.view(folder)
            assert verify(session).sound
            session.close()
        assert run(Request(folder, path), path) == "all 3 captures are recorded"
        session = Session.view(folder)
        assert verify(session).sound
        session.close()
        subprocess.run(["rm", "-r", str(folder)], check=True)


def failing(target: object, attempt: int, error: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Have the n-th write of a file fail halfway, once; counts the writes."""
    real, counted = os.fsync, [0]

    def fsync(descriptor: int) -> None:
        counted[0] += 1
        if counted[0] == attempt:
            os.ftruncate(descriptor, 7)
            raise OSError(error, os.strerror(error))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    return counted


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_every_write_in_turn_may_fail(
    error: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rig.yaml"
    path.write_text(SMALL, encoding="utf-8")
    attempt, said = 0, ""
    while said != "all 3 captures are recorded":
        attempt += 10 if error == errno.ENOSPC else 17
        folder = tmp_path / f"session-{attempt}"
        with monkeypatch.context() as patch:
            failing(folder, attempt, error, patch)
            said = run(Request(folder, path), path)
        if is_session(folder):
            session = Session.view(folder)
            assert verify(session).sound
            session.close()
        assert attempt < 100


def test_a_session_on_a_read_only_disk_can_be_looked_at(tiny_disk: Path, finished: Path) -> None:
    folder = tiny_disk / "session"
    subprocess.run(["cp", "-r", str(finished), str(folder)], check=True)
    subprocess.run(["mount", "-o", "remount,ro", str(tiny_disk)], check=True)
    session = Session.view(folder)
    assert status(session).state == "finished"
    assert verify(session).sound
    session.close()
    with pytest.raises(RigError):
        Session.open(folder)


def test_a_disk_that_is_pulled_out_ends_the_capture_with_a_sentence(
    tiny_disk: Path, tmp_path: Path
) -> None:
    path = tmp_path / "rig.yaml"
    path.write_text(SMALL, encoding="utf-8")
    folder = tiny_disk / "session"
    real = Door.put

    def pulled(door: Door, name: str, content: bytes, *, durable: bool = True) -> None:
        """As the fourth take is stored, everything below the folder is gone."""
        if name == "takes/00004.wav":
            subprocess.run(["umount", "-l", str(tiny_disk)], check=True)
        real(door, name, content, durable=durable)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Door, "put", pulled)
        said = run(Request(folder, path), path)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(tiny_disk)], check=True)
    assert "is gone: was its disk pulled out" in said
    assert not folder.exists()


def test_the_reserve_is_real_and_given_back_bit_by_bit(tiny_disk: Path) -> None:
    reserve = Reserve(tiny_disk)
    free = os.statvfs(tiny_disk).f_bavail * os.statvfs(tiny_disk).f_frsize
    reserve.take(10_000_000)
    after = os.statvfs(tiny_disk).f_bavail * os.statvfs(tiny_disk).f_frsize
    assert free - after >= 10_000_000 + SLACK_BYTES
    reserve.take(5_000_000)
    reserve.give(6_000_000)
    reserve.give(60_000_000)
    assert (tiny_disk / ".reserve").stat().st_size == SLACK_BYTES
    with pytest.raises(StorageError, match="no room"):
        reserve.take(100_000_000)
    reserve.drop()
    assert os.statvfs(tiny_disk).f_bavail * os.statvfs(tiny_disk).f_frsize == free
