"""Sessions on a real audio server and a real amp program, and what happens to them at night."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest

from rig import config as configuration
from rig.capture import Outcome, Role
from rig.daemon.request import Request
from rig.daemon.service import capture
from rig.daemon.stopping import Finish
from rig.session import live
from rig.session.facts import DeviceTrouble, TakeEnded
from rig.session.folder import Session
from rig.session.verify import verify
from tests.devices import guitarix, jack
from tests.devices.test_guitarix import REST, RIG, worst_repeat
from tests.devices.test_jack import WIRED


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    jack.needs_jack()
    for name, value in jack.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    jack.take_cables_for_an_amp(monkeypatch)
    # A device is back sooner here than at night.
    monkeypatch.setattr("rig.daemon.recovery.BACK_OFF_S", (0.5, 1.0, 1.0, 2.0, 2.0, 2.0, 5.0, 5.0))


def playing(folder: Path, take: int) -> Callable[[], bool]:
    """Whether a take, or a later one, is half a second old."""

    def now() -> bool:
        snapshot = live.read(folder)
        if snapshot is None or snapshot.take is None or snapshot.take.number < take:
            return False
        return snapshot.take.played_s > 0.5

    return now


@contextmanager
def roadie(folder: Path, take: int, work: Callable[[], None]) -> Iterator[None]:
    """Does something to the rig in the middle of a take."""
    errors: list[BaseException] = []

    def wait_and_work() -> None:
        try:
            jack.eventually(playing(folder, take), 90)
            work()
        except BaseException as error:
            errors.append(error)
            raise

    thread = threading.Thread(target=wait_and_work)
    thread.start()
    yield
    thread.join(120)
    assert not errors


def run(tmp_path: Path, text: str) -> tuple[Finish, Session]:
    path = tmp_path / "rig.yaml"
    path.write_text(text, encoding="utf-8")
    ending = capture(Request(tmp_path / "session", path), configuration.load(path))
    session = Session.view(tmp_path / "session")
    assert verify(session).sound
    return ending, session


def troubles(session: Session) -> list[bool]:
    found = (e.fact for e in session.journal.entries() if isinstance(e.fact, DeviceTrouble))
    return [fact.back for fact in found]


#: A take lasts as long as its signal here, so there are few.
CABLES = WIRED.replace(
    "captures: 8, seeds: 4, batch: 2, holdouts: 2", "captures: 4, seeds: 4, batch: 2, holdouts: 1"
)


def replug_cables() -> None:
    for channel in (0, 1):
        jack.plug(f"PortAudio:out_{channel}", f"PortAudio:in_{channel}")


def cabled(stop: threading.Event) -> AbstractContextManager[None]:
    """Keeps the cables patched until then."""
    return jack.kept_patched(replug_cables, stop)


def test_an_audio_server_that_dies_in_a_take_and_is_started_again(tmp_path: Path) -> None:
    with ExitStack() as night:
        server = night.enter_context(jack.server())
        receiver = night.enter_context(jack.listener())
        night.enter_context(cabled(threading.Event()))

        def restart() -> None:
            server.kill()
            server.wait()
            receiver.kill()
            receiver.wait()
            jack.clear()
            night.enter_context(jack.server())
            night.enter_context(jack.listener())

        night.enter_context(roadie(tmp_path / "session", 3, restart))
        ending, session = run(tmp_path, CABLES)
    assert not ending.failed, ending.reason
    assert troubles(session)[:1] == [False]
    assert troubles(session)[-1:] == [True]
    assert len(session.state.kept(Role.SEED, Role.ACTIVE)) == 4


def test_a_midi_receiver_that_goes_away_and_comes_back(tmp_path: Path) -> None:
    with ExitStack() as night:
        night.enter_context(jack.server())
        receiver = night.enter_context(jack.listener())
        night.enter_context(cabled(threading.Event()))

        def unplug() -> None:
            receiver.kill()
            receiver.wait()
            jack.eventually(lambda: False in troubles(Session.view(tmp_path / "session")), 60)
            night.enter_context(jack.listener())

        night.enter_context(roadie(tmp_path / "session", 3, unplug))
        ending, session = run(tmp_path, CABLES)
    assert not ending.failed, ending.reason
    assert troubles(session) == [False, True]
    assert len(session.state.kept(Role.SEED, Role.ACTIVE)) == 4


def test_a_loopback_that_is_unplugged_and_patched_again(tmp_path: Path) -> None:
    stop = threading.Event()
    with ExitStack() as night:
        night.enter_context(jack.server())
        night.enter_context(jack.listener())
        first = night.enter_context(ExitStack())
        first.enter_context(cabled(stop))

        def unplug() -> None:
            stop.set()
            time.sleep(0.5)
            jack.disconnect("PortAudio:out_1", "PortAudio:in_1")
            jack.eventually(lambda: rejected(tmp_path, "loopback"), 60)
            # The devices are opened anew meanwhile, so that one patch might come too early.
            night.enter_context(cabled(threading.Event()))

        night.enter_context(roadie(tmp_path / "session", 3, unplug))
        ending, session = run(tmp_path, CABLES)
    assert not ending.failed, ending.reason
    assert len(session.state.kept(Role.SEED, Role.ACTIVE)) == 4


def rejected(tmp_path: Path, *checks: str) -> bool:
    """Whether a take was rejected for one of some reasons."""
    session = Session.view(tmp_path / "session")
    takes = (e.fact for e in session.journal.entries() if isinstance(e.fact, TakeEnded))
    return any(
        take.outcome is Outcome.REJECTED and {reason.check for reason in take.reasons} & {*checks}
        for take in takes
    )


SHORT = RIG.replace(
    "captures: 6, seeds: 2, batch: 2, holdouts: 1", "captures: 4, seeds: 4, batch: 3, holdouts: 1"
)


def test_an_amp_program_that_dies_in_a_take_and_is_started_again(tmp_path: Path) -> None:
    guitarix.needs_guitarix()
    with ExitStack() as night:
        night.enter_context(jack.server())
        amp = night.enter_context(guitarix.amp(tmp_path / "home"))
        night.enter_context(guitarix.loopback())

        def restart() -> None:
            amp.kill()
            amp.wait()
            jack.eventually(lambda: "gx_head_amp:in_0" not in jack.ports())
            night.enter_context(guitarix.amp(tmp_path / "home"))

        night.enter_context(roadie(tmp_path / "session", 4, restart))
        ending, session = run(tmp_path, SHORT + REST)
        assert not ending.failed, ending.reason
        assert len(session.state.kept(Role.SEED, Role.ACTIVE)) == 4
        assert worst_repeat(session, tmp_path) < 1e-8


def busy() -> None:
    while True:
        sum(range(100_000))


@contextmanager
def load(processes: int) -> Iterator[None]:
    """Other programs that want the machine."""
    started = [multiprocessing.get_context("spawn").Process(target=busy) for _ in range(processes)]
    for process in started:
        process.start()
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.join()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_on_a_busy_machine_dropouts_are_recorded_again_and_nothing_corrupt_is_kept(
    tmp_path: Path,
) -> None:
    guitarix.needs_guitarix()
    text = SHORT.replace("canary_every: 6", "canary_every: 6, rejects: 20") + REST
    with jack.server(), guitarix.amp(tmp_path / "home"), guitarix.loopback():
        with load(2), starved(tmp_path / "session"):
            ending, session = run(tmp_path, text)
        assert not ending.failed, ending.reason
        assert rejected(tmp_path, "dropout-flag", "dropout", "drift", "latency", "standstill")
        assert len(session.state.kept(Role.SEED, Role.ACTIVE)) == 4
        assert worst_repeat(session, tmp_path) < 1e-8


@contextmanager
def starved(folder: Path) -> Iterator[None]:
    """The audio process gets no time at all for a fifth of a second, in two takes."""
    if sys.platform == "win32":
        pytest.skip("a process cannot be stopped and continued here")

    def starve() -> None:
        for take in (3, 6):
            jack.eventually(playing(folder, take), 120)
            pids = subprocess.run(
                ["pgrep", "-f", "rig.devices.worker"], capture_output=True, text=True, check=False
            )
            for pid in map(int, pids.stdout.split()):
                os.kill(pid, signal.SIGSTOP)
                time.sleep(0.2)
                os.kill(pid, signal.SIGCONT)

    thread = threading.Thread(target=starve)
    thread.start()
    yield
    thread.join(130)
