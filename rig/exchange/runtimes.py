"""A session's model for other runtimes: ONNX with knobs and state, RTNeural's and AIDA-X's JSON."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch

from calibration.signals import Part
from models.live.section import Floats
from models.nam.embedded import embedded
from models.nam.versions import CannotHold
from models.networks.spec import play
from models.runtimes.aidax import aidax_document
from models.runtimes.onnx_file import onnx_bytes
from models.runtimes.rtneural import play_document, rtneural_document
from models.training.dataset import Model
from rig.errors import UsageError
from rig.exchange.nam import faceplate
from rig.knobs import Setting
from rig.session.folder import Session

#: Guitar on which a file with free knobs is held against the model, and where each knob then is.
HEARD_S, PLACES = 1.0, (0.0, 0.5, 1.0)


@dataclass(frozen=True)
class Made:
    """A file, and what should be said of how near it comes; None where it is exact."""

    content: bytes
    distance: str | None = None


def _said(session: Session) -> dict[str, str]:
    gear, created = session.config.gear, session.state.created
    assert created is not None
    known = {
        "name": session.config.name,
        "sample_rate": str(created.sample_rate),
        "author": gear.modeled_by,
        "licence": gear.licence,
        "gear": " ".join(word for word in (gear.make, gear.model) if word) or None,
    }
    return {key: value for key, value in known.items() if value is not None}


def onnx(session: Session, model: Model) -> bytes:
    """Return the whole model as an ONNX file; needs the package onnx."""
    return onnx_bytes(embedded(model, faceplate(session)), _said(session))


def rtneural(
    session: Session, model: Model, setting: Setting, free: Sequence[str], *, aidax: bool
) -> Made:
    """Return an LSTM as RTNeural's JSON, or AIDA-X's, with up to two knobs as inputs.

    Raises:
        UsageError: The format cannot hold it.
    """
    panel, created = session.config.panel, session.state.created
    assert created is not None
    places = _places(session, free)
    point = panel.point(setting).astype(np.float32)
    try:
        document = rtneural_document(embedded(model, faceplate(session)), point, places)
        distance = _distance(session, model, document, point, places) if places else None
        said = {**_said(session), "setting": panel.named(setting), "free": list(free)}
        if distance is not None:
            said["esr_to_the_model"] = distance
        if aidax:
            document = aidax_document(document, created.sample_rate, said)
        else:
            # Its loader looks at the shape and the layers, and at nothing else.
            document = {**document, "metadata": said}
    except CannotHold as error:
        kind = "aidax" if aidax else "rtneural"
        raise UsageError(
            f"--as {kind}: {error}; docs/runtimes.md says how to train one that fits"
        ) from None
    told = None if distance is None else _sentence(free, distance)
    return Made(json.dumps(document, allow_nan=False).encode(), told)


def _sentence(free: Sequence[str], distance: dict[str, float]) -> str:
    return (
        f"with {', '.join(free)} free the file is an approximation: its ESR to the model is "
        f"{distance['median']:.2g} (median), {distance['worst']:.2g} (worst) over their travel"
    )


def _places(session: Session, free: Sequence[str]) -> tuple[int, ...]:
    names = [knob.name for knob in session.config.panel.knobs]
    unknown = [name for name in free if name not in names]
    if unknown:
        raise UsageError(f"--free {unknown[0]}: no such knob: there are {', '.join(names)}")
    if len(set(free)) < len(free):
        raise UsageError(f"--free {','.join(free)}: names a knob twice")
    return tuple(names.index(name) for name in free)


# Only with free knobs: what stands still is exact, and needs no measuring.
def _distance(
    session: Session,
    model: Model,
    document: dict[str, object],
    point: Floats,
    places: tuple[int, ...],
) -> dict[str, float]:
    """Measure how far a file with free knobs is from the model, on guitar it was not trained on."""
    signal = session.signal()
    guitar = signal.segment(Part.HOLDOUT)
    stop = guitar.start + min(round(HEARD_S * signal.sample_rate), guitar.frames)
    audio = signal.send[guitar.start : stop].astype(np.float32)
    found = []
    for units in product(PLACES, repeat=len(places)):
        (moved := point.copy())[list(places)] = units
        ours = play(model, torch.from_numpy(audio), torch.from_numpy(moved))[0].numpy()
        inputs = np.stack([audio, *(np.full_like(audio, unit) for unit in units)], 1)
        off = play_document(document, inputs) - ours
        found.append(float(np.sum(off**2) / max(float(np.sum(ours**2)), 1e-20)))
    return {"median": float(np.median(found)), "worst": float(np.max(found))}
