"""Levels and ESR."""

import numpy as np
import pytest

from calibration import levels
from calibration.signals import Part, Signal, compose


def test_known_levels() -> None:
    assert levels.dbfs(1.0) == 0.0
    assert levels.dbfs(0.0) == levels.SILENCE_DBFS
    assert levels.peak_dbfs([0.5, -0.25]) == pytest.approx(-6.02, abs=0.01)
    sine = np.sin(np.linspace(0, 200 * np.pi, 48_000, endpoint=False))
    assert levels.rms_dbfs(sine) == pytest.approx(-3.01, abs=0.01)
    assert levels.rms([]) == 0.0


def test_esr_of_known_errors() -> None:
    target = np.ones(10)
    assert levels.esr(target, target) == 0.0
    assert levels.esr(target, 0.9 * target) == pytest.approx(0.01)
    assert levels.esr(np.zeros(3), target[:3]) == float("inf")


def test_the_signal_has_its_parts_in_order(short_signal: Signal) -> None:
    parts = [segment.part for segment in short_signal.segments]
    assert parts[:6] == [*list(Part)[:5], Part.CLOSING]
    assert parts[-3:] == [Part.AFTER, Part.CLOSING, Part.TAIL]
    assert parts.count(Part.CLOSING) == 3
    starts = [s.start for s in short_signal.segments]
    stops = [s.stop for s in short_signal.segments]
    assert starts == [0, *stops[:-1]]
    assert stops[-1] == len(short_signal.send)
    assert np.all(short_signal.send[: short_signal.segment(Part.PREAMBLE).start] == 0)
    assert np.all(short_signal.send[short_signal.segment(Part.TAIL).start :] == 0)


def test_guitars_are_brought_to_the_peak_and_tones_sweep_to_it() -> None:
    quiet = 0.001 * np.random.default_rng(0).standard_normal(48_000)
    signal = compose(quiet, quiet, [100.0, 1000.0], 0.5, -6.0, 48_000)
    for part in (Part.TRAIN, Part.TONES):
        segment = signal.segment(part)
        played = signal.send[segment.start : segment.stop]
        assert levels.peak_dbfs(played) == pytest.approx(-6.0, abs=1.0)
