"""Knobs that move: silence stays silence, nothing thumps, nothing clicks."""

from dataclasses import replace

import pytest
import torch

from models.nam.writer import document
from models.networks.spec import ModelSpec, play
from models.networks.turning import RAMP_FRAMES, play_frozen, play_path, play_turning
from models.networks.wavenet import KnobWaveNet
from tests.models.test_models import SPECS, made

loud = [replace(spec, silent=False) for spec in SPECS]
silent = [replace(spec, silent=True) for spec in SPECS]
#: -100 dBFS.
INAUDIBLE = 1e-5


def guitar(frames: int) -> torch.Tensor:
    return 0.3 * torch.randn(frames, generator=torch.Generator().manual_seed(1))


def corners_and_more(spec: ModelSpec) -> torch.Tensor:
    knobs = len(spec.positions)
    corners = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * knobs)
    return torch.cat([corners, torch.rand(20, knobs, generator=torch.Generator().manual_seed(2))])


@pytest.mark.parametrize("spec", silent, ids=str)
def test_silence_is_silence_at_every_setting(spec: ModelSpec) -> None:
    model = made(spec)
    for knobs in corners_and_more(spec):
        assert float(play(model, torch.zeros(100), knobs).abs().max()) < INAUDIBLE


def test_without_this_there_is_a_pedestal() -> None:
    """What is tested above is worth something: the same weights thump by themselves."""
    model = made(loud[2])
    worst = max(
        float(play(model, torch.zeros(1), knobs).abs()) for knobs in corners_and_more(loud[2])
    )
    assert worst > 100 * INAUDIBLE


def test_a_model_from_before_this_plays_as_it_did() -> None:
    """Its description does not say that it is silent, so it is not."""
    described = '{"architecture": "wavenet", "size": "nano", "positions": [0, 2, 3], "members": 2}'
    spec = ModelSpec.from_json(described)
    assert spec == SPECS[0]
    assert float(play(made(spec), torch.zeros(1), torch.full((3,), 0.5)).abs().max()) > INAUDIBLE


@pytest.mark.parametrize("spec", silent, ids=str)
def test_silence_stays_silence_while_every_knob_sweeps(spec: ModelSpec) -> None:
    model = made(spec)
    ramps = 30
    for knob in range(len(spec.positions)):
        path = torch.full((ramps + 1, len(spec.positions)), 0.5)
        # All the way in 10 ms.
        path[:, knob] = ((torch.arange(ramps + 1) - 10) / 7.5).clamp(0.0, 1.0)
        swept = play_path(model, torch.zeros(ramps * RAMP_FRAMES), path)
        assert float(swept.abs().max()) < INAUDIBLE


@pytest.mark.parametrize("spec", silent, ids=str)
def test_a_stock_file_is_as_silent(spec: ModelSpec) -> None:
    loader = pytest.importorskip("nam.models")
    model = made(spec)
    for knobs in corners_and_more(spec)[-3:]:
        theirs = loader.init_from_nam(document(model, knobs, 48_000, {})).eval()
        with torch.no_grad():
            played = theirs(torch.zeros(9_000))
        assert float(played.abs().max()) < INAUDIBLE


@pytest.mark.parametrize("spec", [*loud, *silent], ids=str)
def test_knobs_that_stand_still_play_as_they_stand(spec: ModelSpec) -> None:
    model, knobs = made(spec), torch.tensor([0.3, 1.0, 0.5][: len(spec.positions)])
    audio = guitar(3_000)
    expected = play(model, audio, knobs)
    still = play_path(model, audio, knobs[None])
    assert still.shape == expected.shape
    assert float((still - expected).abs().max() / expected.square().mean().sqrt()) < 1e-4


@pytest.mark.parametrize("spec", [*loud, *silent], ids=str)
def test_where_the_knobs_arrive_it_plays_as_if_they_had_always_stood_there(
    spec: ModelSpec,
) -> None:
    model, audio = made(spec), guitar(16 * RAMP_FRAMES + 12_000)
    first = torch.tensor([0.3, 1.0, 0.5][: len(spec.positions)])
    last = first.clone()
    last[0] = 0.9
    path = torch.lerp(first, last, torch.linspace(0.0, 1.0, 17)[:, None])
    turned, still = play_path(model, audio, path), play(model, audio, last)
    # Once the whole past that it hears is from after the move.
    settled = slice(-2_000, None)
    rms = still[:, settled].square().mean().sqrt()
    # An LSTM never forgets entirely; it does so quickly enough.
    assert float((turned - still)[:, settled].abs().max() / rms) < 1e-3


def test_chunks_of_a_path_meet_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    model, audio = made(silent[0]), guitar(40 * RAMP_FRAMES + 17)
    first, last = torch.tensor([0.1, 1.0, 0.5]), torch.tensor([0.9, 0.0, 1.0])
    told: list[tuple[int, int]] = []
    whole = play_turning(model, audio, first, last, lambda *done: told.append(done))
    monkeypatch.setattr("models.networks.turning.CHUNK_RAMPS", 7)
    assert torch.allclose(play_turning(model, audio, first, last), whole, atol=1e-6)
    assert whole.shape == (2, len(audio))
    assert told == [(41, 41)]


@pytest.mark.parametrize("spec", [*loud, *silent], ids=str)
def test_knobs_that_turn_while_playing_do_not_click(spec: ModelSpec) -> None:
    """A slow sine has no high frequencies; a jump between two settings would have them."""
    model, first = made(spec, 1), torch.tensor([0.3, 1.0, 0.5][: len(spec.positions)])
    frames = 12 * 1_024
    audio = 0.3 * torch.sin(2 * torch.pi * 60 * torch.arange(frames) / 48_000)
    last = first.clone()
    last[0] = 0.9

    def bend(out: torch.Tensor) -> float:
        """Largest second difference once both ways of playing have settled."""
        return float(out[:, -4_096:].diff(n=2).abs().max())

    turning = play_turning(model, audio, first, last)
    ends = play(model, audio, first), play(model, audio, last)
    assert bend(turning) < 1.5 * max(map(bend, ends)) + 1e-6
    jump = torch.cat([ends[0][:, : 10 * 1_024], ends[1][:, 10 * 1_024 :]], 1)
    assert bend(jump) > bend(turning)


@pytest.mark.parametrize("spec", silent[:3], ids=str)
def test_a_slow_move_is_what_freezing_every_sample_gives(spec: ModelSpec) -> None:
    model, ramps = made(spec), 60
    assert isinstance(model, KnobWaveNet)
    first = torch.tensor([0.3, 1.0, 0.5][: len(spec.positions)])
    last = first.clone()
    last[0] = 0.35
    path = torch.lerp(first, last, torch.linspace(0.0, 1.0, ramps + 1)[:, None])
    audio = guitar(ramps * RAMP_FRAMES)
    turned, frozen = play_path(model, audio, path), play_frozen(model, audio, path)
    error = (turned - frozen).square().mean() / frozen.square().mean()
    assert float(error) < 1e-4
