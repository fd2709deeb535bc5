"""One round: train the ensemble on what is kept, test it, ask where it disagrees."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from models.acquisition import Candidate, Search, most_disputed
from models.spec import BadModel, ModelSpec, dump_model, load_model
from models.training import Model, Recipe, evaluate, train
from rig import facts, store
from rig.capture import Role
from rig.errors import LearnerError
from rig.knobs import Panel, Setting
from rig.learner import data, device
from rig.proposals import designs
from rig.session.folder import Session
from rig.session.live import LiveLearner

STRATEGY = "disagreement"
#: Fewer captures than this teach nothing.
LEAST_CAPTURES = 2
#: The first round trains longer: it starts from nothing, and the later ones continue it.
FIRST_FACTOR = 2
FIRST_RATE, LATER_RATE = 0.01, 0.006
#: Excerpts of the training guitar on which members are compared, and their length.
EXCERPTS, EXCERPT_FRAMES = 2, 4096
#: How much where players play counts, against disagreement.
PLAY_EMPHASIS = 0.25

Tell = Callable[[LiveLearner], None]


def _ensemble(session: Session, round_number: int) -> tuple[Model, ModelSpec, bool]:
    """The last round's ensemble where there is one of the same shape, else a new one."""
    config = session.config.learner
    positions = session.config.panel.switch_positions
    spec = ModelSpec(config.architecture, config.size, positions, config.members)
    if session.state.rounds:
        last = session.state.rounds[-1].ensemble
        try:
            model, stored = load_model(str(session.folder / last.path))
        except BadModel:
            stored = None
        if stored == spec:
            return model, spec, True
    torch.manual_seed(session.config.seed * 1_000 + round_number)
    return spec.build(), spec, False


def _excerpts(audio: Tensor, start: int, stop: int, history: int) -> Tensor:
    """The loudest stretches of the training guitar, each with its history in front."""
    lengths = torch.arange(max(start, history), stop - EXCERPT_FRAMES, EXCERPT_FRAMES)
    energy = torch.stack([(audio[i : i + EXCERPT_FRAMES] ** 2).sum() for i in lengths.tolist()])
    best = lengths.to(energy.device)[energy.argsort(descending=True, stable=True)[:EXCERPTS]]
    return torch.stack([audio[i - history : i + EXCERPT_FRAMES] for i in best.tolist()])


def _play_weight(panel: Panel, where: torch.device) -> Callable[[Tensor], Tensor]:
    """Log density of where players set the knobs, up to a constant."""
    units = [(0.0, 1e6) if knob.is_switch else knob.play_unit() for knob in panel.knobs]
    centre, deviation = torch.tensor(units, dtype=torch.float32, device=where).T

    def log_weight(knobs: Tensor) -> Tensor:
        """Of each setting; a switch's positions weigh the same."""
        distance: Tensor = (((knobs - centre) / deviation) ** 2).sum(-1)
        return -0.5 * PLAY_EMPHASIS * distance

    return log_weight


class _Teller:
    """Turns counts of finished work into progress with an estimate of what is left."""

    def __init__(self, tell: Tell, stage: str, round_number: int, total: int) -> None:
        self._tell, self._stage, self._round, self._total = tell, stage, round_number, total
        self._began = time.monotonic()

    def __call__(self, done: int, loss: float | None = None) -> None:
        spent_s = time.monotonic() - self._began
        eta_s = spent_s / done * (self._total - done) if done else None
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


def fit(
    session: Session, model: Model, recipe: Recipe, stage: str, number: int, tell: Tell
) -> None:
    """Train a model on every capture that it may see.

    Raises:
        LearnerError: There are too few captures.
    """
    captures = data.learnt(session)
    if len(captures) < LEAST_CAPTURES:
        raise LearnerError(f"{len(captures)} kept captures are too few to learn from")
    where = device.choose(session.config.learner)
    model.to(where)
    train(
        model,
        data.training_set(session).to(where),
        recipe,
        _Teller(tell, stage, number, recipe.steps),
    )


def holdout_esr(session: Session, model: Model) -> dict[str, float]:
    """ESR of the members' mean on each holdout setting, on guitar it has never heard."""
    captures = session.state.kept(Role.HOLDOUT)
    if not captures:
        return {}
    where = next(model.parameters()).device
    found = evaluate(model, data.test_set(session, captures).to(where)).mean.tolist()
    panel = session.config.panel
    names = [panel.describe(about.capture.setting) for about in captures]
    return dict(zip(names, found, strict=True))


def mean(values: dict[str, float]) -> float | None:
    """The mean ESR, if there is any."""
    return sum(values.values()) / len(values) if values else None


def _candidates(session: Session, model: Model, number: int, tell: Tell) -> list[Candidate]:
    dataset = data.training_set(session)
    where = next(model.parameters()).device
    excerpts = _excerpts(dataset.audio, dataset.start, dataset.stop, model.history_frames)
    panel = session.config.panel
    search = Search(seed=session.config.seed * 1_000 + number)
    return most_disputed(
        model,
        excerpts.to(where),
        panel.switch_positions,
        search,
        _play_weight(panel, where),
        _Teller(tell, "proposing", number, search.screened + search.restarts),
    )


def _describe(
    session: Session, candidates: list[Candidate], chosen: list[tuple[float, ...]]
) -> bytes:
    """What was proposed and why, for people."""
    panel = session.config.panel
    document = {
        "strategy": STRATEGY,
        "knobs": [knob.name for knob in panel.knobs],
        "chosen": chosen,
        "candidates": [
            {
                "values": panel.quantise(c.point).values,
                "disagreement": c.disagreement,
                "score": c.score,
            }
            for c in candidates
        ],
    }
    return json.dumps(document, indent=1).encode()


@dataclass(frozen=True)
class _Batch:
    """What a round asks for, and how much the members disagree there."""

    strategy: str
    values: tuple[tuple[float, ...], ...]
    disagreement: tuple[float, ...]


def _trained(session: Session, number: int, tell: Tell) -> tuple[Model, ModelSpec]:
    model, spec, continued = _ensemble(session, number)
    steps = session.config.learner.steps * (1 if continued else FIRST_FACTOR)
    rate = LATER_RATE if continued else FIRST_RATE
    recipe = Recipe(steps, rate, seed=session.config.seed * 1_000 + number)
    fit(session, model, recipe, "training", number, tell)
    return model, spec


def _proposed(session: Session, model: Model, number: int, count: int, tell: Tell) -> _Batch:
    """The settings to record next; their why is stored for people."""
    panel, taken = session.config.panel, session.state.settings()
    candidates = _candidates(session, model, number, tell)
    points = [candidate.point for candidate in candidates]
    chosen, asked = designs.choose(panel, points, count, session.config.seed, taken)
    found: dict[Setting, float] = {}
    for candidate in candidates:
        found.setdefault(panel.quantise(candidate.point), candidate.disagreement)
    values = tuple(setting.values for setting in chosen)
    why = _describe(session, candidates, list(values))
    store.write(session.folder, f"rounds/{number:03d}/proposals.json", why)
    strategy = STRATEGY if asked else "space-filling"
    return _Batch(strategy, values, tuple(found.get(setting, 0.0) for setting in chosen))


def learn(session: Session, number: int, count: int, tell: Tell) -> facts.RoundLearned:
    """Learn a round and store its ensemble and its proposals.

    Args:
        session: Read only; what is kept now is learnt from, what is pending counts as known.
        number: The round's.
        count: How many settings to ask for.
        tell: Told of progress.

    Raises:
        LearnerError: It cannot be done.
        Diverged: Training broke down.
        StorageError: The disk did not take the ensemble.
    """
    began = time.monotonic()
    captures = data.learnt(session)
    model, spec = _trained(session, number, tell)
    where = next(model.parameters()).device
    seen = evaluate(model, data.test_set(session, captures).to(where)).mean
    batch = _proposed(session, model, number, count, tell)
    weights = dump_model(model, spec)
    return facts.RoundLearned(
        round=number,
        strategy=batch.strategy,
        values=batch.values,
        disagreement=batch.disagreement,
        learnt_from=tuple(about.capture.number for about in captures),
        ensemble_esr=float(seen.mean()),
        holdout_esr=mean(holdout_esr(session, model)),
        seconds=time.monotonic() - began,
        ensemble=store.write(session.folder, f"rounds/{number:03d}/ensemble.safetensors", weights),
    )
