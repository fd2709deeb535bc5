"""What error is expected where nothing was recorded yet, by what was found where it now is."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.session.expectation import (
    DOUBT,
    FIRST,
    FIRST_WITHOUT_LEVELS,
    LATER,
    LATER_WITHOUT_LEVELS,
    MOST,
    expectations,
    factor,
)
from rig.session.facts import FoundError, RoundLearned, StoredFile

FILE = StoredFile(path="rounds/001/ensemble.safetensors", size=1, sha256="0" * 64)


def learnt(number: int, *found: FoundError, **more: object) -> RoundLearned:
    told = {
        "ensemble_esr": 0.05, "common_esr": 0.02, "factor": FIRST, "level_errors": (), **more,
    }  # fmt: skip
    return RoundLearned(
        round=number, strategy="integrated-variance", values=(), disagreement=(), learnt_from=(),
        holdout_esr=None, seconds=1.0, ensemble=FILE, found=found, **told,
    )  # fmt: skip


def pair(capture: int, found: float) -> FoundError:
    return FoundError(capture=capture, disagreement=0.01, found=found, common=0.05, level_error=0.2)


#: What the parts of each pair come to: common, disagreement, level.
PARTS = 0.02 + 0.01 + 0.2


def test_before_anything_was_found_it_is_what_it_is_on_any_amp() -> None:
    assert factor((), (), knows_levels=True) == FIRST
    assert factor((learnt(1),), (), knows_levels=True) == LATER
    assert factor((), (), knows_levels=False) == FIRST_WITHOUT_LEVELS
    assert factor((learnt(1),), (), knows_levels=False) == LATER_WITHOUT_LEVELS
    assert learnt(1).expects(0.01, 0.2) == pytest.approx(FIRST * PARTS)
    assert learnt(1).expects(0.01) == pytest.approx(FIRST * 0.03)


def test_each_setting_that_is_asked_for_has_an_error_of_its_own() -> None:
    asked = learnt(1, factor=2.0).model_copy(
        update={"disagreement": (0.1, 0.2), "level_errors": (0.5, 0.0)}
    )
    assert asked.expected_errors == pytest.approx([2.0 * 0.62, 2.0 * 0.22])
    # Sessions of before say nothing of levels.
    old = asked.model_copy(update={"level_errors": None})
    assert old.expected_errors == pytest.approx([2.0 * 0.12, 2.0 * 0.22])


def test_an_amp_that_is_harder_than_others_is_expected_to_stay_so() -> None:
    """As often as it was found, so much the rest of the amps counts less."""
    usual = FIRST * PARTS

    def corrected(share: float, count: int) -> float:
        found = [pair(number, share * usual) for number in range(count)]
        return factor((learnt(1),), found, knows_levels=True) / LATER

    assert corrected(4.0, 2) == pytest.approx(4.0 ** (2 / (2 + DOUBT)))
    assert 1.0 < corrected(4.0, 2) < corrected(4.0, 20) < 4.0
    assert corrected(0.25, 20) == pytest.approx(1.0 / corrected(4.0, 20))


def test_what_was_found_in_a_later_round_is_held_against_what_later_rounds_find() -> None:
    first = [pair(i, FIRST * PARTS) for i in range(5)]
    later = [pair(10 + i, LATER * PARTS) for i in range(5)]
    # Each as on any amp: nothing is to be corrected.
    found = factor((learnt(1), learnt(2, *first)), later, knows_levels=True)
    assert found == pytest.approx(LATER)


def test_what_rounds_without_levels_found_corrects_one_that_knows_them() -> None:
    """A session that an older rig began goes on: each round against its own kind's factor."""
    old = learnt(1, level_errors=None)
    usual = [
        FoundError(capture=i, disagreement=0.01, found=FIRST_WITHOUT_LEVELS * 0.03, common=0.05)
        for i in range(5)
    ]
    assert factor((old,), usual, knows_levels=True) == pytest.approx(LATER)


def test_a_single_setting_that_is_a_thousand_times_off_says_no_more_than_ten() -> None:
    found = factor((learnt(1),), [pair(1, 90.0)], knows_levels=True)
    assert found == pytest.approx(LATER * math.exp(MOST / (1 + DOUBT)))


@given(st.lists(st.floats(), max_size=40))
def test_whatever_was_found_it_is_a_number(errors: list[float]) -> None:
    pairs = [pair(number, error) for number, error in enumerate(errors)]
    found = factor((learnt(1),), pairs, knows_levels=True)
    assert LATER / 10.0 <= found <= LATER * 10.0


def test_expected_and_found_stand_side_by_side() -> None:
    rounds = [learnt(1), learnt(2, pair(7, 0.2), factor=LATER), learnt(3, pair(9, 0.03))]
    found = expectations(rounds)
    assert [found[number][0] for number in (7, 9)] == [*rounds[1].found, *rounds[2].found]
    assert [found[number][1] for number in (7, 9)] == pytest.approx([FIRST * PARTS, LATER * PARTS])


def test_rounds_of_before_say_what_they_said() -> None:
    """By their mean ESR and a slope; and in the first sessions nothing was common."""
    old = learnt(1, common_esr=None, factor=1.0, calibration=4.0)
    assert old.expects(0.01) == pytest.approx(0.05 + 4.0 * 0.01)
    asked = learnt(2, pair(7, 0.2))
    assert expectations([old, asked])[7][1] == pytest.approx(0.05 + 4.0 * 0.01)
    oldest = FoundError.model_validate({"capture": 8, "expected": 0.01, "found": 0.04})
    first = learnt(1, common_esr=None, calibration=None)
    assert expectations([first, learnt(2, oldest)])[8][1] == pytest.approx(0.01)
    # And what comes next is expected as by any other round.
    found = factor((old,), [pair(7, 10.0 * FIRST_WITHOUT_LEVELS)], knows_levels=True)
    assert found > LATER
