"""What helps with a knob's line: asked one by one, learnt from MIDI, tried at the amp."""

from collections.abc import Iterator, Mapping

import yaml

from rig import config as configuration
from rig.config import Config
from rig.errors import RigError
from rig.guide import knob_line, readers
from rig.guide.conversation import Conversation, WentBack
from rig.guide.document import amp_section
from rig.guide.hardware import Hands
from rig.guide.question import NONE, Aid, Answers, Flow, Question, Read, Talk, listened

#: A controller that was seen to stop short of these was not turned to its ends, or has fewer.
FIRST_VALUE, LAST_VALUE = 0, 127
_WIRES = ("cc 20", "cc14 3", "nrpn 300", "program 0", "hand")


def walks(name: str) -> Aid:
    """Return the aid that asks for the parts of a knob's line one by one."""

    def walk(answers: Answers, talk: Talk, suggested: str | None) -> str | None:
        """Ask, and return the line; None where somebody went back out of it."""
        flow = _parts(name, with_midi=answers["amp.kind"] == "midi")
        known = _split(suggested or "")
        try:
            given = Conversation(talk, lambda _given, _known: None).run(flow, {}, known)
        except WentBack:
            return None
        line = _joined(given)
        talk.show(f"  {name}: {line}; Enter takes it.")
        return line

    return walk


def _parts(name: str, *, with_midi: bool) -> Flow:
    def questions(given: Answers) -> Iterator[Question]:
        """Ask for one part after the other."""
        yield _part("kind", f"Does {name} turn? ('turn', or positions: off/on)", "turn", _kind)
        turns = given["kind"] == "turn"
        keys = ("range", "step", "limits", "rest", "play") if turns else ("rest",)
        for key in keys:
            asks, default, read = _ASKED[key]
            first = given["kind"].split("/")[0] if not turns else default
            yield _part(key, asks, first, _fitting(given, key, read))
        if with_midi:
            asks = f"How is it set? ({', '.join(_WIRES)})"
            yield _part("wire", asks, None, _fitting(given, "wire", _wire))

    return questions


def _part(key: str, asks: str, default: str | None, read: Read) -> Question:
    return Question(key, asks, _WHY[key], read, default)


_WHY = {
    "kind": "A knob that turns has a range; a switch has positions, such as off/on or clean/lead.",
    "range": "The numbers printed where the knob stops, such as 0-10 or 1-12; they are names for "
    "places, and nobody measures them.",
    "step": "For a knob that clicks, such as 0.5 or 1. 'none' leaves it out: it turns freely.",
    "limits": "Nothing outside of these is ever set, not once: two values, such as 0-8. 'none' "
    "leaves it out: all of the range may be set.",
    "rest": "Where the knob is put when the session ends. 'none' leaves it out: its lowest value.",
    "play": "Where players have it four times out of five, such as 3-7: more is recorded there. "
    "'none' leaves it out: about the middle.",
    "wire": "What the amp's MIDI chart says of this knob: a controller such as cc 20; 'hand' has "
    "somebody turn it.",
}


def _fitting(given: Answers, key: str, read: Read) -> Read:
    def fitting(typed: str) -> str:
        """Read a part that goes with those before it, or the whole line would be refused."""
        answer = read(typed)
        readers.knob(knob_line.parse(_joined({**given, key: answer})))
        return answer

    return fitting


def _kind(typed: str) -> str:
    if typed.lower() in ("turn", "turns"):
        return "turn"
    if "/" in typed:
        readers.knob(knob_line.parse(typed))
        return typed
    raise ValueError("'turn', or the names of its positions with / between them, please")


def _range(typed: str) -> str:
    knob_line.refuse_decimal_commas(typed)
    if not knob_line.is_span(typed):
        raise ValueError("two values with a dash between them, please, such as 0-10")
    return typed


def _span_or_none(typed: str) -> str:
    return NONE if typed.lower() == NONE else _range(typed)


def _step(typed: str) -> str:
    return NONE if typed.lower() == NONE else str(knob_line.number(typed))


def _wire(typed: str) -> str:
    if not {*knob_line.WIRES, "hand"} & knob_line.parse(typed).keys():
        raise ValueError("such as cc 20, please")
    return typed


_ASKED: dict[str, tuple[str, str, Read]] = {
    "range": ("What does the faceplate show at both ends?", "0-10", _range),
    "step": ("How far from one position to the next, if it clicks?", NONE, _step),
    "limits": ("Between which values may it ever be set?", NONE, _span_or_none),
    "rest": ("Where shall it stand in the end?", NONE, readers.text),
    "play": ("Between which values do players have it?", NONE, _span_or_none),
}


def _split(line: str) -> Answers:
    """Return the parts of a line as the answers of the walk."""
    try:
        section = knob_line.parse(line)
    except ValueError:
        return {}
    # Each key alone is shown behind a range that it has not got.
    parts = {key: knob_line.show({key: section[key]}) for key in section if key != "range"}
    known = {key: text.split(", ")[-1].removeprefix(f"{key} ") for key, text in parts.items()}
    if "range" in section:
        known["range"] = knob_line.show({"range": section["range"]})
    known["kind"] = known.get("switch", "turn")
    wires = [text.split(", ")[-1] for key, text in parts.items() if key in knob_line.WIRES]
    return known | ({"wire": wires[0]} if wires else {})


def _joined(given: Mapping[str, str]) -> str:
    first = given["range"] if given["kind"] == "turn" else given["kind"]
    named = [f"{key} {given[key]}" for key in ("step", "limits", "rest", "play") if key in given]
    told = [part for part in named if not part.endswith(f" {NONE}")]
    return ", ".join([first, *([given["wire"]] if "wire" in given else []), *told])


def learns(name: str) -> Aid:
    """Return the aid that listens for the controller of a knob."""

    def learn(_answers: Answers, talk: Talk, suggested: str | None) -> str | None:
        """Listen, and return a line with what was heard."""
        talk.show(f"  Turn {name} from end to end, at the amp or in its editor ...")
        nothing = "does the amp send what its knobs do? Many only listen."
        heard = listened(talk, talk.hardware.learn, nothing)
        if heard is None:
            return None
        talk.show(
            f"  Heard {heard.wire} {heard.number}, values {heard.lowest} to {heard.highest}, on "
            f"channel {heard.channel} of {heard.port}."
        )
        line = _rewired(suggested, heard.wire, heard.number)
        ends = (heard.lowest, heard.highest)
        # Not taken by itself: whoever stopped short of the end would lose that part of the range.
        if heard.wire == "cc" and ends != (FIRST_VALUE, LAST_VALUE) and ends[0] < ends[1]:
            told = f"send {ends[0]}-{ends[1]}"
            talk.show(f"  If that was from end to end, add '{told}': {line}, {told}")
        return line

    return learn


def _rewired(line: str | None, wire: str, number: int) -> str:
    """Return a line with another controller, whatever else it says."""
    try:
        section = knob_line.parse(line or "")
    except ValueError:
        section = {}
    # Values at both ends were the old controller's.
    kept = {key: v for key, v in section.items() if key not in (*knob_line.WIRES, "hand", "send")}
    return knob_line.show({**kept, wire: number})


def moves(name: str) -> Aid:
    """Return the aid that sends both ends of a knob's limits and asks whether it moved."""

    def move(answers: Answers, talk: Talk, suggested: str | None) -> str | None:
        """Try the line that is suggested, or ask for one, and return it where the knob moved."""
        line = suggested
        if line in (None, knob_line.KEPT):
            line = talk.ask(f"  What shall be tried? such as {knob_line.EXAMPLE} > ").strip()
        talk.show("  Both ends of its limits are sent, then its rest. Nothing is played meanwhile.")
        try:
            config = _alone(answers, name, line)
        except (RigError, ValueError) as error:
            talk.show(f"  {error}")
            return None
        # Opened for this question alone: the port has to be free for the amp's editor again.
        try:
            with talk.hardware.amp(config) as hands:
                moved = _moved(config, hands, talk)
        except RigError as error:
            talk.show(f"  {error}")
            return None
        return line if moved else None

    return move


def _alone(answers: Answers, name: str, line: str) -> Config:
    """Return a configuration with one knob; its interface is never opened."""
    # A configuration needs some interface to be one.
    section = {"driver": "soundcard", "host_api": "none", "input": "none", "output": "none"}
    document = {
        "amp": amp_section(answers),
        "interface": section,
        "knobs": {name: knob_line.parse(line)},
    }
    return configuration.parse(yaml.safe_dump(document, allow_unicode=True), "this knob")


def _moved(config: Config, hands: Hands, talk: Talk) -> bool:
    knob = config.panel.knobs[0]
    # Both ends, since a controller that toggles something looks right at one of them.
    for value in (knob.values[0], knob.values[-1]):
        hands.set(value)
        asks = f"  Does {knob.name} stand at {knob.describe(value)} now? (y/n) > "
        if not talk.ask(asks).strip().lower().startswith(("y", "j")):
            talk.show("  Then look at the controller, the channel, the port, and whether the amp's")
            talk.show("  own settings let it listen to MIDI.")
            return False
    talk.show(f"  {knob.name} answers; it goes back to rest. Enter takes the line.")
    return True
