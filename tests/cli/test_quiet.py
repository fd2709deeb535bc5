"""``--quiet``: the same name wherever a command prints more than its result."""

import functools
import json
import logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer.main

from rig import cli, preflight
from rig.config import Config
from rig.daemon import afterwards, service
from rig.daemon.request import Request
from rig.preflight.finding import Finding, Grade
from rig.printable import log_warnings
from rig.session import store
from tests.cli.test_table import QUIET, Run, run
from tests.conftest import TINY

__all__ = ["run"]


@pytest.fixture(autouse=True)
def log() -> Iterator[None]:
    """A capture in front sets up logging for its process, which is ours here."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers[:] = []
    yield
    root.handlers[:], root.level = handlers, level


def test_it_is_called_the_same_wherever_it_is() -> None:
    commands: Any = typer.main.get_command(cli.app)
    have = {
        name
        for name, command in commands.commands.items()
        if any("--quiet" in option.opts for option in command.params)
    }
    assert have == {*QUIET}


def test_what_makes_a_file_says_in_one_line_that_it_has(
    finished: Path, tmp_path: Path, run: Run
) -> None:
    dry, wet, nam = tmp_path / "dry.wav", tmp_path / "wet.wav", tmp_path / "a.nam"
    dry.write_bytes(store.wav_bytes(0.1 * np.ones(4_800), 48_000))
    for words in (
        ("export", str(finished), str(nam), "--at", "gain=6"),
        ("render", str(finished), str(dry), str(wet)),
        ("export", str(finished), str(tmp_path / "data"), "--as", "data"),
    ):
        said = run(*words, "--quiet")
        assert said.code in (None, 0), said
        assert len(said.out.splitlines()) == 1
        assert said.out.startswith("wrote ")
        assert not said.err
    loud = run("export", str(finished), str(nam), "--at", "gain=6", "--force")
    assert len(loud.out.splitlines()) == 2
    note = run("export", str(finished), str(nam), "--at", "gain=6.04", "--force", "--quiet")
    assert "gain has no position 6.04" in note.err


def test_report_and_train_end_in_their_last_line(copied: Path, run: Run) -> None:
    said = run("report", str(copied), "--quiet")
    assert said.code in (None, 0)
    assert said.out.splitlines() == [f"wrote {copied / 'report.html'}"]
    said = run("train", str(copied), "--quiet")
    assert said.code in (None, 0)
    (line,) = said.out.splitlines()
    assert line.startswith("wrote ")


def test_a_check_says_its_sentence_and_what_stands_in_the_way(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rig.yaml"
    path.write_text(TINY, encoding="utf-8")
    rows = [Finding("devices", "there"), Finding("hum", "none", "", Grade.NOTE, "listen")]
    monkeypatch.setattr(preflight, "preflight", lambda *_, **__: iter(rows))
    said = run("check", str(path), "--quiet")
    assert said.out == "The night will work; read the note.\n"
    assert not said.err
    rows.append(Finding("crosstalk", "-20 dB", "-60 dB", Grade.BAD, "keep the cables apart"))
    said = run("check", str(path), "--quiet")
    assert said.code == 1
    assert said.out == "The night will not work yet: mend crosstalk, and check again.\n"
    assert said.err == "crosstalk: -20 dB: keep the cables apart\n"
    assert json.loads(run("check", str(path), "--quiet", "--json").out)["passed"] is False


def test_a_capture_in_front_says_how_it_ended(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rig.yaml"
    path.write_text(TINY, encoding="utf-8")

    def captured(_request: Request, _config: Config) -> Any:
        for level, said in ((20, "kept"), (30, "the disk is nearly full"), (20, "finished: done")):
            logging.getLogger("rig").log(level, said)
        return type("Ending", (), {"exit_code": 0})

    monkeypatch.setattr(service, "capture", captured)
    made = logging.getLogger("rig").info
    monkeypatch.setattr(afterwards, "report", lambda _door: made("the report is made"))
    # Where a test has handlers of its own, a second call would change nothing.
    again = functools.partial(logging.basicConfig, force=True)
    monkeypatch.setattr(logging, "basicConfig", again)
    words = ("capture", str(path), "--session", str(tmp_path / "session"))
    said = run(*words, "--quiet")
    assert said.code in (None, 0), said
    assert re.fullmatch(r"\d{4}-\d\d-\S+ finished: done\n", said.out)
    assert re.fullmatch(r"\d{4}-\d\d-\S+ the disk is nearly full\n", said.err)
    assert len(run(*words).out.splitlines()) == 4


def test_a_mistake_is_said_as_loudly_as_ever(run: Run) -> None:
    for command in QUIET:
        arguments = {"export": ("x", "y.nam"), "render": ("x", "y", "z")}.get(command, ("nix",))
        said = run(command, *arguments, "--quiet")
        assert said.code in (1, 2)
        assert said.err.startswith("rig: ")
        assert not said.out


def test_warnings_reach_standard_error_and_news_do_not(capsys: pytest.CaptureFixture[str]) -> None:
    logging.getLogger().setLevel(logging.INFO)
    log_warnings("%(message)s", None, sys.stderr)
    logging.getLogger("rig").info("kept")
    logging.getLogger("rig").warning("the disk is nearly full")
    assert capsys.readouterr().err == "the disk is nearly full\n"
