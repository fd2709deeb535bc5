"""Instants that an ensemble cannot explain: found where something happened, and nowhere else."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from models.training.dataset import Dataset, Model
from rig.capture import Capture, Outcome, Role
from rig.knobs import Setting
from rig.learner.oddities import odd_instants
from rig.session import facts
from rig.session.captures import CaptureState
from rig.session.lives import Learning
from rig.session.state import State

RATE, START, CAPTURES, SPOILT = 48_000, 4_800, 14, 6


class KnowsTheAmp:
    """Stands in for an ensemble: the amp itself, but for a tenth of what it does to harmonics."""

    members, history_frames = 1, 0

    def __call__(self, audio: Tensor, knobs: Tensor) -> Tensor:
        return amp(1.02 * audio, knobs[..., :1])


def amp(audio: Tensor, gain: Tensor) -> Tensor:
    return torch.tanh((1.0 + 20.0 * gain) * audio) * (0.1 + gain)


def guitar() -> Tensor:
    random = np.random.default_rng(3)
    time_s = np.arange(2 * RATE) / RATE
    notes = sum(np.sin(2 * np.pi * hz * time_s) for hz in (110.0, 164.8, 220.0))
    plucked = notes * np.exp(-8.0 * (time_s % 0.25)) + 1e-4 * random.standard_normal(2 * RATE)
    return torch.from_numpy(0.2 * plucked).float()


def recorded() -> Dataset:
    audio, knobs = guitar(), torch.linspace(0.05, 1.0, CAPTURES)[:, None]
    targets = torch.stack([amp(audio, gain) for gain in knobs])
    return Dataset(audio, targets, knobs, START, len(audio))


def kept(number: int) -> CaptureState:
    take = facts.TakeEnded(
        capture=number,
        take=number,
        outcome=Outcome.KEPT,
        figures={"noise_dbfs": -100.0},
        reasons=(),
        played_s=2.0,
    )
    order = Capture(number, Setting((float(number),)), Role.SEED, 0)
    return CaptureState(order, kept=take)


def learnt(odd: tuple[tuple[int, float], ...] | None, *numbers: int, esr: float) -> State:
    done = facts.RoundLearned(
        round=1,
        strategy="x",
        values=(),
        disagreement=(),
        learnt_from=numbers,
        ensemble_esr=esr,
        holdout_esr=None,
        seconds=1.0,
        ensemble=facts.StoredFile(path="a", sha256="0" * 64, size=0),
        odd=odd,
    )
    return State(learning=Learning(rounds=[done]))


def stale_block(target: Tensor) -> Tensor:
    spoilt = target.clone()
    spoilt[60_000:60_256] = target[55_000:55_256]
    return spoilt


def click(target: Tensor) -> Tensor:
    spoilt = target.clone()
    spoilt[60_000] += target.abs().max()
    return spoilt


def found(data: Dataset, state: State, stands_in: object = None) -> tuple[tuple[int, float], ...]:
    model: Model = stands_in or KnowsTheAmp()  # type: ignore[assignment]
    return odd_instants(state, model, data, [kept(n) for n in range(CAPTURES)], RATE)


def spoilt_by(fault: object) -> Dataset:
    data = recorded()
    targets = data.targets.clone()
    assert callable(fault)
    targets[SPOILT] = fault(targets[SPOILT])
    return replace(data, targets=targets)


def test_healthy_captures_have_no_odd_instant() -> None:
    assert found(recorded(), State()) == ()


class KnowsNoAttack:
    """Stands in for an ensemble that does not know what loud settings do at one instant."""

    members, history_frames = 1, 0

    def __call__(self, audio: Tensor, knobs: Tensor) -> Tensor:
        played = amp(1.02 * audio, knobs[..., :1])
        played[..., 48_000:48_480] *= torch.where(knobs[..., :1] > 0.6, 0.2, 1.0)
        return played


def test_what_is_odd_in_several_at_once_is_the_amp_s() -> None:
    # A signal's hardest instant, at the settings that distort: no recording will say otherwise.
    assert found(recorded(), State(), KnowsNoAttack()) == ()
    # And a fault elsewhere, or in one of them, is found none the less.
    ((number, at_s),) = found(spoilt_by(click), State(), KnowsNoAttack())
    assert number == SPOILT
    assert at_s == pytest.approx(60_000 / RATE, abs=0.011)


@pytest.mark.parametrize("fault", [stale_block, click])
def test_the_capture_and_the_instant_are_found(fault: object) -> None:
    ((number, at_s),) = found(spoilt_by(fault), State())
    assert number == SPOILT
    assert at_s == pytest.approx(60_000 / RATE, abs=0.011)


def test_a_capture_is_looked_at_once_by_an_ensemble_that_knows_the_amp() -> None:
    data, everyone = spoilt_by(click), tuple(range(CAPTURES))
    assert found(data, learnt((), *everyone, esr=0.01)) == ()
    # One that erred everywhere had no opinion, and older rounds did not look.
    assert found(data, learnt((), *everyone, esr=0.5)) != ()
    assert found(data, learnt(None, *everyone, esr=0.01)) != ()
    # New ones are held against those that were seen before.
    before = tuple(n for n in everyone if n != SPOILT)
    assert [number for number, _ in found(data, learnt((), *before, esr=0.01))] == [SPOILT]
