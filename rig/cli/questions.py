"""The questions of ``rig init``: which devices, which channels, how the knobs are set."""

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rig import data

if TYPE_CHECKING:
    from rig.devices.survey import AudioDevice, Survey

#: Asks one question, with a default; returns what was typed.
AskLine = Callable[[str, str], str]
#: Shows a line.
Show = Callable[[str], None]

BUILT_IN = "the built-in virtual amp"
BY_HAND = "somebody turns the knobs"
OWN_CONTROLLERS = "its knobs answer to MIDI controllers that I name"
#: Never what 'auto' means.
JACK = "UNIX_JACK"
USUAL_KNOBS = "gain, bass, middle, treble, volume"


class Conversation:
    """A conversation in a terminal, which repeats a question until the answer will do.

    Args:
        ask: Asks one question.
        show: Shows a line.
    """

    def __init__(self, ask: AskLine, show: Show) -> None:
        self._ask, self._show = ask, show

    def text(self, question: str, default: str) -> str:
        """Ask for any text; an empty answer is the default."""
        return self._ask(question, default).strip() or default

    def choose(self, question: str, choices: Sequence[str], default: int = 0) -> int:
        """Ask for one of several choices, and return its index."""
        for number, choice in enumerate(choices):
            self._show(f"  {number}  {choice}")
        return self.number(question, default, 0, len(choices) - 1)

    def number(self, question: str, default: int, lowest: int, highest: int) -> int:
        """Ask for a whole number within bounds."""
        while True:
            typed = self._ask(question, str(default)).strip()
            if typed.isdecimal() and lowest <= int(typed) <= highest:
                return int(typed)
            self._show(f"a number from {lowest} to {highest}, please")

    def names(self, question: str, default: str) -> list[str]:
        """Ask for the names of knobs, separated by commas."""
        while True:
            typed = self._ask(question, default).lower().split(",")
            names = [re.sub(r"[^\w-]+", "_", name.strip()) for name in typed if name.strip()]
            if names and len(set(names)) == len(names):
                return names
            self._show("names with commas between them, each only once, please")


def configuration(survey: "Survey", ask: AskLine, show: Show) -> str:
    """Ask everything, and return the text of a ``rig.yaml``."""
    questions = Conversation(ask, show)
    inputs = [device for device in survey.audio if device.inputs]
    chosen = questions.choose(
        "the amp comes back on", [BUILT_IN, *(_label(d, d.inputs, "in") for d in inputs)]
    )
    if chosen == 0:
        return data.default_config()
    interface = _interface(questions, survey, inputs[chosen - 1])
    amp_and_knobs = _amp(questions, survey)
    return _assemble(interface, amp_and_knobs)


def _label(device: "AudioDevice", channels: int, way: str) -> str:
    return f"{device.name} ({device.host_api}, {channels} {way}, {device.sample_rate} Hz)"


def _interface(questions: Conversation, survey: "Survey", source: "AudioDevice") -> str:
    same_api = [d for d in survey.audio if d.outputs and d.host_api == source.host_api]
    names = [_label(device, device.outputs, "out") for device in same_api]
    # Most interfaces play and record: the device that was chosen is offered first.
    own = next((i for i, device in enumerate(same_api) if device.name == source.name), 0)
    target = same_api[questions.choose("the signal leaves on", names, own)]
    send = questions.number("output channel to the amp", 1, 1, target.outputs)
    back = questions.number("input channel from the amp", 1, 1, source.inputs)
    # The first channel that is left, none on a device with a single input.
    free = 0 if source.inputs < 2 else 2 if back == 1 else 1
    loop = questions.number("input channel of the loopback cable (0: none)", free, 0, source.inputs)
    lines = [
        "interface:",
        "  driver: soundcard",
        f"  host_api: {_quote(source.host_api)}",
        f"  input: {_quote(source.name)}",
        f"  output: {_quote(target.name)}",
        f"  sample_rate: {source.sample_rate}",
        f"  send_channel: {send}",
        f"  return_channel: {back}",
    ]
    if loop:
        other = 0 if target.outputs < 2 else 2 if send == 1 else 1
        leaves = questions.number(
            "output channel of the loopback cable", other or send, 1, target.outputs
        )
        lines += [f"  loopback_send_channel: {leaves}", f"  loopback_channel: {loop}"]
    return "\n".join(lines)


def _amp(questions: Conversation, survey: "Survey") -> str:
    ready = data.profiles()
    chosen = questions.choose("the amp", [BY_HAND, OWN_CONTROLLERS, *ready])
    if chosen == 0:
        names = questions.names("its knobs", USUAL_KNOBS)
        return "\n".join(["amp: {driver: hand}", "knobs:", *(f"  {n}: {{}}" for n in names)])
    port = _port(questions, survey)
    if chosen > 1:
        return data.profile(ready[chosen - 2]).replace('port: "MIDI"', port)
    channel = questions.number("MIDI channel", 1, 1, 16)
    knobs = []
    for place, name in enumerate(questions.names("its knobs", USUAL_KNOBS)):
        # MIDI 1.0 leaves 20 to 31 free, and from 120 on they speak to a whole channel.
        controller = questions.number(f"MIDI controller of {name}", 20 + place, 0, 119)
        knobs.append(f"  {name}: {{cc: {controller}}}")
    amp = f"amp: {{driver: midi, {port}, channel: {channel}}}"
    return "\n".join([amp, "knobs:", *knobs])


def _port(questions: Conversation, survey: "Survey") -> str:
    """Ask for a MIDI port; return its keys, with its interface where the system has several."""
    if not survey.midi:
        asked = "MIDI port (none is there now; a part of its name will do)"
        return f"port: {_quote(questions.text(asked, 'MIDI'))}"
    several = len({port.api for port in survey.midi}) > 1 or survey.midi[0].api == JACK
    names = [f"{port.name} ({port.api})" if several else port.name for port in survey.midi]
    port = survey.midi[questions.choose("MIDI port", names)]
    named = f"port: {_quote(port.name)}"
    return f"{named}, api: {port.api}" if several else named


def _quote(text: str) -> str:
    """Quote any text as a YAML string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _assemble(interface: str, amp_and_knobs: str) -> str:
    """Return the default configuration with these devices in place of its own."""
    text = data.default_config()
    head = text[: text.index("\namp:")].rstrip()
    rest = text[text.index("\nsignal:") :]
    head = head.replace("the built-in virtual amp, real guitar, no hardware", "your own rig")
    return f"{head}\n\n{amp_and_knobs.strip()}\n\n{interface}\n{rest}"
