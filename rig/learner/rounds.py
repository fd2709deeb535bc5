"""Learn one round: check the last one's expectations, train and test the ensemble, propose."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch

from models.acquisition import predictions
from models.networks.spec import BadModel, ModelSpec, dump_model, load_model
from models.networks.wavenet import KnobWaveNet
from models.training.dataset import Dataset, Model, Told, evaluate, nobody
from models.training.initial_levels import start_at_levels
from models.training.prior import has_prior, start_from_prior
from models.training.rate_search import best_rate
from models.training.trainer import Recipe
from rig.capture import LEAST_CAPTURES, Role
from rig.errors import LearnerError, SessionError
from rig.learner import checkpoint, data, device, expected_errors
from rig.learner.excerpts import loudest_excerpts
from rig.learner.oddities import odd_instants
from rig.learner.proposal_errors import errors_at_proposals
from rig.printable import count_of
from rig.proposals.strategies import STRATEGIES, Proposal, ProposalRequest
from rig.session import facts, store
from rig.session.captures import CaptureState
from rig.session.expectation import factor
from rig.session.folder import Session
from rig.session.live import LiveLearner
from rig.session.shut import still_asked
from rig.session.surprises import WISE_ESR, error_per_disagreement, found_so_far

#: The first round trains longer: it starts from nothing, and the later ones continue it.
FIRST_FACTOR = 2
#: Later rounds go on with less than the rate that the first one found.
LATER_RATE = 0.6
#: Of the search for a learning rate: steps at each, at most and at least, and so many fit a round.
SEARCH_STEPS, LEAST_SEARCH_STEPS, SEARCH_SHARE = 60, 10, 25

#: What a round does besides training and proposing. Each says after every capture, or every step,
#: that it advances: with a thousand captures each takes longer than a learner may be silent.
LOADING, SEARCHING, TESTING = "loading", "finding a rate", "testing"

Tell = Callable[[LiveLearner], None]


class StageProgress:
    """Turns counts of finished work into progress with an estimate of what is left."""

    def __init__(self, tell: Tell, stage: str, round_number: int, total: int) -> None:
        self._tell, self._stage, self._round, self._total = tell, stage, round_number, total
        self._since: tuple[int, float] | None = None

    def part(self, done: int, total: int) -> None:
        """Report how much is done, of so much."""
        self(done, total=total)

    def __call__(self, done: int, loss: float | None = None, total: int | None = None) -> None:
        """Report how much is done; ``total`` where it was not known before."""
        self._total = total or self._total
        eta_s = self._eta_s(done, time.monotonic())
        self._tell(
            LiveLearner(
                stage=self._stage,
                round=self._round,
                done=done,
                total=self._total,
                loss=loss,
                eta_s=eta_s,
            )
        )

    def _eta_s(self, done: int, now: float) -> float | None:
        """Seconds left, by what was done since the first report."""
        # The first step, and what comes before it, such as measuring every capture, is no pace of
        # steps; nor are the steps of a training that was broken off and goes on.
        if self._since is None or done <= self._since[0] or not self._since[0]:
            self._since = (done, now)
            return None
        first, at = self._since
        return (now - at) / (done - first) * (self._total - done)


def last_ensemble(session: Session) -> tuple[Model, ModelSpec] | None:
    """Load the last round's ensemble, None where there is none that can be read."""
    if not session.state.learning.rounds:
        return None
    try:
        return load_model(session.stored(session.state.learning.rounds[-1].ensemble))
    # Training then starts anew, which costs a longer round and no night.
    except (BadModel, SessionError):
        return None


def initial_model(
    spec: ModelSpec, dataset: Dataset, seed: int, names: Sequence[str], prior: bool, told: Told
) -> Model:
    """Build a model that starts from the prior and at the levels of this amp's captures."""
    torch.manual_seed(seed)
    # With its pedestal at first: levels were measured beside it when the priors were made, and a
    # start without it, 27 dB louder, ended at an ESR a quarter larger (decision 28).
    model = replace(spec, silent=False).build()
    if prior and spec.architecture == "wavenet" and has_prior(spec.size):
        assert isinstance(model, KnobWaveNet)
        start_from_prior(model, spec.size, names)
    model.to(dataset.audio.device)
    # After the prior: what is still missing is measured beside what the model plays by then.
    start_at_levels(model, dataset, told)
    model.silent = spec.silent
    return model


def training_data(session: Session, told: Told = nobody) -> Dataset:
    """Load every capture that models may see onto the device where they are trained.

    Raises:
        LearnerError: There are too few.
    """
    captures = data.training_captures(session)
    if len(captures) < LEAST_CAPTURES:
        kept = count_of(len(captures), "kept capture is", "kept captures are")
        raise LearnerError(f"{kept} too few to learn from; 'rig capture' records more")
    return data.training_set(session, told).to(device.choose(session.config.learner))


def holdout_esr(session: Session, model: Model, told: Told = nobody) -> dict[str, float]:
    """Return the ESR of the members' mean on each holdout setting, on held-out guitar."""
    captures = session.state.kept(Role.HOLDOUT)
    if not captures:
        return {}
    where = next(model.parameters()).device
    found = evaluate(model, data.test_set(session, captures, told).to(where), told).mean.tolist()
    panel = session.config.panel
    names = [panel.describe(about.capture.setting) for about in captures]
    return dict(zip(names, found, strict=True))


def mean(values: dict[str, float]) -> float | None:
    """Return the mean of the values, None where there are none."""
    return sum(values.values()) / len(values) if values else None


@dataclass(frozen=True)
class _Round:
    """The inputs that the steps of one round share."""

    session: Session
    number: int
    tell: Tell
    dataset: Dataset

    @property
    def seed(self) -> int:
        """The seed of everything that the round draws."""
        # Apart from the seeds of other rounds, and of a session whose seed is the next one.
        return self.session.config.seed * 1_000 + self.number

    def stage_progress(self, stage: str, total: int) -> StageProgress:
        """Return the progress of one stage, from nothing done."""
        return StageProgress(self.tell, stage, self.number, total)


def _train_ensemble(this: _Round) -> tuple[Model, ModelSpec]:
    config, positions = this.session.config.learner, this.session.config.panel.switch_positions
    shared = config.shared and config.architecture == "wavenet"
    spec = ModelSpec(config.architecture, config.size, positions, config.members, shared)
    last = last_ensemble(this.session)
    # Where the configuration asks for another ensemble than the last one, training starts anew.
    if last is not None and last[1] == spec:
        model = last[0].to(this.dataset.audio.device)
        rate = LATER_RATE * checkpoint.stored_rate(this.session)
        recipe = Recipe(config.steps, rate, seed=this.seed)
    else:
        names = [knob.name for knob in this.session.config.panel.knobs]
        model = initial_model(
            spec, this.dataset, this.seed, names, config.prior, this.stage_progress(LOADING, 1).part
        )
        recipe = Recipe(FIRST_FACTOR * config.steps, seed=this.seed)
        recipe = Recipe(recipe.steps, _search_rate(this, model, recipe), seed=this.seed)
    stage_progress = this.stage_progress("training", recipe.steps)
    checkpoint.train(
        this.session, f"round-{this.number}", model, this.dataset, recipe, stage_progress
    )
    return model, spec


def _search_rate(this: _Round, model: Model, recipe: Recipe) -> float:
    """Find this amp's learning rate; the default where a search would outlast the training."""
    steps = min(SEARCH_STEPS, recipe.steps // SEARCH_SHARE)
    if steps < LEAST_SEARCH_STEPS:
        return checkpoint.DEFAULT_RATE
    return checkpoint.search_rate(
        this.session,
        lambda: best_rate(
            model, this.dataset, recipe, steps=steps, told=this.stage_progress(SEARCHING, 1).part
        ),
    )


def _proposal_request(this: _Round, model: Model, count: int) -> ProposalRequest:
    session, dataset = this.session, this.dataset
    guitar = loudest_excerpts(dataset.audio, dataset.start, dataset.stop, model.history_frames)
    rate = session.signal().sample_rate
    panel = still_asked(session.state, session.config.panel)
    return ProposalRequest(
        panel=panel,
        count=count,
        goal=session.state.laid_out_for,
        seed=this.seed,
        plan_seed=session.config.seed,
        known=[about.capture.setting for about in data.training_captures(session)],
        pending=[about.capture.setting for about in session.state.pending],
        excluded=session.state.settings(),
        predictions=predictions.relative(model, guitar, rate, data.floor_power(session)),
        plain=predictions.plain(model, guitar),
        pool=panel.pool or None,
        heard=data.heard(session),
        device=dataset.audio.device,
    )


def _propose(this: _Round, request: ProposalRequest) -> Proposal:
    """Return the settings to record next, and store for people why they were chosen."""
    if not request.count:
        return Proposal([], [], 0)
    strategy = this.session.config.plan.strategy
    stage_progress = this.stage_progress("proposing", 1)
    proposal = STRATEGIES[strategy](request, lambda done, total: stage_progress(done, total=total))
    document = {
        "strategy": strategy,
        "knobs": [knob.name for knob in request.panel.knobs],
        "asked_by_the_ensemble": proposal.from_ensemble,
        "settings": [
            {"values": setting.values, "relative_variance": error}
            for setting, error in zip(proposal.settings, proposal.expected, strict=True)
        ],
    }
    why = json.dumps(document, indent=1).encode()
    store.write(this.session.door, f"rounds/{this.number:03d}/proposals.json", why)
    return proposal


def _odd_instants(
    this: _Round, model: Model, captures: Sequence[CaptureState], ensemble_esr: float
) -> tuple[tuple[int, float], ...] | None:
    """Return what `odd_instants` finds; None where the ensemble does not know the amp yet."""
    # To one that errs everywhere, every instant is odd.
    if ensemble_esr >= WISE_ESR:
        return None
    rate = this.session.signal().sample_rate
    stage_progress = this.stage_progress("looking for odd instants", len(captures))
    return odd_instants(
        this.session.state, model, this.dataset, captures, rate, lambda done: stage_progress(done)
    )


def learn(session: Session, number: int, count: int, tell: Tell) -> facts.RoundLearned:
    """Learn a round and store its ensemble and its proposals.

    Args:
        session: Read only; what is kept now is learnt from, what is pending counts as known.
        number: The round's.
        count: How many settings to ask for; 0 where the recording is over.
        tell: Told of progress.

    Raises:
        LearnerError: It cannot be done.
        Diverged: Training broke down.
        StorageError: The disk did not take the ensemble.
    """
    began = time.monotonic()
    captures = data.training_captures(session)
    told = StageProgress(tell, LOADING, number, len(captures)).part
    this = _Round(session, number, tell, training_data(session, told))
    told = this.stage_progress(TESTING, 1).part
    last = last_ensemble(session)
    device_used = this.dataset.audio.device
    found = errors_at_proposals(session, last[0], device_used, told) if last is not None else ()
    # With the pairs that were found just now, and are in no fact yet.
    calibration = error_per_disagreement([*found_so_far(session.state), *found])
    model, spec = _train_ensemble(this)
    # Settings that it has learnt, on guitar that it has not: what members err by everywhere.
    seen = evaluate(model, data.test_set(session, captures, told).to(device_used), told).mean
    odd = _odd_instants(this, model, captures, float(seen.mean()))
    # With a thousand captures what lies between is a while, too: it was silent for 40 s.
    this.stage_progress("proposing", 1)(0)
    # Proposing differentiates by the settings only; gradients of the weights would just take time.
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    request = _proposal_request(this, model, count)
    proposal = _propose(this, request)
    levels = expected_errors.of_levels(session, this.dataset, model, request)
    weights = dump_model(model, spec)
    learnt = facts.RoundLearned(
        round=number,
        strategy=session.config.plan.strategy
        if proposal.from_ensemble or not count
        else "space-filling",
        values=tuple(setting.values for setting in proposal.settings),
        disagreement=tuple(proposal.expected),
        learnt_from=tuple(about.capture.number for about in captures),
        ensemble_esr=float(seen.mean()),
        holdout_esr=mean(holdout_esr(session, model, told)),
        seconds=time.monotonic() - began,
        ensemble=store.write(session.door, f"rounds/{number:03d}/ensemble.safetensors", weights),
        found=found,
        calibration=calibration,
        odd=odd,
        common_esr=float(seen.clamp(min=1e-12).log().mean().exp()),
        factor=factor(session.state.learning.rounds, found, levels is not None),
        level_errors=None
        if levels is None
        else tuple(levels(request.points(proposal.settings)).tolist()),
    )
    at_play = expected_errors.at_play(request, levels)
    return learnt.model_copy(update={"expected_esr": learnt.expects(*at_play)})
