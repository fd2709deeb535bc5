"""Where the time of a session went."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.verdict import Check
from rig.capture import Outcome, Role
from rig.knobs import Knob, Panel
from rig.report.figures import FINAL_MODEL, LEARNING_ROUND, EventFigure, TakeFigure
from rig.report.gather import gather
from rig.report.spent import (
    AWAY,
    CHECKED_BY,
    ELSE,
    FINAL,
    LEARNED_FROM,
    LEARNING,
    NOT_KEPT,
    TESTED_ON,
    covered_s,
    kept_share,
    spent,
)
from rig.report.timeline import Timeline
from rig.session.facts import CaptureOrdered, Fact, ReasonFact, TakeBegun, TakeEnded
from rig.session.folder import Session
from rig.session.journal import Entry


def take(number: int, role: str, outcome: str, begun_at: float, ended_at: float) -> TakeFigure:
    """A take, as far as its time goes."""
    return TakeFigure(number, 1, role, "x", outcome, begun_at, ended_at, 1.0, ())


def test_what_lies_beside_a_take_costs_no_time() -> None:
    takes = [take(1, "canary", "kept", 10, 20), take(2, "seed", "kept", 20, 30),
             take(3, "active", "rejected", 35, 40), take(4, "holdout", "kept", 40, 50)]  # fmt: skip
    events = [EventFigure(25, 38, LEARNING_ROUND, "round 1"),
              EventFigure(60, 90, FINAL_MODEL, "the final model")]  # fmt: skip
    found = spent(takes, events, [(5, 52), (60, 95)])
    assert {part.words: part.seconds for part in found} == {
        LEARNED_FROM: 10, TESTED_ON: 10, CHECKED_BY: 10, NOT_KEPT: 5, FINAL: 30,
        LEARNING: 5, ELSE: 5 + 2 + 5, AWAY: 8,
    }  # fmt: skip
    assert kept_share(found) == 30 / 90
    assert spent([], [], []) == ()
    assert kept_share(()) is None


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 9)), min_size=1, max_size=12))
def test_what_spans_cover_is_what_counting_seconds_says(pairs: list[tuple[int, int]]) -> None:
    spans = [(float(start), float(start + length)) for start, length in pairs]
    counted = {second for start, length in pairs for second in range(start, start + length)}
    assert covered_s(spans) == len(counted)


def test_shares_add_up_to_the_whole_night(finished: Path) -> None:
    session = Session.view(finished)
    report = gather(session)
    times = [entry.at for entry in session.journal.entries()]
    session.close()
    whole = sum(part.seconds for part in report.spent)
    assert whole == pytest.approx(max(times) - min(times), abs=4.0)


def test_a_take_that_was_interrupted_lasted_no_longer_than_others() -> None:
    """Whoever went on the next morning wrote it down: it was a bar of a whole night."""
    panel = Panel((Knob("gain"),))
    words = "the capture ended in the middle of this take"
    interrupted = ReasonFact(check=Check.INTERRUPTED, figure=0.0, limit=0.0, sentence=words)
    told: list[tuple[float, Fact]] = [
        (0.0, CaptureOrdered(capture=1, role=Role.SEED, values=(5.0,), round=0)),
        (10.0, TakeBegun(take=1, capture=1)),
        (25.0, TakeEnded(take=1, capture=1, outcome=Outcome.REJECTED)),
        (30.0, TakeBegun(take=2, capture=1)),
        (40_000.0, TakeEnded(take=2, capture=1, outcome=Outcome.FAILED, reasons=(interrupted,))),
        (40_010.0, TakeBegun(take=3, capture=1)),
        (40_050.0, TakeEnded(take=3, capture=1, outcome=Outcome.KEPT)),
    ]
    read = Timeline(panel).read(Entry(seq, at, fact) for seq, (at, fact) in enumerate(told, 1))
    assert [take.ended_at - take.begun_at for take in read.takes] == [15.0, 15.0, 40.0]
