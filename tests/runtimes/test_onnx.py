"""ONNX: streams in blocks of any size, with knobs that turn, as rig plays it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from models.live.player import LiveModel
from models.nam.embedded import embedded
from models.networks.spec import ModelSpec, play
from models.runtimes.onnx_file import onnx_bytes
from tests.exchange.test_knob_file import KNOBS, SPECS
from tests.models.test_live import guitar
from tests.models.test_models import made

ALL = [replace(spec, silent=silent) for spec in SPECS for silent in (True, False)]
POINT = np.array([0.3, 1.0, 0.5], np.float32)


class Stream:
    """What a host does: feeds blocks and hands the state on."""

    def __init__(self, section: dict[str, Any]) -> None:
        runtime = pytest.importorskip("onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = runtime.InferenceSession(
            onnx_bytes(section, {"author": "a test"}), options, providers=["CPUExecutionProvider"]
        )
        sizes = {given.name: given.shape for given in self._session.get_inputs()}
        self.state = np.zeros(sizes["state"][0], np.float32)
        self.metadata = self._session.get_modelmeta().custom_metadata_map
        self.knobs = POINT

    def __call__(self, audio: np.ndarray, knobs: np.ndarray) -> np.ndarray:
        given = {"audio": audio, "knobs_before": self.knobs, "knobs": knobs, "state": self.state}
        played, self.state = self._session.run(["played", "state_after"], given)
        self.knobs = knobs
        return np.asarray(played)

    def settle(self, section: dict[str, Any]) -> None:
        """What the page says of an LSTM whose silence is not nothing."""
        self(np.zeros(int(section["history_frames"]), np.float32), self.knobs)


def rms(audio: np.ndarray) -> float:
    return float(np.sqrt(np.mean(audio**2)))


@pytest.mark.parametrize("spec", ALL, ids=str)
def test_blocks_of_any_size_are_all_at_once_and_what_rig_plays(spec: ModelSpec) -> None:
    model = made(spec)
    section = embedded(model, KNOBS)
    audio = guitar(4_096 + 480 + 64 + 3)
    stream = Stream(section)
    lstm = spec.architecture == "lstm"
    if lstm:
        stream.settle(section)
    settled = stream.state
    whole = stream(audio, POINT)
    ours = play(model, torch.from_numpy(audio), torch.from_numpy(POINT))[0].numpy()
    assert np.abs(whole - ours).max() < 1e-5 * rms(ours)
    for block in (1, 64, 480, 4_096):
        stream.state = settled
        count = min(len(audio), 300 * block)
        starts = range(0, count, block)
        pieces = [stream(audio[at : min(at + block, count)], POINT) for at in starts]
        assert np.abs(np.concatenate(pieces) - whole[:count]).max() < 1e-6


@pytest.mark.parametrize("spec", ALL, ids=str)
def test_knobs_that_turn_are_what_the_player_plays(spec: ModelSpec) -> None:
    section = embedded(made(spec), KNOBS)
    live, stream = LiveModel(section), Stream(section)
    live.turn(POINT)
    if spec.architecture == "lstm":
        stream.settle(section)
    audio, expected, played = guitar(64 * 40), [], []
    for number, block in enumerate(np.split(audio, 40)):
        if number == 5:
            live.turn(np.array([0.9, 1.0, 0.5], np.float32))
        if number == 25:
            live.turn(np.array([0.9, 0.0, 1.0], np.float32))
        stands = live._stands
        path = live.path(1)
        live._stands = stands
        expected.append(live.play(block))
        played.append(stream(block, path[-1]))
    one, other = np.concatenate(expected), np.concatenate(played)
    assert np.abs(one - other).max() < 2e-5 * rms(one)


def test_a_host_that_overshoots_hears_the_end_of_a_knob() -> None:
    section = embedded(made(ALL[0]), KNOBS)
    audio, beyond = guitar(480), np.array([1.7, 1.0, -0.4], np.float32)
    at_the_end, past_it = Stream(section), Stream(section)
    played = at_the_end(audio, np.clip(beyond, 0.0, 1.0))
    assert played.any()
    assert np.array_equal(past_it(audio, beyond), played)


def test_the_file_says_which_knobs_it_has() -> None:
    stream = Stream(embedded(made(SPECS[0]), KNOBS))
    assert stream.metadata["author"] == "a test"
    assert '"name": "gain"' in stream.metadata["knobs"]
