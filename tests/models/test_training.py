"""Training: it learns, repeats itself, goes on where it was, and gets over what goes wrong."""

from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest
import torch

from models.networks.spec import ModelSpec, dump_model
from models.networks.wavenet import KnobWaveNet
from models.training import prior
from models.training.dataset import Dataset, Model, evaluate, nobody
from models.training.initial_levels import log_levels, polarity, start_at_levels
from models.training.loop import Backtracking, Diverged, train, train_to_end
from models.training.prior import NAMES, dump_prior, has_prior, prior_control, start_from_prior
from models.training.rate_search import best_rate
from models.training.trainer import Recipe, Training, dump_state, load_state
from rig.config.types import LearnerConfig
from rig.learner.rounds import initial_model
from tests.models.test_models import made, turn_down


def toy(captures: int = 6) -> Dataset:
    """A clipping amp with a gain and a volume, on noise bursts."""
    draw = torch.Generator().manual_seed(0)
    audio = 0.3 * torch.randn(24_000, generator=draw)
    knobs = torch.rand(captures, 2, generator=draw)
    gain, volume = 10 ** (2 * knobs[:, :1] - 1), 10 ** (2 * knobs[:, 1:] - 2)
    return Dataset(audio, volume * torch.tanh(gain * audio), knobs, 0, 20_000)


TOYS = [
    ModelSpec("wavenet", "nano", (0, 0), 2, shared=True),
    ModelSpec("wavenet", "nano", (0, 0), 2),
    ModelSpec("lstm", "1x8", (0, 0), 2),
]
SHORT = Recipe(16, 0.005, frames_per_step=4_096, windows=(1_024, 2_048), seed=1, ema_decay=0.9)


@pytest.mark.parametrize("spec", TOYS, ids=str)
def test_training_learns_and_repeats_itself_to_the_bit(spec: ModelSpec) -> None:
    data = toy(3)
    contents = []
    for _ in range(2):
        model = made(spec, seed=4)
        before = float(evaluate(model, data).mean.mean())
        steps = Mock()
        recipe = replace(SHORT, steps=30, rate=0.01)
        train(model, data, recipe, steps)
        after = float(evaluate(model, data).mean.mean())
        contents.append(dump_model(model, spec))
        assert after < 0.6 * before
        assert [call.args[0] for call in steps.call_args_list] == list(range(1, 31))
    assert contents[0] == contents[1]


def test_quiet_captures_count_as_much_as_loud_ones() -> None:
    data = toy()
    quiet = Dataset(data.audio, data.targets * 1e-3, data.knobs, data.start, data.stop)
    results = []
    for dataset in (data, quiet):
        model = made(ModelSpec("wavenet", "nano", (0, 0), 1), seed=4)
        with torch.no_grad():
            if dataset is quiet:
                turn_down(model, 1e-3)
        loss = train(model, dataset, replace(SHORT, steps=5, rate=0.001), lambda *_: None)
        results.append(loss)
    assert results[0] == pytest.approx(results[1], rel=0.05)


def test_training_on_nonsense_gives_up() -> None:
    data = toy()
    broken = Dataset(data.audio, data.targets * float("nan"), data.knobs, data.start, data.stop)
    with pytest.raises(Diverged):
        train(made(TOYS[0]), broken, replace(SHORT, steps=80, windows=(256,)), lambda *_: None)


def test_one_capture_that_is_hard_is_no_break() -> None:
    """A loss that is fifty times the usual one in some batches costs neither steps nor the rate."""
    training = Training(made(TOYS[0]), toy(), replace(SHORT, steps=400, windows=(256,)))
    backtracking = Backtracking(training)
    for step in range(300):
        training.step, training.step_loss = step, 0.5 if step % 7 else 25.0
        backtracking.watch(healthy=True)
    assert training.rate_factor == 1.0
    assert not training.broke_off


def test_a_loss_that_breaks_away_is_gone_back_from_and_ends_with_a_model() -> None:
    training = Training(made(TOYS[0]), toy(), replace(SHORT, steps=4_000, windows=(256,)))
    backtracking = Backtracking(training)
    for step in range(2_000):
        training.step, training.step_loss = step, 0.1 if step < 200 else 50.0
        backtracking.watch(healthy=True)
        if training.broke_off:
            break
    assert training.broke_off
    assert training.rate_factor == 1 / 32
    training.finish()
    assert all(bool(torch.isfinite(p).all()) for p in training.model.parameters())


def test_noise_for_a_capture_and_two_that_contradict_each_other_end_in_a_model() -> None:
    data = toy()
    targets = data.targets.clone()
    draw = torch.Generator().manual_seed(5)
    targets[0] = 0.1 * torch.randn(targets[0].shape, generator=draw)
    knobs = data.knobs.clone()
    knobs[2] = knobs[1]
    targets[2] = -targets[1]
    odd = Dataset(data.audio, targets, knobs, data.start, data.stop)
    model = made(TOYS[0])
    loss = train(model, odd, replace(SHORT, steps=120, windows=(256,)), lambda *_: None)
    assert loss == loss
    assert all(bool(torch.isfinite(p).all()) for p in model.parameters())


@pytest.mark.parametrize("spec", TOYS, ids=str)
@pytest.mark.parametrize("stopped_at", [1, 7])
def test_a_run_taken_up_again_ends_the_same_to_the_bit(spec: ModelSpec, stopped_at: int) -> None:
    data = toy()
    recipe = replace(SHORT, steps=14, validations=7)
    validation = data.subset([0, 3])
    whole = Training(made(spec, seed=4), data, recipe, validation)
    train_to_end(whole, lambda *_: None)
    first = Training(made(spec, seed=4), data, recipe, validation)
    for _ in range(stopped_at):
        first.advance()
    laid_down = dump_state(first)
    again = Training(made(spec, seed=9), data, recipe, validation)
    assert load_state(again, laid_down)
    train_to_end(again, lambda *_: None)
    assert dump_model(again.model, spec) == dump_model(whole.model, spec)
    assert again.loss == whole.loss


@pytest.mark.parametrize("content", [b"", b"nonsense", b"PK\x03\x04"])
def test_what_is_no_run_of_this_model_changes_nothing(content: bytes) -> None:
    training = Training(made(TOYS[0]), toy(), SHORT)
    before = dump_model(training.model, TOYS[0])
    assert not load_state(training, content)
    other = Training(made(ModelSpec("wavenet", "lite", (0, 0), 1)), toy(), SHORT)
    assert not load_state(training, dump_state(other))
    assert training.step == 0
    assert dump_model(training.model, TOYS[0]) == before


def test_a_loss_that_breaks_away_costs_some_steps_and_not_the_run() -> None:
    """Weights turn to infinity in the middle; training goes back, slower, and still learns."""
    data = toy()
    model = made(TOYS[0], seed=4)
    before = float(evaluate(model, data).mean.mean())
    training = Training(model, data, replace(SHORT, steps=70, rate=0.01))

    def sabotage(step: int, _loss: float) -> None:
        if step == 55:
            with torch.no_grad():
                model.encoder.constant.fill_(float("inf"))

    train_to_end(training, sabotage)
    assert training.rate_factor == 0.5
    assert training.step == 70
    assert float(evaluate(model, data).mean.mean()) < 0.6 * before


def test_validation_settings_keep_the_best_weights_and_end_a_run_that_gets_worse() -> None:
    """They hold the opposite of what is trained on: every step away from the start is worse."""
    data = toy()
    upside_down = replace(data, targets=-data.targets)
    model = made(TOYS[0], seed=4)
    with torch.no_grad():
        turn_down(model, 1e-3)
    training = Training(
        model, data, replace(SHORT, steps=160, rate=0.02, validations=40), upside_down
    )
    train_to_end(training, lambda *_: None)
    assert training.step < 160
    kept = float(evaluate(model, upside_down).mean.log().mean().exp())
    assert kept == pytest.approx(training.best_error, rel=1e-4)


def test_the_search_for_a_rate_leaves_the_model_as_it_was_and_avoids_what_diverges() -> None:
    model = made(TOYS[0], seed=4)
    before = dump_model(model, TOYS[0])
    rate = best_rate(model, toy(), SHORT, rates=(1e-6, 0.01, 1e4), steps=10)
    assert rate == 0.01
    assert dump_model(model, TOYS[0]) == before


@pytest.mark.parametrize("spec", TOYS, ids=str)
def test_training_starts_at_the_levels_of_the_captures(spec: ModelSpec) -> None:
    data = toy()
    torch.manual_seed(4)
    model = spec.build()
    start_at_levels(model, data)
    with torch.no_grad():
        padded = torch.cat([data.audio.new_zeros(model.history_frames), data.audio])
        played = padded.expand(model.members, len(data.knobs), -1)
        out = model(played, data.knobs.expand(model.members, -1, -1))
    off = (log_levels(out) - log_levels(data.targets)).abs()
    spread = log_levels(data.targets).std()
    assert float(off.mean()) < 0.5 * float(spread)


def test_polarity_is_read_off_the_captures() -> None:
    data = toy()
    assert polarity(data.audio, data.targets) == 1.0
    late = torch.nn.functional.pad(-data.targets, (40, 0))[:, :-40]
    assert polarity(data.audio, late) == -1.0
    model = made(TOYS[0])
    start_at_levels(model, replace(data, targets=-data.targets))
    assert isinstance(model, KnobWaveNet)
    assert model.polarity.flatten().tolist() == [-1.0, -1.0]


def test_members_that_share_a_trunk_have_one_and_read_it_differently() -> None:
    torch.manual_seed(0)
    sizes = []
    for shared in (True, False):
        model = ModelSpec("wavenet", "nano", (0, 0), 3, shared).build()
        assert isinstance(model, KnobWaveNet)
        sizes.append(sum(p.numel() for p in model.arrays.parameters()))
    assert 3 * sizes[0] == sizes[1]
    trained: Model = made(TOYS[0], seed=2)
    data = toy()
    train(trained, data, replace(SHORT, steps=6), lambda *_: None)
    unseen = torch.tensor([[0.5, 0.9]])
    with torch.no_grad():
        audio = data.audio[: trained.history_frames + 500].expand(2, 1, -1)
        first, second = trained(audio, unseen.expand(2, -1, -1))
    assert float((first - second).abs().max()) > 0


def test_the_default_ensemble_starts_from_the_prior() -> None:
    """No skip: for a day a moved file had every ensemble start from nothing, without a word."""
    config, data = LearnerConfig(), toy()
    assert has_prior(config.size)
    spec = ModelSpec("wavenet", config.size, (0, 0), 2, shared=True)
    started, bare = (
        initial_model(spec, data, 0, ("gain", "volume"), known, nobody) for known in (True, False)
    )
    for name, tensor in started.named_parameters():
        if not name.startswith("encoder."):
            assert not torch.equal(tensor, bare.get_parameter(name)), name
    assert bool((started.encoder.direct[0] != bare.encoder.direct[0]).any())


def test_a_prior_gives_every_member_the_same_trunk_and_usual_knobs_an_effect() -> None:
    torch.manual_seed(0)
    model = ModelSpec("wavenet", "feather", (2, 0, 0), 3, shared=True).build()
    assert isinstance(model, KnobWaveNet)
    before = model.encoder.first.clone()
    start_from_prior(model, "feather", ("Bright", "Drive", "Frobnicate"))
    direct = model.encoder.direct
    assert bool((direct[:, 2] != 0).any())
    assert bool((direct[:, [0, 1, 3]] == 0).all())
    assert torch.equal(before, model.encoder.first)
    assert prior_control("Mid") == "middle"
    assert prior_control("Depth") == "resonance"
    assert prior_control("frobnicate") is None


def test_no_word_of_a_faceplate_has_two_roles() -> None:
    words = [word for names in NAMES.values() for word in names]
    assert len(set(words)) == len(words)
    assert all(prior_control(role) == role for role in NAMES)


def test_a_prior_is_the_mean_over_the_amps_that_have_a_role(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    many = ModelSpec("wavenet", "nano", (0, 0, 0), 3, shared=True).build()
    assert isinstance(many, KnobWaveNet)
    with torch.no_grad():
        many.encoder.direct[:] = torch.arange(3.0)[:, None, None]
    has = torch.tensor([[True, True, False], [True, False, False], [False, True, False]])
    monkeypatch.setattr(prior, "PRIORS", tmp_path)
    (tmp_path / "nano.safetensors").write_bytes(dump_prior(many, ("gain", "master", "fuzz"), has))
    one = ModelSpec("wavenet", "nano", (0, 0, 0, 0), 1).build()
    assert isinstance(one, KnobWaveNet)
    # What the file has no role for is read as the nearest one, and the unheard of as nothing.
    start_from_prior(one, "nano", ("Gain", "Volume", "Fuzz", "Depth"))
    assert torch.equal(one.encoder.direct[0, :, 0], torch.tensor([0.5, 1.0, 0.0, 0.0]))
