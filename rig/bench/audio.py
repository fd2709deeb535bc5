"""The full comparison: audio models are trained on what each strategy has recorded."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from calibration import levels
from calibration.signals import Part
from models.networks.spec import ModelSpec
from models.training.audibility import audible_floor
from models.training.dataset import Dataset, Model, nobody, play_captures
from models.training.loop import train
from models.training.losses import spectral_distance
from models.training.trainer import Recipe
from rig.bench.subjects import Subject, recording_frames
from rig.config.types import LearnerConfig
from rig.knobs import Setting
from rig.learner.excerpts import loudest_excerpts
from rig.learner.hearing import Heard, Recorded
from rig.learner.rounds import initial_model

#: Held-out guitar on which every setting is tested, in seconds.
TESTED_S = 2.0


@dataclass(frozen=True)
class TrainingPlan:
    """How every ensemble of a comparison is trained: always from the start, always the same.

    Attributes:
        size: Of the WaveNet.
        members: How many.
        steps: Of training.
        rate: Peak learning rate.
        frames: In each step.
        prior: Whether to start from the weights that come with rig.
        shared: Whether the members share a trunk.
        concat: Whether the knobs are plain inputs beside the audio, as in PANAMA, with no prior
            and no level known; then there is one member, which hears every window.
    """

    size: str = "feather"
    members: int = 4
    steps: int = 800
    rate: float = Recipe.rate
    frames: int = 8_192
    prior: bool = True
    shared: bool = True
    concat: bool = False

    @property
    def mode(self) -> str:
        """The name that results are filed under."""
        if self.concat:
            return "audio-concat"
        return "audio" if self.prior else "audio-no-prior"


def dataset(
    subject: Subject, settings: Sequence[Setting], parts: Sequence[Part], floor_power: float
) -> Dataset:
    """Record settings of a subject, from the first part's first frame to the last part's end."""
    frames = recording_frames(subject)
    spans = [subject.signal.segment(part) for part in parts]
    points = np.stack([subject.panel.point(setting) for setting in settings])
    return Dataset(
        torch.from_numpy(subject.signal.send[:frames].astype(np.float32)),
        torch.from_numpy(np.stack([subject.record(setting) for setting in settings])),
        torch.from_numpy(points.astype(np.float32)),
        min(span.start for span in spans),
        max(span.stop for span in spans),
        floors=torch.full((len(settings),), floor_power),
    )


def heard_from(subject: Subject, settings: Sequence[Setting]) -> float:
    """Return the mean square from which a setting is heard beside the loudest of some."""
    loudest = max((level_dbfs(subject, setting) for setting in settings), default=-math.inf)
    return audible_floor(loudest, LearnerConfig().audible_range_db, -math.inf)


def level_dbfs(subject: Subject, setting: Setting) -> float:
    """Return how loud the guitar is at a setting."""
    guitar = subject.signal.segment(Part.TRAIN)
    played = subject.record(setting)[guitar.start : guitar.stop]
    return levels.rms_dbfs(played.astype(float))


def heard(subject: Subject, settings: Sequence[Setting]) -> Heard:
    """Return what tells which settings can be heard, from those that were recorded."""
    known_dbfs = [level_dbfs(subject, setting) for setting in settings]
    recorded = Recorded(subject.panel, settings, known_dbfs)
    return recorded.heard(LearnerConfig().audible_range_db)


def train_ensemble(
    subject: Subject, settings: Sequence[Setting], plan: TrainingPlan, seed: int, floor_power: float
) -> Model:
    """Train an ensemble on these settings and nothing else."""
    positions = subject.panel.switch_positions
    data = dataset(subject, settings, [Part.TONES, Part.TRAIN], floor_power)
    names = [knob.name for knob in subject.panel.knobs]
    # As PANAMA trains: from random weights, with no prior and no level known.
    if plan.concat:
        torch.manual_seed(seed)
        model: Model = ModelSpec("concat", plan.size, positions, 1).build()
    else:
        spec = ModelSpec("wavenet", plan.size, positions, plan.members, plan.shared)
        model = initial_model(spec, data, seed, names, plan.prior, nobody)
    recipe = Recipe(plan.steps, plan.rate, frames_per_step=plan.frames, seed=seed)
    train(model, data, recipe, lambda *_: None)
    return model


@dataclass(frozen=True)
class ErrorsBySetting:
    """Errors on settings and on guitar that were never trained on, one figure per setting."""

    esr: list[float]
    stft: list[float]
    rms: list[float]


def evaluate_on(
    model: Model, subject: Subject, settings: Sequence[Setting], floor_power: float
) -> ErrorsBySetting:
    """Play the held-out guitar at every setting, and measure the errors of what is heard."""
    data = dataset(subject, settings, [Part.HOLDOUT], floor_power)
    stop = min(data.stop, data.start + round(TESTED_S * subject.signal.sample_rate))
    esr, stft, rms = [], [], []
    for predicted, target in play_captures(model, replace(data, stop=stop)):
        mean, power = predicted.mean(0), (target**2).mean().clamp(min=max(floor_power, 1e-12))
        esr.append(float(((mean - target) ** 2).mean() / power))
        scale = power.rsqrt()
        stft.append(float(spectral_distance((mean * scale)[None], (target * scale)[None])))
        rms.append(float((target**2).mean().sqrt()))
    return ErrorsBySetting(esr, stft, rms)


def excerpts(subject: Subject, history: int) -> torch.Tensor:
    """Return guitar on which members are compared, with its history in front."""
    audio = torch.from_numpy(subject.signal.send.astype(np.float32))
    guitar = subject.signal.segment(Part.TRAIN)
    return loudest_excerpts(audio, guitar.start, guitar.stop, history)
