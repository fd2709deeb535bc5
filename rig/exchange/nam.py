"""Stock ``.nam`` files of a session's model, played back before they are called exported."""

import json
from typing import Any

import numpy as np
import torch

from calibration.signals import Part
from models.nam.reader import read_and_play
from models.nam.writer import document
from models.networks.spec import play
from models.training.dataset import Model
from rig.errors import LearnerError
from rig.knobs import Setting
from rig.session.folder import Session

#: The exported file is played for so long, and may be off by so much of full scale.
CHECKED_FRAMES, EXPORT_TOLERANCE = 12_000, 1e-4


def nam_document(session: Session, model: Model, setting: Setting) -> dict[str, Any]:
    """Return a stock ``.nam`` document of a model at one setting of the session's amp."""
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
    """Return the largest difference between a model and its exported file on the same guitar.

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
    # The beginning may differ: what is taken to be before the first frame is not the same.
    off = float((read - ours)[-CHECKED_FRAMES:].abs().max())
    # Written so that what is no number is refused, too.
    if not off <= EXPORT_TOLERANCE:
        raise LearnerError(f"the exported model differs from the trained one by {off:.1e}")
    return off
