"""The page's player against `models`: still, turning, in the audio thread, and as a file."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from models.nam.embedded import embedded
from models.nam.reader import read_and_play
from models.nam.writer import document
from models.networks.spec import ModelSpec, load_model, play
from models.networks.turning import RAMP_FRAMES, play_path
from models.training.dataset import Model
from tests.report.browser import Opened
from tools import make_player

Audio = NDArray[np.float64]

#: Of the RMS of what the model plays.
TOLERANCE = 1e-5
RATE, FRAMES = 48_000, 6_000
POSITIONS = (0, 0, 3)
SETTINGS = 10
SHAPES = (
    ("wavenet", "standard"),
    ("wavenet", "feather"),
    ("wavenet", "a2"),
    ("wavenet", "a2-slim"),
    ("lstm", "1x16"),
    ("lstm", "2x11"),
)
RENDER = """([section, audio, path]) =>
  [...rig.render(rig.newPlayer(section), new Float32Array(audio), path)]"""
#: The same in the audio thread, whose clock is the audio's own: nothing can be late.
IN_THE_AUDIO_THREAD = """async ([section, audio, path, rate]) => {
  const context = new OfflineAudioContext(1, audio.length, rate);
  const buffer = context.createBuffer(1, audio.length, rate);
  buffer.copyToChannel(new Float32Array(audio), 0);
  const source = new AudioBufferSourceNode(context, { buffer });
  const amp = await rig.ampNode(context, section, { units: path[0], path });
  source.connect(amp).connect(context.destination);
  source.start();
  return [...(await context.startRendering()).getChannelData(0)];
}"""


def rms(audio: Audio) -> float:
    return float(np.sqrt(np.mean(audio**2)))


def guitar(frames: int, seed: int = 0) -> NDArray[np.float32]:
    """Noise that comes and goes: every level, and silence."""
    random = np.random.default_rng(seed)
    loudness = np.repeat([0.0, 0.3, 0.05, 0.6, 0.0, 0.2], -(-frames // 6))[:frames]
    return (loudness * random.standard_normal(frames)).astype(np.float32)


def drawn(architecture: str, size: str, silent: bool = True) -> tuple[Model, dict[str, Any]]:
    """A model whose knobs do something, in double precision, and its description."""
    torch.manual_seed(1)
    model = ModelSpec(architecture, size, POSITIONS, 1, silent=silent).build().eval()
    with torch.no_grad():
        for weights in model.encoder.parameters():
            weights.add_(0.2 * torch.randn_like(weights))
    knobs = [{"name": f"knob {k}", "default": 0.5, "low": 0.0, "high": 1.0} for k in range(2)]
    section = embedded(model, [*knobs, {"name": "switch", "labels": ["a", "b", "c"]}])
    return model.double(), section


def moves(frames: int) -> torch.Tensor:
    """Knobs that turn, stand, and turn back; a switch that jumps."""
    points = frames // RAMP_FRAMES + 2
    at = torch.linspace(0, 3, points)
    turns = torch.stack([(at % 2).clamp(0, 1), (1 - at / 3).clamp(0.2, 0.8)], 1)
    return torch.cat([turns, (torch.arange(points)[:, None] // 20 % 3) / 2], 1)


@pytest.mark.parametrize(("architecture", "size"), SHAPES)
@pytest.mark.parametrize("silent", [True, False])
def test_it_plays_what_the_model_plays(
    shown: Opened, architecture: str, size: str, silent: bool
) -> None:
    model, section = drawn(architecture, size, silent)
    audio = guitar(FRAMES)
    sent = torch.from_numpy(audio).double()
    knobs = torch.tensor([0.2, 0.9, 0.5], dtype=torch.float64)
    wanted = play(model, sent, knobs)[0].numpy()
    found = np.array(shown.call(RENDER, section, audio.tolist(), [knobs.tolist()]))
    assert rms(found - wanted) < TOLERANCE * rms(wanted)
    path = moves(FRAMES)
    wanted = play_path(model, sent, path.double())[0].numpy()
    found = np.array(shown.call(RENDER, section, audio.tolist(), path.tolist()))
    assert rms(found - wanted) < TOLERANCE * rms(wanted)


def test_the_session_s_own_model_at_ten_settings(shown: Opened, reported: Path) -> None:
    model, _ = load_model(str(reported / "model" / "model.safetensors"))
    section, audio = shown.call("() => rig.content.modelled.section"), guitar(FRAMES)
    for knobs in torch.rand(SETTINGS, 3, generator=torch.Generator().manual_seed(2)):
        wanted = play(model.double(), torch.from_numpy(audio).double(), knobs.double())[0].numpy()
        found = np.array(shown.call(RENDER, section, audio.tolist(), [knobs.tolist()]))
        assert rms(found - wanted) < TOLERANCE * rms(wanted)


def test_silence_is_nothing_while_knobs_turn(shown: Opened) -> None:
    for architecture, size in SHAPES:
        _, section = drawn(architecture, size)
        found = shown.call(RENDER, section, [0.0] * 2_000, moves(2_000).tolist())
        assert max(map(abs, found)) < 1e-6, size


def test_the_audio_thread_plays_the_same_for_a_minute(shown: Opened, reported: Path) -> None:
    section = shown.call("() => rig.content.modelled.section")
    audio = np.tile(guitar(RATE), 60)
    path = moves(len(audio))
    script = f"""async (given) => {{
      const audio = new Float32Array(60 * given[1].length);
      for (let i = 0; i < 60; i++) audio.set(given[1], i * given[1].length);
      const found = await ({IN_THE_AUDIO_THREAD})([given[0], audio, given[2], given[3]]);
      const wanted = rig.render(rig.newPlayer(given[0]), audio, given[2]);
      let off = 0, played = 0;
      wanted.forEach((v, i) => {{ off = Math.max(off, Math.abs(v - found[i])); played += v * v; }});
      return [found.length, off, played];
    }}"""
    arguments = (section, guitar(RATE).tolist(), path[:, :3].tolist(), RATE)
    frames, off, played = shown.call(script, *arguments)
    assert (frames, off) == (60 * RATE, 0.0)
    assert played > 0


@pytest.mark.parametrize(("architecture", "size"), SHAPES)
def test_the_file_it_makes_plays_what_is_heard(shown: Opened, architecture: str, size: str) -> None:
    model, section = drawn(architecture, size)
    knobs = torch.tensor([0.7, 0.1, 1.0])
    stock = document(model.float(), knobs, RATE, {"name": "amp"})
    made = shown.call(
        "([s, t, u]) => rig.namDocument(new rig.KnobModel(s), t, u, { gain: 7 })",
        section, {**stock, "weights": []}, knobs.tolist(),
    )  # fmt: skip
    assert {key: made[key] for key in ("version", "architecture", "sample_rate")} == {
        key: stock[key] for key in ("version", "architecture", "sample_rate")
    }
    assert made["config"].keys() == stock["config"].keys()
    assert made["metadata"]["name"] == "amp: gain 7"
    np.testing.assert_allclose(made["weights"], stock["weights"], atol=2e-5, rtol=1e-5)
    history = model.history_frames
    audio = torch.from_numpy(guitar(FRAMES + history))
    heard, wanted = (read_and_play(doc, audio)[history:].numpy() for doc in (made, stock))
    assert rms(heard - wanted) < 1e-4 * rms(wanted)


def test_a_file_from_the_page_is_taken_by_the_trainer_s_own_reader(
    shown: Opened, tmp_path: Path
) -> None:
    with shown.page.expect_download() as coming:
        shown.page.click("#nam")
    path = tmp_path / "heard.nam"
    coming.value.save_as(path)
    made = json.loads(path.read_text(encoding="utf-8"))
    assert made["metadata"]["setting"].keys() == {"gain", "tone", "volume"}
    loader = pytest.importorskip("nam.models")
    played = loader.init_from_nam(made)(torch.from_numpy(guitar(9_000)))
    assert torch.isfinite(played).all()


def test_it_is_fast_enough_to_be_played(shown: Opened) -> None:
    """Far above what is asked for on a machine of one's own; others may want this one, too."""
    for size in ("feather", "standard", "a2"):
        _, section = drawn("wavenet", size)
        audio = guitar(RATE // 2).tolist()
        script = f"([s, a]) => rig.realTimeFactor(s, new Float32Array(a), {RATE})"
        fastest = max(shown.call(script, section, audio) for _ in range(3))
        assert fastest > 1.5, size


def test_the_binary_is_made_of_this_source() -> None:
    assert make_player.BINARY.read_bytes().endswith(make_player.digest())
