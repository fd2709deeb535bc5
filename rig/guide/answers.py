"""Answers in a file: given without questions, or kept while they are asked."""

import contextlib
import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from rig.config.dialect import Loader
from rig.errors import StorageError, UsageError
from rig.guide import knob_line, readers
from rig.guide.question import NONE, Answers, Flow, Question
from rig.ordinary import size_bytes
from rig.printable import count_of
from rig.session import store

#: A file of answers is a page.
MAX_BYTES = 1_000_000
DRAFT_SUFFIX = ".draft"
#: In a draft: answers that somebody went back from.
BEHIND = "behind"
#: The question that decides which others there are.
KIND = "amp.kind"
#: What stands for an answer that will not do while the others are looked at: a name, a knob's line.
STAND_INS = ("1", "0-10, hand")
#: How a knob's answer begins where it was no line of text, in braces or in brackets.
NO_LINE = ("[", "{")
#: For a knob, where nobody knows a better one.
LINE = "0-10, limits 0-8"


def read(path: Path) -> Answers:
    """Read a file of answers.

    Raises:
        UsageError: It cannot be read, or holds no answers.
    """
    try:
        if size_bytes(path) > MAX_BYTES:
            raise UsageError(f"{path}: larger than 1 MB, so it holds no answers")
        text = path.read_text(encoding="utf-8")
        # rig's own reading: 'off' and 17:00 mean here what they mean in rig.yaml.
        document = yaml.load(text, Loader=Loader)  # noqa: S506 (a SafeLoader)
    except FileNotFoundError:
        raise UsageError(f"{path}: there is no such file of answers") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise UsageError(f"{path}: cannot be read: {reason}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not valid YAML: {str(error).splitlines()[0]}") from None
    if not isinstance(document, dict):
        raise UsageError(f"{path}: holds no answers, such as 'amp.kind: hand'")
    return dict(_flat(document))


def _flat(document: Mapping[Any, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Yield each answer by its key; sections may be nested, or have dots in their names."""
    for key, value in document.items():
        path = f"{above}{key}"
        if path.startswith("knobs.") and isinstance(value, Mapping | list):
            # Told as it stands there: what it should be is a line.
            yield path, _flow(value)
        elif isinstance(value, Mapping) and not path.endswith(".options"):
            # Whoever tells a knob's line has named the knob.
            if path == "knobs":
                yield path, ", ".join(str(name) for name in value)
            yield from _flat(value, f"{path}.")
        else:
            yield path, _text(value)


def _text(value: Any) -> str:
    if value is None:
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_text(item) for item in value)
    if isinstance(value, Mapping):
        return _flow(value)
    return str(value)


def _flow(value: Any) -> str:
    return str(yaml.safe_dump(value, default_flow_style=True, width=float("inf"))).strip()


def fill(questions: Flow, told: Answers, known: Answers, source: str) -> Answers:
    """Return answers to all questions, without asking anybody.

    Args:
        questions: What would be asked.
        told: What a file says.
        known: What holds where it says nothing, before the questions' own defaults.
        source: What to call the file.

    Raises:
        UsageError: Answers are missing, will not do, or are to no question: each is told.
    """
    filled = _filled(questions, told, known)
    said = filled.said
    if KIND in said:
        said |= _of_every_kind(questions, told, known)
    else:
        keys = [question.key for question in questions(filled.given)]
        where = f" where amp.kind is {filled.given[KIND]}"
        said |= {key: _strange(key, keys, where) for key in filled.strange}
    if said:
        raise _refuse(source, list(said.values()))
    return filled.given


@dataclass(frozen=True)
class _Filled:
    """Answers to all questions, sentences by key of what is wrong, and keys that answer none."""

    given: Answers
    said: dict[str, str]
    strange: tuple[str, ...]


def _filled(questions: Flow, told: Answers, known: Answers) -> _Filled:
    given: Answers = {}
    known, said = dict(known), dict[str, str]()
    while (question := _next(questions, given)) is not None:
        try:
            answer = _answer(question, told, known)
        except ValueError as error:
            said[question.key] = str(error)
            # What amp it is decides over all the others: nothing stands in for that.
            if question.key == KIND:
                return _Filled(given, said, ())
            # So that one mistake does not hide another.
            answer = _stand_in(question)
        given[question.key] = answer
        question.settle(answer, known)
    # A draft holds answers to what only people are asked, and earlier ones; they do no harm.
    asked = {question.key for question in questions(given)}
    strange = (k for k in told if k not in asked and not k.startswith(f"{BEHIND}."))
    return _Filled(given, said, tuple(strange))


def _of_every_kind(questions: Flow, told: Answers, known: Answers) -> dict[str, str]:
    """Return what is wrong with what a file says, whichever kind of amp was meant."""
    question = _next(questions, {})
    kinds = question.choices if question is not None else ()
    found = [_filled(questions, {**told, KIND: kind.value}, known) for kind in kinds]
    keys = [question.key for each in found for question in questions(each.given)]
    said: dict[str, str] = {}
    for key in told:
        if all(key in each.said for each in found):
            said[key] = found[0].said[key]
        elif all(key in each.strange for each in found):
            said[key] = _strange(key, keys, ", whatever amp.kind is")
    return said


def _refuse(source: str, said: list[str]) -> UsageError:
    if len(said) == 1:
        return UsageError(f"{source}: {said[0]}")
    lines = [f"{source}: {count_of(len(said), 'mistake')}", *(f"  {each}" for each in said)]
    return UsageError("\n".join(lines))


def _next(questions: Flow, given: Answers) -> Question | None:
    asked = (question for question in questions(given) if not question.at_terminal)
    return next((question for question in asked if question.key not in given), None)


def _answer(question: Question, told: Answers, known: Answers) -> str:
    """Return what answers a question.

    Raises:
        ValueError: Nothing does; the sentence begins with its key.
    """
    key = question.key
    typed = told.get(key, known.get(key))
    if typed is None:
        if question.is_needed or question.default is None:
            raise ValueError(f"needs an answer to '{key}': {question.in_file or question.asks}")
        return question.read(question.default)
    if key.startswith("knobs.") and typed.startswith(NO_LINE):
        raise ValueError(f"{key}: {_no_line(typed, with_midi=bool(question.in_file))}")
    try:
        return question.read(typed.strip())
    except ValueError as error:
        # What a file said may not go with what is answered now; then the question's own will.
        if key not in told and question.default is not None:
            return question.read(question.default)
        raise ValueError(f"{key}: {error}") from None


def _no_line(typed: str, *, with_midi: bool) -> str:
    """Say that a knob is told in a line of text, and in which."""
    section = yaml.safe_load(typed)
    try:
        knob = {"range": section} if isinstance(section, list) else section
        made = readers.knob(knob)
        lacks_wire = with_midi and not (made.wires or made.hand)
        line = knob_line.show({**knob, "cc": 20} if lacks_wire else knob)
    except ValueError:
        line = knob_line.KEPT
    line = LINE if line == knob_line.KEPT else line
    return f"a knob is a line of text here, such as {line}, not {typed:.60}"


def _stand_in(question: Question) -> str:
    """Return something with which the other questions are asked as they would be."""
    default = () if question.default is None else (question.default,)
    for typed in (*default, *(choice.value for choice in question.choices), *STAND_INS):
        with contextlib.suppress(ValueError):
            return question.read(typed)
    # Such as another package's driver, where none is installed: no question depends on which it is.
    return STAND_INS[0]


def _strange(key: str, keys: list[str], where: str) -> str:
    # A knob has no answers within it.
    knob = ".".join(key.split(".")[:2])
    if key != knob and knob.startswith("knobs."):
        return f"'{key}': a knob is a line of text here, such as {knob}: {LINE}"
    # An answer to another way's question is as wrong as a typing mistake, and looks like one.
    near = difflib.get_close_matches(key, keys, n=1, cutoff=0.6)
    hint = f"did you mean '{near[0]}'?" if near else "docs/reference/answers.md lists them"
    return f"'{key}' answers nothing that is asked{where}; {hint}"


class Draft:
    """What was answered, kept beside the file that it is about until that is written.

    Args:
        config: The file.
    """

    def __init__(self, config: Path) -> None:
        self.path = config.with_name(config.name + DRAFT_SUFFIX)

    def keep(self, given: Answers, known: Answers) -> None:
        """Write it down, whole or not at all.

        Args:
            given: What is answered.
            known: What was answered behind that, before somebody went back.

        Raises:
            UsageError: It cannot be written there.
        """
        behind = {key: answer for key, answer in known.items() if key not in given}
        # Told apart, since whoever went back wants to be asked these once more.
        held = {**given, **({BEHIND: behind} if behind else {})}
        text = yaml.safe_dump(held, sort_keys=False, allow_unicode=True, width=10_000)
        try:
            store.put(self.path, text.encode())
        except StorageError as error:
            raise UsageError(str(error)) from None

    def kept(self) -> tuple[Answers, Answers]:
        """Return what was answered, and what behind that; nothing where that is damaged."""
        try:
            given = read(self.path)
        # Half a draft is worth no question more than none.
        except UsageError:
            return {}, {}
        start = f"{BEHIND}."
        known = {k.removeprefix(start): given.pop(k) for k in [*given] if k.startswith(start)}
        return given, known

    def remove(self) -> None:
        """Remove it, if it is there."""
        # It does no harm where it lies, and the file is written by now.
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)


def resumed(questions: Flow, kept: Answers) -> Answers:
    """Return the answers, from the first one on, that still answer what is asked."""
    given: Answers = {}
    while (question := next((q for q in questions(given) if q.key not in given), None)) is not None:
        typed = kept.get(question.key)
        if typed is None:
            break
        try:
            given[question.key] = question.read(typed)
        except ValueError:
            break
    return given
