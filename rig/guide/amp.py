"""Questions about the amp: what it is, and how its knobs are set."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

import yaml

from rig.config import MidiAmpConfig, VirtualAmpConfig
from rig.config.dialect import Loader
from rig.config.sharing import GearConfig, GearType
from rig.devices.virtual.presets import PRESETS, preset
from rig.guide import maps, readers
from rig.guide.found import Found
from rig.guide.question import NONE, Answers, Choice, Question, Talk

MIDI, HAND, VIRTUAL, OTHER = "midi", "hand", "virtual", "driver"
KINDS = (
    Choice(MIDI, "over MIDI: rig turns them by itself"),
    Choice(HAND, "by hand: rig asks somebody to turn them"),
    Choice(VIRTUAL, "not at all: the virtual amp that is built into rig, to try things"),
    Choice(OTHER, "by another driver: a package that you have installed or wrote"),
)
#: What may be named where no port is plugged in: its name holds this on most systems.
ANY_PORT, JACK = "MIDI", "UNIX_JACK"


def questions(answers: Answers, found: Found) -> Iterator[Question]:
    """Ask what the amp is, and what is needed to set its knobs."""
    yield Question(
        "amp.kind",
        "How are the amp's knobs set?",
        "With MIDI a night needs nobody. By hand, you are called for each setting. Nothing has to "
        "be plugged in yet.",
        readers.one_of(KINDS),
        MIDI if found.survey.midi else HAND,
        KINDS,
        is_needed=True,
        renews=_of_another_amp,
    )
    # The order of a conversation: what it is, whose it is, then how it is reached.
    match answers["amp.kind"]:
        case "midi":
            yield _map()
            yield from _gear(answers)
            yield from _midi(answers, found)
        case "hand":
            yield from _gear(answers)
        case "driver":
            yield from _driver(found)
            yield from _gear(answers)
        case _:
            yield _preset()


def _of_another_amp(old: str | None, new: str) -> tuple[str, ...]:
    """What the virtual amp is called, and its knobs, is nothing that a real one has."""
    return ("name", "knobs") if old != new and VIRTUAL in (old, new) else ()


def _of_another_map(old: str | None, new: str) -> tuple[str, ...]:
    """What a map says takes the place of what was known of another amp."""
    of_the_amp = ("name", "gear.", "knobs", "amp.port", "amp.channel", "amp.settle_s")
    return () if new in (old, NONE) else of_the_amp


def chosen_map(answers: Answers) -> maps.KnobMap | None:
    """Return the knob map that was chosen, if one was."""
    name = answers.get("amp.map", NONE)
    return None if name == NONE else maps.knob_map(name)


def _map() -> Question:
    count = len(maps.every())

    def read(typed: str) -> str:
        """Return the name of the only map that can be meant."""
        return NONE if typed.casefold() in (NONE, "-") else maps.find(typed).name

    def lists(_answers: Answers, talk: Talk, _suggested: str | None) -> None:
        """List all that there are."""
        for found in maps.every():
            talk.show(f"  {found.name}: {found.make} {found.model}")

    return Question(
        "amp.map",
        f"Is it one of the {count} amps that rig knows? Part of its name, or 'list'",
        "A knob map says which MIDI controller turns which knob, from the maker's published chart. "
        "Without one you name the controllers, or have rig listen while you turn the knobs.",
        read,
        NONE,
        aids={"list": lists},
        renews=_of_another_map,
    )


def _gear(answers: Answers) -> Iterator[Question]:
    known = chosen_map(answers)
    gear: Mapping[str, Any] = known.sections["gear"] if known else {}
    why = (
        "It names the session, and files for players tell it. It changes nothing that is recorded."
    )
    for key, asks in (("make", "Who made the amp?"), ("model", "What is it called?")):
        read = readers.key_of(GearConfig, key, NONE)
        yield Question(f"gear.{key}", asks, why, read, gear.get(key, NONE))
    # By the keys that files for players have, since these are what is written.
    types = tuple(Choice(kind, _TYPES.get(kind, kind)) for kind in get_args(GearType))
    yield Question(
        "gear.type",
        "What is captured?",
        "Players add a cabinet to an amp, and none to what was recorded behind one.",
        readers.one_of(types),
        gear.get("type", "amp"),
        types,
    )


_TYPES = {
    "amp": "amp: an amp with a load box, no cabinet",
    "pedal": "pedal: a pedal alone",
    "pedal_amp": "pedal_amp: a pedal into an amp, no cabinet",
    "amp_cab": "amp_cab: an amp and its cabinet, by a microphone or a simulation",
    "amp_pedal_cab": "amp_pedal_cab: a pedal, an amp and a cabinet",
    "preamp": "preamp: a preamp alone",
    "studio": "studio: something from a studio's rack",
}


def _midi(answers: Answers, found: Found) -> Iterator[Question]:
    known = chosen_map(answers)
    amp: Mapping[str, Any] = known.sections["amp"] if known else {}
    yield _port(found, amp.get("port", ANY_PORT))
    yield Question(
        "amp.channel",
        "On which MIDI channel does the amp listen? (1 to 16)",
        "It stands in the amp's settings. Most amps listen on channel 1, or on all.",
        readers.key_of(MidiAmpConfig, "channel"),
        str(amp.get("channel", 1)),
    )
    yield Question(
        "amp.settle_s",
        "How many seconds do its knobs need after a change?",
        "Motors and relays take time, and a take that begins too early has the old setting in it. "
        "Half a second is usual; 'rig check' shows whether it is enough.",
        readers.key_of(MidiAmpConfig, "settle_s"),
        f"{amp.get('settle_s', 0.5):g}",
    )


def _port(found: Found, usual: str) -> Question:
    ports = found.survey.midi
    # The same port is listed by each of the system's interfaces, and 'auto' never means JACK.
    several = len({port.api for port in ports}) > 1 or any(port.api == JACK for port in ports)
    labels = [f"{port.name} ({port.api})" if several else port.name for port in ports]
    absent = "" if ports else " None is plugged in now: a part of its name will do"
    return Question(
        "amp.port",
        "Which MIDI port leads to the amp?" + absent,
        "The name as 'rig devices' lists it, or a part of it that no other port has. It is looked "
        "for when it is needed; nothing has to be plugged in now.",
        readers.device,
        labels[0] if labels else usual,
        tuple(Choice(label, label) for label in labels),
        is_needed=True,
    )


def _driver(found: Found) -> Iterator[Question]:
    yield driver_question("amp.driver", "amp", found.amps)
    yield options_question("amp.options", "amp")


def driver_question(key: str, what: str, installed: tuple[str, ...]) -> Question:
    """Ask which other package's driver it is."""
    listed = tuple(Choice(name, name) for name in installed)

    def read(typed: str) -> str:
        """Return the name of one that is installed."""
        # Refused here and not at the end: nothing that follows could be checked without it.
        if typed in installed:
            return typed
        there = ", ".join(installed) or "none"
        raise ValueError(
            f"no such driver is installed for an {what} (there are: {there}); "
            "docs/drivers.md tells how one is made"
        )

    return Question(
        key,
        f"Which driver drives the {what}?",
        "A package with a driver has an entry point under "
        f"{'rig.amps' if what == 'amp' else 'rig.interfaces'}; its name is asked for.",
        read,
        installed[0] if installed else None,
        listed,
        is_needed=True,
    )


def options_question(key: str, what: str) -> Question:
    """Ask what a driver wants to know."""

    def read(typed: str) -> str:
        """Return a mapping in one line of YAML."""
        try:
            # By rig's own reading, so that 'off' is a word here as it is in the file.
            found = yaml.load(readers.text(typed), Loader=Loader)  # noqa: S506 (a SafeLoader)
        except (yaml.YAMLError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise ValueError(  # noqa: TRY004 (what was typed is text in any case)
                "keys and values in braces, please, such as {address: 1} or {}"
            )
        return typed

    why = "The driver's own page says which there are. {} gives it none."
    return Question(key, f"Which options does the {what}'s driver want?", why, read, "{}")


def _preset() -> Question:
    listed = tuple(
        Choice(name, f"{name}: {', '.join(amp.controls)}") for name, amp in PRESETS.items()
    )

    def read(typed: str) -> str:
        """Return a preset's name."""
        try:
            preset(typed)
        except KeyError:
            names = ", ".join([*PRESETS, "random-7", "foreign-7"])
            raise ValueError(f"one of these, please: {names}") from None
        return typed

    return Question(
        "amp.preset",
        "Which virtual amp?",
        "random-7 is one of any number of amps that are drawn at random, all with seven controls; "
        "foreign-7 is one of another kind, with three to eight of its own.",
        read,
        str(VirtualAmpConfig.model_fields["preset"].default),
        listed,
    )
