"""A model played live, block by block, plays what it plays all at once, knobs and all."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from models.live.player import GLIDE_FRAMES, LiveModel
from models.nam.embedded import embedded
from models.networks.spec import ModelSpec, play
from models.networks.turning import RAMP_FRAMES, play_path
from tests.exchange.test_knob_file import KNOBS, SPECS
from tests.models.test_models import made

ALL = [replace(spec, silent=silent) for spec in SPECS for silent in (True, False)]
BLOCKS = (128, 64, 64, 320, 128, 1_024, 64)


def guitar(frames: int) -> np.ndarray:
    noise = 0.3 * np.random.default_rng(1).standard_normal(frames)
    return noise.astype(np.float32)


def played_in_blocks(
    live: LiveModel, audio: np.ndarray, turns: dict[int, list[float]]
) -> tuple[np.ndarray, np.ndarray]:
    """What is played, and where the knobs went; ``turns`` has a point for some of the blocks."""
    pieces, path, at, block = [], [], 0, 0
    while at < len(audio):
        if block in turns:
            live.turn(np.array(turns[block], np.float32))
        frames = BLOCKS[block % len(BLOCKS)]
        stands = live._stands
        points = live.path(frames // live.every)
        # The path has been walked by being looked at: back to where it began.
        live._stands = stands
        path.append(points[:-1])
        pieces.append(live.play(audio[at : at + frames]))
        at, block = at + frames, block + 1
    return np.concatenate(pieces), np.concatenate([*path, points[-1:]])


@pytest.mark.parametrize("spec", ALL, ids=str)
def test_blocks_of_any_size_are_what_is_rendered_while_knobs_turn(spec: ModelSpec) -> None:
    model = made(spec)
    live = LiveModel(embedded(model, KNOBS))
    turns = {0: [0.3, 1.0, 0.5], 4: [0.9, 1.0, 0.5], 9: [0.9, 0.0, 1.0], 12: [0.1, 1.0, 0.0]}
    audio = guitar(sum(BLOCKS) * 6)
    played, path = played_in_blocks(live, audio, turns)
    with torch.no_grad():
        whole = play_path(model, torch.from_numpy(audio), torch.from_numpy(path))[0].numpy()
    assert np.ptp(path, 0).min() > 0.5
    assert np.abs(played - whole).max() < 2e-5 * np.sqrt(np.mean(whole**2))


@pytest.mark.parametrize("spec", ALL[:4], ids=str)
def test_knobs_that_stand_play_the_setting_itself(spec: ModelSpec) -> None:
    model = made(spec)
    live = LiveModel(embedded(model, KNOBS))
    live.turn(np.array([0.2, 0.0, 1.0], np.float32))
    audio = guitar(6_400)
    still = play(model, torch.from_numpy(audio), torch.tensor([0.2, 0.0, 1.0]))[0].numpy()
    pieces = [live.play(block) for block in np.split(audio, 50)]
    error = np.abs(np.concatenate(pieces) - still).max()
    assert error < 2e-5 * np.sqrt(np.mean(still**2))


@pytest.mark.parametrize("spec", [s for s in ALL if s.silent], ids=str)
def test_silence_is_nothing_while_knobs_are_torn(spec: ModelSpec) -> None:
    live = LiveModel(embedded(made(spec), KNOBS))
    for step in range(40):
        live.turn(np.full(3, float(step % 4 < 2), np.float32))
        assert np.abs(live.play(np.zeros(128, np.float32))).max() < 1e-7


def test_a_state_that_fades_leaves_no_numbers_that_are_slow_to_compute_with() -> None:
    live = LiveModel(embedded(made(ALL[-2]), KNOBS))
    assert live.play(guitar(640)).any()
    tiny = np.finfo(np.float32).tiny
    for _ in range(300):
        played = live.play(np.full(640, 1e-30, np.float32))
    assert not ((played != 0) & (np.abs(played) < tiny)).any()


def test_a_knob_follows_no_faster_than_it_may_and_a_switch_at_once() -> None:
    live = LiveModel(embedded(made(ALL[0]), KNOBS))
    live.turn(np.array([0.0, 0.0, 0.0], np.float32))
    live.play(np.zeros(RAMP_FRAMES, np.float32))
    live.turn(np.array([1.0, 1.0, 0.5], np.float32))
    path = live.path(GLIDE_FRAMES // RAMP_FRAMES)
    assert path[0].tolist() == [0.0, 0.0, 0.0]
    assert path[1].tolist() == pytest.approx([RAMP_FRAMES / GLIDE_FRAMES, 1.0, 0.5])
    assert path[-2, 0] < 1.0
    assert path[-1].tolist() == pytest.approx([1.0, 1.0, 0.5])


def test_a_member_of_an_ensemble_plays_as_it_does_in_there() -> None:
    audio, point = guitar(3_200), torch.tensor([0.3, 1.0, 0.5])
    for spec in (
        ModelSpec("wavenet", "nano", (0, 2, 3), 3, shared=True),
        ModelSpec("wavenet", "nano", (0, 2, 3), 3),
        ModelSpec("lstm", "1x8", (0, 2, 3), 3, silent=True),
    ):
        model = made(spec)
        everyone = play(model, torch.from_numpy(audio), point).numpy()
        for member in range(3):
            live = LiveModel(embedded(model, KNOBS, member))
            live.turn(point.numpy())
            error = np.abs(live.play(audio) - everyone[member]).max()
            assert error < 2e-5 * np.sqrt(np.mean(everyone[member] ** 2))


def test_a_section_that_nobody_knows_is_refused() -> None:
    section = embedded(made(ALL[0]), KNOBS)
    with pytest.raises(ValueError, match="does not know"):
        LiveModel({**section, "version": 2})
