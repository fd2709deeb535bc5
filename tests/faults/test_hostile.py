"""Hostile folders: nothing outside is read into them, changed or deleted, and nothing hangs."""

import hashlib
import os
import shutil
import signal
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from click.exceptions import ClickException

from rig import config as configuration
from rig.cli import app
from rig.daemon import afterwards, service
from rig.daemon.request import Request
from rig.errors import LearnerError, RigError
from rig.learner import final
from rig.session import store
from tests.conftest import TINY
from tests.faults.strangers import HOSTILE

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it has neither pipes nor alarms")

LEAST = (
    TINY.replace("captures: 8, seeds: 4, batch: 2", "captures: 3, seeds: 2, batch: 1")
    .replace("holdouts: 2", "holdouts: 1, looks: false, disk_floor_gb: 0")
    .replace("latency_frames: 311.3", "latency_frames: 311.3, sample_rate: 16000")
)
SECRET = b"what is nobody's business" * 50
#: No command takes longer on a small session; what waits for a pipe waits for ever.
LIMIT_S = 20


class _Pupil:
    """In place of the learner's process: a session that is opened and played is enough here."""

    def __init__(self, folder: Path, **_: object) -> None:
        self.job, self.pid, self.progress, self.is_idle = None, None, None, True

    def ask(self, job: object) -> None:
        raise LearnerError("there is none in this test")

    def hear(self, wait_s: float = 0.0) -> None: ...

    def poll(self, wait_s: float = 0.0) -> None: ...

    def stop(self) -> None: ...


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session with a round in it, as small as it gets: it is opened some hundred times."""
    path = tmp_path_factory.mktemp("healthy")
    (path / "rig.yaml").write_text(LEAST, encoding="utf-8")
    config = configuration.load(path / "rig.yaml")
    ending = service.capture(Request(path / "session", path / "rig.yaml"), config)
    assert not ending.failed, ending.reason
    return path / "session"


@pytest.fixture(scope="module")
def dry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dry guitar to render."""
    path = tmp_path_factory.mktemp("dry") / "in.wav"
    path.write_bytes(store.wav_bytes(np.sin(np.arange(1_600) / 9) / 4, 16_000))
    return path


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    (folder / "folder").mkdir(parents=True)
    (folder / "secret.txt").write_bytes(SECRET)
    (folder / "folder" / "0.stop").write_bytes(SECRET)
    (folder / "folder" / "daemon.log").write_bytes(SECRET)
    return folder


@pytest.fixture
def alarm() -> Iterator[None]:
    def ring(*_: object) -> None:
        raise AssertionError(f"nothing came back within {LIMIT_S} s")

    before = signal.signal(signal.SIGALRM, ring)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def whole(folder: Path) -> dict[str, tuple[str, int]]:
    """Every file of a folder, with its content and when it was changed."""
    return {
        path.relative_to(folder).as_posix(): (
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
            path.stat().st_mtime_ns if path.is_file() else 0,
        )
        for path in sorted(folder.rglob("*"))
    }


def plain(folder: Path) -> Iterator[bytes]:
    """What the files of a session hold, links and huge ones aside."""
    for root, _, names in os.walk(folder):
        for path in (Path(root) / name for name in names):
            seen = path.lstat()
            small = stat.S_ISREG(seen.st_mode) and seen.st_size < 1 << 30
            if small and seen.st_nlink == 1:
                yield path.read_bytes()


def said(call: Callable[[], Any]) -> tuple[int, str]:
    """Run a command: its exit code, and the sentence with which it refuses."""
    signal.alarm(LIMIT_S)
    try:
        code = call()
        return (code if isinstance(code, int) else 0), ""
    except RigError as error:
        return error.exit_code, str(error)
    except (typer.Exit, ClickException) as error:
        return error.exit_code, ""
    finally:
        signal.alarm(0)


def commands(folder: Path, dry: Path, out: Path) -> dict[str, list[str]]:
    session = str(folder)
    return {
        "status": ["status", session],
        "verify": ["verify", session],
        "monitor": ["monitor", session],
        "export": ["export", session, str(out / "out.nam")],
        "render": ["render", session, str(dry), str(out / "out.wav")],
        "report": ["report", session],
        "capture": ["capture", "--headless", "--session", session],
        "train": ["train", session],
        "repair": ["verify", "--repair", session],
        "status again": ["status", session],
    }


@pytest.mark.usefixtures("alarm")
@pytest.mark.parametrize("name", list(HOSTILE))
def test_a_hostile_folder_harms_nobody(
    name: str,
    healthy: Path,
    dry: Path,
    outside: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = Path(shutil.copytree(healthy, tmp_path / "session"))
    HOSTILE[name](folder, outside)
    before, out = whole(outside), tmp_path / "out"
    out.mkdir()
    monkeypatch.setattr(service, "Learner", _Pupil)
    monkeypatch.setattr(final, "WEAKNESS_SETTINGS", 4)
    # The command is tried above; a process of its own for each folder would take minutes.
    monkeypatch.setattr(afterwards, "report", lambda _folder: True)
    for command, words in commands(folder, dry, out).items():
        code, sentence = said(lambda words=words: app(words, standalone_mode=False))  # type: ignore[misc]
        told = capsys.readouterr()
        assert code in (0, 1, 2), (command, code)
        assert "Traceback" not in told.err + told.out, (command, told.err)
        assert "did not expect" not in told.err + told.out + sentence, (command, told, sentence)
        assert "\x1b" not in told.out + told.err + sentence, (command, told, sentence)
        assert SECRET.decode() not in told.out + told.err + sentence, command
        assert whole(outside) == before, command
    assert not any(SECRET in content for content in plain(folder))
