"""What became of an order."""

import pytest

from rig.capture import Capture, Outcome, Role
from rig.knobs import Setting
from rig.session.captures import CaptureState
from rig.session.facts import TakeEnded


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
