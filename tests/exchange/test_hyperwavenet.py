"""The whole model for parametric players, read by a reader that knows the format only."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from models.hyper.document import hyper_document, refuse_other, stock_at
from models.hyper.fit import drawn, fit
from models.hyper.moved import DRIVE, LEVEL, functions
from models.hyper.trunk import inputs_of
from models.nam.reader import read_and_play
from models.nam.versions import CannotHold
from models.networks.spec import ModelSpec, play
from models.networks.wavenet import KnobWaveNet
from rig.exchange.final_model import final_model
from rig.exchange.hyper import HELD, SEED
from rig.session.folder import Session
from tests.cli.test_cli import rig
from tests.exchange import hyperwavenet
from tests.models.test_models import made

POSITIONS = (0, 2, 3)
PARAMS: list[dict[str, Any]] = [
    {"name": "gain", "min": 1.0, "max": 11.0, "default": 6.0, "type": "continuous"},
    {"name": "bright", "min": 0, "max": 1, "default": 1, "type": "switch",
     "enum_names": ["off", "on"]},
    {"name": "mode", "min": 0, "max": 2, "default": 1, "type": "switch",
     "enum_names": ["a", "b", "c"]},
]  # fmt: skip
DEFAULT = torch.tensor([0.5, 1.0, 0.5])


def esr(found: Any, wanted: Any) -> float:
    return float(np.sum(np.square(found - wanted)) / np.sum(np.square(wanted)))


@pytest.fixture(scope="module", params=["nano", "a2-slim"])
def fitted(request: pytest.FixtureRequest) -> tuple[KnobWaveNet, dict[str, Any]]:
    """A model with switches, and its file: two arrays of tanh, and one of rectifiers."""
    model = made(ModelSpec("wavenet", request.param, POSITIONS, 1, silent=True))
    assert isinstance(model, KnobWaveNet)
    document = hyper_document(model, fit(model), DEFAULT, PARAMS, 48_000)
    return model, json.loads(json.dumps(document))


def test_a_reader_of_the_format_plays_as_we_do_at_any_setting(
    fitted: tuple[KnobWaveNet, dict[str, Any]],
) -> None:
    model, document = fitted
    assert (document["version"], document["architecture"]) == ("1.0.0", "HyperWaveNet")
    past = model.history_frames
    audio = 0.3 * torch.randn(past + 2_000, generator=torch.Generator().manual_seed(3))
    for values in ({}, {"gain": 2.5, "bright": 0, "mode": 2}, {"gain": 11.0, "mode": 0}):
        place = {"gain": 6.0, "bright": 1, "mode": 1} | values
        point = torch.tensor([(place["gain"] - 1) / 10, place["bright"], place["mode"] / 2])
        # Behind its history: in front of that, what a file takes the past to be is not the same.
        ours = play(model, audio, point.float())[0].numpy()[past:]
        read = hyperwavenet.play(document, audio.numpy(), values)[past:]
        assert esr(read, ours) < 1e-3
        # And with a knob elsewhere it is another amp.
        assert esr(hyperwavenet.play(document, audio.numpy(), {"gain": 1.0})[past:], ours) > 1e-2
        stock = stock_at(document, inputs_of(point.float()[None], POSITIONS)[0])
        assert esr(read_and_play(stock, audio).numpy()[past:], read) < 1e-6


def test_drive_and_level_are_exact(fitted: tuple[KnobWaveNet, dict[str, Any]]) -> None:
    model, document = fitted
    hypernet, settings = document["config"]["hypernet"], drawn(POSITIONS, 40, 5)
    wanted = functions(model, settings)
    places = {target["name"]: target for target in hypernet["delta_map"]}
    last = len(model.shapes) - 1
    names = ("_layer_arrays.0._rechannel.weight", f"_layer_arrays.{last}._head_rechannel.weight")
    stock = [
        np.array(stock_at(document, inputs)["weights"]) for inputs in inputs_of(settings, POSITIONS)
    ]
    for name, function in zip(names, (DRIVE, LEVEL), strict=True):
        first = places[name]["export_offset"]
        found = np.array([weights[first] for weights in stock])
        ratio = found / wanted[:, function].numpy()
        assert np.ptp(ratio) < 1e-3 * abs(ratio.mean())


def test_the_stock_weights_alone_are_the_default_setting(
    fitted: tuple[KnobWaveNet, dict[str, Any]],
) -> None:
    model, document = fitted
    still = stock_at(document, inputs_of(DEFAULT[None], POSITIONS)[0])
    base = document["weights"][: len(still["weights"])]
    audio = 0.3 * torch.randn(
        model.history_frames + 500, generator=torch.Generator().manual_seed(3)
    )
    read = read_and_play({**still, "weights": base}, audio).numpy()
    ours = play(model, audio, DEFAULT)[0].numpy()
    assert esr(read[model.history_frames :], ours[model.history_frames :]) < 1e-9


def test_what_the_format_cannot_hold_is_refused() -> None:
    with pytest.raises(CannotHold, match="LSTM"):
        refuse_other(made(ModelSpec("lstm", "1x8", POSITIONS, 1)))
    with pytest.raises(CannotHold, match="ensemble"):
        refuse_other(made(ModelSpec("wavenet", "nano", POSITIONS, 2)))


def test_a_session_s_file_tells_its_distance(finished: Path, tmp_path: Path) -> None:
    target = tmp_path / "amp.nam"
    done = rig("export", finished, target, "--as", "hyperwavenet", "--at", "gain=3")
    assert done.returncode == 0, done.stderr
    document = json.loads(target.read_text())
    said, params = document["metadata"], document["config"]["params"]
    assert [(param["name"], param["default"]) for param in params] == list(said["setting"].items())
    assert params[0] == {
        "name": "gain", "min": 1.0, "max": 12.0, "default": 3.0, "type": "continuous",
        "enum_names": None, "step": None, "avoid_zero": False,
    }  # fmt: skip
    worst = said["fit"]["esr_to_the_model"]["worst"]
    assert f"{worst:.1g} (worst)" in " ".join(done.stderr.split())
    assert said["fit"]["silence_dbfs"] < -40
    assert said["fit"]["settings"] == HELD + 1
    session = Session.view(finished)
    model = final_model(session)
    past, found = model.history_frames, []
    audio = torch.cat(
        [torch.zeros(past), torch.from_numpy(session.signal().send[9_000:21_000]).float()]
    )
    for point in drawn(model.encoder.positions, HELD, SEED)[:4]:
        values = {p["name"]: p["min"] + (p["max"] - p["min"]) * float(at)
                  for p, at in zip(params, point, strict=True)}  # fmt: skip
        ours = play(model, audio, point)[0].numpy()[past:]
        found.append(esr(hyperwavenet.play(document, audio.numpy(), values)[past:], ours))
    # On another stretch of guitar the figure is not the same, but of its size.
    assert max(found) < 10 * worst
