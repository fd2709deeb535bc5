"""What goes out, held against the trainer package that everybody else's files come from."""

import copy
import json
from typing import Any

import numpy as np
import pytest
import torch

from models.nam.loudness import measure, measuring_noise
from models.nam.versions import CURRENT, FORMER, CannotHold
from models.nam.writer import document
from models.networks.spec import ModelSpec, play
from models.training.dataset import Model
from rig.exchange.metadata import measuring_recording

loader = pytest.importorskip("nam.models")

A1 = ("standard", "lite", "feather", "nano")
SPECS = [
    *(ModelSpec("wavenet", size, (0, 2, 3), 1) for size in (*A1, "a2", "a2-slim")),
    ModelSpec("concat", "nano", (0, 2, 3), 1),
    ModelSpec("lstm", "1x24", (0, 2, 3), 1),
    ModelSpec("lstm", "2x8", (0, 2, 3), 1),
    ModelSpec("wavenet", "nano", (0, 2, 3), 1, has_pots=True),
]
SETTINGS, FRAMES = 20, 2_000


def made(spec: ModelSpec) -> Model:
    """A model whose knobs matter, as if it had been trained."""
    torch.manual_seed(1)
    model = spec.build()
    for parameter in model.encoder.parameters():
        parameter.data.normal_(0, 0.2)
    return model.eval()


def holds(spec: ModelSpec, version: str) -> bool:
    return version == CURRENT or spec.architecture == "lstm" or spec.size in A1


def upgraded(text: str) -> Any:
    """A file in the layout of players before A2, as the trainer package reads layouts now.

    Source: the file format notes of neural-amp-modeler, "older layouts".
    """
    found = json.loads(text)
    for array in found["config"].get("layers", []):
        head = array.pop("head_size"), array.pop("head_bias")
        array["head"] = {"out_channels": head[0], "kernel_size": 1, "bias": head[1]}
        assert array.pop("gated") is False
        array["activation"] = "Tanh"
    return found


@pytest.mark.parametrize("version", [CURRENT, FORMER])
@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: f"{spec.architecture}-{spec.size}")
def test_the_trainer_package_plays_every_export_as_we_do(spec: ModelSpec, version: str) -> None:
    model, draw = made(spec), torch.Generator().manual_seed(3)
    if not holds(spec, version):
        with pytest.raises(CannotHold, match="A1"):
            document(model, torch.rand(3, generator=draw), 48_000, {}, version=version)
        return
    audio = 0.3 * torch.randn(FRAMES, generator=draw)
    for _ in range(SETTINGS):
        knobs = torch.rand(3, generator=draw)
        text = json.dumps(document(model, knobs, 48_000, {"name": "x"}, version=version))
        assert json.loads(text)["version"] == version
        read = json.loads(text) if version == CURRENT else upgraded(text)
        theirs = loader.init_from_nam(copy.deepcopy(read)).eval()
        with torch.no_grad():
            played = theirs(audio, pad_start=spec.architecture != "lstm")
        ours = play(model, audio, knobs)[0]
        # From the first sample on: nothing is left out at the beginning.
        rms = ours.square().mean().sqrt()
        assert float((ours - played).square().mean().sqrt() / rms) < 1e-5


@pytest.mark.parametrize("spec", [SPECS[3], SPECS[2], SPECS[5], SPECS[7]], ids=str)
@pytest.mark.parametrize("level", [0.3, 3.0, 30.0])
def test_loudness_and_gain_are_what_the_exporter_writes(spec: ModelSpec, level: float) -> None:
    model, knobs = made(spec), torch.tensor([0.3, 1.0, 0.5])
    with torch.no_grad():
        # From a model that is straight to one that only clips.
        model.encoder.constant[..., 0] = np.log(level)
    theirs = loader.init_from_nam(json.loads(json.dumps(document(model, knobs, 48_000, {})))).eval()
    with torch.no_grad():
        wanted = theirs._metadata_loudness(), theirs._metadata_gain()
    exact = measure(model, knobs, measuring_recording())
    assert exact.loudness_db == pytest.approx(wanted[0], abs=1e-3)
    assert exact.gain == pytest.approx(wanted[1], abs=1e-3)
    # Where the package is not there, our own recording is in the place of theirs.
    near = measure(model, knobs, measuring_noise())
    assert near.loudness_db == pytest.approx(wanted[0], abs=0.5)
    assert near.gain == pytest.approx(wanted[1], abs=0.03)


def test_without_the_package_our_own_recording_measures(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = measuring_recording()
    monkeypatch.setattr("rig.exchange.metadata.find_spec", lambda _: None)
    assert torch.equal(measuring_recording(), measuring_noise())
    assert not torch.equal(theirs, measuring_noise())
    assert len(theirs) == len(measuring_noise())


@pytest.mark.parametrize("share", [0.0, 1e-7])
def test_a_silent_model_has_no_loudness(share: float) -> None:
    """Nor one that is as good as silent: a player would bring it up to all others'."""
    model = made(SPECS[3])
    assert isinstance(model.head_scale, float)
    model.head_scale *= share
    found = measure(model, torch.tensor([0.3, 1.0, 0.5]), measuring_noise())
    assert (found.loudness_db, found.gain) == (None, None)
