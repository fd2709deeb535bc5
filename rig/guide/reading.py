"""From the sections of a ``rig.yaml`` to the answers that would have made it."""

import shlex
from collections.abc import Mapping
from typing import Any

import yaml

from rig.config.dialect import Loader
from rig.errors import UsageError
from rig.guide import knob_line
from rig.guide.document import ASKED, DEFAULTS
from rig.guide.question import NONE, Answers

#: What a file says by leaving a key out; a question may suggest something else.
LEFT_OUT: Answers = {
    "amp.channel": "1",
    "amp.settle_s": "0.5",
    "interface.sample_rate": "48000",
    "interface.send_channel": "1",
    "interface.return_channel": "1",
    "interface.loopback_channel": NONE,
    "interface.send_full_scale_dbu": NONE,
    "interface.return_full_scale_dbu": NONE,
    "gear.make": NONE,
    "gear.model": NONE,
    "gear.type": "amp",
    "plan.until": NONE,
    "notify.on_finish": NONE,
    "notify.on_alarm": NONE,
    "notify.on_hands": NONE,
    "foot_switch.port": NONE,
    "foot_switch.done": NONE,
    "foot_switch.redo": NONE,
    "foot_switch.skip": NONE,
}


def sections(text: str) -> dict[str, Any]:
    """Return the sections of a file that is known to load."""
    found: dict[str, Any] = yaml.load(text, Loader=Loader)  # noqa: S506 (a SafeLoader)
    return found


def answers_of(text: str, source: str) -> Answers:
    """Return what a file answers, by what it says and by what it leaves out.

    Raises:
        UsageError: It is about something that the guide does not ask.
    """
    file = sections(text)
    found: Answers = LEFT_OUT | {"name": str(file.get("name", DEFAULTS["name"]))}
    found |= _devices("amp", file.get("amp") or {}, source)
    found |= _devices("interface", file.get("interface") or {}, source)
    # A cable whose other end is not named leaves from the send's own output, by a splitter.
    found.setdefault("interface.loopback_send_channel", found["interface.send_channel"])
    knobs: Mapping[str, Any] = file["knobs"]
    found["knobs"] = ", ".join(str(name) for name in knobs)
    for name, section in knobs.items():
        found[f"knobs.{name}"] = knob_line.show(section or {})
    for section in ("gear", "plan", "foot_switch"):
        told = file.get(section) or {}
        found |= {f"{section}.{key}": _shown(told[key]) for key in ASKED[section] if key in told}
    for key, words in (file.get("notify") or {}).items():
        found[f"notify.{key}"] = shlex.join(str(word) for word in words) or NONE
    return found


def _devices(name: str, section: Mapping[str, Any], source: str) -> Answers:
    driver = str(section.get("driver", "virtual"))
    if driver == "replay":
        raise UsageError(
            f"{source}: plays recordings back, of which the guide asks nothing; --force begins anew"
        )
    asked = [key for key in ASKED[name] if key in section and key not in ("driver", "options")]
    found = {f"{name}.{key}": _shown(section[key]) for key in asked}
    # Port and interface are one question, since a list shows them together.
    if "api" in section and section["api"] != "auto":
        found["amp.port"] = f"{section.get('port')} ({section['api']})"
    found.pop("amp.api", None)
    # The virtual amp has the only virtual interface, of which nothing is asked.
    own = ("midi", "hand", "virtual") if name == "amp" else ("soundcard", "virtual")
    found[f"{name}.kind"] = driver if driver in own else "driver"
    if driver not in own:
        # In one line, as it is asked for.
        options = section.get("options") or {}
        found[f"{name}.driver"] = driver
        found[f"{name}.options"] = yaml.safe_dump(
            options, default_flow_style=True, width=float("inf"), allow_unicode=True
        ).strip()
    return found


def _shown(value: Any) -> str:
    if value is None:
        return NONE
    return f"{value:.10g}" if isinstance(value, float) else str(value)
