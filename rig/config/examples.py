"""What could stand in place of a value that does not fit: as far as can be, what was typed."""

import difflib
import re
import shlex
from collections.abc import Iterable
from typing import Any

import yaml
from pydantic import BaseModel

from rig.config.devices import BUILT_IN
from rig.config.dialect import Loader

#: Names that people know of something that is called otherwise here.
MEANT = {"gpu": "cuda", "nvidia": "cuda", "metal": "mps", "apple": "mps", "cluster": "ray"}
#: Longer ones would hide the sentence that they stand in.
LONGEST = 60
#: From here on floats skip whole numbers, and no key takes as many.
MOST_WHOLE = 1e15
#: Sections whose example no default can tell.
SECTIONS: dict[str, Any] = {
    "knobs": {"gain": {"range": [0, 10]}},
    "presets": {"lead": {"gain": 2}},
    "notify": {"on_finish": ["notify-me"]},
}
_SPAN = re.compile(r"\s*([-+]?\d+(?:\.\d+)?)\s*(?:-|to|\.\.|,|:|/|\s)\s*([-+]?\d+(?:\.\d+)?)\s*")


class _Dumper(yaml.SafeDumper):
    """Writes as the file is read: 'off' needs no quotes."""

    yaml_implicit_resolvers = Loader.yaml_implicit_resolvers


def nearest(typed: object, choices: Iterable[str]) -> str | None:
    """Return the choice that was meant, as far as anybody can tell."""
    word, known = str(typed).strip().lower(), list(choices)
    if MEANT.get(word) in known:
        return MEANT[word]
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    begun = [each for each in known if word and (each.startswith(word) or word.startswith(each))]
    return next(iter([*near, *begun]), None)


def whole(typed: object) -> int | None:
    """Return the whole number that a text such as ``1e3`` or ``8,000`` stands for, if any."""
    try:
        value = float(str(typed).replace(",", ""))
    except ValueError:
        return None
    return int(value) if value.is_integer() and abs(value) < MOST_WHOLE else None


def pointed(typed: object) -> str | None:
    """Return the number that ``2,5`` stands for, as half of the world writes it, if it does."""
    found = re.fullmatch(r"([-+]?\d+),(\d+)", str(typed).strip())
    return f"{found[1]}.{found[2]}" if found else None


def bracketed(path: tuple[int | str, ...], typed: Any) -> str:
    """Return a list in brackets: of what was typed, where that makes one."""
    if path[-1] == "table":
        return "[[0, 0], [10, 127]]"
    span = _span(typed)
    if span is not None:
        return _flow(span, "[0, 10]")
    if isinstance(typed, dict) or path[-1] in ("range", "limits", "play", "send"):
        return "[0, 10]"
    if isinstance(typed, str):
        return _flow(_words(path, typed), "[0, 10]")
    return _flow([typed], "[0, 10]") if isinstance(typed, int | float) else "[0, 10]"


def _words(path: tuple[int | str, ...], typed: str) -> list[str]:
    if path[0] != "notify":
        return [word.strip() for word in re.split(r"[/,]", typed) if word.strip()]
    try:
        return shlex.split(typed)
    except ValueError:
        return typed.split()


def sectioned(path: tuple[int | str, ...], model: type[BaseModel] | None, typed: Any) -> str:
    """Return keys and values in braces: with what was typed, where that can be one of them.

    Args:
        path: Where the section stands.
        model: Its type, None where there is none.
        typed: What stands in its place.
    """
    return _flow(_section(path, model, typed), "{key: value}")


def _section(path: tuple[int | str, ...], model: type[BaseModel] | None, typed: Any) -> Any:
    if len(path) == 1 and path[0] in SECTIONS:
        return SECTIONS[str(path[0])]
    if path[0] in ("amp", "interface") and len(path) <= 2:
        named = typed if isinstance(typed, str) and typed else "virtual"
        return {"driver": nearest(named, BUILT_IN) or named}
    if path[0] == "knobs":
        return {"range": _span(typed) or [0, 10]}
    if path[0] == "presets":
        return {"gain": typed if _is_plain(typed) else 2}
    return _of_model(model, typed) if model is not None else None


def _of_model(model: type[BaseModel], typed: Any) -> Any:
    """Return the key that a section has to have, else its first one with a plain default."""
    fields = model.model_fields
    needed = [key for key, field in fields.items() if field.is_required()]
    # What was typed in place of a section is most often the only thing that it has to say.
    if needed and isinstance(typed, str) and fields[needed[0]].annotation is str:
        return {needed[0]: typed}
    plain = {key: field.default for key, field in fields.items() if _is_plain(field.default)}
    return dict([next(iter(plain.items()))]) if plain and not needed else None


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float) and value != ""


def _span(typed: Any) -> list[Any] | None:
    """Return two numbers that stand for both ends, however they are written."""
    if isinstance(typed, str):
        found = _SPAN.fullmatch(typed)
        return yaml.safe_load(f"[{found[1]}, {found[2]}]") if found else None
    numbers = isinstance(typed, list) and len(typed) == 2
    return typed if numbers and all(type(each) in (int, float) for each in typed) else None


def _flow(value: Any, otherwise: str) -> str:
    """Return a value as a line of YAML, or something else where that would be long or empty."""
    if not value:
        return otherwise
    text = yaml.dump(
        value,
        Dumper=_Dumper,
        default_flow_style=True,
        allow_unicode=True,
        sort_keys=False,
        width=float("inf"),
    ).strip()
    return text if len(text) <= LONGEST else otherwise
