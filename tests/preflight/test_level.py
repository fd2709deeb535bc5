"""The send level that 'rig check' looks for: nothing louder is played on the way to it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from calibration import levels
from calibration.sendlevel import MOST_STEP_DB
from calibration.signals import Signal
from rig.knobs import Knob, Panel, Setting
from rig.preflight import chain
from rig.preflight.probe import probe_signal


@dataclass
class Heard:
    """What a take is asked for."""

    figures: dict[str, float]


class Bench:
    """A probe whose amp is a curve from send to return, in dB; what is played is written down."""

    def __init__(self, curve: Callable[[float], float], signal: Signal, peak_dbfs: float) -> None:
        self.curve, self.peak_dbfs = curve, peak_dbfs
        self.short = probe_signal(signal, peak_dbfs, listen=False)
        self.played: list[float] = []

    def take(self, _setting: Setting, *, send_dbfs: float | None = None) -> Heard:
        gain = 0.0 if send_dbfs is None else send_dbfs - self.peak_dbfs
        peak = levels.peak_dbfs(self.short.send) + gain
        self.played.append(peak)
        return Heard({"return_peak_dbfs": self.curve(peak)})


SETTING = Panel((Knob("gain"),)).rest


def checked(curve: Callable[[float], float], signal: Signal, peak_dbfs: float) -> tuple[Any, Bench]:
    bench: Any = Bench(curve, signal, peak_dbfs)
    row = chain.level(bench, SETTING, chain.meet(bench, SETTING))
    return row, bench


CURVES: dict[str, Callable[[float], float]] = {
    "linear": lambda send: send + 10,
    "cold": lambda send: send - 30,
    "hot": lambda send: send + 60,
    "dead": lambda _send: -90.0,
    "gate": lambda send: send + 20 if send > -10 else -90.0,
    "expander": lambda send: 4 * send + 30,
    "compressor": lambda send: -20 + send / 10,
}


@pytest.mark.parametrize("name", CURVES)
@pytest.mark.parametrize("peak_dbfs", [-30.0, -6.0, 0.0])
def test_nothing_is_played_over_the_limit_or_far_over_what_was_heard(
    name: str, peak_dbfs: float, short_signal: Signal
) -> None:
    row, bench = checked(CURVES[name], short_signal, peak_dbfs)
    assert row.passed or row.advice
    # The session's own level is the user's; the search goes no higher than -1 dBFS.
    assert max(bench.played) <= max(-1.0, peak_dbfs) + 0.01
    fine = [bench.played[0]]
    for level in bench.played[1:]:
        assert level <= max(fine) + MOST_STEP_DB + 0.01
        if CURVES[name](level) <= -1.0:
            fine.append(level)


def test_what_is_played_beside_the_guitar_counts_too(short_signal: Signal) -> None:
    bench: Any = Bench(CURVES["cold"], short_signal, -20.0)
    send = bench.short.send.copy()
    # Something that lies 9 dB over the guitar.
    send[100] = 10 ** (-11 / 20)
    bench.short = replace(bench.short, send=send)
    chain.level(bench, SETTING, Heard({"return_peak_dbfs": -50.0}))  # type: ignore[arg-type]
    assert max(bench.played) <= -1.0 + 1e-6
    assert np.max(np.abs(send)) > 10 ** (-20 / 20)


def test_the_advice_is_a_level_that_was_heard_to_be_right(short_signal: Signal) -> None:
    row, _ = checked(CURVES["linear"], short_signal, -6.0)
    assert "signal.peak_dbfs to -11" in row.advice
    assert "down" in row.advice
    row, _ = checked(lambda send: send - 5, short_signal, -30.0)
    assert "signal.peak_dbfs to -1.0" in row.advice
    assert "up" in row.advice


def test_a_dead_or_far_too_hot_chain_gets_no_level(short_signal: Signal) -> None:
    for name in ("dead", "hot"):
        row, _ = checked(CURVES[name], short_signal, -6.0)
        assert "peak_dbfs" not in row.advice
