"""The monitor: reads a session, fits every terminal, never fails a capture."""

import io
import json
import time
from pathlib import Path

import pytest
from rich.console import Console

from rig.capture import Levels
from rig.monitor.canvas import DIAL_COLUMNS, DIAL_ROWS, dial
from rig.monitor.chart import chart
from rig.monitor.screen import screen
from rig.monitor.show import monitor
from rig.monitor.view import look
from rig.session import live
from rig.session.folder import Session


def drawn(folder: Path, width: int, height: int) -> str:
    console = Console(width=width, height=height, record=True, force_terminal=True, file=_Null())
    console.print(screen(look(Session.view(folder)), width, height), height=height)
    return console.export_text()


class _Null(io.StringIO):
    def write(self, text: str) -> int:
        return len(text)


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40), (200, 60), (40, 12), (20, 5)])
def test_it_fits_every_terminal(finished: Path, width: int, height: int) -> None:
    lines = drawn(finished, width, height).splitlines()
    assert len(lines) <= height
    assert all(len(line) <= width for line in lines)


def test_it_shows_what_matters_on_a_narrow_terminal(finished: Path) -> None:
    text = drawn(finished, 80, 24)
    for word in ("finished", "8 of 8 captures", "gain", "holdout ESR", "kept", "rounds", "disk"):
        assert word in text, word


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
    for word in (
        "4.0 of 10.0 s",
        "-12.0 dBFS",
        "-3.0 dBFS",
        "training, round 3, 5/10",
        "1 min 01 s",
    ):
        assert word in text, word


@pytest.mark.parametrize("content", ["", "{", "[]", json.dumps({"at": 1}), "x" * 200_000])
def test_a_damaged_snapshot_shows_less_and_harms_nothing(copied: Path, content: str) -> None:
    (copied / live.NAME).write_text(content)
    assert live.read(copied) is None
    assert "finished" in drawn(copied, 80, 24)


def test_it_can_be_left_at_any_time_and_stops_by_itself(finished: Path) -> None:
    console = Console(width=80, height=24, file=_Null())
    asked = 0

    def until() -> bool:
        nonlocal asked
        asked += 1
        return asked > 2

    monitor(finished, console, until, lambda: True)
    assert asked == 3


def test_dials_turn_from_seven_to_five_o_clock() -> None:
    faces = [dial(x) for x in (0.0, 0.5, 1.0)]
    assert all(len(face) == DIAL_ROWS for face in faces)
    assert all(len(line) == DIAL_COLUMNS for face in faces for line in face)
    assert len({tuple(face) for face in faces}) == 3
    assert dial(-1.0) == faces[0]
    assert dial(2.0) == faces[2]


@pytest.mark.parametrize(
    "points", [[], [(4, 0.0)], [(4, 0.1)], [(4, 0.5), (6, 1e-9)], [(4, float("nan")), (5, 0.2)]]
)
@pytest.mark.parametrize("floor", [None, 0.0, 1e-8, 0.01])
def test_charts_of_any_data_can_be_drawn(
    points: list[tuple[int, float]], floor: float | None
) -> None:
    console = Console(width=40, file=_Null())
    for width, height in ((40, 10), (12, 2), (5, 1)):
        console.print(chart(points, floor, width, height))
