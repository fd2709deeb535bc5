"""The final model: one network of the whole amp, trained on everything that was kept."""

import json
import time
from typing import Any

import numpy as np
import torch

from calibration.signals import Part
from models.nam import document
from models.reader import read_and_play
from models.spec import ModelSpec, dump_model, play
from models.training import Model, Recipe
from rig import facts, store
from rig.errors import LearnerError
from rig.knobs import Setting
from rig.learner import data
from rig.learner.rounds import Tell, fit, holdout_esr, mean
from rig.proposals import designs
from rig.session.folder import Session
from rig.session.status import FINAL_STAGE

RATE = 0.008
MODEL = "model/model.safetensors"
#: The exported file is played for so long, and may be off by so much of full scale.
CHECKED_FRAMES, EXPORT_TOLERANCE = 12_000, 1e-4


def nam_document(session: Session, model: Model, setting: Setting) -> dict[str, Any]:
    """A stock ``.nam`` document of a model at one setting of the session's amp."""
    panel = session.config.panel
    created = session.state.created
    assert created is not None
    knobs = torch.from_numpy(panel.point(setting)).to(torch.float32)
    interface = session.config.interface
    known = {
        "input_level_dbu": interface.send_full_scale_dbu,
        "output_level_dbu": interface.return_full_scale_dbu,
    }
    metadata: dict[str, Any] = {
        "name": f"{session.config.name}: {panel.describe(setting)}",
        "modeled_by": "rig",
        "gear_type": "amp",
        **{name: level for name, level in known.items() if level is not None},
    }
    return document(model, knobs, created.sample_rate, metadata)


def export_error(session: Session, model: Model, setting: Setting, exported: bytes) -> float:
    """Largest difference between a model and its exported file, each playing the same guitar.

    Raises:
        LearnerError: They differ, or the file does not play: it must not be called exported.
    """
    signal = session.signal()
    frames = model.history_frames + CHECKED_FRAMES
    start = signal.segment(Part.TRAIN).start
    audio = torch.from_numpy(signal.send[start : start + frames].astype(np.float32))
    knobs = torch.from_numpy(session.config.panel.point(setting)).to(torch.float32)
    try:
        read = read_and_play(json.loads(exported), audio)
    except (ValueError, KeyError, RuntimeError) as error:
        raise LearnerError(f"the exported model does not play: {error}") from None
    ours = play(model, audio, knobs)[0]
    off = float((read - ours)[-CHECKED_FRAMES:].abs().max())
    if not off <= EXPORT_TOLERANCE:
        raise LearnerError(f"the exported model differs from the trained one by {off:.1e}")
    return off


def train_final(session: Session, tell: Tell) -> facts.ModelTrained:
    """Train, test, store and export the final model.

    It is trained for a fixed number of steps, so nothing of the holdouts chooses anything.

    Raises:
        LearnerError: It cannot be done.
        Diverged: Training broke down.
        StorageError: The disk did not take the model.
    """
    began = time.monotonic()
    config = session.config
    panel = config.panel
    spec = ModelSpec(
        config.learner.architecture, config.learner.final_size, panel.switch_positions, 1
    )
    torch.manual_seed(config.seed)
    model = spec.build()
    recipe = Recipe(config.learner.final_steps, RATE, seed=config.seed)
    fit(session, model, recipe, FINAL_STAGE, session.state.round, tell)
    by_setting = holdout_esr(session, model)
    total = mean(by_setting)
    model.cpu()
    reference = designs.reference(panel)
    exported = json.dumps(nam_document(session, model, reference)).encode()
    error = export_error(session, model, reference, exported)
    metrics = {
        "holdout_esr": total,
        "by_setting": by_setting,
        "exported_at": panel.named(reference),
        "export_error": error,
    }
    store.write(session.folder, "model/metrics.json", json.dumps(metrics, indent=1).encode())
    return facts.ModelTrained(
        learnt_from=tuple(about.capture.number for about in data.learnt(session)),
        holdout_esr=total,
        by_setting=by_setting,
        seconds=time.monotonic() - began,
        model=store.write(session.folder, MODEL, dump_model(model, spec)),
        export=store.write(session.folder, "model/reference.nam", exported),
        export_error=error,
    )
