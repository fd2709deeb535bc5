"""RTNeural's and AIDA-X's files, read by a reader that shares nothing with what writes them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from models.nam.embedded import embedded
from models.nam.versions import CannotHold
from models.networks.spec import ModelSpec, play
from models.runtimes.aidax import aidax_document
from models.runtimes.rtneural import play_document, rtneural_document
from rig import config as configuration
from rig.daemon.request import Request
from rig.daemon.service import capture
from tests.cli.test_cli import rig
from tests.conftest import TINY
from tests.exchange.test_knob_file import KNOBS, SPECS
from tests.models.test_live import guitar
from tests.models.test_models import made

LSTM = ModelSpec("lstm", "1x16", (0, 2, 3), 1, silent=True)
POINT = np.array([0.3, 1.0, 0.5], np.float32)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return np.asarray(1.0 / (1.0 + np.exp(-x)))


def keras(document: dict[str, Any], inputs: np.ndarray) -> np.ndarray:
    """Play ``(frames, inputs)`` as Keras defines its LSTM and Dense layers, in doubles."""
    assert document["in_shape"][-1] == inputs.shape[1]
    frames = inputs.astype(float)
    for layer in document["layers"]:
        weights = [np.array(weight, float) for weight in layer["weights"]]
        if layer["type"] == "dense":
            kernel, bias = weights
            frames = frames @ kernel + bias
            continue
        kernel, recurrent, bias = weights
        units = layer["shape"][-1]
        assert kernel.shape == (frames.shape[1], 4 * units)
        assert recurrent.shape == (units, 4 * units)
        hidden = carry = np.zeros(units)
        out = []
        for frame in frames:
            z = frame @ kernel + hidden @ recurrent + bias
            i, f, c, o = np.split(z, 4)
            carry = sigmoid(f) * carry + sigmoid(i) * np.tanh(c)
            hidden = sigmoid(o) * np.tanh(carry)
            out.append(hidden)
        frames = np.array(out)
    return np.asarray(frames[:, 0])


def error(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).max() / np.sqrt(np.mean(other**2)))


@pytest.mark.parametrize("spec", [LSTM, ModelSpec("lstm", "2x8", (0, 2, 3), 1, silent=True)])
def test_a_setting_is_played_as_rig_plays_it(spec: ModelSpec) -> None:
    model, audio = made(spec), guitar(1_500)
    document = rtneural_document(embedded(model, KNOBS), POINT)
    ours = play(model, torch.from_numpy(audio), torch.from_numpy(POINT))[0].numpy()
    assert error(keras(document, audio[:, None]), ours) < 2e-6
    # The quicker one that measures distances says the same.
    assert error(play_document(document, audio[:, None]), ours) < 1e-5


def test_knobs_that_stay_free_are_inputs_behind_the_audio() -> None:
    """Drive and level do not follow; where knobs do not move them, the file is exact."""
    model, audio = made(LSTM), guitar(1_200)
    encoder = model.encoder
    for tensor in (encoder.second, encoder.direct):
        tensor.data.zero_()
    document = rtneural_document(embedded(model, KNOBS), POINT, (0,))
    for gain in (0.0, 0.3, 1.0):
        point = torch.tensor([gain, 1.0, 0.5])
        ours = play(model, torch.from_numpy(audio), point)[0].numpy()
        inputs = np.stack([audio, np.full_like(audio, gain)], 1)
        assert error(keras(document, inputs), ours) < 2e-6


def test_aida_x_is_told_rate_gains_and_shape() -> None:
    document = aidax_document(
        rtneural_document(embedded(made(LSTM), KNOBS), POINT, (0,)), 48_000, {"name": "test"}
    )
    assert document["in_shape"] == [None, None, 2]
    assert (document["in_skip"], document["in_gain"], document["out_gain"]) == (0, 0, 0)
    assert document["samplerate"] == 48_000


@pytest.mark.parametrize(
    ("spec", "free", "said"),
    [
        (SPECS[0], (), "an LSTM only"),
        (LSTM, (1,), "no switch"),
        (LSTM, (0, 0, 0), "at most 2"),
    ],
)
def test_what_it_cannot_hold_is_refused(spec: ModelSpec, free: tuple[int, ...], said: str) -> None:
    with pytest.raises(CannotHold, match=said):
        rtneural_document(embedded(made(spec), KNOBS), POINT, free)


def test_aida_x_refuses_a_width_that_it_has_not() -> None:
    deep = ModelSpec("lstm", "2x8", (0, 2, 3), 1)
    with pytest.raises(CannotHold, match="one layer"):
        aidax_document(rtneural_document(embedded(made(deep), KNOBS), POINT), 48_000, {})


LSTM_YAML = TINY.replace("size: nano, members: 2", "architecture: lstm, size: 1x8, members: 2")
LSTM_YAML = LSTM_YAML.replace("final_size: nano", "final_size: 1x8").replace(
    "captures: 8, seeds: 4", "captures: 4, seeds: 4"
)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small session with an LSTM as its final model."""
    path = tmp_path_factory.mktemp("config") / "rig.yaml"
    path.write_text(LSTM_YAML, encoding="utf-8")
    folder = tmp_path_factory.mktemp("sessions") / "lstm"
    ending = capture(Request(folder, path), configuration.load(path))
    assert not ending.failed, ending.reason
    return folder


def test_a_session_goes_out_to_every_runtime(session: Path, tmp_path: Path) -> None:
    for kind, name in (("rtneural", "amp.json"), ("aidax", "amp.aidax"), ("onnx", "amp.onnx")):
        done = rig("export", session, tmp_path / name, "--as", kind)
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[-1] == f"wrote {tmp_path / name}"
        assert done.stderr == ""
        again = rig("export", session, tmp_path / name, "--as", kind)
        assert again.returncode == 2
        assert "--force" in again.stderr
    document = json.loads((tmp_path / "amp.aidax").read_text())
    assert document["metadata"]["setting"].keys() == {"gain", "tone", "volume"}


def test_free_knobs_are_told_with_their_distance(session: Path, tmp_path: Path) -> None:
    target = tmp_path / "amp.json"
    done = rig("export", session, target, "--as", "aidax", "--free", "gain,tone")
    assert done.returncode == 0, done.stderr
    assert "gain, tone free the file is an approximation" in done.stderr
    document = json.loads(target.read_text())
    assert document["in_shape"] == [None, None, 3]
    distance = document["metadata"]["esr_to_the_model"]
    assert 0 < distance["median"] <= distance["worst"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("amp.json", "--as", "rtnural"), "there are nam, a2, onnx"),
        (("amp.nam", "--as", "onnx"), "ends in .onnx"),
        (("amp.json", "--as", "rtneural", "--free", "mid"), "no such knob"),
        (("amp.json", "--as", "rtneural", "--free", "gain,gain"), "names a knob twice"),
        (("amp.json", "--as", "rtneural", "--free", "gain", "--at", "gain=3"), "cannot both"),
        (("amp.onnx", "--as", "onnx", "--free", "gain"), "--free: goes with --as rtneural"),
        (("amp.onnx", "--as", "onnx", "--at", "gain=3"), "--at: goes with --as nam"),
        (("amp.onnx", "--as", "onnx", "--format", "0.5.4"), "--format: goes with --as nam"),
        (("data", "--as", "data", "--grid", "gain=0:10:2"), "--grid: goes with --as nam"),
        (("data", "--as", "data", "--at", "gain=3"), "--at: goes with --as nam"),
        (("amp.nam", "--flac"), "--flac: goes with --as data"),
    ],
)
def test_a_mistake_is_one_line(
    session: Path, tmp_path: Path, typed: tuple[str, ...], said: str
) -> None:
    done = rig("export", session, tmp_path / typed[0], *typed[1:])
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
