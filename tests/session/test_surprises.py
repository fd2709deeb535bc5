"""What is a surprise, and what an ensemble had to expect."""

import pytest

from rig.session import facts
from rig.session.facts import FoundError
from rig.session.lives import Learning
from rig.session.state import State
from rig.session.surprises import surprises


def found(*esr: float, common: float = 0.004, disagreement: float = 0.001) -> State:
    """The state after a round that found these errors at settings it knew equally little of."""
    pairs = [
        FoundError(capture=i, disagreement=disagreement, found=figure, common=common)
        for i, figure in enumerate(esr)
    ]
    learnt = facts.RoundLearned(
        round=2,
        strategy="x",
        values=(),
        disagreement=(),
        learnt_from=(),
        ensemble_esr=common,
        holdout_esr=None,
        seconds=1.0,
        ensemble=facts.StoredFile(path="a", sha256="0" * 64, size=0),
        found=tuple(pairs),
    )
    return State(learning=Learning(rounds=[learnt]))


def test_what_is_far_beyond_the_others_is_a_surprise() -> None:
    ((pair, expected_esr),) = surprises(found(0.01, 0.012, 0.008, 0.2))
    assert pair.capture == 3
    assert expected_esr == pytest.approx(0.01)


def test_a_surprise_is_not_measured_by_itself() -> None:
    """Of two captures one is off: with its own error in the median it would be as expected."""
    ((pair, expected_esr),) = surprises(found(0.01, 0.05))
    assert pair.capture == 1
    assert expected_esr == pytest.approx(0.01)


@pytest.mark.parametrize(
    "state",
    [
        State(),
        found(),
        found(0.01, 0.012, 0.03),
        found(0.001, 0.0012, 0.015, common=0.0005),
        found(0.2, 0.22, 0.9, common=0.15),
        found(0.003, 0.003, 0.015, disagreement=0.0),
    ],
)
def test_nothing_to_be_surprised_at(state: State) -> None:
    """No round, nothing found, within reach, too small to matter, or nobody wise enough."""
    assert surprises(state) == []
