"""What became of an order."""

import pytest

from calibration.verdict import Check
from rig.capture import Capture, Outcome, Role
from rig.knobs import Setting
from rig.session.captures import CaptureState
from rig.session.facts import (
    CaptureOrdered,
    CapturesSuspected,
    Fact,
    FilesSetAside,
    ReasonFact,
    TakeEnded,
)
from rig.session.journal import Entry
from rig.session.state import fold


def kept(number: int, **figures: float) -> TakeEnded:
    return TakeEnded(take=number, capture=1, outcome=Outcome.KEPT, figures=figures)


@pytest.mark.parametrize("alone", [True, False])
def test_recorded_anew_is_not_repeated_unless_takes_had_to_agree(alone: bool) -> None:
    about = CaptureState(Capture(1, Setting((1.0,)), Role.SEED, 0))
    about.keep(kept(1))
    assert not about.was_repeated
    # A canary that failed takes along what was recorded beside it: nothing is held against that.
    about.doubt()
    about.must_agree = alone
    about.keep(kept(2))
    assert about.was_repeated is alone
    about.keep(kept(3, is_believed=1.0))
    assert about.was_repeated


def test_what_agreed_with_a_look_only_may_be_asked_for_once_more() -> None:
    about = CaptureState(Capture(1, Setting((1.0,)), Role.SEED, 0), must_agree=True)
    about.keep(kept(2, is_believed=1.0, is_settled=0.0, is_repeated=0.0))
    assert not about.was_repeated
    assert about.needs_look
    about.doubt()
    about.keep(kept(3, is_believed=1.0, is_settled=1.0))
    assert about.was_repeated
    assert not about.needs_look


#: How an attempt can come to nothing: refused, without anything back, with a process that died.
BAD = {
    "rejected": TakeEnded(take=1, capture=1, outcome=Outcome.REJECTED),
    "failed": TakeEnded(take=1, capture=1, outcome=Outcome.FAILED),
    "died": TakeEnded(
        take=1,
        capture=1,
        outcome=Outcome.FAILED,
        reasons=(ReasonFact(check=Check.INTERRUPTED, figure=0.0, limit=0.0, sentence="-"),),
        died=True,
    ),
}


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize(
    "again",
    [
        FilesSetAside(paths=("captures/1.wav",), takes=(2,)),
        CapturesSuspected(captures=(1,), why="to be sure"),
    ],
    ids=["set aside", "suspected"],
)
def test_recorded_anew_a_setting_has_all_its_attempts(
    bad: str, again: FilesSetAside | CapturesSuspected
) -> None:
    told: list[Fact] = [
        CaptureOrdered(capture=1, role=Role.SEED, values=(1.0,), round=0),
        BAD[bad],
        kept(2),
        again,
    ]
    state = fold(Entry(seq, 1.0, fact) for seq, fact in enumerate(told, 1))
    about = state.captures[1]
    assert about.is_pending
    # Nothing of it waits for a canary, or it would stand there twice once it is kept again.
    assert state.amp.unproven == []
    # What came to nothing before was of another time, and counts no more towards giving it up.
    assert getattr(about, bad) == 0


def refused(check: Check) -> TakeEnded:
    reason = ReasonFact(check=check, figure=2.0, limit=1.0, sentence="-")
    return TakeEnded(take=1, capture=1, outcome=Outcome.REJECTED, reasons=(reason,))


def test_to_ask_once_more_whether_it_is_the_amp_is_no_attempt_that_failed() -> None:
    """A setting at the end of its knobs is odd; with two faults besides it was given up."""
    for question in (Check.MOMENT, Check.DISAGREEMENT):
        about = CaptureState(Capture(1, Setting((1.0,)), Role.SEED, 0))
        about.refuse(refused(question))
        assert about.rejected == 0
        about.refuse(refused(Check.DRIFT))
        about.refuse(refused(question))
        assert about.rejected == 2
    # Recorded anew it may be asked once more.
    about.wait_again()
    about.refuse(refused(Check.LEVEL))
    assert about.rejected == 0
    canary = CaptureState(Capture(2, Setting((1.0,)), Role.CANARY, 0))
    canary.refuse(refused(Check.SILENCE))
    assert canary.rejected == 1
