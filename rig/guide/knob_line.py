"""A knob in one line, such as ``0-10, cc 20, rest 2, play 2-8``, and back."""

import re
from collections.abc import Mapping
from typing import Any

#: The keys of a knob that its line tells; what else stands in a file is left alone.
WIRES = ("cc", "cc14", "nrpn", "program")
SPANS = ("limits", "play", "send")
TOLD = ("range", "switch", "hand", *WIRES, "send", "step", "limits", "rest", "play", "control")
#: A knob that no line can tell, such as a switch whose positions have commas in their names.
KEPT = "as it is"
EXAMPLE = "0-10, cc 20, limits 0-8, rest 2, play 3-7"

_NUMBER = r"[-+]?\d+(?:\.\d+)?"
_SPAN = re.compile(rf"({_NUMBER})\s*(?:-|–|to|\.\.|:|\s)\s*({_NUMBER})")  # noqa: RUF001 (typed so)
#: Where a key begins that no comma stands before.
_SEAM = re.compile(
    rf"\s+(?=(?:{'|'.join(key for key in TOLD if key != 'hand')}|by hand|(?<!by\s)hand)\b)",
    re.IGNORECASE,
)
_WORD = re.compile(r"([a-z]+\d*)\s*[:= ]?\s*(.*)", re.DOTALL | re.IGNORECASE)


def refuse_decimal_commas(typed: str) -> None:
    """Refuse ``2,5``, as half of the world writes it: here a comma begins another part.

    Raises:
        ValueError: There is one.
    """
    found = re.search(r"(\d+),(\d+)", typed)
    if found is not None:
        point, apart = f"{found[1]}.{found[2]}", f"{found[1]}, {found[2]}"
        raise ValueError(
            f"'{found[0]}': a number has a point, {point}; or a blank behind the comma, {apart}"
        )


def number(typed: str) -> float | int:
    """Read a number, a whole one as such.

    Raises:
        ValueError: It is none.
    """
    refuse_decimal_commas(typed)
    if not re.fullmatch(_NUMBER, typed.strip()):
        raise ValueError(f"'{typed.strip()}' is no number")
    value = float(typed)
    return int(value) if value.is_integer() and "." not in typed else value


def _span(typed: str) -> list[float | int]:
    found = _SPAN.fullmatch(typed.strip())
    if found is None:
        raise ValueError(f"'{typed.strip()}' is no span such as 0-10")
    return [number(found[1]), number(found[2])]


def parse(line: str) -> dict[str, Any]:
    """Return the keys of a knob's section from its line.

    Raises:
        ValueError: A part of the line cannot be read, said in one sentence.
    """
    refuse_decimal_commas(line)
    found: dict[str, Any] = {}
    for part in filter(None, (part.strip() for part in line.split(","))):
        _refuse_seams(part)
        key, value = _part(part)
        if key in found:
            raise ValueError(f"{key} stands there twice")
        found[key] = value
    return found


def _refuse_seams(part: str) -> None:
    """Refuse two parts with no comma between them, of which one would swallow the other."""
    pieces = _SEAM.split(part)
    if len(pieces) > 1 and all(map(is_part, pieces)):
        raise ValueError(f"'{part}' has no commas: did you mean '{', '.join(pieces)}'?")


def is_span(typed: str) -> bool:
    """Whether a text is two values with a dash between them, such as ``0-10``."""
    return _SPAN.fullmatch(typed.strip()) is not None


def is_part(piece: str) -> bool:
    """Whether a text says something of a knob, such as ``cc 20`` or ``0-10``, and names none."""
    try:
        _part(piece)
    except ValueError:
        return False
    return True


def _part(part: str) -> tuple[str, Any]:
    # First of all, since '0-10' has neither a word nor a slash to tell it by.
    if _SPAN.fullmatch(part):
        return "range", _span(part)
    if part.isdecimal():
        # What a MIDI chart has beside a knob's name.
        return "cc", int(part)
    if part.lower() in ("hand", "by hand"):
        return "hand", True
    word = _WORD.fullmatch(part)
    key = word[1].lower() if word and part[:1].isalpha() else ""
    if word and key in TOLD and word[2]:
        return key, _value(key, word[2])
    if "/" in part:
        return "switch", [position.strip() for position in part.split("/")]
    raise ValueError(f"'{part}' says nothing that is known here: {EXAMPLE}, or off/on for a switch")


def _value(key: str, typed: str) -> Any:
    if key in ("range", *SPANS):
        return _span(typed)
    if key == "switch":
        return [position.strip() for position in typed.split("/")]
    if key == "control":
        return typed.strip()
    if key == "rest":
        return number(typed) if re.fullmatch(_NUMBER, typed.strip()) else typed.strip()
    if key == "hand":
        raise ValueError("'hand' stands alone")
    return number(typed)


def show(section: Mapping[str, Any]) -> str:
    """Return the line that tells a knob's section, `KEPT` where none can."""
    parts = [_shown(key, value) for key, value in _said(section).items()]
    if "range" not in section and "switch" not in section:
        parts.insert(0, "0-10")
    # A label with a comma, a number of many digits: what does not come back the same is not shown.
    line = ", ".join(parts)
    return line if _tells(line, section) else KEPT


def _tells(line: str, section: Mapping[str, Any]) -> bool:
    try:
        told = parse(line)
    except ValueError:
        return False
    if "range" not in section and "switch" not in section:
        told.pop("range")
    return _plain(told) == _plain(_said(section))


def _said(section: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a section says that a line can tell; 0 is something, `False` is not."""
    values = ((key, section.get(key)) for key in TOLD)
    return {key: value for key, value in values if value is not None and value is not False}


def _plain(section: Mapping[str, Any]) -> dict[str, Any]:
    return {k: list(v) if isinstance(v, list | tuple) else v for k, v in section.items()}


def _shown(key: str, value: Any) -> str:
    if key == "hand":
        return "hand"
    if key == "switch":
        return "/".join(str(position) for position in value)
    if key in ("range", *SPANS):
        # Between negative numbers a dash would look like one of them.
        between = " to " if min(value) < 0 else "-"
        span = f"{_figure(value[0])}{between}{_figure(value[1])}"
        return span if key == "range" else f"{key} {span}"
    return f"{key} {_figure(value)}"


def _figure(value: Any) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value)
