"""Questions about the session: its name, when it is done, who is called."""

import re
import shlex
from collections.abc import Iterator

from rig import notify
from rig.config import Config, PlanConfig
from rig.guide import amp, pedal, readers
from rig.guide.document import DEFAULTS, knob_names, knob_section
from rig.guide.found import Found
from rig.guide.question import NONE, Answers, Choice, Question, Talk
from rig.printable import count_of


def name(answers: Answers, _found: Found) -> Iterator[Question]:
    """Ask for the session's name: its default is the amp's, so that no two amps share one."""
    gear = [answers.get(f"gear.{key}", NONE) for key in ("make", "model")]
    # A folder's name on every system, and easy to type.
    slug = re.sub(r"[^\w]+", "-", " ".join(word for word in gear if word != NONE).lower())
    default = slug.strip("-_")[:80] or None
    # A second real amp must not go on with the session of the first.
    if default is None and answers["amp.kind"] == amp.VIRTUAL:
        default = str(DEFAULTS["name"])
    read = readers.key_of(Config, "name")

    def named(typed: str) -> str:
        """Return a name that can be a folder's."""
        try:
            return read(typed)
        except ValueError:
            raise ValueError("letters, digits, blanks, dots, - and _, please, at most 80") from None

    yield Question(
        "name",
        "What shall the session be called? Its recordings lie in sessions/NAME",
        "Capture each amp, and each channel of one, under a name of its own.",
        named,
        default,
    )


def plan(answers: Answers, _found: Found) -> Iterator[Question]:
    """Ask when it has to be done."""
    yield Question(
        "plan.until",
        "When has it to be done? HH:MM, or 'none': when enough is recorded",
        "With a time of day the amp plays until then, and the models are made behind it.",
        readers.key_of(PlanConfig, "until", NONE),
        NONE,
    )
    yield _captures(answers["plan.until"])


def _captures(until: str) -> Question:
    count = readers.key_of(PlanConfig, "captures", NONE)

    def captures(typed: str) -> str:
        """Return a number, or that only the clock decides."""
        found = count(typed)
        # Such a capture would never end by itself.
        if found == NONE and until == NONE:
            raise ValueError("either a number, or a time of day: < goes back to it")
        return found

    return Question(
        "plan.captures",
        "How many settings shall it learn from?" + ("" if until == NONE else " ('none': no end)"),
        "19 are good for three knobs; 40 and more for five and above. A setting takes half a "
        "minute, and longer where somebody turns the knobs.",
        captures,
        str(DEFAULTS["plan.captures"]),
    )


def calls(answers: Answers, found: Found) -> Iterator[Question]:
    """Ask who is called."""
    why = (
        "A program and its arguments. rig runs it and tells it by variables such as RIG_REASON "
        "what happened; a script may send a message or speak. 'rig check' tries it."
    )
    asked = [
        ("on_finish", "Which program tells you that it is done? ('none': none)"),
        ("on_alarm", "Which program calls you when something is wrong? ('none': none)"),
    ]
    if _by_hand(answers, found):
        asked.insert(0, ("on_hands", "Which program calls somebody to the knobs? ('none': none)"))
    # Whoever is called for one thing is usually called for all: their program is suggested.
    before = NONE
    for key, asks in asked:
        yield Question(f"notify.{key}", asks, why, readers.program, before, remark=_missing_program)
        before = answers[f"notify.{key}"]
    if _by_hand(answers, found):
        yield from pedal.questions(answers, found)


def _missing_program(_suggested: str | None, answer: str) -> str:
    said = None if answer == NONE else notify.missing(shlex.split(answer))
    return f"note: {said}; < goes back" if said else ""


def _by_hand(answers: Answers, found: Found) -> bool:
    if answers["amp.kind"] == amp.HAND:
        return True
    sections = (knob_section(answers, knob) for knob in knob_names(answers))
    pairs = zip(knob_names(answers), sections, strict=True)
    return any(
        (found.knobs.get(knob, {}) if section is None else section).get("hand")
        for knob, section in pairs
    )


def end(answers: Answers, _found: Found) -> Iterator[Question]:
    """Show what was answered, once more, before anything is written."""
    count = len(knob_names(answers))
    knobs = count_of(count, "knob")
    yield Question(
        "write",
        f"That is all: '{answers['name']}', {amp_told(answers)}, {knobs}. Enter writes it",
        "< goes back through the answers, 'show' lists them. Nothing is written before this.",
        readers.one_of([Choice("yes", "")]),
        "yes",
        aids={"show": _list},
        at_terminal=True,
    )


def _list(given: Answers, talk: Talk, _suggested: str | None) -> None:
    for key, answer in given.items():
        talk.show(f"  {key}: {answer}")


def amp_told(answers: Answers) -> str:
    """Return what the amp is, in a few words."""
    kind = answers["amp.kind"]
    return {
        amp.MIDI: f"an amp over MIDI ({answers.get('amp.port')})",
        amp.HAND: "an amp whose knobs somebody turns",
        amp.VIRTUAL: f"the virtual amp {answers.get('amp.preset')}",
    }.get(kind, f"an amp by the driver {answers.get('amp.driver')}")
