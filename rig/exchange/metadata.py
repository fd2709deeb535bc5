"""What a ``.nam`` file says of itself, in the words of the field's trainers, players and sites."""

import math
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import Tensor

from models.nam.loudness import Loudness, measuring_noise
from models.nam.versions import CURRENT
from rig.capture import Role
from rig.config.sharing import TONES, GearConfig
from rig.errors import SessionError
from rig.knobs import Setting
from rig.session import store
from rig.session.folder import Session

#: Where the exporter of neural-amp-modeler has its measuring recording, within its package.
RECORDING = "models/_resources/loudness_input.wav"


@dataclass(frozen=True)
class Label:
    """What is said of a model beside what is measured.

    Attributes:
        gear: What was captured, and by whom.
        holdout_esr: On settings that it never heard; None where there were none.
        preset: The preset of rig.yaml that it is, or that it was made from.
        name: The setting's own name; the preset's where left out.
        version: Of the format.
        with_knobs: Whether the whole model goes into the file, beneath the one setting.
    """

    gear: GearConfig = field(default_factory=GearConfig)
    holdout_esr: float | None = None
    preset: str | None = None
    version: str = CURRENT
    with_knobs: bool = False
    name: str | None = None


def measuring_recording() -> Tensor:
    """Return what loudness is measured with: the exporter's own where its package is installed."""
    # Looked for and not imported: the package takes seconds, and all of it is not needed.
    spec = find_spec("nam")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        try:
            _, audio = store.read_wav(Path(folder) / RECORDING)
        except SessionError:
            continue
        if audio.ndim == 1:
            return torch.from_numpy(audio).to(torch.float32)
    return measuring_noise()


def _latency(session: Session) -> dict[str, Any]:
    """Return the round trip in frames, which was taken off before anything was learnt."""
    takes = (about.kept for about in session.state.kept())
    found = (take.figures.get("latency_frames", math.nan) for take in takes if take is not None)
    # A journal may be a stranger's, and say anything.
    delays = [round(frames) for frames in found if math.isfinite(frames)]
    calibration = {
        "algorithm_version": 1,
        "delays": delays,
        "safety_factor": 0,
        "recommended": round(median(delays)) if delays else None,
        "warnings": {
            "matches_lookahead": False,
            "disagreement_too_high": False,
            "not_detected": not delays,
        },
    }
    return {"manual": None, "calibration": calibration}


def _training(session: Session, label: Label) -> dict[str, Any]:
    # Only what has passed its checks was kept, and nothing else was learnt from.
    data = {"latency": _latency(session), "checks": {"version": 1, "passed": True}}
    esr = label.holdout_esr
    return {
        "settings": {"ignore_checks": False},
        "data": data,
        "validation_esr": esr if esr is not None and math.isfinite(esr) else None,
    }


def metadata(
    session: Session, setting: Setting, label: Label, loudness: Loudness
) -> dict[str, Any]:
    """Return a file's metadata; what is not known is left out, as players expect."""
    panel, interface, gear = session.config.panel, session.config.interface, label.gear
    amp = " ".join(word for word in (gear.make, gear.model) if word) or session.config.name
    what = label.name or label.preset or panel.describe(setting)
    known = {
        "name": f"{amp}: {what}",
        "modeled_by": gear.modeled_by or "rig",
        "gear_type": gear.type,
        "gear_make": gear.make,
        "gear_model": gear.model,
        "tone_type": label.preset if label.preset in TONES else gear.tone,
        "licence": gear.licence,
        "input_level_dbu": interface.send_full_scale_dbu,
        "output_level_dbu": interface.return_full_scale_dbu,
        "loudness": loudness.loudness_db,
        "gain": loudness.gain,
        "training": _training(session, label),
        "setting": {
            knob.name: knob.describe(value) if knob.is_switch else value
            for knob, value in zip(panel.knobs, setting.values, strict=True)
        },
        "captures": len(session.state.kept(Role.SEED, Role.ACTIVE)),
    }
    return {name: value for name, value in known.items() if value is not None}
