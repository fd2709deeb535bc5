"""The monitor: reads a session, fits every terminal, never fails a capture."""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from rich.console import Console

from rig.capture import Levels, Outcome
from rig.knobs import Knob, Move, Panel, Setting
from rig.monitor.body import Looked
from rig.monitor.canvas import DIAL_COLUMNS, DIAL_ROWS, dial
from rig.monitor.chart import chart
from rig.monitor.keys import DOWN, LEFT, RIGHT, UP
from rig.monitor.lines import Lines
from rig.monitor.map import pairs
from rig.monitor.places import worst
from rig.monitor.prompt import Bell
from rig.monitor.screen import screen
from rig.monitor.show import command_for, monitor, turned
from rig.monitor.view import View, look
from rig.report.gather import gather
from rig.session import facts, live
from rig.session.folder import Session
from tests.monitor.drawing import Nowhere, drawn, shown
from tools.picture import PICTURE, night, picture

SIZES = [(72, 20), (80, 24), (109, 60), (110, 34), (120, 40), (200, 50), (300, 90)]
TOO_SMALL = [(71, 40), (200, 19), (60, 15), (40, 12), (20, 5), (1, 1)]


@pytest.fixture(scope="module")
def running() -> Iterator[View]:
    """The night of the picture, in the middle of a take."""
    with night() as view:
        yield view


def words(text: str) -> str:
    """A text without the boxes around it, each blank once."""
    return " ".join(re.sub(r"[│╭╮╰╯─]", " ", text).split())


@pytest.mark.parametrize(("width", "height"), [*SIZES, *TOO_SMALL])
@pytest.mark.parametrize("plain", [False, True])
def test_it_fits_every_terminal(
    running: View, finished: Path, width: int, height: int, plain: bool
) -> None:
    for view in (running, look(Session.view(finished))):
        lines = shown(view, width, height, plain=plain).splitlines()
        assert len(lines) <= height
        assert all(len(line) <= width for line in lines)
        # What rich draws where nothing was put.
        assert not any("Layout(" in line for line in lines)


@pytest.mark.parametrize(("width", "height"), TOO_SMALL[:4])
def test_where_there_is_no_room_it_says_so(finished: Path, width: int, height: int) -> None:
    said = words(drawn(finished, width, height))
    assert f"has {width} by {height} characters, the monitor needs 72 by 20" in said
    assert "finished, 8 of 8 captures" in said


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_what_matters_is_nowhere_cut(running: View, width: int, height: int) -> None:
    text = words(shown(running, width, height))
    for word in (
        "running", "38 of 40 captures", "round 7", "left 19 min", "disk 182 GB", "gain", "volume",
        "take 95: active, round 7", "10.4 of 16.7 s", "-8.6 dBFS", "-5.2 dBFS", "next: 2.6/11.9",
        "learner: at rest", "ESR 0.0188", "floor 1.5e-08", "36 captures", "rounds",
        "0.023", "takes: 90 kept 4 rejected 0 failed", "94 kept active 6.2/9.5/4.3 peak -8 dBFS",
        "p pause", "S stop now", "q leave",
    ):  # fmt: skip
        assert word in text, word


def test_before_the_first_take_no_word_is_cut(running: View) -> None:
    """What does not fit beside the rest is left out whole: the disk first, then the round."""
    waiting = replace(running, status=replace(running.status, eta=None))
    texts = {width: words(shown(waiting, width, 24)) for width in (72, 80, 100)}
    assert all("left: after the first take" in text for text in texts.values())
    assert all("38 of 40 captures" in text for text in texts.values())
    assert "round 7 left" in texts[80]
    assert "disk" not in texts[72]
    assert "disk 182 GB" in texts[100]


@pytest.mark.parametrize("is_over", [False, True])
def test_what_was_given_up_has_its_sign_told(running: View, is_over: bool) -> None:
    state = replace(running.status, state="finished" if is_over else "running")
    given_up = replace(running.places[0], kept=None, why_not="its amp died there")
    without = replace(running, status=state)
    with_one = replace(without, places=(*running.places, given_up))
    assert "- given up" not in words(shown(without, 120, 40))
    assert "- given up" in words(shown(with_one, 120, 40))


@pytest.mark.parametrize(("width", "height"), [(110, 34), (120, 40), (200, 50)])
def test_a_large_terminal_has_the_map_the_canaries_and_the_sentence(
    running: View, width: int, height: int
) -> None:
    text = shown(running, width, height)
    assert len(pairs(running)) == 3
    # All three where there is room.
    wanted = "tone over gain" if width < 200 else "volume over tone"
    said = words(text)
    for word in (wanted, "@ now", "? next", "canaries: 11, level within 0.00 dB", "over 15 min 43"):
        assert word in said, word
    assert words(f"{running.verdict.word}: {running.verdict.sentence}") in said
    # In the map itself, beside the legend: what plays, and the worst.
    area = "".join(line[: width // 2] for line in text.splitlines() if "now" not in line)
    assert area.count("@") >= 1
    assert area.count("X") >= 1


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40)])
def test_it_says_what_the_report_says(finished: Path, width: int, height: int) -> None:
    session = Session.view(finished)
    said = gather(session).verdict
    text = words(drawn(finished, width, height))
    session.close()
    assert words(f"{said.word}: {said.sentence} {said.advice}") in text
    # Where it is longer than a line, it is broken in the middle of a word.
    assert said.command[:40].split("/")[0] in text


NAMES = ("gain", "bass", "middle", "treble", "presence", "resonance", "volume", "reverb",
         "master volume")  # fmt: skip


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("width", [80, 120])
def test_of_many_knobs_none_is_cut(running: View, width: int, plain: bool) -> None:
    assert running.live is not None
    assert running.live.take is not None
    channel = Knob("channel", 0.0, 2.0, 3, ("clean", "crunch", "lead overdrive"), (0.0, 2.0))
    panel, setting = Panel((*map(Knob, NAMES), channel)), Setting((*[5.5] * len(NAMES), 2.0))
    take = running.live.take.model_copy(update={"values": setting.values})
    many = replace(
        running, panel=panel, setting=setting, recent=(), rounds=(), places=(),
        live=running.live.model_copy(update={"take": take}),
    )  # fmt: skip
    text = shown(many, width, 40, plain=plain)
    assert len(pairs(many)) == 45
    # Between two words it may wrap.
    for word in " ".join([*NAMES, "channel", "lead overdrive"]).split():
        assert word in text, word


def test_hands_are_told_what_to_turn_on_every_terminal(running: View) -> None:
    assert running.live is not None
    moves = (Move("gain", 3.0, 6.5), Move("tone", None, 4.0), Move("volume", 1.0, 9.0))
    asked = running.live.model_copy(update={"take": None, "prompt": moves})
    view = replace(running, live=asked)
    for width, height in (*SIZES, (60, 10), (30, 8)):
        text = words(shown(view, width, height))
        for word in ("6.5 (12:00)", "4 (9:45)", "9 (2:15)"):
            assert word in text, (word, width)
        assert "Enter: done" in text
        pressed = replace(view, live=asked.model_copy(update={"foot_switch": True}))
        told = words(shown(pressed, width, height))
        assert "Press the foot switch (or Enter): done" in told, width
        assert "k: skip" in told


def test_many_knobs_to_turn_are_dials_as_well(running: View) -> None:
    """Names, values and keys are all there, and so is the pointer."""
    assert running.live is not None
    panel = Panel(tuple(map(Knob, NAMES[:5])))
    moves = tuple(Move(name, 1.0, 2.5 + at) for at, name in enumerate(NAMES[:5]))
    asked = running.live.model_copy(update={"take": None, "prompt": moves})
    view = replace(
        running, panel=panel, setting=Setting((5.0,) * 5), recent=(), rounds=(), places=(),
        live=asked,
    )  # fmt: skip
    text = shown(view, 80, 24)
    face = dial(0.25)
    assert any(face[0] in line for line in text.splitlines())
    for word in (*NAMES[:5], "2.5 (9:30)", "6.5 (1:30)", "Enter: done"):
        assert word in text, word
    # Out of ASCII no pointer can be drawn.
    assert face[0] not in shown(view, 80, 24, plain=True)


def test_whoever_joins_late_is_told_when_a_take_was(running: View) -> None:
    """In a pipe, every take that had been played before had the time of the first look."""
    ended = running.recent[-1]
    view = replace(running, recent=(ended,), now=ended.at + 3600)
    told = [line for line in Lines().news(view) if f"take {ended.take.take} " in line]
    assert len(told) == 1
    assert told[0].startswith(f"{datetime.fromtimestamp(ended.at):%H:%M:%S}  ")


def test_the_bell_rings_once_for_each_time_that_hands_are_asked(running: View) -> None:
    assert running.live is not None
    one, other = (
        replace(running, live=running.live.model_copy(update={"prompt": (Move("gain", 3.0, to),)}))
        for to in (6.5, 7.0)
    )
    bell = Bell()
    pictures = [running, one, one, other, other, running, other, replace(running, live=None)]
    assert [bell.rings(view) for view in pictures] == [
        False, True, False, True, False, False, True, False,
    ]  # fmt: skip


def test_every_setting_has_its_sign(running: View) -> None:
    found, places = worst(running.places), running.places
    assert found is not None
    assert found.found == max(p.found for p in places if p.found is not None)
    assert {place.sign for place in places} == {"o", *"1234567", "+", "?"}
    assert sum(place.sign == "o" for place in places) == 12
    assert sum(place.sign == "+" for place in places) == 6


def test_why_a_take_was_refused_is_told_in_full(copied: Path) -> None:
    sentence = "the return clipped at 3.25 s: turn the input gain of the interface down by 4 dB, "
    sentence += "then go on with 'p'; nothing of it is kept"
    session = Session.open(copied)
    reason = facts.ReasonFact(check="clipping", figure=1.0, limit=0.9, sentence=sentence)
    number = session.state.takes.last + 1
    session.record(facts.TakeBegun(take=number, capture=1))
    session.record(
        facts.TakeEnded(take=number, capture=1, outcome=Outcome.REJECTED, reasons=(reason,))
    )
    session.record(session.state.run.started)  # type: ignore[arg-type]
    assert sentence in words(drawn(copied, 80, 24))
    session.close()


def test_a_running_take_is_shown_with_its_levels(finished: Path, copied: Path) -> None:
    session = Session.open(copied)
    session.record(session.state.run.started)  # type: ignore[arg-type]
    take = live.LiveTake(
        number=9, capture=3, role="active", values=(6.0, 4.0, 2.0), duration_s=10.0, played_s=4.0,
        **{k: v for k, v in vars(Levels(4.0, -12.0, -3.0)).items() if k != "played_s"},
    )  # fmt: skip
    learner = live.LiveLearner(stage="training", round=3, done=5, total=10, loss=0.5, eta_s=61)
    now = time.time()
    live.publish(copied, live.Live(at=now, pid=1, doing="recording", take=take, learner=learner))
    text = drawn(copied, 120, 40)
    session.close()
    for word in ("take 9: active", "4.0 of 10.0 s", "-12.0 dBFS", "-3.0 dBFS",
                 "training, round 3, 5/10", "1 min 01 s"):  # fmt: skip
        assert word in text, word


def test_stopped_by_hand_is_not_done(copied: Path) -> None:
    assert " finished " in drawn(copied, 80, 24)
    session = Session.open(copied)
    session.record(session.state.run.started)  # type: ignore[arg-type]
    reason = "stopped by hand; 'rig capture' goes on from here"
    session.record(facts.DaemonEnded(state="stopped", reason=reason))
    session.close()
    text = drawn(copied, 120, 40)
    assert text.startswith(" stopped by hand ")
    said = f"stopped by hand; 'rig capture --session {copied}' goes on from here"
    # However long the path is.
    assert "".join(said.split()) in "".join(text.split())


@pytest.mark.parametrize("content", ["", "{", "[]", json.dumps({"at": 1}), "x" * 200_000])
def test_a_damaged_snapshot_shows_less_and_harms_nothing(copied: Path, content: str) -> None:
    (copied / live.NAME).write_text(content)
    assert live.read(copied) is None
    assert "finished" in drawn(copied, 80, 24)


def test_it_can_be_left_at_any_time_and_stops_by_itself(finished: Path) -> None:
    console = Console(width=80, height=24, file=Nowhere())
    asked = 0

    def until() -> bool:
        nonlocal asked
        asked += 1
        return asked > 2

    monitor(finished, console, until, lambda: True)
    assert asked == 3


def looked_through(view: View, *keys: str) -> Looked:
    looked = Looked()
    for key in keys:
        looked = turned(looked, key, view)
    return looked


def test_a_session_can_be_looked_through_by_keys(finished: Path) -> None:
    view = look(Session.view(finished))
    first = worst(view.places)
    assert first is not None
    assert looked_through(view, DOWN).capture == first.capture
    assert looked_through(view, DOWN, DOWN, UP, UP, UP).capture == first.capture
    last = looked_through(view, *[DOWN] * 100)
    assert "recorded" in shown(view, 80, 24, looked=last)
    assert looked_through(view, RIGHT).pair == 1
    assert looked_through(view, LEFT, RIGHT, RIGHT, RIGHT, RIGHT).pair == 0
    assert "volume over gain" in shown(view, 120, 40, looked=looked_through(view, RIGHT))
    assert looked_through(view, DOWN, "t") == Looked()
    # What ended hears no commands; the next run is not to find them.
    assert [command_for(key, view) for key in "psS"] == [None] * 3


def test_the_picture_in_the_documentation_is_what_is_drawn_now() -> None:
    """If this fails, 'make docs' draws it anew; look at it."""

    def texts(svg: str) -> list[str]:
        """What is written where, whatever rich's own frame around it looks like."""
        return re.findall(r'<text class="[^"]*-r\d+"[^>]*>([^<]*)</text>', svg)

    kept = texts(PICTURE.read_text(encoding="utf-8"))
    assert len(kept) > 100
    assert kept == texts(picture())


def test_dials_turn_from_seven_to_five_o_clock() -> None:
    faces = [dial(x) for x in (0.0, 0.5, 1.0)]
    assert all(len(face) == DIAL_ROWS for face in faces)
    assert all(len(line) == DIAL_COLUMNS for face in faces for line in face)
    assert len({tuple(face) for face in faces}) == 3
    assert dial(-1.0) == faces[0]
    assert dial(2.0) == faces[2]


@pytest.mark.parametrize(
    "points",
    [
        [],
        [(1e9, 0.1), (0.0, 0.2), (1.0, 0.3)],
        [(4, 0.0)],
        [(4, 0.1)],
        [(4, 0.5), (6, 1e-9)],
        [(4, float("nan")), (5, 0.2)],
    ],
)
@pytest.mark.parametrize("floor", [None, 0.0, 1e-8, 0.01])
def test_charts_of_any_data_can_be_drawn(
    points: list[tuple[float, float]], floor: float | None
) -> None:
    console = Console(width=40, file=Nowhere())
    for width, height in ((40, 10), (12, 2), (5, 1)):
        console.print(chart(points, floor, width, height))


def test_screens_are_drawn_fast_enough(finished: Path) -> None:
    """Four times a second, beside a learner and an amp that want the processor."""
    session = Session.view(finished)
    began = time.process_time()
    for _ in range(4):
        screen(look(session), 120, 40)
    session.close()
    assert time.process_time() - began < 0.5
