"""Models: gradients, export, playing, the safety of what is loaded."""

import json
import math
from dataclasses import asdict, replace
from itertools import product
from pathlib import Path

import pytest
import torch
from safetensors.torch import load, save

from models.nam.writer import document
from models.networks.knob_encoder import HIDDEN, POT_UNITS, UNITS, KnobEncoder, with_pots
from models.networks.spec import BadModel, ModelSpec, dump_model, load_model, play
from models.networks.wavenet import SHAPES, KnobWaveNet
from models.training.dataset import Model

SPECS = [
    ModelSpec("wavenet", "nano", (0, 2, 3), 2),
    ModelSpec("wavenet", "nano", (0, 2, 3), 2, shared=True),
    ModelSpec("wavenet", "standard", (0, 0), 1),
    ModelSpec("wavenet", "nano", (0, 2, 0), 1, has_pots=True),
    ModelSpec("wavenet", "a2-slim", (0, 0), 1),
    ModelSpec("concat", "nano", (0, 2, 3), 2),
    ModelSpec("lstm", "2x8", (0, 2, 3), 2),
]


def made(spec: ModelSpec, seed: int = 0) -> Model:
    """A model whose knobs matter, as if it had been trained."""
    torch.manual_seed(seed)
    model = spec.build()
    for parameter in model.encoder.parameters():
        parameter.data.normal_(0, 0.2)
    return model.eval()


def turn_down(model: Model, factor: float) -> None:
    """Let a model play at so much of its level."""
    assert isinstance(model, KnobWaveNet)
    model.head_scale *= factor


def setting(spec: ModelSpec) -> torch.Tensor:
    return torch.tensor([0.3, 1.0, 0.5][: len(spec.positions)])


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_the_official_package_plays_an_export_like_we_do(spec: ModelSpec) -> None:
    loader = pytest.importorskip("nam.models")
    model, knobs = made(spec), setting(spec)
    audio = 0.3 * torch.randn(9_000, generator=torch.Generator().manual_seed(1))
    ours = play(model, audio, knobs)
    for member in range(spec.members):
        text = json.dumps(document(model, knobs, 48_000, {"name": "test"}, member))
        theirs = loader.init_from_nam(json.loads(text)).eval()
        with torch.no_grad():
            played = (
                theirs(audio, pad_start=True) if spec.architecture == "wavenet" else theirs(audio)
            )
        error = (ours[member] - played).abs().max() / ours[member].pow(2).mean().sqrt()
        assert error < 1e-4


def test_exports_at_two_settings_differ() -> None:
    spec = SPECS[0]
    model = made(spec)
    first, second = (
        document(model, torch.tensor([x, 1.0, 0.5]), 48_000, {})["weights"] for x in (0.2, 0.8)
    )
    assert first != second


@pytest.mark.parametrize("size", ["nano", "a2-slim"])
def test_the_layer_has_the_gradients_of_finite_differences(size: str) -> None:
    torch.manual_seed(0)
    model = KnobWaveNet(SHAPES[size], (0, 2, 0), 2).double()
    for parameter in model.encoder.parameters():
        parameter.data.normal_(0, 0.1)
    audio = torch.randn(2, 3, model.history_frames + 40).double()
    knobs = torch.rand(2, 3, 3).double().requires_grad_()

    def value() -> torch.Tensor:
        played: torch.Tensor = model(audio, knobs)
        return played.square().sum()

    torch.autograd.backward(value())
    chosen = [knobs, *(p for p in model.parameters() if p.grad is not None)]
    draw = torch.Generator().manual_seed(3)
    for tensor in chosen:
        assert tensor.grad is not None
        flat = tensor.detach().view(-1)
        at = int(torch.randint(flat.numel(), (1,), generator=draw))
        with torch.no_grad():
            before, step = float(flat[at]), 1e-6
            flat[at] = before + step
            above = value()
            flat[at] = before - step
            below = value()
            flat[at] = before
        expected = float(above - below) / (2 * step)
        assert float(tensor.grad.view(-1)[at]) == pytest.approx(expected, rel=1e-3, abs=1e-5)


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_stored_models_play_the_same_and_store_the_same_bytes(
    spec: ModelSpec, tmp_path: Path
) -> None:
    model, knobs = made(spec), setting(spec)
    content = dump_model(model, spec)
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    loaded, stored = load_model(str(path))
    audio = torch.randn(3_000)
    assert stored == spec
    assert torch.equal(play(loaded, audio, knobs), play(model, audio, knobs))
    assert dump_model(loaded, spec) == content


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\x80\x04cos\nsystem\n", b"\xff" * 64])
def test_what_is_no_model_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(BadModel):
        load_model(str(path))


@pytest.mark.parametrize(
    "change",
    [
        {"members": 10**6},
        {"size": "9x9999"},
        {"positions": []},
        {"positions": [10**9]},
        {"architecture": "x"},
    ],
)
def test_a_description_out_of_bounds_is_refused_before_memory_is_taken(
    change: dict[str, object],
) -> None:
    plain = {"architecture": "lstm", "size": "1x8", "positions": [0], "members": 2}
    with pytest.raises(BadModel):
        ModelSpec.from_json(json.dumps({**plain, **change})).build()


def test_playing_in_chunks_equals_playing_at_once() -> None:
    spec = SPECS[0]
    model = made(spec)
    audio = torch.randn(5_000)
    whole = play(model, audio, setting(spec))
    model.chunk_frames = 777
    assert torch.allclose(play(model, audio, setting(spec)), whole, atol=1e-5)


def test_switches_are_one_hot_and_knobs_signed() -> None:
    encoder = KnobEncoder((0, 3), 4, 1, 8)
    features = encoder.features(torch.tensor([[0.25, 0.5]]))
    assert features.tolist() == [[-0.5, -1.0, 1.0, -1.0]]
    assert torch.equal(encoder(torch.rand(1, 5, 2).round()), torch.zeros(1, 5, 4))


def test_an_encoder_with_pot_units_says_the_same_and_can_say_more() -> None:
    torch.manual_seed(0)
    encoder = KnobEncoder((0, 3, 0), 4, 2)
    for parameter in encoder.parameters():
        torch.nn.init.normal_(parameter, 0.0, 0.3)
    wider = with_pots(encoder)
    knobs = torch.rand(2, 50, 3)
    assert torch.allclose(wider(knobs), encoder(knobs), atol=1e-5)
    # Each new unit hears one pot, and no switch.
    first, first_bias, _ = wider.layers
    heard = (first[0, :, HIDDEN:] != 0.0).sum(1)
    assert heard.tolist() == [len(UNITS), 0, 0, 0, len(UNITS)]
    # From where it opens, a pot that closes by the logarithm of its travel is a sum of its units.
    travel = torch.linspace(0.04, 1.0, 201)[None, :, None].expand(2, -1, 3)
    turned = 2.0 * travel[0, :, :1] - 1.0
    units = torch.nn.functional.silu(
        turned @ first[0, :1, HIDDEN : HIDDEN + 6] + (first_bias[0, :, HIDDEN : HIDDEN + 6])
    )
    design = torch.cat([units, turned, torch.ones_like(turned)], 1).detach()
    wanted = (travel[0, :, :1] + 0.03).log() * 20.0 / math.log(10.0)
    off = wanted - design @ torch.linalg.lstsq(design, wanted).solution
    assert float(off.abs().max()) < 0.6


def test_a_closed_pot_takes_the_gain_behind_the_network_away_and_nothing_else() -> None:
    torch.manual_seed(0)
    encoder = KnobEncoder((0, 3, 0), 4, 2)
    for parameter in encoder.parameters():
        torch.nn.init.normal_(parameter, 0.0, 0.3)
    closed, shut = with_pots(encoder, {2: ()}), torch.rand(2, 50, 3)
    shut[..., 2] = 0.0
    moved = closed(shut) - encoder(shut)
    # In decibels: inaudible beside anything that was not.
    assert torch.all(20.0 / math.log(10.0) * moved[..., 1] < -50.0)
    assert moved[..., [0, 2, 3]].abs().max() < 1e-5
    opened = shut.clone()
    opened[..., 2] = torch.linspace(0.01, 1.0, 50)
    assert 20.0 / math.log(10.0) * (closed(opened) - encoder(opened)).abs().max() < 2.0
    # The other pot closes nothing.
    opened[..., 0] = 0.0
    assert 20.0 / math.log(10.0) * (closed(opened) - encoder(opened)).abs().max() < 2.0


def test_a_pot_that_closes_in_some_positions_only_is_left_alone_in_others() -> None:
    torch.manual_seed(0)
    encoder = KnobEncoder((0, 3, 0, 2), 4, 2)
    for parameter in encoder.parameters():
        torch.nn.init.normal_(parameter, 0.0, 0.3)
    # The first knob closes in the first position of the first switch and the second of the other.
    closed = with_pots(encoder, {0: [(1, 1), (1, 2), (3, 0)]})
    for first, second in product((0.0, 0.5, 1.0), (0.0, 1.0)):
        knobs = torch.tensor([0.0, first, 0.4, second]).expand(2, 1, -1)
        moved_db = 20.0 / math.log(10.0) * (closed(knobs) - encoder(knobs))[..., 1]
        if (first, second) == (0.0, 1.0):
            assert torch.all(moved_db < -50.0)
        else:
            assert torch.all(moved_db.abs() < 1e-3)


@pytest.mark.parametrize("size", [("wavenet", "nano"), ("lstm", "1x8")])
def test_where_a_pot_closes_lasts(tmp_path: Path, size: tuple[str, str]) -> None:
    torch.manual_seed(0)
    spec = ModelSpec(*size, (0, 2), 1)
    model = made(spec)
    model.encoder = with_pots(model.encoder, {0: [(1, 0)]})
    path = tmp_path / "model.safetensors"
    path.write_bytes(dump_model(model, replace(spec, has_pots=True)))
    loaded, _ = load_model(str(path))
    assert loaded.encoder.open_at.tolist() == [[False], [True], [False]]


@pytest.mark.parametrize("size", [("wavenet", "nano"), ("lstm", "1x8")])
def test_files_from_before_pots_could_close_play_as_they_did(
    tmp_path: Path, size: tuple[str, str]
) -> None:
    torch.manual_seed(0)
    spec = ModelSpec(*size, (0, 2, 0), 1, has_pots=True)
    model = made(spec)
    pots = torch.randn(1, 2, len(UNITS), 2)
    pots[:, :, len(POT_UNITS) :] = 0.0
    model.encoder.pots.data = pots.flatten(1, 2)
    weights = load(dump_model(model, spec))
    del weights["encoder.open_at"]
    weights["encoder.pots"] = pots[:, :, : len(POT_UNITS)].flatten(1, 2).contiguous()
    path = tmp_path / "model.safetensors"
    path.write_bytes(save(weights, metadata={"spec": json.dumps(asdict(spec))}))
    audio, knobs = torch.randn(2_000), torch.tensor([0.0, 1.0, 0.3])
    assert torch.equal(play(load_model(str(path))[0], audio, knobs), play(model, audio, knobs))


@pytest.mark.parametrize("size", [("wavenet", "nano"), ("lstm", "1x8")])
def test_how_wide_its_encoder_is_lasts_and_older_files_have_none_wider(
    tmp_path: Path, size: tuple[str, str]
) -> None:
    spec = ModelSpec(*size, (0, 2), 1, has_pots=True)
    model = made(spec)
    path = tmp_path / "model.safetensors"
    path.write_bytes(dump_model(model, spec))
    loaded, found = load_model(str(path))
    assert found == spec
    assert torch.equal(loaded.encoder.pots, model.encoder.pots)
    before = ModelSpec.from_json(
        json.dumps({"architecture": size[0], "size": size[1], "positions": [0], "members": 1})
    )
    assert not before.has_pots
