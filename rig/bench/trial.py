"""One strategy on one amp from one seed, through rising numbers of captures."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch

from models.acquisition import predictions
from models.acquisition.disagreement import Predictions
from models.training.dataset import Model
from rig.bench import audio, features
from rig.bench.audio import TrainingPlan
from rig.bench.subjects import Subject, Unrecordable
from rig.errors import DeviceError
from rig.knobs import Setting
from rig.proposals import designs
from rig.proposals.strategies import STRATEGIES, ProposalRequest

log = logging.getLogger("rig")

#: Tests are the same for every strategy and seed: a stream of their own.
TEST_SEED = 90_001


@dataclass(frozen=True)
class Terms:
    """The terms that are the same for every strategy of a comparison.

    Attributes:
        counts: Numbers of captures at which errors are measured, rising.
        seeds_at: Settings that a strategy which asks an ensemble gets from its seeds.
        batch: Settings of each round.
        tests: Settings to test on where players set the knobs; half as many anywhere.
        plan: How audio models are trained; None compares on features only.
    """

    counts: tuple[int, ...]
    seeds_at: int
    batch: int
    tests: int
    plan: TrainingPlan | None

    @property
    def mode(self) -> str:
        """The name that results are filed under."""
        return "features" if self.plan is None else self.plan.mode

    @property
    def is_single(self) -> bool:
        """Whether there is one model and no ensemble that could be asked."""
        return self.plan is not None and self.plan.concat

    def next_count(self, captures: int) -> int:
        """Return how many captures there are after the next round: never past a count."""
        ahead = [count for count in self.counts if count > captures]
        return min([captures + self.batch, *ahead])


@dataclass(frozen=True)
class Trial:
    """One strategy on one subject from one seed."""

    subject: Subject
    strategy: str
    seed: int

    @property
    def asks_ensemble(self) -> bool:
        """Whether the strategy asks an ensemble."""
        return not designs.is_design(self.strategy)


class TrainedModel(Protocol):
    """A model trained on some settings, which can be tested and asked for predictions."""

    def errors(self, settings: Sequence[Setting]) -> dict[str, list[float]]:
        """Return errors by name, one figure for each setting."""

    def predictions(self) -> tuple[Predictions, Predictions]:
        """Return what the members predict: relative to the level, and as it is."""


class _Features:
    """A regression of log-mel features on the knobs."""

    def __init__(self, listener: features.Listener, settings: Sequence[Setting], seed: int) -> None:
        self._listener = listener
        self._points, self._levels = listener.points(settings), listener(settings)
        self._network = features.Network(self._points, self._levels, seed)

    def errors(self, settings: Sequence[Setting]) -> dict[str, list[float]]:
        """Return dB RMS of the ensemble and of the kernel regressor."""
        asked, true = self._listener.points(settings), self._listener(settings)
        kernel = features.kernel_regression(self._points, self._levels, asked)
        network = features.error_db(self._network(asked), true)
        return {
            "network_db": network.tolist(),
            "kernel_db": features.error_db(kernel, true).tolist(),
        }

    def predictions(self) -> tuple[Predictions, Predictions]:
        """Return what the ensemble predicts."""
        return self._network.predictions(), self._network.plain()


class _Audio:
    """An ensemble of audio models."""

    def __init__(
        self,
        subject: Subject,
        settings: Sequence[Setting],
        plan: TrainingPlan,
        seed: int,
        floor_power: float,
    ) -> None:
        self._subject, self._floor_power = subject, floor_power
        self._model: Model = audio.train_ensemble(subject, settings, plan, seed, floor_power)

    def errors(self, settings: Sequence[Setting]) -> dict[str, list[float]]:
        """Return ESR, spectral distance, and the true level."""
        tested = audio.evaluate_on(self._model, self._subject, settings, self._floor_power)
        return {"esr": tested.esr, "stft": tested.stft, "rms": tested.rms}

    def predictions(self) -> tuple[Predictions, Predictions]:
        """Return what the ensemble predicts on the loudest guitar."""
        excerpts = audio.excerpts(self._subject, self._model.history_frames)
        for parameter in self._model.parameters():
            parameter.requires_grad_(False)
        rate, model = self._subject.signal.sample_rate, self._model
        relative = predictions.relative(model, excerpts, rate, self._floor_power)
        return relative, predictions.plain(model, excerpts)


def settings_to_test(subject: Subject, count: int) -> tuple[list[Setting], list[Setting]]:
    """Draw test settings where players set the knobs, and half as many anywhere, or of the pool."""
    random = np.random.default_rng(TEST_SEED)
    panel = subject.panel
    drawn = designs.to_play_distribution(panel, random.random((count, len(panel))))
    play = [panel.quantise(point) for point in drawn]
    if subject.pool is None:
        anywhere = random.random((count // 2, len(panel)))
        return play, [panel.quantise(point) for point in anywhere]
    play = _nearest(subject, play, set())
    rest = [setting for setting in subject.pool if setting not in play]
    order = random.permutation(len(rest))[: count // 2]
    return play, [rest[index] for index in order.tolist()]


def recordable(subject: Subject, settings: Sequence[Setting]) -> list[Setting]:
    """Return the settings that can be recorded, and say of each other one that it is left out.

    Raises:
        DeviceError: The amp gives nothing at all.
    """
    found, why = [], "nothing was asked for"
    for setting in settings:
        try:
            subject.record(setting)
        except Unrecordable as error:
            log.warning("left out: %s", error)
            why = str(error)
        else:
            found.append(setting)
    if settings and not found:
        raise DeviceError(f"none of {len(settings)} settings can be recorded; the last one, {why}")
    return found


def _figures(errors: dict[str, list[float]]) -> dict[str, Any]:
    """Sum each error up as its median, mean and 90th percentile."""
    found: dict[str, Any] = {}
    for name, values in errors.items():
        found[name] = {
            "median": float(np.median(values)),
            "mean": float(np.mean(values)),
            "p90": float(np.quantile(values, 0.9)),
        }
    if "rms" in errors:
        order = np.argsort(errors["rms"])
        quarter, esr = max(len(order) // 4, 1), np.array(errors["esr"])
        quiet, loud = esr[order[:quarter]].mean(), esr[order[-quarter:]].mean()
        found["quiet_to_loud"] = float(quiet / loud)
    return found


class _TrialState:
    """The test settings and recordings of a trial, which all its batches share."""

    def __init__(self, trial: Trial, terms: Terms) -> None:
        self._trial, self._terms = trial, terms
        subject = trial.subject
        drawn = settings_to_test(subject, terms.tests)
        self._play, self._anywhere = (recordable(subject, settings) for settings in drawn)
        self._tested = {*drawn[0], *drawn[1]}
        # By what is tested on: the same for every strategy, whatever it records.
        self._floor_power = audio.heard_from(subject, [*self._play, *self._anywhere])
        self._listener = features.Listener(subject, self._floor_power)

    def train(self, settings: Sequence[Setting]) -> TrainedModel:
        """Train a model on these settings, without those that cannot be recorded."""
        subject, plan, seed = self._trial.subject, self._terms.plan, self._trial.seed
        settings = recordable(subject, settings)
        if plan is None:
            return _Features(self._listener, settings, seed)
        return _Audio(subject, settings, plan, seed, self._floor_power)

    def row(
        self, settings: Sequence[Setting], model: TrainedModel, spent_s: float
    ) -> dict[str, Any]:
        """Return the row of results for a model trained on these settings."""
        return {
            "mode": self._terms.mode,
            "amp": self._trial.subject.name,
            "strategy": self._trial.strategy,
            "seed": self._trial.seed,
            "captures": len(settings),
            "play": _figures(model.errors(self._play)),
            "anywhere": _figures(model.errors(self._anywhere)),
            "spent_s": round(spent_s, 2),
            "settings": [list(setting.values) for setting in settings],
        }

    def propose(
        self, settings: list[Setting], model: TrainedModel | None, count: int
    ) -> list[Setting]:
        """Return the next settings, none of them one that is tested on."""
        trial, subject = self._trial, self._trial.subject
        relative, plain = model.predictions() if model else (_no_predictions, _no_predictions)
        request = ProposalRequest(
            panel=subject.panel,
            count=count,
            goal=self._terms.counts[-1],
            seed=trial.seed * 1_000 + len(settings),
            plan_seed=trial.seed,
            known=settings,
            pending=[],
            excluded=[*settings, *self._tested],
            predictions=relative,
            plain=plain,
            pool=subject.pool,
            heard=audio.heard(subject, recordable(subject, settings)) if model else None,
        )
        return STRATEGIES[trial.strategy](request, lambda _done, _total: None).settings

    def design(self, count: int) -> list[Setting]:
        """Return a design's settings for so many captures, or an ensemble's first settings."""
        subject, seed = self._trial.subject, self._trial.seed
        design = designs.FIRST_DESIGN if self._trial.asks_ensemble else self._trial.strategy
        laid_out = designs.design_settings(subject.panel, design, count, seed)
        if subject.pool is not None:
            return _nearest(subject, laid_out, self._tested)
        return [setting for setting in laid_out if setting not in self._tested]


def _no_predictions(points: torch.Tensor) -> list[torch.Tensor]:
    # Two members that agree on everything: a plan asks none, and a request has to have some.
    return [points.new_zeros(2, len(points), 1)]


def _nearest(subject: Subject, wanted: list[Setting], barred: set[Setting]) -> list[Setting]:
    """Return the pool's settings nearest to those wanted, each once."""
    assert subject.pool is not None
    left = [setting for setting in subject.pool if setting not in barred]
    found = []
    for setting in wanted[: len(left)]:
        away = [
            float(np.linalg.norm(subject.panel.point(s) - subject.panel.point(setting)))
            for s in left
        ]
        found.append(left.pop(int(np.argmin(away))))
    return found


#: The settings that a strategy had chosen at some count, where they are known already.
KnownSettings = Callable[[int], list[Setting] | None]


def trial_rows(trial: Trial, terms: Terms, known: KnownSettings) -> Iterator[dict[str, Any]]:
    """Yield the rows of a trial, one for each count that is not known yet.

    Args:
        trial: Who, on what.
        terms: On which terms.
        known: Told a count, the settings of a row that is written down already.
    """
    state = _TrialState(trial, terms)
    if not trial.asks_ensemble:
        for count in terms.counts:
            if known(count) is None:
                began = time.perf_counter()
                # Anew for each count: the first points of a design are no smaller design.
                settings = state.design(count)
                yield state.row(settings, state.train(settings), time.perf_counter() - began)
        return
    settings = known(terms.seeds_at) or state.design(terms.seeds_at)
    while True:
        # A trial that was broken off goes on from the settings that it had written down.
        following = known(terms.next_count(len(settings)))
        is_due = len(settings) in terms.counts and known(len(settings)) is None
        is_last = len(settings) >= terms.counts[-1]
        if is_due or (following is None and not is_last):
            began = time.perf_counter()
            model = state.train(settings)
            if is_due:
                yield state.row(settings, model, time.perf_counter() - began)
            if following is None and not is_last:
                count = terms.next_count(len(settings)) - len(settings)
                following = settings + state.propose(settings, model, count)
        if following is None or is_last:
            return
        settings = following
