"""The text that a fresh ``rig.yaml`` begins from: its sections, each key with its meaning."""

import re
from collections.abc import Mapping
from typing import Any

import yaml

from rig import data

#: What stands behind a key, in the words of the reference.
MEANINGS = {
    "amp.port": "a part of the port's name will do; 'rig devices' lists them",
    "amp.channel": "MIDI channel, 1 to 16",
    "amp.settle_s": "seconds, until the knobs have stopped moving",
    "amp.driver": "hand: somebody turns the knobs; midi: rig does",
    "amp.preset": "tweed, british, modern, random-7 or foreign-7",
    "interface.host_api": "CoreAudio, ASIO, WASAPI, ALSA or JACK",
    "interface.input": "where the amp comes back",
    "interface.output": "where the signal leaves",
    "interface.sample_rate": "Hz; the device must be set to it",
    "interface.send_channel": "the output that leads to the amp, counted from 1",
    "interface.return_channel": "the input that the amp comes back on",
    "interface.loopback_channel": "the input that the loopback cable arrives on",
    "interface.loopback_send_channel": "the output that it leaves from",
    "interface.send_full_scale_dbu": "a sine at full scale, as it leaves",
    "interface.return_full_scale_dbu": "a sine that comes back at full scale",
}
_HEAD = """\
#
# Your rig, as 'rig init' asked for it; it may be changed here, or by 'rig init' once more.
# Every key: docs/reference/rig-yaml.md. 'rig check' says what it thinks of it.
"""
_KNOBS = """\
# Faceplate values, as a player reads them. 'limits' are never exceeded: they protect speakers and
# neighbours. 'rest' is where the knob is put in the end, the lowest value where it is left out.
# 'play' is the span where players set it four times out of five: there the model must be best.
# More: docs/reference/rig-yaml.md.
"""


def fresh(wanted: Mapping[str, Any], source: str) -> str:
    """Return the default configuration with the sections of somebody's own rig.

    Args:
        wanted: What was answered.
        source: Where the knob map is from, as comments; empty where there is none.
    """
    text = data.default_config()
    schema = text[: text.index("\n")]
    rest = _rest(text[text.index("\nsignal:") :], wanted)
    name = f"{_pair('name', wanted['name']):<25}  # the session's folder: sessions/NAME\n"
    seed = text[text.index("\nseed:") + 1 :].partition("\n")[0] + "\n"
    parts = [
        f"{schema}\n{_HEAD}",
        name + seed,
        (f"{source}\n" if source else "") + _section("amp", wanted["amp"]),
        _section("interface", wanted["interface"]),
        _KNOBS + _knobs(wanted["knobs"]),
    ]
    return "\n".join(parts) + rest


def _rest(text: str, wanted: Mapping[str, Any]) -> str:
    """Return the sections behind the knobs, with what was answered in the places of their own."""
    plan = wanted["plan"]
    if "captures" in plan:
        captures = _one_line(plan["captures"])
        text = text.replace("  captures: 19  ", f"  captures: {captures:<4}", 1)
    if "until" in plan:
        until = _one_line(plan["until"])
        text = text.replace('  # until: "07:00"         #', f"  until: {until:<18}#", 1)
    for name in ("gear", "notify", "foot_switch"):
        if wanted.get(name):
            # In place of the example, where there is one; behind everything, where there is none.
            text = re.sub(rf"^# {name}: .*\n", "", text, flags=re.MULTILINE)
            text += f"{name}: {_one_line(wanted[name])}\n"
    return text


def _section(name: str, section: Mapping[str, Any]) -> str:
    rows = [f"{name}:"]
    for key, value in section.items():
        row, meaning = f"  {_pair(key, value)}", MEANINGS.get(f"{name}.{key}")
        rows.append(f"{row:<33}  # {meaning}" if meaning else row)
    return "\n".join(rows) + "\n"


def _knobs(knobs: Mapping[str, Mapping[str, Any]]) -> str:
    # One under the other, as in the default configuration.
    width = max(map(len, knobs)) + 1
    return "knobs:\n" + "".join(
        f"  {name + ':':<{width}} {_one_line(section)}\n" for name, section in knobs.items()
    )


def _pair(key: str, value: Any) -> str:
    return f"{key}: {_one_line(value)}"


def _one_line(value: Any) -> str:
    """Return a value as YAML in one line; text is quoted where it would be read as another."""
    dumped = yaml.safe_dump(
        value, default_flow_style=True, width=float("inf"), allow_unicode=True, sort_keys=False
    )
    return dumped.removesuffix("\n").removesuffix("\n...")
