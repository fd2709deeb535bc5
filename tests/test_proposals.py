"""Designs: distinct, allowed, spread, reproducible."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    seeds = designs.seeds(board, count, seed)
    holdouts = designs.holdouts(board, 5, seed, seeds)
    everything = [*seeds, *holdouts]
    assert len(seeds) == count
    assert len(holdouts) == 5
    assert len(set(everything)) == len(everything)
    assert all(board.allows(setting) for setting in everything)
    assert seeds == designs.seeds(board, count, seed)


def test_a_tiny_knob_space_gives_what_it_has() -> None:
    board = panel(0, 2)
    assert len(designs.seeds(board, 10, 0)) <= 4
    everything = designs.fill(board, 10, 0, [])
    assert len(everything) == 4
    assert designs.fill(board, 3, 0, everything) == []


def test_seeds_reach_both_ends_of_every_knob() -> None:
    board = panel(3)
    points = np.array([board.point(setting) for setting in designs.seeds(board, 10, 1)])
    assert np.all(points.min(axis=0) == 0)
    assert np.all(points.max(axis=0) == 1)


def test_holdouts_lie_where_players_play() -> None:
    knob = Knob("gain", positions=1001, play=(4.0, 6.0))
    points = designs.to_play(Panel((knob,)), np.random.default_rng(0).random((2000, 1)))
    inside = np.mean((points >= 0.4) & (points <= 0.6))
    assert inside == pytest.approx(0.8, abs=0.03)


def test_filling_goes_where_nothing_is() -> None:
    board = panel(2)
    taken = [board.quantise([x, y]) for x in (0.2, 0.3, 0.4) for y in np.linspace(0, 1, 5)]
    (found,) = designs.fill(board, 1, 0, taken)
    assert board.point(found)[0] > 0.6


def test_a_batch_never_repeats_and_is_filled_up() -> None:
    board = panel(2)
    taken = designs.seeds(board, 5, 0)
    ranked = [tuple(board.point(taken[0])), (0.5, 0.51), (0.5, 0.51), (0.9, 0.13)]
    chosen, proposed = designs.choose(board, ranked, 4, 0, taken)
    assert proposed == 2
    assert len(set(chosen) | set(taken)) == 9
    assert chosen[:2] == [board.quantise((0.5, 0.51)), board.quantise((0.9, 0.13))]


def test_the_reference_lies_in_the_middle_of_play() -> None:
    board = Panel((Knob("gain", positions=101, play=(2.0, 4.0)),))
    assert designs.reference(board).values == (3.0,)
