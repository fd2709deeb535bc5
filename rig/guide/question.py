"""A question of the guide as data: what is asked, why, what an answer has to look like."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from rig.errors import RigError
from rig.guide.hardware import Hardware

Heard = TypeVar("Heard")

#: What was answered so far, by the questions' keys, in the order in which it was asked.
Answers = dict[str, str]
#: Makes of what was typed what is kept; raises `ValueError` with a sentence where it will not do.
Read = Callable[[str], str]
#: For an answer that says that there is nothing.
NONE = "none"


class Talk(Protocol):
    """What an aid may do with the person who is asked, and with what is plugged in."""

    hardware: Hardware

    def show(self, text: str) -> None:
        """Show a line, or an empty one."""

    def ask(self, prompt: str) -> str:
        """Return what somebody types."""

    def meter(self, text: str) -> None:
        """Show a line in the place of the meter's last one; an empty text ends the meter."""


def listened(talk: Talk, listen: Callable[[], Heard | None], nothing: str) -> Heard | None:
    """Return what was heard; else say why there is nothing, or nothing where Ctrl-C broke it off.

    Args:
        talk: With whom.
        listen: Waits for MIDI.
        nothing: What to say where nothing came.
    """
    try:
        heard = listen()
    except KeyboardInterrupt:
        return None
    except RigError as error:
        talk.show(f"  {error}")
        return None
    if heard is None:
        talk.show(f"  Nothing was heard: {nothing}")
    return heard


#: What a word does that somebody types in place of an answer, told what is suggested so far;
#: returns what to suggest then.
Aid = Callable[[Answers, Talk, str | None], str | None]
#: Every question in its order, as far as what was answered tells which there are.
Flow = Callable[[Answers], Iterator["Question"]]


@dataclass(frozen=True)
class Choice:
    """One of several answers: what is kept, and how it is shown."""

    value: str
    label: str


def _nothing(_old: str | None, _new: str) -> tuple[str, ...]:
    return ()


def _no_word(_suggested: str | None, _answer: str) -> str:
    return ""


@dataclass(frozen=True)
class Question:
    """One question, as it is asked and answered.

    Attributes:
        key: Under which the answer is kept, and stands in a file of answers.
        asks: The question.
        why: What '?' says.
        read: Makes of what was typed what is kept.
        default: What Enter means; None where nobody can know.
        choices: Answers that are listed with a number, which will do as well.
        aids: Words that do something in place of answering.
        is_needed: Whether a file of answers has to have it.
        renews: Whose earlier answers mean nothing once this one is another: how their keys begin,
            from the old answer and the new one.
        remark: What to say of an answer in place of what was suggested, empty for nothing.
        at_terminal: Whether it is for people only, and left out where answers come from a file.
        in_file: What is told in place of the question where a file lacks its answer: a file can
            say no word that does something.
    """

    key: str
    asks: str
    why: str
    read: Read
    default: str | None = None
    choices: tuple[Choice, ...] = ()
    aids: Mapping[str, Aid] = field(default_factory=dict)
    is_needed: bool = False
    at_terminal: bool = False
    in_file: str = ""
    renews: Callable[[str | None, str], tuple[str, ...]] = _nothing
    remark: Callable[[str | None, str], str] = _no_word

    def settle(self, answer: str, known: Answers) -> None:
        """Note an answer among the known ones, and forget those that it leaves without meaning."""
        begins = self.renews(known.get(self.key), answer)
        for key in [key for key in known if begins and key.startswith(begins)]:
            del known[key]
        known[self.key] = answer

    def understood(self, typed: str) -> str:
        """Return the answer that was typed, by its number where it is one of those listed.

        Raises:
            ValueError: It will not do; the sentence says what would.
        """
        if self.choices and typed.isdecimal() and 1 <= int(typed) <= len(self.choices):
            return self.choices[int(typed) - 1].value
        return self.read(typed)
