"""The door: nothing but plain files below one folder, and always the same folder."""

import ast
import errno
import logging
import os
import sys
from pathlib import Path

import pytest

from calibration.signals import Signal
from rig.config import Config
from rig.errors import SessionError, StorageError
from rig.session import control, facts, live, store
from rig.session.door import Door, begin
from rig.session.folder import Session
from rig.session.reserve import Reserve

ROOT = Path(__file__).parents[2]


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return begin(tmp_path / "session")


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../x", "", "a\\x", "a\0b"])
def test_no_name_leads_outside(door: Door, name: str) -> None:
    for call in (door.file, door.own, door.folder, door.is_there):
        with pytest.raises(SessionError, match="leads out"):
            call(name)


def test_a_folder_that_was_renamed_is_not_made_again(door: Door) -> None:
    door.put("takes/1.wav", b"1")
    door.path.rename(door.path.with_name("elsewhere"))
    for call in (
        lambda: door.put("takes/2.wav", b"2"),
        lambda: door.appending("logs/daemon.log"),
        lambda: door.lock(".lock"),
        lambda: control.drop(door, "stop"),
        lambda: Reserve(door).take(1),
        lambda: list(control.collect(door)),
    ):
        with pytest.raises(StorageError, match="is gone"):
            call()
    live.publish(door, live.Live(at=1.0, pid=1, doing="x"))
    assert not door.path.exists()


def test_another_folder_at_its_place_is_not_written_into(door: Door) -> None:
    door.put("a", b"1")
    door.path.rename(door.path.with_name("elsewhere"))
    door.path.mkdir()
    for call in (
        lambda: door.put("a", b"2"),
        lambda: door.read("a", 10),
        lambda: door.appending("logs/x"),
    ):
        with pytest.raises(StorageError, match="another folder lies here"):
            call()
    assert not door.remove("a") if (door.path / "a").exists() else True
    assert list(door.path.iterdir()) == []


def test_a_capture_whose_folder_was_renamed_writes_nothing_more(
    tmp_path: Path, tiny: Config, short_signal: Signal
) -> None:
    session = Session.create(tmp_path / "session", tiny, short_signal)
    session.folder.rename(tmp_path / "renamed")
    with pytest.raises(StorageError, match="is gone"):
        session.record(facts.CommandGiven(command="pause"))
    (tmp_path / "session").mkdir()
    with pytest.raises(StorageError, match="another folder"):
        session.record(facts.CommandGiven(command="pause"))
    session.close()
    assert list((tmp_path / "session").iterdir()) == []
    moved = Session.view(tmp_path / "renamed")
    assert moved.state.seq == 1
    moved.close()


def test_a_folder_that_cannot_be_synced_is_told_in_a_sentence(
    tmp_path: Path, tiny: Config, short_signal: Signal, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, failing = os.fsync, [True]

    def fsync(descriptor: int) -> None:
        if failing[0] and Path(f"/proc/self/fd/{descriptor}").is_dir():
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real(descriptor)

    if sys.platform != "linux":
        pytest.skip("only Linux tells what a descriptor is about")
    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(StorageError, match="Input/output error"):
        Session.create(tmp_path / "session", tiny, short_signal)
    failing[0] = False
    Session.create(tmp_path / "session", tiny, short_signal).close()


def test_what_is_no_command_is_told_once_and_left_alone(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    (door.path / "control" / "0.stop").mkdir(parents=True)
    control.drop(door, "pause")
    with caplog.at_level(logging.WARNING):
        assert list(control.collect(door)) == ["pause"]
        assert list(control.collect(door)) == []
    assert len(caplog.records) == 1
    assert (door.path / "control" / "0.stop").is_dir()


def test_an_unfinished_file_that_is_a_link_is_replaced_and_not_followed(
    door: Door, tmp_path: Path
) -> None:
    (tmp_path / "mine").write_bytes(b"mine")
    (door.path / "a.part").symlink_to(tmp_path / "mine")
    door.put("a", b"new")
    store.put(door.path / "b", b"user's")
    assert (tmp_path / "mine").read_bytes() == b"mine"
    assert (door.path / "a").read_bytes() == b"new"


#: Who opens files by himself, and which: never those of a session.
ELSEWHERE = {
    "rig/session/plain.py": "what the door is made of",
    "rig/session/door.py": "the door",
    "rig/session/database.py": "SQLite opens by name what the door has looked at",
    "rig/session/journal.py": "SQLite makes by name what the door has looked at",
    "rig/session/store.py": "recordings and exports that a user has named",
    "rig/session/layout.py": "asks whether the session's own folder is there",
    "rig/session/folder.py": "asks how long a file is that the door has found",
    "rig/config/load.py": "a rig.yaml that a user has named",
    "rig/data/__init__.py": "what comes with rig",
    "rig/ordinary.py": "looks what a file is that a user has named",
    "rig/child.py": "a log that is no session's",
    "rig/player/recorder.py": "a recording that a user has named, written while it is played",
    "rig/dataset/reader.py": "data sets that a user has named",
    "rig/dataset/audio.py": "data sets that a user has named",
    "rig/devices/lock.py": "locks of devices, in a folder of the user's own",
    "rig/daemon/leftovers.py": "looks what /proc says of processes",
    "rig/daemon/processes.py": "asks the system about a process",
    "rig/preflight/run.py": "a folder of its own that is gone afterwards",
    "rig/preflight/machine.py": "asks the system how it is set up",
    "rig/preflight/needs.py": "asks how much room there is",
    "rig/cli/__init__.py": "a report of an error, and where packages lie",
    "rig/cli/importing.py": "asks whether what a user has named is there",
    "rig/cli/common.py": "looks for sessions below ./sessions, and for a user's files",
    "rig/cli/rehearse.py": "the rig.yaml of a rehearsal, in a folder of its own that is no session",
    "rig/selftest/run.py": "a folder to try things in that is no session",
    "rig/selftest/files.py": "files in that folder",
    "rig/selftest/night.py": "the rig.yaml of a small night, in that folder",
    "rig/cli/export_data.py": "takes back the files of a data set that was broken off",
    "rig/cli/init.py": "the rig.yaml that it changes for a user",
    "rig/guide/answers.py": "answers that a user has named",
    "rig/guide/hardware.py": "a folder of its own that is gone afterwards",
    "rig/cli/writing.py": "files that a user has named",
    "rig/cli/bench.py": "a user's results",
    "rig/bench/results.py": "a user's results",
    "rig/report/page.py": "the page's own parts, which come with rig",
    "rig/report/results.py": "a listener's results",
    "rig/bench/on_cluster.py": "a benchmark's own recordings, on another machine",
    "rig/elsewhere/cache.py": "how old its own files are, which the door has found",
    "rig/elsewhere/rebuilt.py": "a folder of its own that is gone afterwards",
    "rig/elsewhere/workshop.py": "how old a checkpoint is that the door has found",
    "rig/bench/subjects.py": "a benchmark's own recordings",
}
TOUCHING = {
    *("read_text", "read_bytes", "write_text", "write_bytes", "unlink", "touch", "mkdir", "rmdir"),
    *("rename", "glob", "rglob", "iterdir", "is_file", "is_dir", "exists", "stat", "lstat"),
    *("symlink_to", "hardlink_to", "chmod", "rmtree", "copy2", "copytree", "copyfile", "scandir"),
    *("listdir", "makedirs", "truncate", "FileLock", "NamedTemporaryFile", "TemporaryDirectory"),
}


def touches(node: ast.AST) -> bool:
    """Whether a call may touch a file by its path."""
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Name):
        return node.func.id == "open"
    if not isinstance(node.func, ast.Attribute):
        return False
    name, owner = node.func.attr, node.func.value
    # Classes of ours and devices open things too; a text is replaced by two words, a file by one.
    if name == "open":
        return bool(node.args) and not (isinstance(owner, ast.Name) and owner.id[0].isupper())
    if name == "connect":
        return isinstance(owner, ast.Name) and owner.id == "sqlite3"
    return name in TOUCHING or (name == "replace" and len(node.args) == 1 and not node.keywords)


def test_nobody_else_opens_files_of_a_session() -> None:
    found = {
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "rig").rglob("*.py"))
        if any(map(touches, ast.walk(ast.parse(path.read_text(encoding="utf-8")))))
    }
    assert found == set(ELSEWHERE)
