"""What moving knobs do is measured, and the figures tell a quiet model from one that thumps."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from models.networks.spec import ModelSpec
from models.networks.turning import RAMP_FRAMES, play_frozen, play_path
from rig.learner.thumps import measure_thumps
from tests.models.test_models import SPECS, made, turn_down

RATE = 48_000


def guitar() -> torch.Tensor:
    return 0.3 * torch.randn(RATE, generator=torch.Generator().manual_seed(5))


@pytest.mark.parametrize("spec", [SPECS[0], SPECS[4], SPECS[5]], ids=str)
def test_a_model_without_a_pedestal_is_told_from_one_with(spec: ModelSpec) -> None:
    quiet, loud = (
        measure_thumps(made(replace(spec, silent=silent)), guitar(), RATE)
        for silent in (True, False)
    )
    assert max(quiet.silence_dbfs, quiet.sweep_dbfs) < -100.0
    assert min(loud.silence_dbfs, loud.sweep_dbfs) > -80.0
    # Long after a move, it matters less than while it lasts.
    assert quiet.after_db < quiet.during_db < 0.0


def test_a_silent_model_thumps_by_as_much_as_it_is_loud() -> None:
    """Levels in dB of the guitar do not change when everything is turned down."""
    spec = replace(SPECS[0], silent=True)
    soft = made(spec)
    turn_down(soft, 0.1)
    one, other = (measure_thumps(m, guitar(), RATE) for m in (made(spec), soft))
    assert other.thump_db == pytest.approx(one.thump_db, abs=0.1)
    assert other.during_db == pytest.approx(one.during_db, abs=0.1)


def test_freezing_is_the_same_whether_or_not_still_stretches_are_played_at_once() -> None:
    model, audio = made(SPECS[0]), guitar()[: 40 * RAMP_FRAMES + 5]
    share = ((torch.arange(42.0) - 20) / 4).clamp(0.0, 1.0)[:, None]
    path = torch.lerp(torch.tensor([0.1, 1.0, 0.5]), torch.tensor([0.9, 1.0, 0.5]), share)
    frozen = play_frozen(model, audio, path)
    # A movement far below any rounding: nothing may be taken together any more.
    wobbling = path + 1e-7 * torch.arange(42.0)[:, None] % 2
    apart = play_frozen(model, audio, wobbling)
    assert torch.allclose(frozen, apart, atol=1e-4)
    assert frozen.shape == play_path(model, audio, path).shape


def test_the_figures_stand_beside_the_model(finished: Path) -> None:
    turning = json.loads((finished / "model" / "metrics.json").read_text())["turning"]
    assert set(turning) == {"silence_dbfs", "sweep_dbfs", "thump_db", "during_db", "after_db"}
    assert turning["silence_dbfs"] < -100.0
    assert turning["sweep_dbfs"] < -100.0
