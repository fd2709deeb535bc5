"""Which session a command is about: one that is only beginning, one that is not there."""

import os
import re
import shutil
import time
from pathlib import Path

import pytest

from rig.cli import common
from rig.daemon.request import CommandLine, Request, configured, decide
from rig.daemon.service import capture
from rig.errors import UsageError
from rig.printable import command
from rig.session import control, facts, layout
from rig.session.door import begin
from rig.session.folder import Session, locked
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
    assert late.returncode == 2
    assert "a capture that has just begun makes one in a moment" in late.stderr


def test_a_capture_begins_with_the_stop_that_waits_for_it(tmp_path: Path, tiny_file: Path) -> None:
    folder = tmp_path / "new"
    control.drop(begin(folder), "stop")
    request = Request(folder, tiny_file, asked_at=time.time())
    ending = capture(request, configured(request))
    assert ending.by_hand
    assert not list((folder / "captures").glob("*"))


def test_in_a_sessions_folder_a_capture_goes_on_with_that(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new session was begun inside of it."""
    monkeypatch.chdir(copied)
    request, _ = decide(CommandLine(), lambda _: [])
    assert request.session.resolve() == copied.resolve()
    with pytest.raises(UsageError, match="this folder is a session: 'rig capture' goes on with it"):
        decide(CommandLine(config=Path("rig.yaml")), lambda _: [])


@pytest.mark.parametrize("names", [["letter.odt"], ["rig.yaml"], [".lock", "letter.odt"]])
def test_no_session_is_begun_among_somebodys_files(
    names: list[str], tmp_path: Path, tiny_file: Path
) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    for name in names:
        (folder / name).write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match=f"holds other things, such as {names[-1]}"):
        decide(CommandLine(tiny_file, folder), lambda _: [])
    assert {path.name for path in folder.iterdir()} == {*names}


def test_what_never_came_to_its_journal_is_begun_again(tmp_path: Path) -> None:
    for names in (
        [],
        ["logs"],
        [".DS_Store", "Thumbs.db"],
        [".lock", "signal", "rig.yaml", "journal.db.unfinished", "logs"],
    ):
        folder = tmp_path / f"{len(names)}"
        for name in names:
            (folder / name).mkdir(parents=True)
        folder.mkdir(exist_ok=True)
        layout.refuse_foreign(folder)


def test_advice_for_programs_and_people_can_be_pasted(copied: Path, tmp_path: Path) -> None:
    """Of a name with blanks the terminal made two words."""
    folder = tmp_path / "mein verstärker"
    copied.rename(folder)
    session = Session.open(folder)
    session.record(session.state.run.started)  # type: ignore[arg-type]
    reason = "stopped by hand; 'rig capture' goes on from here"
    session.record(facts.DaemonEnded(state="stopped", reason=reason))
    session.close()
    said = rig("status", folder, "--json", cwd=tmp_path)
    assert f"'{command('rig', 'capture', '--session', folder)}'" in said.stdout
    said = rig("status", ".", cwd=folder)
    assert said.stdout.startswith("mein verstärker: ")


def test_no_sentence_advises_a_path_as_it_is() -> None:
    unquoted = re.compile(r"'rig [a-z -]+\{")
    sources = Path(common.__file__).parents[1].rglob("*.py")
    found = [path.name for path in sources if unquoted.search(path.read_text(encoding="utf-8"))]
    assert found == []
    # As it stood in one of them.
    assert unquoted.search("f\"'rig train {session.folder}' makes it\"")


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
    with pytest.raises(UsageError, match="there is no session"):
        common.find_session(None)
    with locked(rehearsal):
        assert common.find_session(None) == rehearsal
        if hasattr(os, "getuid"):
            monkeypatch.setattr(os, "getuid", lambda: 12345)
            with pytest.raises(UsageError, match="there is no session"):
                common.find_session(None)
