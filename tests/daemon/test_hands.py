"""Knobs that a person turns: asked for from any monitor, in an order that spares the hands."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from rig import config as configuration
from rig.capture import Command, Role
from rig.config import Config
from rig.daemon.hands import _obey
from rig.daemon.orders import canary
from rig.daemon.request import Request
from rig.daemon.service import Interrupts, capture
from rig.faceplate import by_hand, clock
from rig.knobs import Move
from rig.monitor.prompt import line, prompt
from rig.proposals import designs, hands
from rig.session import control, live
from rig.session.facts import CapturesSuspected, HandsSet, TakeBegun
from rig.session.folder import Session
from rig.session.status import status
from rig.session.verify import verify
from tests.conftest import LAID_OUT

GAIN = "gain: {range: [1, 12], step: 0.1, rest: 3, play: [3, 10]}"
HAND = GAIN.replace("step: 0.1", "step: 1, hand: true")
BY_HAND = LAID_OUT.replace(GAIN, HAND)


@contextmanager
def person(folder: Path, answers: Sequence[Command] = ()) -> Iterator[list[Move]]:
    """Somebody at a monitor: answers each prompt, and in the end always with 'done'."""
    seen: list[Move] = []
    said = list(answers)
    gone = threading.Event()

    def watch() -> None:
        answered: tuple[Move, ...] = ()
        while not gone.wait(0.03):
            snapshot = live.read(folder)
            asked = snapshot.prompt if snapshot is not None else ()
            if asked and asked != answered:
                seen.extend(asked)
                control.drop(folder, said.pop(0) if said else "done")
            answered = asked

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        gone.set()
        thread.join()


def recorded(
    tmp_path: Path, text: str, answers: Sequence[Command] = ()
) -> tuple[Session, list[Move]]:
    path, folder = tmp_path / "rig.yaml", tmp_path / "session"
    path.write_text(text, encoding="utf-8")
    with person(folder, answers) as seen:
        ending = capture(Request(folder, path), configuration.load(path))
    assert not ending.failed, ending.reason
    return Session.view(folder), seen


def test_a_person_turns_what_must_be_turned_and_no_more(tmp_path: Path) -> None:
    session, seen = recorded(tmp_path, LAID_OUT.replace(GAIN, HAND))
    assert len(session.state.kept(Role.SEED, Role.ACTIVE)) == 8
    assert {move.knob for move in seen} == {"gain"}
    assert seen[0].start is None
    assert all(move.start != move.stop for move in seen)
    told = [e.fact.values for e in session.journal.entries() if isinstance(e.fact, HandsSet)]
    assert [move.stop for move in seen] == [values[0] for values in told]
    takes = sum(session.state.takes.counts.values())
    assert len(seen) < takes
    assert verify(session).sound
    # Nobody is asked in the end, but it is said: at night an amp is left at its quietest.
    rest = session.config.panel.rest.values[0]
    assert told[-1][0] != rest
    assert f"gain to {rest:g}" in str(status(session).to_rest)


def test_a_setting_can_be_skipped_and_the_last_one_asked_for_again(tmp_path: Path) -> None:
    session, _ = recorded(tmp_path, BY_HAND, ["done", "skip", "done", "redo"])
    skipped = [c for c in session.state.captures.values() if c.abandoned]
    assert [about.abandoned for about in skipped] == ["skipped by hand"]
    doubts = [e.fact for e in session.journal.entries() if isinstance(e.fact, CapturesSuspected)]
    again = [fact for fact in doubts if "says the person" in fact.why]
    assert len(again) == 1
    redone = session.state.captures[again[0].captures[0]]
    assert redone.kept is not None
    assert redone.suspects[0].take < redone.kept.take
    assert len(session.state.kept(Role.SEED, Role.ACTIVE)) == 8
    # Hands may have been on their way to the next one: nothing is recorded before they are back.
    told = [entry.fact for entry in session.journal.entries()]
    after = told[told.index(again[0]) :]
    begun = next(fact for fact in after if isinstance(fact, TakeBegun))
    assert begun.capture == again[0].captures[0]
    assert any(isinstance(fact, HandsSet) for fact in after[: after.index(begun)])


def test_a_pause_at_a_prompt_is_a_pause(tmp_path: Path) -> None:
    path, folder = tmp_path / "rig.yaml", tmp_path / "session"
    path.write_text(BY_HAND, encoding="utf-8")
    ended: list[str] = []

    def run() -> None:
        ended.append(capture(Request(folder, path), configuration.load(path)).reason)

    thread = threading.Thread(target=run)
    # Signals belong to the main thread, and this is about the prompt.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rig.daemon.service._interrupts", _no_signals)
        thread.start()
        wait(lambda: bool((found := live.read(folder)) and found.prompt))
        control.drop(folder, "pause")
        wait(lambda: status(Session.view(folder)).state == "paused")
        control.drop(folder, "resume")
        wait(lambda: bool((found := live.read(folder)) and found.prompt))
        control.drop(folder, "stop")
        thread.join(30)
    assert ended
    assert "stopped by hand" in ended[0]


@contextmanager
def _no_signals() -> Iterator[Interrupts]:
    yield Interrupts()


def wait(what: Callable[[], object], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_headless_and_hands_are_refused_before_the_night(tmp_path: Path) -> None:
    path = tmp_path / "rig.yaml"
    path.write_text(BY_HAND, encoding="utf-8")
    command = [sys.executable, "-m", "rig", "capture", str(path), "--headless"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 2
    assert "turn gain by hand" in done.stderr
    assert not (tmp_path / "sessions").exists()


MIXED = """
knobs:
  gain: {range: [0, 10], hand: true}
  bass: {range: [0, 10], hand: true}
  treble: {range: [0, 10], step: 0.5}
"""


@pytest.fixture(scope="module")
def mixed() -> Config:
    return configuration.parse(MIXED)


POINTS = st.lists(st.tuples(*[st.floats(0, 1)] * 3), min_size=1, max_size=9)


@given(points=POINTS, start=st.none() | st.tuples(*[st.sampled_from([0.0, 5.0, 10.0])] * 2))
def test_an_order_visits_everything_once(
    mixed: Config, points: list[tuple[float, ...]], start: tuple[float, ...] | None
) -> None:
    settings = [mixed.panel.quantise(point) for point in points]
    order = hands.in_order(mixed.panel, start, settings)
    assert sorted(order) == list(range(len(settings)))


@pytest.mark.parametrize("seed", range(5))
def test_hands_move_far_less_than_in_the_order_of_the_design(mixed: Config, seed: int) -> None:
    panel = mixed.panel
    settings = designs.design_settings(panel, "lhs", 20, seed)
    places = [by_hand(panel, setting) for setting in settings]
    order = hands.in_order(panel, None, settings)
    ours = hands._length(panel, None, places, order)
    theirs = hands._length(panel, None, places, range(len(places)))
    assert ours < 0.85 * theirs


def test_a_prompt_says_value_and_clock_from_and_to(mixed: Config) -> None:
    panel = mixed.panel
    moves = (
        Move(knob="gain", start=5.0, stop=7.5),
        Move(knob="bass", start=None, stop=0.0),
    )
    console = Console(width=100, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    console.print(prompt(panel, moves))
    text = console.export_text()
    assert "gain: 5 (12:00) → 7.5 (2:30)" in text
    assert "bass: somewhere → 0 (7:00)" in text
    assert line(panel, moves).plain == "turn gain to 7.5 (2:30), bass to 0 (7:00)"


@pytest.mark.parametrize(
    ("turned", "hour"), [(0.0, "7:00"), (0.5, "12:00"), (1.0, "5:00"), (0.26, "9:30"), (-1, "7:00")]
)
def test_knobs_as_clocks(turned: float, hour: str) -> None:
    assert clock(turned) == hour


def test_a_reference_that_is_skipped_is_still_asked_for(
    copied: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its key may be pressed in the monitor, too: it was given up, and asked for again at once."""
    session = Session.open(copied)
    order = canary(session)
    _obey(SimpleNamespace(session=session), order, "skip")  # type: ignore[arg-type]
    assert session.state.captures[order.number].is_pending
    assert "cannot be left out" in caplog.text
    session.close()
