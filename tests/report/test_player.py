"""The page's player against `models`: still, turning, in the audio thread, and as a file."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from models.nam.embedded import embedded
from models.nam.loudness import measure, measuring_noise
from models.nam.reader import read_and_play
from models.nam.writer import document
from models.networks.spec import ModelSpec, load_model, play
from models.networks.turning import RAMP_FRAMES, play_path
from models.training.dataset import Model
from rig.exchange.final_model import final_model
from rig.exchange.nam import nam_document
from rig.report.make import REPORT
from rig.session.folder import Session
from tests.report.browser import Opened, opened
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


@pytest.mark.parametrize(("architecture", "size"), [("wavenet", "feather"), ("lstm", "1x16")])
def test_it_measures_how_loud_the_model_is(shown: Opened, architecture: str, size: str) -> None:
    model, section = drawn(architecture, size)
    script = """([s, u]) =>
      rig.measureLoudness(s, rig.samplesOf(rig.content.modelled.measuring), u)"""
    for knobs in ([0.2, 0.9, 0.5], [1.0, 0.3, 1.0]):
        found = shown.call(script, section, knobs)
        wanted = measure(model.float(), torch.tensor(knobs), measuring_noise())
        assert found["loudness"] == pytest.approx(wanted.loudness_db, abs=0.05)
        assert found["gain"] == pytest.approx(wanted.gain, abs=0.003)


INTERFACE = """() => {
  const context = new AudioContext(), sides = new ChannelMergerNode(context, { numberOfInputs: 2 });
  const tone = (to, gain) => {
    const source = new OscillatorNode(context, { frequency: 200 + 300 * to });
    source.connect(new GainNode(context, { gain })).connect(sides, 0, to);
    source.start();
  };
  tone(0, 0.5);
  tone(1, 0.02);
  const way = new MediaStreamAudioDestinationNode(context, { channelCount: 2 });
  sides.connect(way);
  navigator.mediaDevices.getUserMedia = async () => {
    const stream = way.stream.clone();
    stream.getAudioTracks()[0].getSettings = () => ({ channelCount: globalThis.channels });
    return stream;
  };
  return context.resume();
}"""


def test_of_an_interface_with_two_channels_one_is_chosen(chrome: Any, reported: Path) -> None:
    shown = opened(chrome, reported / REPORT)
    page = shown.page
    page.evaluate(INTERFACE)

    def heard(side: str) -> float:
        """The level of what goes through, bypassed, once it has settled."""
        page.click(f"#sides button[data-key='{side}']")
        page.wait_for_timeout(1_500)
        return float(page.get_attribute("#play [role=meter]", "aria-valuenow"))

    page.evaluate("() => { globalThis.channels = 2; }")
    page.check("#play input[type=checkbox]")
    page.fill("#play input[aria-label='output gain in dB']", "0")
    assert page.is_hidden("#sides")
    page.click("#play button:has-text('my guitar')")
    page.wait_for_selector("#sides:not([hidden])")
    left, right, both = heard("left"), heard("right"), heard("both")
    assert left == pytest.approx(-6, abs=2)
    assert right == pytest.approx(-34, abs=2)
    assert both == pytest.approx(-12, abs=2)
    page.click("#play button:has-text('Stop')")
    assert page.is_hidden("#sides")
    assert shown.complaints == []


def test_of_an_interface_with_one_channel_nothing_is_asked(chrome: Any, reported: Path) -> None:
    page = opened(chrome, reported / REPORT).page
    page.evaluate(INTERFACE)
    page.evaluate("() => { globalThis.channels = 1; }")
    page.click("#play button:has-text('my guitar')")
    page.wait_for_selector("text=Playing what comes in")
    assert page.is_hidden("#sides")


@pytest.fixture(scope="module")
def downloaded(shown: Opened, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the button makes."""
    path = tmp_path_factory.mktemp("downloads") / "heard.nam"
    with shown.page.expect_download() as coming:
        shown.page.click("#nam")
    coming.value.save_as(path)
    assert shown.page.inner_text("#nam") == "Download what is heard as .nam"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def test_a_file_from_the_page_is_taken_by_the_trainer_s_own_reader(
    downloaded: dict[str, Any],
) -> None:
    assert downloaded["metadata"]["setting"].keys() == {"gain", "tone", "volume"}
    loader = pytest.importorskip("nam.models")
    played = loader.init_from_nam(downloaded)(torch.from_numpy(guitar(9_000)))
    assert torch.isfinite(played).all()


def test_a_file_from_the_page_is_as_loud_as_an_exported_one(
    downloaded: dict[str, Any], reported: Path
) -> None:
    session, made = Session.view(reported), downloaded["metadata"]
    values = {name: float(value) for name, value in made["setting"].items()}
    setting = session.config.panel.setting(values)
    wanted = nam_document(session, final_model(session), setting)["metadata"]
    session.close()
    # With the exporter's own recording, where it is installed; the page has noise like it.
    assert made["loudness"] == pytest.approx(wanted["loudness"], abs=0.5)
    assert made["gain"] == pytest.approx(wanted["gain"], abs=0.03)


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
