"""What a night needs around the loop: who is told, who stays awake, what time it is, who helps."""

import contextlib
import json
import os
import plistlib
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from rig import config as configuration
from rig import keep_awake, notify
from rig.cli.unit import Manager, text
from rig.clock import Clock, JumpWatch
from rig.daemon import supervisor
from rig.daemon.request import Request
from rig.daemon.service import capture
from rig.session import control, live
from rig.session.facts import DaemonEnded, Notified
from rig.session.folder import Session
from rig.session.status import status
from tests.conftest import LAID_OUT, TINY

#: Writes down what it was called with and what it was told.
LISTENER = """
import json, os, sys
told = {k: v for k, v in os.environ.items() if k.startswith("RIG_")}
with open(sys.argv[1], "a") as file:
    file.write(json.dumps([sys.argv[2:], told]) + "\\n")
"""


def listening(tmp_path: Path, *words: str) -> tuple[list[str], Path]:
    """A program of the user's, and where it writes what it heard."""
    program, heard = tmp_path / "tell me.py", tmp_path / "heard"
    program.write_text(LISTENER, encoding="utf-8")
    return [sys.executable, str(program), str(heard), *words], heard


def told(heard: Path) -> list[tuple[list[str], dict[str, str]]]:
    lines = map(json.loads, heard.read_text().splitlines())
    return [(words, variables) for words, variables in lines]


def test_the_end_is_told_with_facts_as_variables(tmp_path: Path) -> None:
    command, heard = listening(tmp_path, "$(touch x)", "a b")
    path = tmp_path / "rig.yaml"
    more = f"notify: {{on_finish: {json.dumps(command)}, on_alarm: [no-such-program]}}"
    path.write_text(LAID_OUT + more, encoding="utf-8")
    folder = tmp_path / "session"
    capture(Request(folder, path), configuration.load(path))
    ((words, known),) = told(heard)
    assert words == ["$(touch x)", "a b"]
    assert known["RIG_EVENT"] == "finish"
    assert known["RIG_REASON"] == "all 8 captures are recorded"
    assert known["RIG_KEPT"] == "8"
    assert known["RIG_SESSION"] == str(folder.resolve())
    session = Session.view(folder)
    facts = [e.fact for e in session.journal.entries() if isinstance(e.fact, Notified)]
    assert [(fact.event, fact.exit_code) for fact in facts] == [("finish", 0)]
    assert str(heard) not in (folder / "rig.yaml").read_text()


def test_a_broken_rig_is_an_alarm(tmp_path: Path) -> None:
    command, heard = listening(tmp_path)
    path = tmp_path / "rig.yaml"
    silent = "latency_frames: 311.3, faults: [{take: 1, kind: silence, takes: 1000}]}"
    words = TINY.replace("latency_frames: 311.3}", silent)
    path.write_text(words + f"notify: {{on_alarm: {json.dumps(command)}}}", encoding="utf-8")
    capture(Request(tmp_path / "session", path), configuration.load(path))
    ((_, known),) = told(heard)
    assert known["RIG_EVENT"] == "alarm"
    assert "nothing came back from the amp" in known["RIG_REASON"]


def test_a_program_that_cannot_be_run_or_hangs_ends_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(notify, "PATIENCE_S", 0.5)
    assert notify.tell(["no such program"], "alarm", {}) is None
    assert notify.tell([sys.executable, "-c", "import time; time.sleep(60)"], "alarm", {}) is None
    assert notify.tell([sys.executable, "-c", "exit(3)"], "finish", {"reason": "a\0b"}) == 3


class Hands:
    """Two clocks whose hands a test turns."""

    def __init__(self) -> None:
        self.wall, self.steady = 1e9, 0.0

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.wall, lambda _: None, lambda: self.steady)


def test_sleep_and_clocks_that_are_set_are_noticed_and_work_is_not() -> None:
    hands = Hands()
    watch = JumpWatch(hands.clock, silence_s=300.0)
    hands.wall, hands.steady = hands.wall + 250.0, hands.steady + 250.0
    assert watch.jumped_s() is None
    hands.wall += 3600.0
    assert watch.jumped_s() == 3600.0
    assert watch.jumped_s() is None
    hands.wall -= 120.0
    assert watch.jumped_s() == -120.0
    hands.wall, hands.steady = hands.wall + 900.0, hands.steady + 900.0
    assert watch.jumped_s() == 900.0


@pytest.mark.skipif(sys.platform != "linux", reason="systemd-inhibit is Linux's")
def test_the_machine_is_kept_awake_for_as_long_and_no_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = tmp_path / "said"
    helper = tmp_path / "systemd-inhibit"
    helper.write_text(f'#!/bin/sh\necho "$@" > "{said}"\necho $$ > "{said}.pid"\nexec cat\n')
    helper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with keep_awake.awake():
        deadline = time.monotonic() + 10
        while not (tmp_path / "said.pid").exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        pid = int((tmp_path / "said.pid").read_text())
        os.kill(pid, 0)
    assert "--what=sleep:idle:handle-lid-switch --who=rig" in said.read_text()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_where_nothing_keeps_it_awake_the_capture_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with keep_awake.awake():
        pass


@pytest.mark.skipif(sys.platform != "linux", reason="systemd-inhibit is Linux's")
@pytest.mark.parametrize(
    ("script", "can"), [("exec cat", True), ("echo 'Failed to connect to bus' >&2; exit 1", False)]
)
def test_what_ends_at_once_keeps_nothing_awake(
    script: str, can: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper = tmp_path / "systemd-inhibit"
    helper.write_text(f"#!/bin/sh\n{script}\n")
    helper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert keep_awake.can_keep_awake() is can


def test_units_run_what_a_terminal_would(tmp_path: Path) -> None:
    config = tmp_path / "my rig" / "rig & co.yaml"
    agent = plistlib.loads(text(Manager.LAUNCHD, config, "a name").encode())
    run = ["-P", "-m", "rig", "capture", str(config), "--headless"]
    assert agent["ProgramArguments"][1:] == run
    assert agent["Label"] == "rig.a-name"
    assert agent["KeepAlive"] == {"Crashed": True}
    unit = text(Manager.SYSTEMD, config, "a name")
    assert f"WorkingDirectory={tmp_path / 'my rig'}\n" in unit
    assert f"'{config}' --headless\n" in unit
    assert "RestartPreventExitStatus=1 2 3" in unit


def test_a_daemon_that_dies_again_and_again_stays_down_with_its_knobs_at_rest(
    copied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command, heard = listening(tmp_path)
    path = tmp_path / "rig.yaml"
    path.write_text(TINY + f"notify: {{on_alarm: {json.dumps(command)}}}", encoding="utf-8")
    slept: list[float] = []
    rested: list[Path] = []
    started: list[str] = []

    def die(module: str, *_: object) -> "subprocess.Popen[bytes]":
        started.append(module)
        process = subprocess.Popen([sys.executable, "-c", "import os; os.abort()"])
        process.wait()
        return process

    monkeypatch.setattr(supervisor, "spawn", die)
    monkeypatch.setattr(supervisor, "rest_amp", lambda _config, folder: rested.append(folder))
    watcher = supervisor.Supervisor(Request(copied, path), Clock(sleep=slept.append))
    assert watcher.run() == 1
    assert started == ["rig.daemon.service"] * (len(supervisor.BACK_OFF_S) + 1)
    assert sum(slept) == pytest.approx(sum(supervisor.BACK_OFF_S))
    assert rested == [copied]
    ((_, known),) = told(heard)
    assert "died too often" in known["RIG_REASON"]
    now = status(Session.view(copied))
    assert now.state == "failed"
    assert "died too often and stays down" in str(now.finish_reason)


def test_a_stop_is_heard_while_the_next_start_is_waited_for(
    copied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rig.yaml"
    path.write_text(TINY, encoding="utf-8")
    started: list[str] = []
    slept: list[float] = []

    def die(module: str, *_: object) -> "subprocess.Popen[bytes]":
        started.append(module)
        process = subprocess.Popen([sys.executable, "-c", "import os; os.abort()"])
        process.wait()
        return process

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        control.drop(copied, "stop")

    monkeypatch.setattr(supervisor, "spawn", die)
    monkeypatch.setattr(supervisor, "rest_amp", lambda _config, _folder: None)
    assert supervisor.Supervisor(Request(copied, path), Clock(sleep=sleep)).run() == 3
    assert len(started) == 1
    assert len(slept) == 1
    now = status(Session.view(copied))
    assert now.state == "stopped"
    assert "stopped by hand" in str(now.finish_reason)
    assert not list((copied / "control").iterdir())


def test_a_supervisor_that_comes_after_the_end_starts_nothing(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Started by a daemon that came to its end before this one looked.
    def spawn(*_: object) -> None:
        raise AssertionError("another daemon was started")

    monkeypatch.setattr(supervisor, "spawn", spawn)
    with contextlib.closing(Session.open(copied)) as session:
        started = session.state.run.started
        assert started is not None
        session.record(started.model_copy(update={"asked_at": 5.0}))
        session.record(DaemonEnded(state="stopped", reason="stopped by hand"))
    assert supervisor.Supervisor(Request(copied, None, asked_at=5.0)).run() == 3


def test_the_knobs_can_be_put_to_rest_without_an_interface(copied: Path) -> None:
    supervisor.rest_amp(configuration.load(copied / "rig.yaml"), copied)


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is POSIX")
def test_keys_in_the_monitor_are_commands(tmp_path: Path) -> None:
    import pty

    config, folder = tmp_path / "rig.yaml", tmp_path / "session"
    config.write_text(
        TINY.replace("latency_frames: 311.3", "latency_frames: 311.3, paced: true"), "utf-8"
    )
    command = [sys.executable, "-m", "rig", "capture", str(config), "--headless"]
    daemon = subprocess.Popen([*command, "--session", str(folder)], stdout=subprocess.DEVNULL)
    until(lambda: live.read(folder) is not None)
    ours, theirs = pty.openpty()
    viewer = subprocess.Popen(
        [sys.executable, "-m", "rig", "monitor", str(folder)],
        stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, "TERM": "xterm"},
    )  # fmt: skip
    os.set_blocking(ours, False)
    try:
        for key, state in ((b"p", "paused"), (b"p", "running")):
            press(ours, key, partial(is_in, folder, state))
        press(ours, b"q", lambda: viewer.poll() == 0)
        assert daemon.poll() is None, "leaving the monitor ended the capture"
    finally:
        viewer.kill()
        daemon.terminate()
        assert daemon.wait(120) == 3


def is_in(folder: Path, state: str) -> bool:
    return status(Session.view(folder)).state == state


def press(terminal: int, key: bytes, done: Callable[[], object]) -> None:
    """Press a key once the screen is there, and wait for what it does."""
    drain(terminal, 0.8)
    os.write(terminal, key)

    def happened() -> object:
        drain(terminal, 0.05)
        return done()

    until(happened)


def drain(terminal: int, seconds: float) -> None:
    """Read what is drawn, as a terminal does: a full one would stop the viewer."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            os.read(terminal, 65_536)
        except (BlockingIOError, OSError):
            time.sleep(0.02)


def until(what: Callable[[], object], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
