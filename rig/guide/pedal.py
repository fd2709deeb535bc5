"""Questions about the foot switch that answers for hands."""

from collections.abc import Iterator

from rig.config.foot_switch import pedal
from rig.devices.midi.named import is_device
from rig.guide import readers
from rig.guide.found import Found
from rig.guide.question import NONE, Answers, Choice, Question, Talk, listened

#: What answers for hands, and what it means.
ASKS = {
    "done": "What does your MIDI foot switch send for 'done'? Such as cc 64, 'learn', or 'none'",
    "redo": "What does it send to have the last setting recorded again? ('none': nothing)",
    "skip": "What does it send to leave a setting out? ('none': nothing)",
}
_WHY = (
    "Whoever stands at the amp presses it once the knobs are turned, and needs no keyboard. It "
    "sends a controller (cc 64, momentary: a press takes it to 64 or more), a note (note 60) or a "
    "program (program 5). 'learn' listens while you press it. Without one, Enter in the monitor "
    "answers, or 'rig done' in any terminal."
)


def questions(answers: Answers, found: Found) -> Iterator[Question]:
    """Ask which pedal says what; of those behind it only where there is one."""
    yield _sends("done", answers)
    if answers["foot_switch.done"] == NONE:
        return
    yield _sends("redo", answers)
    yield _sends("skip", answers)
    yield _port(found)


def _sends(key: str, answers: Answers) -> Question:
    said = {
        answers[f"foot_switch.{other}"]: other
        for other in list(ASKS)[: list(ASKS).index(key)]
        if answers.get(f"foot_switch.{other}", NONE) != NONE
    }

    def read(typed: str) -> str:
        """Return what a pedal sends, if nothing else says that already."""
        if typed.casefold() in (NONE, "-", readers.NO):
            return NONE
        sent = " ".join(map(str, pedal(typed)))
        if sent in said:
            raise ValueError(f"{sent} already says '{said[sent]}'")
        return sent

    return Question(f"foot_switch.{key}", ASKS[key], _WHY, read, NONE, aids={"learn": _learn})


def _learn(_answers: Answers, talk: Talk, _suggested: str | None) -> str | None:
    """Listen for a press, and suggest what was heard."""
    talk.show("  Press the pedal ...")
    nothing = "is it switched on, and does its cable carry MIDI to here?"
    heard = listened(talk, talk.hardware.press, nothing)
    if heard is None:
        return None
    talk.show(f"  Heard {heard.sent} on {heard.port}; Enter takes it.")
    return heard.sent


def _port(found: Found) -> Question:
    ports = [port.name for port in found.survey.midi_inputs if is_device(port.name)]
    listed = tuple(Choice(name, name) for name in dict.fromkeys(ports))

    def read(typed: str) -> str:
        """Return a port's name, or that it is looked for on every input."""
        return NONE if typed.casefold() in (NONE, "-") else readers.device(typed)

    return Question(
        "foot_switch.port",
        "On which MIDI input? 'none' listens to every one",
        "A name as 'rig devices' lists it, or a part of it. Name it where something else that is "
        "plugged in sends the same: a keyboard's sustain pedal is cc 64, too.",
        read,
        NONE,
        listed,
    )
