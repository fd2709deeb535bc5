"""Stock ``.nam`` files of a session's model, played back before they are called exported."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from calibration.signals import Part
from models.nam.container import container
from models.nam.embedded import embedded
from models.nam.loudness import measure
from models.nam.reader import read_and_play
from models.nam.versions import CannotHold
from models.nam.writer import document
from models.networks.spec import play
from models.training.dataset import Model
from rig.errors import LearnerError, UsageError
from rig.exchange.metadata import Label, measuring_recording, metadata
from rig.knobs import Setting
from rig.printable import pasteable
from rig.session.folder import Session

#: The exported file is played for so long, and may be off by so much of full scale.
CHECKED_FRAMES, EXPORT_TOLERANCE = 12_000, 1e-4


def _point(session: Session, setting: Setting) -> Tensor:
    return torch.from_numpy(session.config.panel.point(setting)).to(torch.float32)


def faceplate(session: Session) -> list[dict[str, Any]]:
    """Return what each knob is called, and how its faceplate counts."""
    panel = session.config.panel
    told: list[dict[str, Any]] = []
    for knob, value in zip(panel.knobs, panel.reference.values, strict=True):
        if knob.is_switch:
            labels = [knob.describe(position) for position in knob.values]
            told.append({"name": knob.name, "labels": labels, "default": knob.describe(value)})
        else:
            low, high = knob.values[0], knob.values[-1]
            told.append({"name": knob.name, "low": low, "high": high, "default": value})
    return told


def nam_document(
    session: Session, model: Model, setting: Setting, label: Label | None = None
) -> dict[str, Any]:
    """Return a stock ``.nam`` document of a model at one setting of the session's amp.

    Raises:
        UsageError: The version of the format that was asked for cannot hold it.
    """
    label = label or Label(session.config.gear)
    created = session.state.created
    assert created is not None
    knobs = _point(session, setting)
    said = metadata(session, setting, label, measure(model, knobs, measuring_recording()))
    try:
        found = document(model, knobs, created.sample_rate, said, version=label.version)
        # Beneath the rest, where players do not look.
        section = {"rig": embedded(model, faceplate(session))} if label.with_knobs else {}
    except CannotHold as error:
        raise UsageError(f"--format {label.version}: {error}; leave --format out") from None
    return {**found, **section}


def exported(
    session: Session, model: Model, setting: Setting, label: Label | None = None
) -> tuple[bytes, float]:
    """Return a ``.nam`` file, and by how much it plays otherwise than the model.

    Raises:
        LearnerError: It plays otherwise, or not at all: it must not be called exported.
        UsageError: The version of the format that was asked for cannot hold it.
    """
    content = _encoded(session, nam_document(session, model, setting, label))
    return content, export_error(session, model, setting, content)


def exported_widths(
    session: Session, narrow: Model, wide: Model, setting: Setting, label: Label
) -> bytes:
    """Return a container with both widths of an A2 model at one setting.

    Raises:
        LearnerError: One of them plays otherwise, or not at all.
    """
    trained = session.state.learning.model
    esr = None if trained is None else trained.narrow_esr
    # The knobs are beneath the whole, once, and are those of the full width.
    plain = replace(label, with_knobs=False)
    labelled = [(narrow, replace(plain, holdout_esr=esr)), (wide, plain)]
    documents = [nam_document(session, model, setting, said) for model, said in labelled]
    for (model, _), told in zip(labelled, documents, strict=True):
        export_error(session, model, setting, _encoded(session, told))
    section = {"rig": embedded(wide, faceplate(session))} if label.with_knobs else {}
    return _encoded(session, {**container(documents), **section})


def _encoded(session: Session, document: dict[str, Any]) -> bytes:
    try:
        return json.dumps(document, allow_nan=False).encode()
    except ValueError:
        advice = pasteable("'rig train' makes it anew", session.folder)
        raise LearnerError(
            f"{session.folder}: the model has weights that are no numbers; {advice}"
        ) from None


def export_error(session: Session, model: Model, setting: Setting, exported: bytes) -> float:
    """Return the largest difference between a model and its exported file on the same guitar.

    Raises:
        LearnerError: They differ, or the file does not play: it must not be called exported.
    """
    signal = session.signal()
    frames = model.history_frames + CHECKED_FRAMES
    start = signal.segment(Part.TRAIN).start
    audio = torch.from_numpy(signal.send[start : start + frames].astype(np.float32))
    try:
        read = read_and_play(json.loads(exported), audio)
    except (ValueError, KeyError, RuntimeError) as error:
        raise LearnerError(f"the exported model does not play: {error}") from None
    ours = play(model, audio, _point(session, setting))[0]
    # The beginning may differ: what is taken to be before the first frame is not the same.
    off = float((read - ours)[-CHECKED_FRAMES:].abs().max())
    # Written so that what is no number is refused, too.
    if not off <= EXPORT_TOLERANCE:
        raise LearnerError(f"the exported model differs from the trained one by {off:.1e}")
    return off
