"""Supervisor, daemon, audio child and learner: each may die at any instant."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator
from functools import partial
from pathlib import Path

import pytest

from rig.capture import Role
from rig.clock import Clock
from rig.daemon import supervisor
from rig.daemon.request import Request
from rig.daemon.supervisor import Supervisor
from rig.session import control
from rig.session.facts import ProcessDied
from rig.session.folder import Session, is_running
from rig.session.layout import supervisor_lock
from rig.session.status import status
from rig.session.verify import verify
from tests.faults import victims

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kill -9 and ps are POSIX")


@pytest.fixture
def rig(tmp_path: Path) -> tuple[Path, Path]:
    """A session folder to be, and a configuration."""
    config = tmp_path / "rig.yaml"
    config.write_text(victims.configuration_of(16), encoding="utf-8")
    return tmp_path / "säs sion", config


def is_among(name: str, told: Callable[[Path], Collection[str]], folder: Path) -> bool:
    return name in told(folder)


def eventually(what: Callable[[], object], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def deaths(folder: Path) -> list[str]:
    session = Session.view(folder)
    try:
        return [death.process for death in session.state.deaths]
    finally:
        session.close()


@pytest.mark.timeout(600)
def test_six_kills_of_whoever_is_there(rig: tuple[Path, Path]) -> None:
    folder, config = rig
    toll = victims.rampage(folder, config, 6, seed=4)
    victims.see_through(folder, config)
    session = Session.view(folder)
    assert verify(session).sound
    assert len(session.state.kept(Role.SEED, Role.ACTIVE)) == 16
    assert session.state.learning.model is not None
    assert toll.longest_s < victims.BACK_S
    assert {"daemon", "supervisor"} <= set(deaths(folder))


def test_each_death_is_a_fact(rig: tuple[Path, Path]) -> None:
    folder, config = rig
    victims.start(folder, config)
    eventually(lambda: victims.last_word(folder) > 8)
    for name in ("audio", "supervisor", "daemon"):
        eventually(partial(is_among, name, victims.pids, folder))
        os.kill(victims.pids(folder)[name], signal.SIGKILL)
        eventually(partial(is_among, name, deaths, folder))
    control.drop(folder, "stop-now")
    eventually(lambda: not victims.pids(folder))
    now = status(Session.view(folder))
    assert now.state == "stopped"
    assert "stopped by hand" in str(now.finish_reason)
    assert set(now.deaths) == {"audio", "supervisor", "daemon"}


def hung(folder: Path, config: Path, then: Callable[[Supervisor], object]) -> int:
    """Supervise a capture whose daemon is stopped once; the exit code.

    ``then`` is called at each look from there on; the supervisor lives in this very process.
    """
    folder.mkdir(exist_ok=True)
    watcher, stopped = Supervisor(Request(folder, config)), list[int]()

    def sleep(seconds: float) -> None:
        """Stop the daemon's clock once it has recorded something."""
        there = victims.pids(folder)
        if not stopped and "daemon" in there and victims.last_word(folder) > 8:
            stopped.append(there["daemon"])
            os.kill(there["daemon"], signal.SIGSTOP)
        if stopped:
            then(watcher)
        time.sleep(seconds)

    watcher._clock = Clock(sleep=sleep)
    # The daemon starts a supervisor where it finds none: this one holds the lock, as main does.
    with supervisor_lock(folder):
        code = watcher.run()
    assert stopped
    return code


def test_a_daemon_that_hangs_does_not_hold_a_stop_for_long(
    rig: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "DISOBEDIENT_S", 3.0)
    assert hung(*rig, Supervisor.stop) == 3


def test_a_daemon_that_hangs_is_ended_and_started_again(
    rig: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, config = rig
    monkeypatch.setattr(supervisor, "HUNG_S", 10.0)

    def stop_the_next_one(watcher: Supervisor) -> None:
        """Stop once a new daemon has taken the place of the one that hung."""
        if "daemon" in deaths(folder):
            watcher.stop()

    assert hung(folder, config, stop_the_next_one) == 3
    assert "daemon" in deaths(folder)


@pytest.fixture
def hangups_heard() -> Iterator[None]:
    """A hangup is heard even where whoever runs the tests ignores it, as nohup does."""
    number = getattr(signal, "SIGHUP", None)
    before = signal.signal(number, signal.SIG_DFL) if number is not None else None
    yield
    if number is not None:
        signal.signal(number, before)


@pytest.mark.usefixtures("hangups_heard")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_terminating_the_supervisor_stops_the_capture_in_good_order(
    rig: tuple[Path, Path], name: str
) -> None:
    folder, config = rig
    victims.start(folder, config)
    eventually(lambda: victims.last_word(folder) > 8)
    os.kill(victims.pids(folder)["supervisor"], getattr(signal, name))
    eventually(lambda: not victims.pids(folder))
    assert status(Session.view(folder)).state == "stopped"
    assert not is_running(folder)


def test_detached_it_outlives_the_shell_that_started_it(rig: tuple[Path, Path]) -> None:
    folder, config = rig
    command = [sys.executable, "-m", "rig", "capture", str(config), "--detach"]
    shell = subprocess.Popen(
        [*command, "--session", str(folder)], start_new_session=True, stdout=subprocess.DEVNULL
    )
    assert shell.wait(30) == 0
    # What a terminal does to its own session when it is closed.
    with pytest.raises(ProcessLookupError):
        os.killpg(shell.pid, signal.SIGHUP)
    eventually(lambda: victims.last_word(folder) > 8)
    control.drop(folder, "stop-now")
    eventually(lambda: not victims.pids(folder))
    facts = [e.fact for e in Session.view(folder).journal.entries()]
    assert not [fact for fact in facts if isinstance(fact, ProcessDied)]
