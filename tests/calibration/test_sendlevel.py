"""The send-level search against amps whose best level is known, and amps that open suddenly."""

from collections.abc import Callable

import numpy as np
import pytest

from calibration import sendlevel
from calibration.sendlevel import HEADROOM_DBFS, MOST_STEP_DB, MOST_TRIALS, RESOLUTION_DB


class Amp:
    """Compresses: its return's peak follows the send more and more slowly."""

    def __init__(self, gain_db: float, ceiling_db: float, wobble_db: float, seed: int) -> None:
        self.gain_db, self.ceiling_db, self.wobble_db = gain_db, ceiling_db, wobble_db
        self.random = np.random.default_rng(seed)
        self.loudest = -np.inf

    def clean(self, send_dbfs: float) -> float:
        linear = 10 ** ((send_dbfs + self.gain_db) / 20)
        ceiling = 10 ** (self.ceiling_db / 20)
        return float(20 * np.log10(ceiling * np.tanh(linear / ceiling)))

    def __call__(self, send_dbfs: float) -> float:
        self.loudest = max(self.loudest, send_dbfs)
        return self.clean(send_dbfs) + self.wobble_db * float(self.random.uniform(-1, 1))

    def best(self, low: float, high: float) -> float:
        """The highest allowed send, found by trying them all."""
        sends = np.arange(low, high + 1e-9, 0.01)
        fine = [send for send in sends if self.clean(send) <= HEADROOM_DBFS]
        return float(max(fine, default=low))


@pytest.mark.parametrize("seed", range(40))
def test_within_a_decibel_of_the_best(seed: int) -> None:
    draw = np.random.default_rng([9, seed])
    amp = Amp(draw.uniform(-5, 36), draw.uniform(-3, 20), draw.uniform(0, 0.1), seed)
    found = sendlevel.find(amp, -40.0, -1.0)
    is_best = found.send_dbfs == pytest.approx(amp.best(-40.0, -1.0), abs=1.0)
    # A converter that is in full use gains nothing from an amp that is driven further.
    assert is_best or HEADROOM_DBFS - found.return_dbfs < 1 or found.trials == MOST_TRIALS
    assert not found.wastes or found.send_dbfs == -1.0
    assert found.trials <= sendlevel.MOST_TRIALS
    assert not found.clips
    assert amp.clean(amp.loudest) < HEADROOM_DBFS + 6


def test_a_chain_that_is_too_hot_or_too_cold_is_said_to_be() -> None:
    hot, cold = Amp(60.0, 20.0, 0.0, 0), Amp(-30.0, 0.0, 0.0, 0)
    assert sendlevel.find(hot, -40.0, -1.0).clips
    assert hot.loudest == -40.0
    found = sendlevel.find(cold, -40.0, -1.0)
    assert found.wastes
    assert found.send_dbfs == -1.0


Curve = Callable[[float], float]


def expander(threshold: float, slope: float, gain: float) -> Curve:
    """Below its threshold it turns down, by slope; above, the return follows the send."""
    return lambda send: gain + send + (slope - 1) * min(send - threshold, 0.0)


def gate(threshold: float, closed: float, gain: float) -> Curve:
    """Nothing but hiss, and from one level on everything."""
    return lambda send: gain + send if send >= threshold else closed


def compressor(threshold: float, ratio: float, gain: float) -> Curve:
    """Above its threshold the return hardly follows."""
    return lambda send: gain + send - (1 - 1 / ratio) * max(send - threshold, 0.0)


def dead(hiss: float) -> Curve:
    """Whatever is sent, hiss comes back."""
    return lambda _send: hiss


AMPS = {
    "expander 2:1": expander(-12.0, 2.0, 14.0),
    "expander 4:1": expander(-20.0, 4.0, 22.0),
    "expander 10:1": expander(-15.0, 10.0, 25.0),
    "gate": gate(-30.0, -90.0, 10.0),
    "gate, hot": gate(-20.0, -90.0, 40.0),
    "gate, late": gate(-3.0, -80.0, 0.0),
    "compressor": compressor(-30.0, 8.0, 20.0),
    "limiter": compressor(-35.0, 1000.0, 32.0),
    "dead": dead(-95.0),
    "hum": dead(-20.0),
    "far too hot": dead(3.0),
}


@pytest.mark.parametrize("name", AMPS)
@pytest.mark.parametrize("lowest", [-40.0, -6.0, 0.0])
def test_no_amp_is_met_with_much_more_than_was_heard(name: str, lowest: float) -> None:
    tried: list[float] = []
    fine: list[float] = []

    def peak_at(send_dbfs: float) -> float:
        """What the amp gives, and what it was met with."""
        if tried:
            assert send_dbfs <= max(fine) + MOST_STEP_DB + 1e-9
        tried.append(send_dbfs)
        peak = AMPS[name](send_dbfs)
        if peak <= HEADROOM_DBFS:
            fine.append(send_dbfs)
        return peak

    found = sendlevel.find(peak_at, lowest)
    assert max(tried) <= -1.0
    assert found.trials == len(tried) <= MOST_TRIALS
    assert found.return_dbfs == AMPS[name](found.send_dbfs)
    assert found.clips == (not fine)
    assert fine == [] or found.send_dbfs == max(fine)


@pytest.mark.parametrize(
    ("name", "clips", "wastes"),
    [
        ("expander 4:1", False, False),
        ("gate", False, False),
        ("compressor", False, False),
        ("dead", False, True),
        ("hum", False, True),
        ("gate, hot", False, True),
        ("far too hot", True, False),
    ],
)
def test_it_says_what_helps(name: str, clips: bool, wastes: bool) -> None:
    found = sendlevel.find(AMPS[name], -40.0)
    assert (found.clips, found.wastes) == (clips, wastes)


@pytest.mark.parametrize("name", ["expander 2:1", "expander 4:1", "expander 10:1", "gate"])
def test_an_amp_that_opens_is_driven_as_far_as_it_goes(name: str) -> None:
    found = sendlevel.find(AMPS[name], -40.0)
    assert found.return_dbfs <= HEADROOM_DBFS
    assert AMPS[name](found.send_dbfs + 2 * RESOLUTION_DB) > HEADROOM_DBFS


@pytest.mark.parametrize("slope", [1.5, 2.0, 3.0])
def test_an_expander_hardly_overshoots(slope: float) -> None:
    curve, heard = expander(-1.0, slope, 6.0), list[float]()

    def peak_at(send_dbfs: float) -> float:
        heard.append(curve(send_dbfs))
        return heard[-1]

    sendlevel.find(peak_at, -40.0)
    assert max(heard) <= HEADROOM_DBFS + 1
