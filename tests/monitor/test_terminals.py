"""Terminals of every kind: encodings that lack a sign, none to draw on, and a real one."""

import io
import os
import re
import select
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import pytest
from rich.console import Console

from rig.monitor.lines import Lines
from rig.monitor.show import monitor
from rig.monitor.view import look
from rig.printable import PLAINLY, print_plainly
from rig.session.folder import Session

ROOT = Path(__file__).parents[2]
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def watched(folder: Path, encoding: str, **console: object) -> str:
    """What goes to a terminal of an encoding, as `rig monitor` opens it."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    print_plainly([stream])
    assert stream.errors == PLAINLY
    drawn_on = Console(file=stream, width=80, height=24, soft_wrap=True, **console)  # type: ignore[arg-type]
    monitor(folder, drawn_on, lambda: True, lambda: True)
    stream.flush()
    return raw.getvalue().decode(encoding)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437", "cp1252", "koi8-r", "utf-8"])
def test_no_encoding_breaks_it(
    finished: Path, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    text = ESCAPES.sub("", watched(finished, encoding, force_terminal=True))
    for word in ("finished", "8 of 8 captures", "rounds", "held out", "q leave"):
        assert word in text, word
    # The sentence is there to its end: what is drawn wraps, although lines do not.
    assert "what is there already stays" in " ".join(text.split())
    assert "?????" not in text


def test_a_terminal_that_only_prints_is_told_in_lines(
    finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    text = watched(finished, "ascii", force_terminal=True)
    assert "\x1b" not in text
    assert re.search(
        r"^\d\d:\d\d:\d\d  take \d+ \(\w+\) kept: gain .* peak -\d+ dBFS$", text, re.MULTILINE
    )
    assert "finished, 8 of 8 captures, recorded for" in text


def test_lines_tell_each_thing_once(finished: Path) -> None:
    session = Session.view(finished)
    lines = Lines()
    first, second = (list(lines.news(look(session))) for _ in range(2))
    session.close()
    assert len(first) > 5
    assert second == []
    # Whoever looks later is told when each take was, and not that it is now.
    ended_at = session.state.takes.ended_at[session.state.takes.recent[0].take]
    assert first[0].startswith(f"{datetime.fromtimestamp(ended_at):%H:%M:%S}  take ")


def test_no_colour_is_no_colour(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    text = watched(finished, "utf-8", force_terminal=True)
    colours = [c for c in re.findall(r"\x1b\[([0-9;]+)m", text) if re.search(r"\b[349]\d\b", c)]
    assert colours == []


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437"])
def test_commands_print_in_every_encoding(finished: Path, encoding: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "rig", "status", str(finished)],
        capture_output=True, check=False, env={**os.environ, "PYTHONIOENCODING": encoding},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    name = {"ascii": "tone"}.get(encoding, "töne")
    assert done.stdout.decode(encoding).startswith(f"{name} und mehr: finished")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pty")
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_a_finished_session_stays_until_somebody_leaves(finished: Path, encoding: str) -> None:
    import pty

    ours, theirs = pty.openpty()
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "COLUMNS": "80", "LINES": "24"}
    process = subprocess.Popen(
        [sys.executable, "-m", "rig", "monitor", str(finished)],
        stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT,
        env={**environment, "TERM": "xterm-256color"},
    )  # fmt: skip
    seen, began, pressed = b"", time.monotonic(), False
    while process.poll() is None and time.monotonic() - began < 60:
        ready, _, _ = select.select([ours], [], [], 0.1)
        seen += os.read(ours, 65_536) if ready else b""
        # Several pictures long: it does not end by itself.
        if not pressed and seen.count(b"q leave") > 3:
            os.write(ours, b"q")
            pressed = True
    assert pressed
    assert process.wait(10) == 0
    os.close(ours)
    os.close(theirs)
