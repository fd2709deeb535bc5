"""The learner: strategies keep to the panel, training survives its process, verdicts are plain."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st
from torch import Tensor

from models.acquisition.disagreement import Predictions
from models.networks.spec import dump_model
from models.training.trainer import Recipe
from rig.knobs import Knob, Panel, Setting
from rig.learner import checkpoint
from rig.learner.excerpts import EXCERPT_FRAMES, loudest_excerpts
from rig.learner.validation import (
    TriedEnd,
    Weakness,
    closeness,
    difference_db,
    end_words,
    worst_end,
)
from rig.proposals import designs
from rig.proposals.strategies import STRATEGIES, ProposalRequest
from rig.session.expectation import FIRST, factor
from rig.session.facts import FoundError
from rig.session.folder import Session
from rig.session.surprises import error_per_disagreement
from tests.models.test_models import made
from tests.models.test_training import SHORT, TOYS, toy


def board(hand: bool = False) -> Panel:
    gain = Knob("gain", positions=128, limits=(0.0, 9.0), avoid=((0.0, 0.5),), by_hand=hand)
    return Panel((gain, Knob("tone"), Knob("bright", 0.0, 1.0, 2, ("off", "on"), (0.0, 1.0))))


def members(seed: int, knobs: int = 3) -> Predictions:
    draw = torch.Generator().manual_seed(seed)
    weights = torch.randn(3, knobs, 8, generator=draw)

    def ask(points: Tensor) -> list[Tensor]:
        return [torch.sin(4.0 * torch.einsum("sk,mkn->msn", points, weights))]

    return ask


def ask(panel: Panel, count: int, seed: int, pool: list[Setting] | None = None) -> ProposalRequest:
    learnt = designs.design_settings(panel, "lhs", 6, seed) if pool is None else pool[:4]
    pending, tested = learnt[4:], designs.holdouts(panel, 2, seed, learnt)
    taken = [*learnt, *tested] if pool is None else learnt
    said = members(seed)
    return ProposalRequest(
        panel, count, 20, seed, seed, learnt[:4], pending, taken, said, said, pool
    )


@pytest.mark.parametrize("pooled", [False, True])
def test_a_setting_that_nobody_would_hear_is_not_asked_for(pooled: bool) -> None:
    panel = board()
    pool = designs.design_settings(panel, "lhs", 30, 3) if pooled else None

    def heard(points: Tensor) -> Tensor:
        return points[:, 1] >= 0.4

    free = ask(panel, 6, 3, pool)
    asked = replace(free, heard=heard)
    strategy = STRATEGIES["integrated-variance"]
    for request, least in ((free, 0.0), (asked, 0.39)):
        found = strategy(request, lambda *_: None)
        assert len(found.settings) == found.from_ensemble == 6
        tones = request.points(found.settings)[:, 1]
        assert (float(tones.min()) < 0.39) == (least == 0.0)


def test_where_nearly_nothing_is_heard_a_batch_is_still_asked_for() -> None:
    asked = replace(ask(board(), 6, 3), heard=lambda points: points[:, 1] > 2.0)
    found = STRATEGIES["integrated-variance"](asked, lambda *_: None)
    assert len(set(found.settings)) == 6


@budget(max_examples=8, deadline=None)
@given(st.sampled_from(sorted(STRATEGIES)), st.booleans(), st.integers(1, 6), st.integers(0, 50))
def test_a_strategy_asks_for_new_settings_that_may_be_set(
    name: str, hand: bool, count: int, seed: int
) -> None:
    panel = board(hand)
    asked = ask(panel, count, seed)
    found = STRATEGIES[name](asked, lambda *_: None)
    assert len(found.settings) == len(found.expected) == count
    assert len(set(found.settings)) == count
    assert not set(found.settings) & set(asked.excluded)
    assert all(panel.allows(setting) for setting in found.settings)
    assert found == STRATEGIES[name](asked, lambda *_: None)


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_strategy_keeps_to_the_settings_there_are(name: str) -> None:
    panel = board()
    pool = designs.design_settings(panel, "random", 9, 1)
    found = STRATEGIES[name](ask(panel, 4, 1, pool), lambda *_: None)
    assert len(set(found.settings)) == 4
    assert set(found.settings) <= set(pool[4:])
    rest = STRATEGIES[name](ask(panel, 20, 1, pool), lambda *_: None)
    assert set(rest.settings) == set(pool[4:])


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_knob_space_that_is_used_up_gives_what_it_has(name: str) -> None:
    switch = Knob("bright", 0.0, 1.0, 2, ("off", "on"), (0.0, 1.0))
    panel = Panel((switch, Knob("gain", positions=2)))
    said = members(0, 2)
    taken = [panel.quantise([0, 0]), panel.quantise([1, 1]), panel.quantise([0, 1])]
    asked = ProposalRequest(panel, 5, None, 0, 0, taken[:2], taken[2:], taken, said, said)
    assert STRATEGIES[name](asked, lambda *_: None).settings == [panel.quantise([1, 0])]


def test_where_hands_turn_a_knob_a_batch_moves_it_less() -> None:
    def travel(hand: bool) -> float:
        """Of the first knob, over some batches."""
        moved = 0.0
        for seed in range(4):
            asked = ask(board(hand), 6, seed)
            found = STRATEGIES["integrated-variance"](asked, lambda *_: None).settings
            values = [setting.values[0] for setting in (*asked.pending[-1:], *found)]
            moved += sum(abs(a - b) for a, b in pairwise(values))
        return moved

    assert travel(True) < travel(False)


@pytest.mark.parametrize("design", designs.DESIGNS)
def test_batches_of_a_plan_are_the_plan_whatever_round_it_is(design: str) -> None:
    panel, said = board(), members(0)
    plan = designs.design_settings(panel, design, 12, 7)
    taken = designs.seeds(panel, design, 4, 12, 7)
    for round_seed in (7_001, 7_002):
        asked = ProposalRequest(panel, 4, 12, round_seed, 7, taken, [], taken, said, said)
        taken = [*taken, *STRATEGIES[design](asked, lambda *_: None).settings]
    assert taken == plan


class Killed(Exception):
    """Stands for the end of the process."""


def test_training_that_was_broken_off_ends_as_if_it_had_not_been(copied: Path) -> None:
    session = Session.view(copied)
    data, recipe = toy(), Recipe(12, 0.005, frames_per_step=4_096, windows=(512,), seed=1)
    whole = made(TOYS[0], seed=4)
    checkpoint.train(session, "a", whole, data, recipe, lambda *_: None)
    ticks = iter(range(0, 100_000, 61))

    def kill(step: int, _loss: float) -> None:
        if step == 7:
            raise Killed

    with pytest.raises(Killed):
        checkpoint.train(
            session, "a", made(TOYS[0], seed=4), data, recipe, kill, clock=lambda: next(ticks)
        )
    (left,) = (copied / "rounds").glob("unfinished-*.pt")
    told: list[int] = []
    again = made(TOYS[0], seed=4)
    checkpoint.train(session, "a", again, data, recipe, lambda step, _: told.append(step))
    session.close()
    # Step 0 is said while captures are measured, before the first.
    assert [step for step in told if step] == list(range(7, 13))
    assert dump_model(again, TOYS[0]) == dump_model(whole, TOYS[0])
    assert not left.exists()


def test_a_run_that_another_follows_is_not_trained_twice(copied: Path) -> None:
    session = Session.view(copied)
    ticks = iter(range(0, 100_000, 61))

    def kill(step: int, _loss: float) -> None:
        if step == 2:
            raise Killed

    first = made(TOYS[0], seed=4)
    checkpoint.train(session, "wide", first, toy(), SHORT, lambda *_: None, more_follows=True)
    with pytest.raises(Killed):
        checkpoint.train(
            session, "narrow", made(TOYS[0], seed=5), toy(), SHORT, kill, clock=lambda: next(ticks)
        )
    told: list[int] = []
    again = made(TOYS[0], seed=4)
    checkpoint.train(
        session, "wide", again, toy(), SHORT, lambda step, _: told.append(step), more_follows=True
    )
    # Not a step of it is taken again, and it ends with the same weights.
    assert not [step for step in told if 0 < step < SHORT.steps]
    assert dump_model(again, TOYS[0]) == dump_model(first, TOYS[0])
    second = made(TOYS[0], seed=5)
    checkpoint.train(session, "narrow", second, toy(), SHORT, lambda *_: None)
    session.close()
    assert not list((copied / "rounds").glob("*finished-*.pt"))


def test_a_checkpoint_of_other_captures_is_not_gone_on_from(copied: Path) -> None:
    session = Session.view(copied)
    ticks = iter(range(0, 100_000, 61))
    told: list[int] = []

    def kill(step: int, _loss: float) -> None:
        if step == 3:
            raise Killed

    with pytest.raises(Killed):
        checkpoint.train(session, "a", made(TOYS[0]), toy(), SHORT, kill, clock=lambda: next(ticks))
    checkpoint.train(session, "a", made(TOYS[0]), toy(5), SHORT, lambda step, _: told.append(step))
    session.close()
    assert next(step for step in told if step) == 1


def test_expectations_are_corrected_by_what_was_found() -> None:
    pairs = [
        FoundError(capture=i, disagreement=0.01, found=0.02 + 0.01 * f, common=0.02)
        for i, f in enumerate((2, 4, 8))
    ]
    assert error_per_disagreement(pairs) == pytest.approx(4.0)
    before = FoundError.model_validate({"capture": 1, "expected": 0.01, "found": 0.04})
    assert error_per_disagreement([before]) == pytest.approx(4.0)
    better = [pair.model_copy(update={"found": 0.005}) for pair in pairs]
    assert error_per_disagreement(better) == 0.0
    assert error_per_disagreement([]) is None
    assert error_per_disagreement([FoundError(capture=1, disagreement=0.0, found=0.1)]) is None


def test_a_round_notes_what_the_one_before_had_expected(finished: Path) -> None:
    session = Session.view(finished)
    first, second = session.state.learning.rounds[:2]
    session.close()
    asked = dict(zip(first.values, first.disagreement, strict=True))
    captures = session.state.captures
    assert {
        captures[p.capture].capture.setting.values: p.disagreement for p in second.found
    } == asked
    assert all(pair.found > 0 for pair in second.found)
    assert second.calibration == pytest.approx(error_per_disagreement(second.found))
    assert first.found == ()
    assert second.calibration is not None
    assert second.expected_esr is not None
    # By the geometric mean: one setting that is learnt badly says little of the others.
    assert first.common_esr is not None
    assert second.common_esr is not None
    assert 0.0 < second.common_esr <= second.ensemble_esr
    assert (first.factor, second.factor) == (FIRST, factor([first], second.found, True))
    assert second.expected_esr >= second.common_esr * second.factor


def test_a_final_model_says_what_it_is_worth(finished: Path) -> None:
    session = Session.view(finished)
    model = session.state.learning.model
    session.close()
    assert model is not None
    assert model.verdict is not None
    assert model.within_db is not None
    nearer = f"at most {model.within_db:.1f} dB further from the amp than a second recording of it"
    assert model.verdict.startswith(nearer)


def test_differences_are_in_decibels_and_do_not_hear_what_is_masked() -> None:
    draw = torch.Generator().manual_seed(0)
    noise = torch.randn(48_000, generator=draw)
    assert difference_db(noise, noise, 48_000) == 0.0
    assert difference_db(noise, 10 ** (3 / 20) * noise, 48_000) == pytest.approx(3.0, abs=0.01)
    hiss = 1e-4 * torch.randn(48_000, generator=draw)
    assert difference_db(noise, noise + hiss, 48_000) < 0.05


def test_a_quiet_setting_that_is_heard_is_judged_like_a_loud_one() -> None:
    torch.manual_seed(0)
    guitar, hiss = torch.randn(48_000), 1e-3 * torch.randn(2, 48_000)
    floor = 1e-2  # 20 dB below the guitar
    assert difference_db(guitar, 10 ** (-3 / 20) * guitar, 48_000, floor) > 2.5
    # And what hides below it is neither the model's fault nor an excuse.
    assert difference_db(hiss[0], hiss[1], 48_000) > 2.0
    assert difference_db(hiss[0], hiss[1], 48_000, floor) < 0.05


def test_the_worst_end_of_a_knob_is_found_and_nothing_where_there_is_none() -> None:
    panel = board()
    random = np.random.default_rng(0)
    settings = [panel.quantise(p) for p in random.random((200, 3))]
    even = np.full(200, 0.01)
    assert worst_end(panel, settings, even) is None
    low = np.array([0.1 if setting.values[0] < 1.6 else 0.01 for setting in settings])
    found = worst_end(panel, settings, low)
    assert found is not None
    assert not found.above
    assert panel.knobs[found.knob].name == "gain"
    assert 1.0 < found.value < 2.2


def test_a_verdict_is_one_plain_sentence() -> None:
    panel = board()
    holdouts = [panel.quantise(p) for p in ((0.05, 0.5, 0), (0.5, 0.5, 0), (0.8, 0.2, 1))]
    weak = Weakness(0, above=False, value=1.5)
    found = closeness(panel, holdouts, [2.6, 0.4, 0.5], 0.1, weak)
    assert found is not None
    assert found.within_db == pytest.approx(0.4)
    assert found.sentence == (
        "at most 0.4 dB further from the amp than a second recording of it, "
        "at 2 settings it never heard, except below gain 1.5 (there 2.5 dB)"
    )
    plain = closeness(panel, holdouts, [0.2, 0.4, 0.5], None, None)
    assert plain is not None
    assert plain.sentence == "within 0.5 dB of the amp at 3 settings it never heard"
    assert closeness(panel, [], [], None, None) is None
    ends = [
        TriedEnd(1, "tone 0", 3.1),
        TriedEnd(2, "att 0, channel lead", 8.0),
        TriedEnd(3, "mid 0", 1.9),
    ]
    told = closeness(panel, holdouts, [2.6, 0.4, 0.5], 0.1, weak, ends)
    assert told is not None
    assert told.within_db == found.within_db
    assert told.sentence.endswith(
        "except below gain 1.5 (there 2.5 dB) and with att 0, channel lead (there 7.9 dB) and with "
        "tone 0 (there 3.0 dB)"
    )
    # A model that is poor everywhere hides no end that is far worse still.
    poor = closeness(
        panel, holdouts, [12.3, 9.0, 8.0], 0.0, None, ends=[TriedEnd(1, "tone 0", 19.0)]
    )
    assert poor is not None
    assert poor.sentence.endswith("except with tone 0 (there 19.0 dB)")
    # It was to be feared, and was tried: what is no worse than all else is no exception.
    feared = closeness(panel, holdouts, [0.3, 0.4, 0.5], 0.1, weak)
    assert feared is not None
    assert feared.sentence.endswith("a second recording of it, at 3 settings it never heard")


@pytest.mark.parametrize(("off_db", "told"), [(0.4, False), (0.6, True)])
def test_an_end_that_was_heard_says_whether_what_was_expected_of_it_is_so(
    off_db: float, told: bool
) -> None:
    panel = board()
    holdouts = [panel.quantise(p) for p in ((0.5, 0.5, 0), (0.8, 0.2, 1))]
    weak = Weakness(0, above=False, value=1.5)
    found = closeness(panel, holdouts, [0.4, 0.5], 0.1, weak, [TriedEnd(0, "gain 0", off_db)])
    assert found is not None
    expected = "except below gain 1.5 (expected, no holdout there)"
    assert found.sentence.endswith(expected if told else "2 settings it never heard")
    # Another knob's end says nothing of this one, nor the lowest of the highest.
    for weakness, end in (
        (weak, TriedEnd(1, "bass 0", off_db)),
        (
            Weakness(0, above=True, value=8.5),
            TriedEnd(0, "gain 0", off_db),
        ),
    ):
        other = closeness(panel, holdouts, [0.4, 0.5], 0.1, weakness, [end])
        assert other is not None
        assert "(expected, no holdout there)" in other.sentence


def test_the_loudest_guitar_has_its_history_in_front() -> None:
    audio = torch.zeros(60_000)
    audio[30_000:31_000] = 1.0
    found = loudest_excerpts(audio, 5_000, 60_000, 2_000)
    assert found.shape == (2, 2_000 + EXCERPT_FRAMES)
    assert float(found[0, 2_000:].sum()) > 0


def test_a_knob_at_its_lowest_is_named_with_where_the_switches_stand() -> None:
    panel = board()
    assert end_words(panel, 1, Setting((4.0, 0.0, 1.0))) == "tone 0, bright on"
    assert end_words(Panel(panel.knobs[:2]), 1, Setting((4.0, 0.0))) == "tone 0"
