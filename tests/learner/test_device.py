"""Where learning runs is chosen in one place, and everything follows: no tensor of its own device.

No GPU was there when this was written: what runs on one is run where there is one.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from models.networks.spec import ModelSpec
from models.training.dataset import Dataset, evaluate
from models.training.loop import train
from models.training.losses import LossWeights, relative_loss
from rig.config import LearnerConfig
from rig.errors import ConfigError
from rig.learner import device
from rig.learner.rounds import initial_model, learn
from rig.session.folder import Session
from tests.models.test_models import SPECS, made
from tests.models.test_training import SHORT, TOYS, toy

THERE: dict[str, Callable[[], bool]] = {
    "cuda": torch.cuda.is_available,
    "mps": torch.backends.mps.is_available,
}


@pytest.mark.parametrize(
    ("there", "asked", "taken"),
    [
        ({"cuda", "mps"}, "auto", "cuda"),
        ({"mps"}, "auto", "mps"),
        (set(), "auto", "cpu"),
        ({"cuda", "mps"}, "mps", "mps"),
        ({"cuda"}, "cpu", "cpu"),
    ],
)
def test_the_device_is_what_was_asked_for_or_the_fastest_there_is(
    there: set[str], asked: str, taken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: "cuda" in there)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: "mps" in there)
    config = LearnerConfig.model_validate({"device": asked, "threads": 1})
    assert device.choose(config) == torch.device(taken)
    gone = LearnerConfig.model_validate({"device": "cuda", "threads": 1})
    if "cuda" not in there:
        with pytest.raises(ConfigError, match="this machine has no cuda"):
            device.choose(gone)


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_a_step_makes_no_tensor_of_another_device(spec: ModelSpec) -> None:
    """On torch's meta device, which computes nothing and refuses whatever lies elsewhere."""
    meta = torch.device("meta")
    model = made(spec)
    model.to(meta)
    model.train()
    frames, knobs = model.history_frames + 256, len(spec.positions)
    audio = torch.zeros(spec.members, 2, frames, device=meta)
    points = torch.zeros(spec.members, 2, knobs, device=meta)
    played = model(audio, points)
    power = torch.ones(spec.members, 2, 2, device=meta)
    loss = relative_loss(played, torch.zeros_like(played), power, LossWeights())
    weights = [parameter for parameter in model.parameters() if parameter.requires_grad]
    found = torch.autograd.grad(loss.sum(), weights, allow_unused=True)
    assert {gradient.device.type for gradient in found if gradient is not None} == {"meta"}


@pytest.mark.parametrize("spec", TOYS, ids=str)
def test_a_step_makes_no_tensor_of_another_precision(spec: ModelSpec) -> None:
    """In double precision everything stays so: nothing is made of plain floats on the way."""
    model, plain = made(spec), made(spec)
    model.double()
    model.train()
    frames = model.history_frames + 256
    draw = torch.Generator().manual_seed(1)
    audio = 0.3 * torch.randn(2, 2, frames, generator=draw, dtype=torch.float64)
    played = model(audio, torch.rand(2, 2, 2, generator=draw, dtype=torch.float64))
    assert played.dtype is torch.float64
    power = torch.ones(2, 2, 2, dtype=torch.float64)
    loss = relative_loss(played, torch.zeros_like(played), power, LossWeights())
    single = plain(audio.float(), torch.rand(2, 2, 2, generator=draw))
    assert loss.dtype is torch.float64
    assert single.dtype is torch.float32


@pytest.mark.parametrize("name", THERE)
@pytest.mark.parametrize("spec", TOYS, ids=str)
def test_training_there_comes_to_what_it_comes_to_here(name: str, spec: ModelSpec) -> None:
    if not THERE[name]():
        pytest.skip(f"there is no {name}")

    def trained(data: Dataset) -> float:
        """The error of a short training, by the code that a round runs."""
        model = initial_model(spec, data, 4, ["gain", "volume"], False, lambda *_: None)
        train(model, data, replace(SHORT, steps=30, rate=0.01), lambda *_: None)
        return float(evaluate(model, data).mean.mean())

    assert trained(toy(3).to(torch.device(name))) == pytest.approx(trained(toy(3)), rel=0.2)


@pytest.mark.parametrize("name", THERE)
def test_a_round_runs_there(name: str, copied: Path) -> None:
    if not THERE[name]():
        pytest.skip(f"there is no {name}")
    session = Session.view(copied)
    learner = session.config.learner.model_copy(update={"device": name})
    session.config = session.config.model_copy(update={"learner": learner})
    assert len(learn(session, 3, 2, lambda _: None).values) == 2
    session.close()
