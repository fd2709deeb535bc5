"""Which session a command is about: one that is only beginning, one that is not there."""

import os
import shutil
import time
from pathlib import Path

import pytest

from rig.cli import common
from rig.daemon.request import Request, configured
from rig.daemon.service import capture
from rig.errors import SessionError
from rig.session import control
from rig.session.door import begin
from rig.session.folder import locked
from rig.session.layout import JOURNAL, SESSIONS, no_session, supervisor_lock
from tests.cli.test_cli import rig


@pytest.mark.parametrize("named", [True, False])
def test_a_stop_is_heard_before_there_is_a_journal(named: bool, tmp_path: Path) -> None:
    folder = SESSIONS / "böser amp"
    (tmp_path / folder).mkdir(parents=True)
    door = begin(tmp_path / folder)
    with supervisor_lock(door).acquire(timeout=0):
        said = rig("stop", *([folder] if named else []), cwd=tmp_path)
        assert said.returncode == 0, said.stderr
        assert "holds as soon as its capture has begun" in said.stdout
        assert control.is_stop_waiting(door)
    # Nobody works on it any more, and nothing is left to be stopped.
    late = rig("stop", folder, cwd=tmp_path)
    assert late.returncode == 1
    assert "a capture that has just begun makes one in a moment" in late.stderr


def test_a_capture_begins_with_the_stop_that_waits_for_it(tmp_path: Path, tiny_file: Path) -> None:
    folder = tmp_path / "new"
    control.drop(begin(folder), "stop")
    request = Request(folder, tiny_file, asked_at=time.time())
    ending = capture(request, configured(request))
    assert ending.by_hand
    assert not list((folder / "captures").glob("*"))


def session_at(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / JOURNAL).touch()


def test_what_is_not_there_is_said_with_what_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert no_session(Path("nosuch")).endswith("of this name; 'rig capture' begins a session")
    session_at(Path("mine"))
    assert no_session(Path("nosuch")).endswith("; there is mine")
    Path("empty").mkdir()
    assert "has no journal.db, so this is no session folder" in no_session(Path("empty"))
    session_at(SESSIONS / "my-amp")
    # Whoever types the name alone means the one in its usual place.
    assert no_session(Path("my-amp")).endswith(f"did you mean {SESSIONS / 'my-amp'}?")
    assert no_session(Path("other")).endswith(f"; there are mine, {SESSIONS / 'my-amp'}")
    for name in "abcd":
        session_at(SESSIONS / name)
    assert no_session(Path("other")).endswith(", ...")


def test_a_rehearsal_is_found_while_it_runs_and_only_ones_own(
    tmp_path: Path, finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From another terminal nobody types the path of a folder that will be gone in a minute."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    rehearsal = tmp_path / "rig-x" / "my amp rehearsed"
    shutil.copytree(finished, rehearsal)
    with pytest.raises(SessionError, match="there is no session"):
        common.find_session(None)
    with locked(rehearsal):
        assert common.find_session(None) == rehearsal
        if hasattr(os, "getuid"):
            monkeypatch.setattr(os, "getuid", lambda: 12345)
            with pytest.raises(SessionError, match="there is no session"):
                common.find_session(None)
