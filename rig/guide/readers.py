"""What makes an answer of what was typed, or says in a sentence why it is none."""

import re
import shlex
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from rig.config import KnobConfig, wording
from rig.config.examples import nearest
from rig.config.types import EXAMPLES
from rig.guide import knob_line
from rig.guide.question import NONE, Choice, Read
from rig.printable import is_printable

YES, NO = "yes", "no"
_YES, _NO = ("y", "yes", "true", "j", "ja"), ("n", "no", "false", "nein")
#: So many characters are a name; what is longer was pasted by accident.
LONGEST = 1_000
MOST_KNOBS = 32


def text(typed: str) -> str:
    """Read any text of one line."""
    if not is_printable(typed) or len(typed) > LONGEST:
        raise ValueError(f"a name of one line and at most {LONGEST} characters, please")
    return typed


def device(typed: str) -> str:
    """Read the name of something that there has to be."""
    if typed.casefold() == NONE:
        raise ValueError("a name is needed here, or a part of one")
    return text(typed)


def yes_or_no(typed: str) -> str:
    """Read a yes or a no."""
    word = typed.lower()
    if word in (*_YES, *_NO):
        return YES if word in _YES else NO
    raise ValueError("yes or no, please")


def one_of(choices: Iterable[Choice]) -> Read:
    """Read one of several values, or enough of its beginning."""
    listed = list(choices)

    def read(typed: str) -> str:
        """Return the only one that can be meant."""
        word = typed.casefold()
        # 'amp' is a type of gear, and the beginning of two others.
        exact = [choice.value for choice in listed if choice.value.casefold() == word]
        begun = [choice.value for choice in listed if choice.value.casefold().startswith(word)]
        found = exact or begun
        if len(found) == 1 and word:
            return found[0]
        values = [choice.value for choice in listed]
        near = nearest(typed, values)
        hint = f"; did you mean '{near}'?" if near else ""
        raise ValueError(f"one of these, please: {', '.join(values)}{hint}")

    return read


@cache
def key_of(section: type[BaseModel], key: str, none: str | None = None) -> Read:
    """Read a value of a key of rig.yaml, within the bounds that it has there.

    Args:
        section: The section's type.
        key: The key in it.
        none: The word for no value at all, where there may be none.
    """
    info = section.model_fields[key]
    annotated: Any = Annotated[info.annotation, info]
    adapter: TypeAdapter[Any] = TypeAdapter(annotated)

    def read(typed: str) -> str:
        """Return it, if it will do; a number as it is usually written."""
        if none is not None and typed.casefold() in (none, "-"):
            return none
        try:
            value = adapter.validate_python(text(typed))
        except ValidationError as error:
            raise ValueError(_wanted(adapter, error)) from None
        # 5 and 5.0 are one answer, or a file would change where nothing did.
        return f"{value:.10g}" if isinstance(value, float) else str(value)

    return read


def _wanted(adapter: TypeAdapter[Any], error: ValidationError) -> str:
    """Return what would do, as people say it."""
    schema = adapter.json_schema()
    choices = schema.get("anyOf", [schema])
    numbers = [found for found in choices if found.get("type") in ("integer", "number")]
    if numbers and {"minimum", "maximum"} <= numbers[0].keys():
        whole = "whole number" if numbers[0]["type"] == "integer" else "number"
        return f"a {whole} from {numbers[0]['minimum']:g} to {numbers[0]['maximum']:g}, please"
    first = error.errors(include_url=False)[0]
    example = EXAMPLES.get(str(first.get("ctx", {}).get("pattern")))
    return f"such as {example}, please" if example else f"it {wording.message(first)}"


def knob(section: Mapping[str, Any]) -> KnobConfig:
    """Return the knob that a section makes.

    Raises:
        ValueError: It makes none, said in one sentence.
    """
    try:
        return KnobConfig.model_validate(section)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"][:1])
        said = wording.message(first)
        raise ValueError(f"{key} {said}" if key else said) from None


def names(there: Collection[str]) -> Read:
    """Read the names of knobs, separated by commas; those that are there keep their spelling."""
    spelt = {name.casefold(): name for name in there}

    def read(typed: str) -> str:
        """Return them with a comma and a blank between them."""
        # A setting is typed as gain=6,bass=4.5 later on: a name may have none of these signs.
        parts = [part.strip() for part in typed.split(",")]
        if said := [part for part in parts if part not in there and knob_line.is_part(part)]:
            raise ValueError(f"names alone, please: '{said[0]}' is asked for with each knob, next")
        plain = (re.sub(r"[^\w-]+", "_", name.lower()) for name in parts)
        found = [spelt.get(name, name) for name in plain if name.strip("_-")]
        fine = all(name.replace("_", "").replace("-", "").isalnum() for name in found)
        if not found or len(set(found)) < len(found) or not fine or len(found) > MOST_KNOBS:
            raise ValueError(
                f"names with commas between them, each only once, at most {MOST_KNOBS}, please"
            )
        return ", ".join(found)

    return read


def program(typed: str) -> str:
    """Read a program and its arguments, or that there is none."""
    if typed.casefold() in (NONE, "-", NO):
        return NONE
    try:
        words = shlex.split(typed)
    except ValueError as error:
        raise ValueError(f"a program and its arguments, please: {error}") from None
    if not words or not all(words):
        raise ValueError("a program and its arguments, please, or 'none'")
    return typed
