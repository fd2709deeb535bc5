"""A night ends with a model of the whole amp, whatever training came to; and says which it is."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from models.networks.spec import ModelSpec, load_model
from models.training.dataset import nobody
from models.training.loop import Diverged
from rig.cli.model import _said
from rig.learner import checkpoint, final
from rig.learner.best_member import best_member, grown, member_alone
from rig.learner.rounds import last_ensemble
from rig.session.folder import Session
from rig.session.verdict import verdict
from tests.models.test_models import made
from tests.models.test_training import SHORT, TOYS, toy


@pytest.mark.parametrize("spec", TOYS, ids=str)
def test_a_member_alone_plays_as_it_does_among_others(spec: ModelSpec) -> None:
    model = made(spec, seed=2).eval()
    for parameter in model.parameters():
        parameter.data.add_(0.1 * torch.randn_like(parameter))
    audio, knobs = 0.3 * torch.randn(2, 1, 6_000), torch.rand(2, 1, 2)
    with torch.no_grad():
        everyone = model(audio, knobs)
        for member in range(2):
            alone, single = member_alone(model, spec, member)
            assert single.members == 1
            own = alone(audio[member : member + 1], knobs[member : member + 1])
            assert torch.allclose(own[0], everyone[member], atol=1e-6)


def test_training_that_came_to_no_numbers_leaves_a_member_of_the_ensemble(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> bool:
        raise Diverged("the loss was never a number")

    monkeypatch.setattr(checkpoint, "train", broken)
    session = Session.open(copied)
    trained = final.train_final(session, lambda _: None)
    session.record(trained)
    assert trained.caveat == final.FELL_BACK
    assert final.FELL_BACK in _said(copied, trained, None).plain
    assert verdict(session, None).sentence.endswith(f"; {final.FELL_BACK}.")
    model, spec = load_model(session.stored(trained.model))
    best = best_member(session, nobody)
    assert best is not None
    assert spec == best[1]
    theirs = best[0].state_dict()
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in model.state_dict().items())
    session.close()


def test_without_an_ensemble_there_is_nothing_to_fall_back_to(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rig.learner.best_member.last_ensemble", lambda _: None)
    session = Session.view(copied)
    assert best_member(session, nobody) is None
    session.close()


def test_the_best_member_is_the_one_that_errs_least_on_what_it_learnt(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session.view(copied)
    found = last_ensemble(session)
    assert found is not None
    model, spec = found
    # All but the second member are turned up a hundredfold, and cannot be right.
    with torch.no_grad():
        model.encoder.constant[torch.arange(spec.members) != 1, :, 1] += 4.6
    monkeypatch.setattr("rig.learner.best_member.last_ensemble", lambda _: (model, spec))
    best = best_member(session, nobody)
    session.close()
    assert best is not None
    second, _ = member_alone(model, spec, 1)
    assert torch.equal(best[0].encoder.constant, second.encoder.constant)


def test_training_that_broke_away_says_so(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ends = checkpoint.train

    def broke_off(*args: object, **options: object) -> bool:
        ends(*args, **options)  # type: ignore[arg-type]
        return False

    monkeypatch.setattr(checkpoint, "train", broke_off)
    session = Session.view(copied)
    try:
        assert final.train_final(session, lambda _: None).caveat == final.BROKE_OFF
    finally:
        session.close()


def test_a_run_that_broke_off_says_so_and_stays_so(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every loss is a break, to one who looks so closely; its end is read back as its end."""
    monkeypatch.setattr("models.training.loop.RECENT_STEPS", 4)
    monkeypatch.setattr("models.training.loop.BROKEN_AWAY", 1e-9)
    session = Session.open(copied)
    recipe = replace(SHORT, steps=400, windows=(256,))
    told: list[int] = []

    def progress(step: int, _loss: float) -> None:
        """Note a step."""
        told.append(step)

    for _ in range(2):
        model = made(TOYS[0], seed=1)
        went_well = checkpoint.train(
            session,
            "a",
            model,
            toy(3),
            recipe,
            lambda step, _: told.append(step),
            more_follows=True,
        )
        assert not went_well
    session.close()
    steps = max(told)
    assert 16 < steps < 60
    assert told.count(steps) == 1, "the second run took steps where the first one had ended"


def wide(spec: ModelSpec, size: str = "feather") -> ModelSpec:
    return replace(spec, size=size, members=1, shared=False, silent=True)


def test_the_final_model_begins_as_the_best_member(copied: Path) -> None:
    session = Session.view(copied)
    best = best_member(session, nobody)
    assert best is not None
    # In a session as short as this, none is better than silence; there growing would be no use.
    model = grown(session, wide(best[1]), 1, nobody, least=float("inf"))
    assert model is not None
    assert grown(session, wide(best[1]), 1, nobody, least=0.0) is None
    audio, knobs = 0.3 * torch.randn(1, 3, 6_000), torch.rand(1, 3, 3)
    with torch.no_grad():
        theirs, ours = best[0](audio, knobs), model(audio, knobs)
        again = grown(session, wide(best[1]), 1, nobody, least=float("inf"))
        assert again is not None
        # A run that goes on from a checkpoint has to begin with the same weights.
        assert torch.equal(again(audio, knobs), ours)
    # But for its constant: what is exported gives nothing for silence.
    apart = (theirs - ours) - (theirs - ours).mean(-1, keepdim=True)
    assert float(apart.std()) < 1e-4 * float(theirs.std())
    session.close()


@pytest.mark.parametrize("size", ["a2", "a2-slim"])
def test_what_cannot_grow_into_a_size_is_no_beginning(copied: Path, size: str) -> None:
    session = Session.view(copied)
    found = last_ensemble(session)
    assert found is not None
    assert grown(session, wide(found[1], size), 1, nobody, least=float("inf")) is None
    lstm = replace(wide(found[1]), architecture="lstm", size="1x8")
    assert grown(session, lstm, 1, nobody, least=float("inf")) is None
    session.close()
