"""The send-level search against amps whose best level is known."""

import numpy as np
import pytest

from calibration import sendlevel
from calibration.sendlevel import HEADROOM_DBFS


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
    assert found.send_dbfs == pytest.approx(amp.best(-40.0, -1.0), abs=1.0)
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
