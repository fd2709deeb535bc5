"""Knobs that a hand turns are set in steps that a hand finds on the faceplate."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig import config as configuration
from rig.config.knobs import HAND_POSITIONS, hand_step
from rig.daemon.request import CommandLine, decide
from rig.errors import UsageError
from rig.session.folder import Session
from rig.session.signal import compose_signal

CARD = "interface: {driver: soundcard, input: a, output: b, host_api: ALSA}\n"
BY_HAND = "amp: {driver: hand}\n" + CARD


@pytest.mark.parametrize(
    ("low", "high", "step"),
    [(0, 10, 0.5), (1, 12, 0.5), (0, 100, 5), (-15, 15, 1), (0, 1, 0.05), (0, 7, 0.5)],
)
def test_marks_are_numbers_on_the_faceplate(low: float, high: float, step: float) -> None:
    assert hand_step(low, high) == pytest.approx(step)


@given(st.floats(-1e3, 1e3), st.floats(0.01, 1e3))
def test_marks_go_from_end_to_end_or_there_are_none(low: float, span: float) -> None:
    step = hand_step(low, low + span)
    if step is not None:
        count = span / step
        assert count == pytest.approx(round(count), abs=1e-3)
        assert HAND_POSITIONS / 2.5 - 1 < count < 2.5 * HAND_POSITIONS


def test_what_was_typed_is_where_the_knob_rests() -> None:
    """Of 21 positions over 1 to 12 none is 2: the knob was put to 2.1."""
    config = configuration.parse(BY_HAND + "knobs: {gain: {range: [1, 12], rest: 2}}")
    assert config.panel.rest.values == (2.0,)
    assert 5.5 in config.panel.knobs[0].values


def test_only_what_a_hand_turns_and_nobody_has_told_steps_of_gets_them() -> None:
    text = "knobs: {a: {hand: true}, b: {}, c: {hand: true, step: 2}, d: {switch: [x, y]}}"
    config = configuration.parse("amp: {driver: midi, port: x}\n" + CARD + text)
    assert [knob.step for knob in config.knobs.values()] == [0.5, None, 2.0, None]


def test_a_session_keeps_its_own_positions() -> None:
    """One from before there were marks has 21, whatever a newer rig would give it."""
    text = BY_HAND + "knobs: {gain: {range: [1, 12]}}"
    old = configuration.parse(text, stored=True)
    assert old.knobs["gain"].step is None
    assert len(old.panel.knobs[0].values) == HAND_POSITIONS
    new = configuration.parse(text)
    assert configuration.parse(configuration.dump(new), stored=True) == new


def test_a_session_from_before_goes_on_with_the_file_that_began_it(tmp_path: Path) -> None:
    text = BY_HAND + "knobs: {gain: {range: [1, 12]}}\nsignal: {tone_s: 0.2}"
    file, folder = tmp_path / "rig.yaml", tmp_path / "s"
    file.write_text(text, encoding="utf-8")
    old = configuration.parse(text, stored=True)
    Session.create(folder, old, compose_signal(old.signal, tmp_path, 48_000)).close()
    _, config = decide(CommandLine(file, folder), lambda _: [])
    assert len(config.panel.knobs[0].values) == HAND_POSITIONS
    file.write_text(text.replace("[1, 12]", "[1, 12], step: 1"), encoding="utf-8")
    with pytest.raises(UsageError, match="changed: knobs"):
        decide(CommandLine(file, folder), lambda _: [])
