"""The final model: one network of the whole amp, trained on everything that was kept."""

import json
import time
from dataclasses import asdict, dataclass, replace
from functools import partial

import numpy as np
import torch

from calibration.signals import Part
from models.acquisition import predictions
from models.acquisition.disagreement import expected_errors
from models.networks.concat import ConcatWaveNet
from models.networks.knob_encoder import NONE_CLOSED, Closed, with_pots
from models.networks.spec import ModelSpec, dump_model, load_model
from models.training.dataset import Dataset, Model, Told, evaluate, nobody
from models.training.initial_levels import read_knobs_as
from models.training.loop import Diverged
from models.training.trainer import Recipe
from rig.capture import Role
from rig.config.types import NARROW
from rig.exchange.metadata import Label
from rig.exchange.nam import exported
from rig.learner import checkpoint, data
from rig.learner.best_member import best_member, grown
from rig.learner.excerpts import loudest_excerpts
from rig.learner.rounds import (
    LOADING,
    TESTING,
    StageProgress,
    Tell,
    holdout_esr,
    initial_model,
    last_ensemble,
    mean,
    training_data,
)
from rig.learner.thumps import Thumps, measure_thumps
from rig.learner.validation import (
    Closeness,
    TriedEnd,
    Weakness,
    closeness,
    difference_db,
    differences_db,
    end_words,
    worst_end,
)
from rig.proposals import designs
from rig.session import facts, staging
from rig.session.folder import Session
from rig.session.pots import closed_pots, open_ends
from rig.session.status import FINAL_STAGE

#: Frames of each step: one network needs fewer than an ensemble.
FRAMES = 8_192
#: From so many captures on, every tenth decides when training is enough instead of being learnt.
PLENTY, VALIDATED_EVERY = 20, 10
#: Settings on which the ensemble's expectation is mapped.
WEAKNESS_SETTINGS = 192
MODEL, EXPORT = "model/model.safetensors", "model/reference.nam"
#: A2's narrow width.
NARROW_FILE = "model/narrow.safetensors"
#: One of so many steps holds the level at a setting between the captures (decision 40).
LEVEL_EVERY = 2
#: What is to be said of a model whose training did not go to its end.
BROKE_OFF = "its training broke away again and again: these are the best weights before that"
FELL_BACK = "its training came to no numbers at all: this is the best member of the last ensemble"


def _validation(captures: int) -> list[int]:
    """Return which captures decide when training is enough: every tenth, once there are plenty."""
    return (
        list(range(VALIDATED_EVERY // 2, captures, VALIDATED_EVERY)) if captures >= PLENTY else []
    )


def _split(dataset: Dataset) -> tuple[Dataset, Dataset | None]:
    """Return what is learnt from, and what decides when to stop."""
    chosen = _validation(len(dataset.targets))
    # What decides when to stop cannot be learnt from, and holdouts decide nothing.
    rest = [row for row in range(len(dataset.targets)) if row not in chosen]
    return dataset.subset(rest), dataset.subset(chosen) if chosen else None


def _sizes(session: Session, size: str | None) -> list[str]:
    """Return the sizes that are trained: the one that was asked for, and its narrow width."""
    learner = session.config.learner
    wide = size or learner.final_size
    both = learner.architecture == "wavenet" and wide in NARROW
    return [wide, NARROW[wide]] if both else [wide]


def staged_error(session: Session, told: Told = nobody) -> float:
    """Return the staged model's error where it has learnt, on guitar that it has not heard.

    Of several models this may choose one, as it chooses the ensemble's best member: no holdout
    setting has a part in it.
    """
    model, _ = load_model(str(session.door.file(staging.staged(MODEL))))
    test = data.test_set(session, data.training_captures(session), told)
    return float(evaluate(model, test, told).mean.log().mean().exp())


@dataclass(frozen=True)
class _Trained:
    """Models with what they are, the one that was asked for first, and what is to be said."""

    models: list[tuple[Model, ModelSpec]]
    caveat: str | None = None


def _train_models(session: Session, tell: Tell, sizes: list[str], steps: int) -> _Trained:
    """Train every size; where there is nothing to learn from a loss, take what there is.

    Raises:
        Diverged: The loss was never a number, and there is no ensemble either.
    """
    try:
        return _train_sizes(session, tell, sizes, steps)
    except Diverged:
        told = StageProgress(tell, TESTING, session.state.learning.round, 1).part
        member = best_member(session, told)
        # A model of all settings, if a smaller one: somebody waits for it in the morning.
        if member is None:
            raise
        return _Trained([member], FELL_BACK)


def _train_sizes(session: Session, tell: Tell, sizes: list[str], steps: int) -> _Trained:
    config, seed = session.config.learner, session.config.seed
    told = StageProgress(tell, LOADING, session.state.learning.round, 1).part
    dataset = training_data(session, told)
    panel = session.config.panel
    positions = panel.switch_positions
    pots = closed_pots(session.state, panel, config.audible_range_db)
    closed = {pot.knob: pot.open_at for pot in pots}
    names = [knob.name for knob in panel.knobs]
    recipe = Recipe(steps, frames_per_step=FRAMES, seed=seed, level_every=LEVEL_EVERY)
    stage = StageProgress(
        tell, FINAL_STAGE, session.state.learning.round, recipe.steps * len(sizes)
    )
    found: list[tuple[Model, ModelSpec]] = []
    went_well = True
    for number, size in enumerate(sizes):
        spec = ModelSpec(config.architecture, size, positions, 1, silent=True)
        training, validation = dataset, None
        model = grown(session, spec, seed, told)
        if model is None:
            training, validation = _split(dataset)
            model = initial_model(spec, dataset, seed, names, config.prior, told)
        spec = _hear_pots(model, spec, closed)
        model.to(dataset.audio.device)
        if found:
            read_knobs_as(model, found[0][0])
        went_well &= checkpoint.train(
            session,
            "final" if number == 0 else f"final-{size}",
            model,
            training,
            recipe,
            partial(_after, stage, number * recipe.steps),
            validation,
            more_follows=number + 1 < len(sizes),
        )
        found.append((model, spec))
    return _Trained(found, None if went_well else BROKE_OFF)


def _hear_pots(model: Model, spec: ModelSpec, closed: Closed = NONE_CLOSED) -> ModelSpec:
    """Have a model hear each pot by itself, too (decision 40); return what it is then.

    Args:
        model: It grows.
        spec: What it is now.
        closed: Knobs that close the amp at their lowest, and where they do not (decision 42).
    """
    if 0 not in spec.positions or isinstance(model, ConcatWaveNet):
        return spec
    model.encoder = with_pots(model.encoder, closed)
    return replace(spec, has_pots=True)


def _after(stage: StageProgress, steps: int, done: int, loss: float) -> None:
    """Report steps of a run that follows another."""
    stage(steps + done, loss)


def _repeatability_db(session: Session) -> float | None:
    """Return how much the reference setting's first and last recordings differ, in dB."""
    canaries = [about for about in session.state.kept(Role.CANARY) if about.kept is not None]
    if len(canaries) < 2:
        return None
    # The whole night lies between these two, and whatever it did to the amp.
    both = data.test_set(session, [canaries[0], canaries[-1]], nobody)
    first, last = both.targets[:, both.start : both.stop]
    # What a model is not held to at the holdouts is no excuse here: a quiet reference is half hiss.
    return difference_db(first, last, session.signal().sample_rate, both.floor(0))


def _weakness(session: Session, told: Told) -> Weakness | None:
    """Find where the last ensemble expects to be far worse than elsewhere."""
    last = last_ensemble(session)
    if last is None:
        return None
    model, dataset = last[0], data.training_set(session, told)
    guitar = loudest_excerpts(dataset.audio, dataset.start, dataset.stop, model.history_frames)
    panel = session.config.panel
    random = np.random.default_rng(session.config.seed)
    draws = designs.to_play_distribution(panel, random.random((WEAKNESS_SETTINGS, len(panel))))
    settings = [panel.quantise(draw) for draw in draws]
    points = torch.from_numpy(np.stack([panel.point(s) for s in settings]).astype(np.float32))
    rate, floor_power = session.signal().sample_rate, data.floor_power(session)
    said = predictions.relative(model, guitar, rate, floor_power)
    return worst_end(panel, settings, expected_errors(said, points).numpy().astype(float))


def tried_ends(session: Session, model: Model, told: Told = nobody) -> list[TriedEnd]:
    """Measure how far a model is from what looks have heard with a knob at its lowest."""
    panel = session.config.panel
    ends = open_ends(session.state, panel, session.config.learner.audible_range_db)
    if not ends:
        return []
    heard = data.look_set(session, [about for _, about in ends], told)
    off_db = differences_db(model, heard, session.signal().sample_rate, told)
    return [
        TriedEnd(knob, end_words(panel, knob, about.capture.setting), off)
        for (knob, about), off in zip(ends, off_db, strict=True)
    ]


def _measure_closeness(session: Session, model: Model, told: Told) -> Closeness | None:
    """Measure how close the model comes to the amp on settings and guitar it was never given."""
    captures = session.state.kept(Role.HOLDOUT)
    if not captures:
        return None
    ends = tried_ends(session, model, told)
    differences = differences_db(
        model, data.test_set(session, captures, told), session.signal().sample_rate, told
    )
    settings = [about.capture.setting for about in captures]
    panel, floor = session.config.panel, _repeatability_db(session)
    return closeness(panel, settings, differences, floor, _weakness(session, told), ends)


def _measure_thumps(session: Session, model: Model) -> Thumps:
    """Measure what the model does while its knobs move, on the loudest held-out guitar."""
    signal = session.signal()
    held_out = signal.segment(Part.HOLDOUT)
    guitar = signal.send[held_out.start : held_out.stop].astype(np.float32)
    return measure_thumps(model, torch.from_numpy(guitar), signal.sample_rate)


def _store_narrow(
    session: Session, trained: list[tuple[Model, ModelSpec]], told: Told
) -> tuple[facts.StoredFile | None, dict[str, float]]:
    """Store and test the narrow width, where there is one."""
    if not trained:
        return None, {}
    (model, spec), *_ = trained
    by_setting = holdout_esr(session, model, told)
    model.cpu()
    return staging.stage(session.door, NARROW_FILE, dump_model(model, spec)), by_setting


def _metrics(
    session: Session, found: facts.ModelTrained, turning: Thumps, narrow: dict[str, float]
) -> dict[str, object]:
    """Return what people and pages read of a model, beside what the journal says."""
    panel = session.config.panel
    return {
        "holdout_esr": found.holdout_esr,
        "repeatability_esr": session.state.amp.repeatability_esr,
        "by_setting": dict(sorted(found.by_setting.items(), key=lambda item: -item[1])),
        "within_db": found.within_db,
        "verdict": found.verdict,
        "caveat": found.caveat,
        "exported_at": panel.named(designs.reference(panel)),
        "export_error": found.export_error,
        "turning": asdict(turning),
        "narrow_by_setting": narrow,
    }


def train_final(
    session: Session, tell: Tell, size: str | None = None, steps: int | None = None
) -> facts.ModelTrained:
    """Train, test, store and export the final model, A2 in both its widths.

    Nothing of the holdouts chooses anything.

    Args:
        session: Whose captures are learnt from.
        tell: Told how far it is.
        size: Of the model, where it is another than the configuration's.
        steps: Of its training, where there are more or fewer than the configuration has.

    Raises:
        LearnerError: It cannot be done.
        Diverged: The loss was never a number, and there is no ensemble either.
        StorageError: The disk did not take the model.
    """
    began = time.monotonic()
    learner = session.config.learner
    steps = steps or learner.final_steps
    trained = _train_models(session, tell, _sizes(session, size), steps)
    (model, spec), *narrow = trained.models
    told = StageProgress(tell, TESTING, session.state.learning.round, 1).part
    by_setting = holdout_esr(session, model, told)
    total = mean(by_setting)
    # The exported file is played on the CPU, and the two have to come from the same arithmetic.
    model.cpu()
    closeness_of_model = _measure_closeness(session, model, told)
    label = Label(session.config.gear, total)
    # Before anything is stored: what plays otherwise is never called exported.
    content, error = exported(session, model, designs.reference(session.config.panel), label)
    narrow_file, narrow_by_setting = _store_narrow(session, narrow, told)
    found = facts.ModelTrained(
        learnt_from=tuple(about.capture.number for about in data.training_captures(session)),
        holdout_esr=total,
        by_setting=by_setting,
        seconds=time.monotonic() - began,
        model=staging.stage(session.door, MODEL, dump_model(model, spec)),
        export=staging.stage(session.door, EXPORT, content),
        export_error=error,
        within_db=closeness_of_model.within_db if closeness_of_model else None,
        verdict=closeness_of_model.sentence if closeness_of_model else None,
        size=None if spec.size == learner.final_size else spec.size,
        steps=None if steps == learner.final_steps else steps,
        narrow=narrow_file,
        narrow_esr=mean(narrow_by_setting),
        caveat=trained.caveat,
    )
    metrics = _metrics(session, found, _measure_thumps(session, model), narrow_by_setting)
    staging.stage(session.door, staging.METRICS, json.dumps(metrics, indent=1).encode())
    return found
