"""What takes and looks are held to, by what the amp itself repeats."""

from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.capture import Outcome, Role
from rig.daemon import discrepancies, recovery
from rig.daemon.baseline import look_limit, vouched_for
from rig.daemon.discrepancies import changed_within, louder_at_rest
from rig.daemon.run import Run
from rig.session.facts import CaptureOrdered, CapturesSuspected, Fact, TakeEnded
from rig.session.folder import Session
from rig.session.journal import Entry
from rig.session.lives import Amp
from rig.session.state import fold

#: What two whole takes may differ by.
SAME = 1e-2


@pytest.mark.parametrize(
    ("repeatability_esr", "limit"),
    [(None, 3e-4), (3e-9, 1e-4), (2e-7, 2e-4), (3e-6, 3e-4), (1e-4, 5e-4), (1e-2, SAME)],
)
def test_the_better_an_amp_repeats_the_less_a_look_forgives(
    repeatability_esr: float | None, limit: float
) -> None:
    assert look_limit(repeatability_esr, SAME) == pytest.approx(limit)


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.floats(1e-3, 1.0))
def test_a_limit_rises_with_what_the_amp_repeats_and_ends_where_takes_do(
    one: float, other: float, same: float
) -> None:
    better, worse = sorted((one, other))
    assert look_limit(better, same) <= look_limit(worse, same) <= same


def kept(takes: Sequence[Mapping[str, float]], role: Role = Role.SEED) -> Session:
    """A session that kept a take of each of some settings."""
    told: list[Fact] = []
    for number, figures in enumerate(takes, 1):
        told += [
            CaptureOrdered(capture=number, role=role, values=(float(number),), round=0),
            TakeEnded(take=number, capture=number, outcome=Outcome.KEPT, figures={**figures}),
        ]
    state = fold(Entry(seq, 1.0, fact) for seq, fact in enumerate(told, 1))
    return cast(Session, SimpleNamespace(state=state))


@pytest.mark.parametrize(
    ("find", "odd", "usual"),
    [
        (changed_within, {"change_esr": 0.03, "change_noise_esr": 1e-5}, {"change_esr": 2e-5}),
        (louder_at_rest, {"rest_rise_db": 9.0}, {"rest_rise_db": 0.2}),
    ],
)
def test_the_first_takes_are_held_against_the_ones_after_them(
    find: Callable[[Session], tuple[int, ...]], odd: dict[str, float], usual: dict[str, float]
) -> None:
    # Of the first few nobody can say what is usual.
    assert find(kept([odd, usual, usual])) == ()
    assert find(kept([odd, *6 * [usual]])) == (1,)
    assert find(kept(7 * [odd])) == ()
    # A second take of the whole that said the same; one that only a look agreed with.
    believed = {**odd, "is_believed": 1.0}
    assert find(kept([believed, *6 * [usual]])) == ()
    assert find(kept([{**believed, "is_repeated": 0.0}, *6 * [usual]])) == (1,)
    assert find(kept([odd, *6 * [usual]], Role.CANARY)) == ()


def test_a_take_that_changed_within_is_recorded_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("outlying_captures", "louder_at_rest", "unlike_any_other", "blamed_by_others"):
        monkeypatch.setattr(discrepancies, name, lambda *_: ())
    told: list[CapturesSuspected] = []
    odd = {"change_esr": 0.03, "change_noise_esr": 1e-5}
    session = kept([odd, *6 * [{"change_esr": 2e-5}]])
    session.record = told.append  # type: ignore[method-assign, assignment]
    run = SimpleNamespace(
        session=session, audio=None, looked_through=set(), asked_whom_they_blame=set()
    )
    recovery.look_again(cast(Run, run))
    assert [(fact.captures, fact.alone) for fact in told] == [((1,), True)]


def test_guitar_that_differs_by_its_noise_has_not_changed() -> None:
    hissing = {"change_esr": 0.03, "change_noise_esr": 0.05}
    assert changed_within(kept([hissing, *6 * [{"change_esr": 2e-5}]])) == ()


def test_takes_that_hiss_do_not_make_a_change_usual() -> None:
    """Guitar 40 dB above the noise that is another one is odd, whatever quiet takes differ by."""
    hissing = {"change_esr": 0.9, "change_noise_esr": 1.1}
    assert changed_within(kept([{"change_esr": 3.6, "change_noise_esr": 1e-3}, *6 * [hissing]]))
    # What an amp does beyond its noise is usual (a reverb).
    moving = {"change_esr": 1.2, "change_noise_esr": 0.2}
    assert not changed_within(kept([{"change_esr": 3.6, "change_noise_esr": 0.1}, *6 * [moving]]))


def takes(*lags_frames: float, believed: bool = False) -> list[TakeEnded]:
    """Takes whose amp answered so late."""
    own = {"is_believed": 1.0} if believed else {}
    return [
        TakeEnded(
            take=number,
            capture=number,
            outcome=Outcome.KEPT,
            figures={"return_lag_frames": lag_frames, **own},
        )
        for number, lag_frames in enumerate(lags_frames, 1)
    ]


def test_an_amp_may_answer_at_two_times() -> None:
    """A gain past its half switched to a channel that is 120 frames later: 60 is no one's lag."""
    lags = vouched_for(takes(3.0, 123.0, 2.0, 124.0), "return_lag_frames", 40.0)
    assert lags == (2.0, 3.0, 123.0, 124.0)


def test_one_take_alone_says_nothing_of_others_unless_it_was_repeated() -> None:
    alone, usual = takes(123.0), takes(1.0, 2.0, 3.0)
    assert vouched_for(alone + usual, "return_lag_frames", 40.0) == (1.0, 2.0, 3.0)
    repeated = takes(123.0, believed=True)
    assert vouched_for(repeated + usual, "return_lag_frames", 40.0) == (1.0, 2.0, 3.0, 123.0)


def test_few_takes_say_nothing_of_what_is_usual() -> None:
    assert vouched_for(takes(1.0, 2.0, 3.0), "return_lag_frames", 40.0) == ()


def canary(replicate_esr: float, noise_db: float) -> TakeEnded:
    level = {"return_rms_dbfs": -40.0, "noise_dbfs": -40.0 + noise_db}
    figures = {"replicate_esr": replicate_esr, **level}
    return TakeEnded(take=1, capture=1, outcome=Outcome.KEPT, figures=figures)


def test_the_noise_of_the_reference_setting_is_no_excuse_for_others() -> None:
    # Noise 30 dB below a return makes an ESR of 2e-3 between two takes of it.
    amp = Amp(canaries=[canary(2.1e-3, -30.0), canary(2.0e-3, -30.0), canary(1.9e-3, -30.0)])
    assert amp.repeatability_esr == 2.0e-3
    assert amp.steadiness_esr == pytest.approx(0.0, abs=1e-9)
    unsteady = Amp(canaries=[canary(2.1e-3, -50.0)])
    assert unsteady.steadiness_esr == pytest.approx(2.08e-3)
    one_was_off = Amp(canaries=[canary(2.1e-3, -30.0), canary(1.1e-2, -30.0)])
    assert one_was_off.steadiness_esr == pytest.approx(1e-4)
    assert Amp().steadiness_esr is None
