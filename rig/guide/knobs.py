"""Questions about the knobs: which there are, and one line for each."""

from collections.abc import Iterator

from rig.config import KnobConfig
from rig.config.knobs import refuse_reserved, wires_of
from rig.devices.virtual.presets import preset
from rig.guide import amp, knob_line, readers
from rig.guide.document import knob_names
from rig.guide.found import Found
from rig.guide.knob_aids import learns, moves, walks
from rig.guide.question import Aid, Answers, Question

USUAL = "gain, bass, middle, treble, volume"
#: Controls that are switches on most amps that have them.
SWITCHES = frozenset({"bright", "boost", "fat", "deep", "channel", "mid_boost", "standby"})
#: The controls of the default configuration, as its faceplate has them.
TWEED = {
    "gain": "1-12, step 0.1, rest 3, play 3-10",
    "tone": "1-12, step 0.1, rest 6",
    "volume": "1-12, step 0.1, rest 1, play 3-9",
}
#: For a knob of an amp with MIDI.
IN_FILE = "its range and its MIDI controller, such as 0-10, cc 20"
LINE_WHY = (
    "One line says all of it: 0-10 is what the faceplate shows at both ends, 'off/on' makes it a "
    "switch. 'limits 0-8' is never exceeded, 'rest 1' is where it is put in the end, 'play 3-7' is "
    "where players have it, 'step 0.5' is from one position to the next, 'cc 20' is its MIDI "
    "controller (or cc14, nrpn, program; 'send 0-100' its values at both ends), 'hand' has "
    "somebody turn it. 'more' asks for these one by one."
)


def questions(answers: Answers, found: Found) -> Iterator[Question]:
    """Ask for the names of the knobs, then for each in a line."""
    kind, known = answers["amp.kind"], amp.chosen_map(answers)
    usual = USUAL
    if known is not None:
        usual = ", ".join(known.sections["knobs"])
    elif kind == amp.VIRTUAL:
        usual = ", ".join(preset(answers["amp.preset"]).controls)
    yield Question(
        "knobs",
        "Which knobs shall the model have? Names with commas between them",
        "Each knob more needs more recordings: leave out what you never turn. Switches are knobs "
        "as well. What is left out stays where it stands.",
        lambda typed: _named(typed, answers, found),
        usual,
    )
    for name in knob_names(answers):
        yield _line(name, answers, found)


def _named(typed: str, answers: Answers, found: Found) -> str:
    """Return the names of knobs; the virtual amp has only its own controls."""
    names = readers.names(found.knobs)(typed)
    if answers["amp.kind"] == amp.VIRTUAL:
        controls = preset(answers["amp.preset"]).controls
        for name in names.split(", "):
            # A file may call a control otherwise, and say which one it means.
            if found.knobs.get(name, {}).get("control", name) not in controls:
                raise ValueError(f"this amp has no {name}, only {', '.join(controls)}")
    return names


def _line(name: str, answers: Answers, found: Found) -> Question:
    kind = answers["amp.kind"]
    aids: dict[str, Aid] = {"more": walks(name)}
    asks = f"{name}: its range and where it rests ('more' asks one by one)"
    if kind == amp.MIDI:
        aids |= {"learn": learns(name), "move": moves(name)}
        asks = f"{name}: its range and its MIDI controller ('more', 'learn', 'move')"
    return Question(
        f"knobs.{name}",
        asks,
        LINE_WHY + (_MIDI_WHY if kind == amp.MIDI else ""),
        lambda typed: checked(name, typed, answers, found),
        _default(name, answers),
        aids=aids,
        remark=_left_out,
        in_file=IN_FILE if kind == amp.MIDI else "",
        is_needed=kind == amp.MIDI and _default(name, answers) is None,
    )


def _left_out(suggested: str | None, answer: str) -> str:
    """Say what a line no longer says that was suggested: a range alone loses a chart's 'send'."""
    if suggested in (None, knob_line.KEPT) or answer == knob_line.KEPT:
        return ""
    before, now = knob_line.parse(suggested), knob_line.parse(answer)
    # What sets a knob may be one thing or another, and so may what it turns through.
    gone = {key: before[key] for key in ("send", "step", "limits", "rest", "play") if key in before}
    left = [knob_line.show({"range": [0, 1], key: gone[key]}) for key in gone if key not in now]
    told = ", ".join(line.partition(", ")[2] for line in left)
    return f"left out, since the new line has no word of it: {told}; < goes back" if told else ""


_MIDI_WHY = (
    " 'learn' listens: turn the knob at the amp or in its editor, from end to end, and its "
    "controller appears. 'move' sends both ends, and asks whether the knob moved."
)


def _default(name: str, answers: Answers) -> str | None:
    """Return the line that Enter takes; None where the MIDI controller is nobody's guess."""
    kind, known = answers["amp.kind"], amp.chosen_map(answers)
    # A published chart is the only thing that knows a controller's number beside the amp's owner.
    if known is not None and name in known.sections["knobs"]:
        return knob_line.show(known.sections["knobs"][name])
    if kind == amp.MIDI:
        return None
    if kind == amp.VIRTUAL:
        tweed = TWEED.get(name) if answers["amp.preset"] == "tweed" else None
        return tweed or "0-10, step 0.1"
    return "off/on" if name in SWITCHES else "0-10"


def checked(name: str, typed: str, answers: Answers, found: Found) -> str:
    """Return a knob's line, as it is shown, if it makes a knob that goes with those before it.

    Raises:
        ValueError: It does not, said in one sentence.
    """
    if typed == knob_line.KEPT:
        if name not in found.knobs:
            raise ValueError(f"there is no {name} in the file yet: {knob_line.EXAMPLE}")
        return typed
    section = knob_line.parse(typed)
    # The driver would refuse it in the end; here the person still looks at the knob.
    if answers["amp.kind"] == amp.MIDI and not {*knob_line.WIRES, "hand"} & section.keys():
        raise ValueError("its MIDI controller is missing, such as cc 20")
    knob = readers.knob(section)
    _refuse_shared(name, knob, answers)
    # As it is shown, so that '20' is kept as what it was taken for.
    return knob_line.show(section)


def _refuse_shared(name: str, knob: KnobConfig, answers: Answers) -> None:
    """Refuse what another knob's line takes up already."""
    before: dict[str, KnobConfig] = {}
    for other in knob_names(answers):
        line = answers.get(f"knobs.{other}")
        # After going back, a knob's own line of before is no other knob.
        if other == name or line in (None, knob_line.KEPT):
            continue
        before[other] = KnobConfig.model_validate(knob_line.parse(line))
    for other, section in before.items():
        shared = set(wires_of(other, section)) & set(wires_of(name, knob))
        if shared:
            raise ValueError(f"{shared.pop()} already moves the knob {other}")
    refuse_reserved({**before, name: knob})
