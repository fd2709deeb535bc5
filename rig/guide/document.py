"""From answers to the sections of ``rig.yaml``."""

import re
import shlex
from collections.abc import Mapping
from typing import Any

import yaml

from rig.config.dialect import Loader
from rig.devices.survey import MIDI_APIS
from rig.guide import knob_line
from rig.guide.question import NONE, Answers

#: What stands in a file only if it is something else; a fresh file has them all the same.
DEFAULTS: Mapping[str, Any] = {
    "name": "first-capture",
    "amp.driver": "virtual",
    "amp.preset": "tweed",
    "amp.channel": 1,
    "amp.settle_s": 0.5,
    "amp.api": "auto",
    "amp.options": {},
    "interface.driver": "virtual",
    "interface.options": {},
    "interface.sample_rate": 48_000,
    "interface.send_channel": 1,
    "interface.return_channel": 1,
    "plan.captures": 19,
    "gear.type": "amp",
}
#: Keys of the sections that the guide asks about: it writes these, and takes them away again.
ASKED = {
    "amp": ("driver", "preset", "port", "api", "channel", "settle_s", "options"),
    "interface": (
        *("driver", "host_api", "input", "output", "sample_rate", "options"),
        *("send_channel", "return_channel", "loopback_send_channel", "loopback_channel"),
        *("send_full_scale_dbu", "return_full_scale_dbu"),
    ),
    "gear": ("make", "model", "type"),
    "plan": ("until", "captures"),
    "notify": ("on_finish", "on_alarm", "on_hands"),
    "foot_switch": ("port", "done", "redo", "skip"),
}
_API = re.compile(r"^(.*) \(([A-Z]+_[A-Z]+)\)$")


def document(answers: Answers) -> dict[str, Any]:
    """Return what some answers say, as the sections of a file; None stands for no key."""
    found: dict[str, Any] = {"name": answers.get("name", DEFAULTS["name"])}
    found["amp"] = amp_section(answers)
    found["interface"] = interface_section(answers)
    found["knobs"] = {name: knob_section(answers, name) for name in knob_names(answers)}
    for section in ("gear", "plan"):
        told = [key for key in ASKED[section] if _has(answers, section, key)]
        found[section] = {key: _value(answers[f"{section}.{key}"], key) for key in told}
    # Left out it would be 19: null says that only the clock decides.
    if answers.get("plan.captures") == NONE:
        found["plan"]["captures"] = None
    found["notify"] = {
        key: shlex.split(answers[f"notify.{key}"])
        for key in ASKED["notify"]
        if answers.get(f"notify.{key}", NONE) != NONE
    }
    # Where nobody was asked about it, whatever a file says of it stays.
    if "foot_switch.done" in answers:
        found["foot_switch"] = _foot_switch(answers)
    return found


def _foot_switch(answers: Answers) -> dict[str, Any]:
    if answers["foot_switch.done"] == NONE:
        return {}
    told = [key for key in ASKED["foot_switch"] if _has(answers, "foot_switch", key)]
    return {key: answers[f"foot_switch.{key}"] for key in told}


def _has(answers: Answers, section: str, key: str) -> bool:
    return answers.get(f"{section}.{key}", NONE) != NONE


def knob_names(answers: Answers) -> list[str]:
    """Return the names of the knobs."""
    return [name.strip() for name in answers.get("knobs", "").split(",") if name.strip()]


def knob_section(answers: Answers, name: str) -> dict[str, Any] | None:
    """Return a knob's section by its line; None where it stays as it is in the file."""
    line = answers.get(f"knobs.{name}", "")
    return None if line == knob_line.KEPT else knob_line.parse(line)


def amp_section(answers: Answers) -> dict[str, Any]:
    """Return the amp's section."""
    kind = answers["amp.kind"]
    if kind == "midi":
        port, api = port_and_api(answers["amp.port"])
        named = {"driver": "midi", "port": port} | ({} if api is None else {"api": api})
        rest = {key: _value(answers[f"amp.{key}"], key) for key in ("channel", "settle_s")}
        return named | rest
    if kind == "driver":
        return _external(answers, "amp")
    return {"driver": kind} | ({"preset": answers["amp.preset"]} if kind == "virtual" else {})


def interface_section(answers: Answers) -> dict[str, Any]:
    """Return the interface's section."""
    # Nothing else can hear it.
    if answers["amp.kind"] == "virtual":
        return {"driver": "virtual"}
    kept = {
        key: _value(answers[f"interface.{key}"], key)
        for key in ASKED["interface"]
        if key not in ("driver", "options") and _has(answers, "interface", key)
    }
    if answers["interface.kind"] == "driver":
        voltages = {key: value for key, value in kept.items() if key.endswith("_dbu")}
        return _external(answers, "interface") | voltages
    return {"driver": "soundcard", **kept}


def _external(answers: Answers, section: str) -> dict[str, Any]:
    # It was read once before it was kept, so it is known to be a mapping.
    options = yaml.load(answers[f"{section}.options"], Loader=Loader)  # noqa: S506 (a SafeLoader)
    driver = answers[f"{section}.driver"]
    return {"driver": driver} | ({"options": options} if options else {})


def port_and_api(answer: str) -> tuple[str, str | None]:
    """Split a port's name from the system's MIDI interface, None where none was named."""
    split = _API.match(answer)
    return (split[1], split[2]) if split and split[2] in MIDI_APIS else (answer, None)


_TEXTS = ("host_api", "input", "output", "make", "model", "type", "until")


def _value(text: str, key: str) -> Any:
    if key in _TEXTS:
        return text
    return int(text) if text.lstrip("-").isdecimal() else float(text)
