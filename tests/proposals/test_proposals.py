"""Designs: distinct, allowed, spread, reproducible."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import qmc

from rig.knobs import Knob, Panel
from rig.proposals import designs


def panel(knobs: int, switches: int = 0) -> Panel:
    turning = [Knob(f"k{i}", positions=101) for i in range(knobs)]
    flipped = [Knob(f"s{i}", 0.0, 1.0, 2, ("off", "on"), (0.0, 1.0)) for i in range(switches)]
    return Panel((*turning, *flipped))


@given(st.integers(1, 12))
def test_corners_are_balanced_and_main_effects_clear(knobs: int) -> None:
    signs = 1 - 2 * designs.corners(knobs)
    runs = len(signs)
    assert runs & (runs - 1) == 0
    assert knobs < runs <= 2 * knobs + 2
    assert np.array_equal(signs.T @ signs, runs * np.eye(knobs, dtype=int))
    assert np.all(signs.sum(axis=0) == 0)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 5), st.integers(0, 2), st.integers(2, 20), st.integers(0, 1000))
def test_seeds_and_holdouts_are_distinct_and_allowed(k: int, s: int, count: int, seed: int) -> None:
    board = panel(k, s)
    seeds = designs.seeds(board, "integrated-variance", count, None, seed)
    holdouts = designs.holdouts(board, 5, seed, seeds)
    everything = [*seeds, *holdouts]
    assert len(seeds) == count
    assert len(holdouts) == 5
    assert len(set(everything)) == len(everything)
    assert all(board.allows(setting) for setting in everything)
    assert seeds == designs.seeds(board, "integrated-variance", count, None, seed)


def test_a_tiny_knob_space_gives_what_it_has() -> None:
    board = panel(0, 2)
    assert len(designs.design_settings(board, "lhs", 10, 0)) <= 4
    everything = designs.fill(board, 10, 0, [])
    assert len(everything) == 4
    assert designs.fill(board, 3, 0, everything) == []


@pytest.mark.parametrize("design", designs.DESIGNS)
@pytest.mark.parametrize("count", [2, 12, 33])
def test_a_plan_has_so_many_settings_and_its_seeds_come_first(design: str, count: int) -> None:
    board = panel(3, 1)
    plan = designs.design_settings(board, design, count, 5)
    assert len(set(plan)) == count
    assert all(board.allows(setting) for setting in plan)
    assert plan == designs.design_settings(board, design, count, 5)
    assert plan != designs.design_settings(board, design, count, 6)
    assert designs.seeds(board, design, 2, count, 5) == plan[:2]


def test_a_plan_with_corners_reaches_both_ends_of_every_knob() -> None:
    board = panel(3)
    plan = designs.design_settings(board, "lhs+corners", 12, 1)
    points = np.array([board.point(setting) for setting in plan])
    assert np.all(points.min(axis=0) == 0)
    assert np.all(points.max(axis=0) == 1)


@pytest.mark.parametrize("design", ["lhs", "sobol"])
def test_a_plan_spreads_better_than_chance(design: str) -> None:
    board = panel(3)

    def discrepancy(name: str) -> float:
        plan = designs.design_settings(board, name, 32, 4)
        return float(qmc.discrepancy(np.array([board.point(setting) for setting in plan])))

    assert discrepancy(design) < 0.7 * discrepancy("random")


def test_holdouts_lie_where_players_play() -> None:
    knob = Knob("gain", positions=1001, play=(4.0, 6.0))
    points = designs.to_play_distribution(
        Panel((knob,)), np.random.default_rng(0).random((2000, 1))
    )
    inside = np.mean((points >= 0.4) & (points <= 0.6))
    assert inside == pytest.approx(0.8, abs=0.03)


def test_filling_goes_where_nothing_is() -> None:
    board = panel(2)
    taken = [board.quantise([x, y]) for x in (0.2, 0.3, 0.4) for y in np.linspace(0, 1, 5)]
    (found,) = designs.fill(board, 1, 0, taken)
    assert board.point(found)[0] > 0.6


def test_the_reference_lies_in_the_middle_of_play() -> None:
    board = Panel((Knob("gain", positions=101, play=(2.0, 4.0)),))
    assert designs.reference(board).values == (3.0,)
