"""A session's model in the format 1.0.0 of the parametric players: a HyperWaveNet, fitted."""

import json
import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from calibration.signals import Part
from models.hyper.document import hyper_document, refuse_other, stock_at
from models.hyper.fit import drawn, fit
from models.hyper.trunk import inputs_of
from models.nam.loudness import measure
from models.nam.reader import read_and_play
from models.nam.versions import CannotHold
from models.networks.spec import play
from models.training.dataset import Model
from rig.errors import UsageError
from rig.exchange.metadata import Label, measuring_recording, metadata
from rig.exchange.runtimes import HEARD_S, Made
from rig.knobs import Knob, Setting
from rig.printable import count_of
from rig.session.folder import Session

#: Settings on which a file is held against the model, and the seed they are drawn with: not the
#: fit's own.
HELD, SEED = 12, 1
#: No quieter figure is told: below, rounding is heard and no network.
QUIETEST_DBFS = -200.0


def _param(knob: Knob, value: float) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": knob.name,
        "min": knob.values[0],
        "max": knob.values[-1],
        "default": value,
        "type": "continuous",
        "enum_names": None,
        "step": None,
        "avoid_zero": False,
    }
    if not knob.is_switch:
        return found
    labels = [knob.describe(position) for position in knob.values]
    place = {"min": 0, "max": len(labels) - 1, "default": list(knob.values).index(value)}
    return {**found, **place, "type": "switch", "enum_names": labels}


def hyperwavenet(session: Session, model: Model, setting: Setting) -> Made:
    """Return a file that turns all knobs in the parametric players, and how near it comes.

    The knobs stand at the setting at first.

    Raises:
        UsageError: The format cannot hold the model.
    """
    created, panel = session.state.created, session.config.panel
    assert created is not None
    try:
        wavenet = refuse_other(model)
    except CannotHold as error:
        raise UsageError(f"--as hyperwavenet: {error}; --as nam --knobs holds any") from None
    point = torch.from_numpy(panel.point(setting)).to(torch.float32)
    params = [_param(*pair) for pair in zip(panel.knobs, setting.values, strict=True)]
    document = hyper_document(wavenet, fit(wavenet), point, params, created.sample_rate)
    distance = _distance(session, model, document, point)
    document["metadata"] |= {**_said(session, model, setting, point), "fit": distance}
    return Made(json.dumps(document, allow_nan=False).encode(), _sentence(distance))


def _said(session: Session, model: Model, setting: Setting, point: Tensor) -> dict[str, Any]:
    trained = session.state.learning.model
    label = Label(session.config.gear, None if trained is None else trained.holdout_esr)
    return metadata(session, setting, label, measure(model, point, measuring_recording()))


def _sentence(distance: dict[str, Any]) -> str:
    esr = distance["esr_to_the_model"]
    return (
        f"the file is a fit: its ESR to the model is {esr['median']:.1g} (median), "
        f"{esr['worst']:.1g} (worst) over {count_of(distance['settings'], 'setting')}, and silence "
        f"comes out at {distance['silence_dbfs']:.0f} dBFS at those"
    )


def _guitar(session: Session) -> Tensor:
    signal = session.signal()
    guitar = signal.segment(Part.HOLDOUT)
    stop = guitar.start + min(round(HEARD_S * signal.sample_rate), guitar.frames)
    return torch.from_numpy(signal.send[guitar.start : stop].astype(np.float32))


def _distance(
    session: Session, model: Model, document: dict[str, Any], point: Tensor
) -> dict[str, Any]:
    """Measure how far a file is from the model, on guitar that it was not trained on."""
    audio = _guitar(session)
    # In front of the guitar: there, what silence comes to is heard.
    past = audio.new_zeros(model.history_frames + 1)
    positions, errors, loudest = model.encoder.positions, [], 0.0
    for knobs in torch.cat([point[None], drawn(positions, HELD, SEED)]):
        stock = stock_at(document, inputs_of(knobs[None], positions)[0])
        read = read_and_play(stock, torch.cat([past, audio]))[len(past) - 1 :]
        ours = play(model, audio, knobs)[0]
        loudest = max(loudest, float(read[0].abs()))
        errors.append(float((read[1:] - ours).square().sum() / (ours.square().sum() + 1e-20)))
    return {
        "settings": len(errors),
        "esr_to_the_model": {"median": float(np.median(errors)), "worst": max(errors)},
        "silence_dbfs": max(20.0 * math.log10(max(loudest, 1e-20)), QUIETEST_DBFS),
    }
