"""Questions about the audio interface: which it is, its channels, its voltages."""

import sys
from collections.abc import Iterator, Mapping

from rig.config import SoundCardConfig
from rig.devices.survey import AudioDevice
from rig.guide import amp, readers
from rig.guide.calibrate import return_level, send_level
from rig.guide.found import Found
from rig.guide.level import tone
from rig.guide.question import NONE, Aid, Answers, Choice, Question

CARD, OTHER = "soundcard", "driver"
KINDS = (
    Choice(CARD, "a sound card or audio interface"),
    Choice(OTHER, "something else, by a driver that you have installed or wrote"),
)
#: The ways to a sound card on each system, where nothing is plugged in that would tell.
APIS = {"darwin": ("CoreAudio", "JACK"), "win32": ("ASIO", "WASAPI")}
LINUX_APIS = ("ALSA", "JACK")


def questions(answers: Answers, found: Found) -> Iterator[Question]:
    """Ask which interface it is; the virtual amp has its own."""
    # It is wired to the virtual interface, and no sound card can hear it.
    if answers["amp.kind"] == amp.VIRTUAL:
        return
    yield Question(
        "interface.kind",
        "What plays into the amp, and records it?",
        "One device for both directions: two run on two clocks. Nothing has to be plugged in yet.",
        readers.one_of(KINDS),
        CARD,
        KINDS,
    )
    if answers["interface.kind"] == OTHER:
        yield amp.driver_question("interface.driver", "interface", found.interfaces)
        yield amp.options_question("interface.options", "interface")
        return
    yield from _devices(answers, found)
    yield from _channels(answers, found)


def _devices(answers: Answers, found: Found) -> Iterator[Question]:
    apis = found.apis() or list(APIS.get(sys.platform, LINUX_APIS))
    yield Question(
        "interface.host_api",
        "Through which audio system (host API)?",
        "The same device is often listed under several. ASIO is best on Windows, CoreAudio on "
        "macOS, ALSA or JACK on Linux.",
        readers.device,
        apis[0],
        tuple(Choice(api, api) for api in apis),
        # Its default is this system's, and answers in a file are for any.
        is_needed=True,
    )
    # Asked before the device, since most devices are listed under several.
    api = answers["interface.host_api"]
    yield _input(found.devices(api, "input"))
    both = answers["interface.input"]
    outputs = found.devices(api, "output")
    # Two devices run on two clocks, which drift apart: the same one is suggested, if it can play.
    is_one = not outputs or found.device(api, "output", both) is not None
    yield _output(outputs, both if is_one else outputs[0].name)
    source = found.device(api, "input", both)
    # A device that is asked for another rate than its own is refused, or converts in silence.
    yield _rate(source.sample_rate if source else 48_000)


def _input(listed: list[AudioDevice]) -> Question:
    return Question(
        "interface.input",
        "On which device does the amp come back?" + _absent(bool(listed)),
        "The name as 'rig devices' lists it, or a part of it that no other device has.",
        readers.device,
        listed[0].name if listed else None,
        tuple(Choice(d.name, f"{d.name}: {d.inputs} in, {d.sample_rate} Hz") for d in listed),
        is_needed=True,
    )


def _output(listed: list[AudioDevice], default: str) -> Question:
    return Question(
        "interface.output",
        "On which device does the signal leave for the amp?" + _absent(bool(listed)),
        "The same device, as a rule: two run on two clocks.",
        readers.device,
        default,
        tuple(Choice(d.name, f"{d.name}: {d.outputs} out, {d.sample_rate} Hz") for d in listed),
    )


def _rate(default: int) -> Question:
    return Question(
        "interface.sample_rate",
        "At which sample rate, in Hz?",
        "What the device is set to. Models for players are made at 48000 Hz.",
        readers.key_of(SoundCardConfig, "sample_rate"),
        str(default),
    )


def _absent(is_there: bool) -> str:
    return "" if is_there else " None is plugged in now: a part of its name will do"


def _channels(answers: Answers, found: Found) -> Iterator[Question]:
    api = answers["interface.host_api"]
    source = found.device(api, "input", answers["interface.input"])
    target = found.device(api, "output", answers["interface.output"])
    # None where the device is not there to tell.
    inputs, outputs = source.inputs if source else None, target.outputs if target else None
    yield _channel("send_channel", "Which output leads to the amp?", "1", outputs)
    send = answers["interface.send_channel"]
    yield _channel("return_channel", "Which input does the amp come back on?", "1", inputs)
    back = answers["interface.return_channel"]
    # The first channel that is left; a device with a single one has none for a cable.
    free = "1" if back != "1" else NONE if inputs == 1 else "2"
    yield _channel(
        "loopback_channel",
        "Which input does the loopback cable arrive on? (none: there is no such cable)",
        free,
        inputs,
        NONE,
    )
    if answers["interface.loopback_channel"] != NONE:
        # An output of its own keeps the cable's signal from loading the amp's.
        spare = "1" if send != "1" else "1" if outputs == 1 else "2"
        yield _channel(
            "loopback_send_channel",
            "Which output does the loopback cable leave from?",
            spare,
            outputs,
        )


_WHY = {
    "send_channel": "As printed on the device, counted from 1.",
    "return_channel": "As printed on the device, counted from 1.",
    "loopback_channel": "A cable from an output straight to an input tells rig, to a fraction of a "
    "sample, when each take began, and shows every lost block of audio.",
    "loopback_send_channel": "As printed on the device. The output that leads to the amp will do "
    "as well, with a splitter.",
}


def _channel(
    key: str, asks: str, default: str, channels: int | None, none: str | None = None
) -> Question:
    fits = readers.key_of(SoundCardConfig, key, none)

    def read(typed: str) -> str:
        """Return a channel that the device has, as far as it is there to tell."""
        # Channels count from 1, so 0 is what people type for none.
        number = fits(NONE if none and typed == "0" else typed)
        if number != none and channels and int(number) > channels:
            raise ValueError(f"the device has {channels} channels there")
        return number

    return Question(f"interface.{key}", asks, _WHY[key], read, default)


def after_knobs(answers: Answers, found: Found) -> Iterator[Question]:
    """Ask for levels, once everything that a test tone needs is known."""
    if answers["amp.kind"] == amp.VIRTUAL:
        return
    can_play = _can_play(answers, found)
    if can_play:
        yield Question(
            "level",
            "Set the levels now? 'tone' plays one and shows how loud it comes back; Enter goes on",
            "Have the cables plugged in and the amp switched on, its load first. The tone begins "
            "very quietly. Turn the interface's input until the loudest is between -18 and -1 "
            "dBFS.",
            readers.one_of([Choice("done", "")]),
            "done",
            aids={"tone": tone},
            at_terminal=True,
        )
    for key, way, aid in (
        ("send", "as it leaves for the amp", send_level),
        ("return", "as it comes back", return_level),
    ):
        yield _full_scale(key, way, {"measure": aid} if can_play else {})


def _can_play(answers: Answers, found: Found) -> bool:
    """Whether the interface is there, as far as anybody can tell."""
    if answers["interface.kind"] == OTHER:
        return True
    api = answers["interface.host_api"]
    ways = ("input", "output")
    return all(found.device(api, way, answers[f"interface.{way}"]) is not None for way in ways)


def _full_scale(key: str, way: str, aids: Mapping[str, Aid]) -> Question:
    measure = "'measure' finds it, " if aids else ""
    return Question(
        f"interface.{key}_full_scale_dbu",
        f"The level of a sine at full scale, {way}, in dBu? {measure}'none' leaves it out",
        "With it, files for players say how loud the guitar has to be. Where the interface is "
        "plugged in, 'measure' walks you through it with a voltmeter.",
        readers.key_of(SoundCardConfig, f"{key}_full_scale_dbu", NONE),
        NONE,
        aids=aids,
    )
