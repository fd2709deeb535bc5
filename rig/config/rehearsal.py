"""A rig.yaml against the virtual amp in its place: the same knobs, hands and clock, in minutes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from rig.config.devices import VirtualInterfaceConfig
from rig.config.types import Config

#: The virtual amp that stands in: the one with the most controls.
PRESET, CONTROLS = "modern", ("gain", "boost", "bass", "middle", "treble", "presence", "master")
#: What is played, and how much faster than a real interface: a take lasts a second or two.
TRAIN_S, HOLDOUT_S, SPEED = 3.0, 1.0, 4.0
PLAN = {"captures": 4, "seeds": 3, "batch": 1, "holdouts": 1}
LEARNER = {
    "architecture": "wavenet",
    "size": "nano",
    "members": 2,
    "steps": 20,
    "final_size": "nano",
    "final_steps": 40,
}


def rehearsal(config: Config, base: Path, *, along: bool = True) -> str:
    """Return the YAML of a short capture of the virtual amp by somebody's configuration.

    Knobs keep their ranges and limits, and who turns them: hands are asked, and an amp over MIDI is
    set, though nobody hears it. Deadline and notifications stay as they are.

    Args:
        config: What is rehearsed.
        base: The folder that its recordings are named relative to.
        along: Whether an amp over MIDI is set beside the virtual one.
    """
    document = config.model_dump(mode="json", exclude_unset=True)
    amp = document.get("amp", {})
    beside = {"along": amp} if along and config.amp.driver == "midi" else {}
    rate = getattr(config.interface, "sample_rate", VirtualInterfaceConfig().sample_rate)
    paced = {"paced": True, "speed": SPEED, "sample_rate": rate}
    document |= {
        "amp": {"driver": "virtual", "preset": PRESET, **beside},
        "interface": {"driver": "virtual", **paced},
        "knobs": _knobs(config, document["knobs"]),
        "signal": document.get("signal", {}) | _short(config, base),
        "plan": document.get("plan", {}) | PLAN,
        "learner": document.get("learner", {}) | LEARNER,
    }
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def _knobs(config: Config, knobs: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Give each knob a control of the virtual amp: its namesake where there is one."""
    free = [control for control in CONTROLS if control not in knobs]
    by_hand = {"hand": True} if config.amp.driver == "hand" else {}
    found: dict[str, dict[str, Any]] = {}
    for name, knob in knobs.items():
        # Of more knobs than controls some share one: what is rehearsed is the night, not the sound.
        control = name if name in CONTROLS else free.pop(0) if free else CONTROLS[0]
        found[name] = {**knob, "control": control, **by_hand}
    return found


def _short(config: Config, base: Path) -> dict[str, Any]:
    """Shorten both parts of the guitar, and name their files from the root."""
    parts = (("train", config.signal.train, TRAIN_S), ("holdout", config.signal.holdout, HOLDOUT_S))
    found: dict[str, Any] = {}
    for part, excerpt, length_s in parts:
        builtin = excerpt.file.startswith("builtin:")
        file = excerpt.file if builtin else str((base / excerpt.file).resolve())
        shorter_s = min(excerpt.length_s or length_s, length_s)
        told = excerpt.model_dump(mode="json", exclude_unset=True)
        found[part] = told | {"file": file, "length_s": shorter_s}
    return found
