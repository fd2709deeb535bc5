"""Every mistake of a configuration at once: what does not fit, and what drivers say of the rest."""

import difflib
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from rig.config import wording
from rig.config.devices import BUILT_IN
from rig.config.types import EXAMPLES, Config

Path = tuple[int | str, ...]

#: A value that does not fit is taken away, and the rest is looked at again; so many times at most.
MOST_LOOKS = 6


def judge(
    document: dict[Any, Any], context: Any, check: Callable[[Config], list[str]] | None
) -> tuple[Config | None, list[str]]:
    """Validate a document; return the configuration, and every mistake with its key path.

    What spans several keys, and what only drivers know, is looked at in what is left when values
    that do not fit are taken away: so one mistake does not hide another.

    Args:
        document: What the file holds.
        context: What validators are told.
        check: Finds mistakes that only the drivers know of, as ``key.path: sentence``.
    """
    if misspelt := list(_misspelt(document)):
        return None, misspelt
    said: dict[str, None] = {}
    gone: list[str] = []
    for _ in range(MOST_LOOKS):
        try:
            config = Config.model_validate(document, context=context)
        except ValidationError as error:
            errors = wording.first_of_each(error.errors(include_url=False))
            found = {sentence(each): each for each in errors}
            said |= dict.fromkeys(told for told in found if not _echoes(told, gone))
            # A copy: what was read is the caller's.
            document = deepcopy(document)
            taken = [_take_out(document, _place(told, each)) for told, each in found.items()]
            # Without its amp everything else would be judged by another one.
            if {"", "amp", "amp.driver", "interface.driver"} & {*taken}:
                return None, list(said)
            gone += taken
            continue
        later = check(config) if check else []
        said |= dict.fromkeys(told for told in later if not _echoes(told, gone))
        return config, list(said)
    return None, list(said)


# By another driver everything else in the section would be judged: one letter was eleven mistakes.
def _misspelt(document: dict[Any, Any]) -> Iterator[str]:
    """Name drivers that are no built-in ones, by a letter or two."""
    for name in ("amp", "interface"):
        section = document.get(name)
        driver = section.get("driver") if isinstance(section, dict) else None
        if not isinstance(driver, str) or driver in BUILT_IN:
            continue
        if near := difflib.get_close_matches(driver.lower(), BUILT_IN, n=1, cutoff=0.7):
            yield f"{name}.driver: there is no {driver!r}; did you mean '{near[0]}'?"


def _place(told: str, error: Any) -> Path:
    """Return where a mistake stands in the file: of a key that is missing, its section."""
    path, _, _ = told.partition(": ")
    keys: Path = tuple(path.split(".")) if error["loc"] else ()
    return keys[:-1] if error["type"] == "missing" else keys


# The deepest that is there: a key path may go on into what a validator made of a value.
def _take_out(document: Any, path: Path) -> str:
    """Take a value out of a document; return its key path, or nothing where it is all of it."""
    at, reached = document, 0
    for key in path[:-1]:
        inner = at.get(key) if isinstance(at, dict) else None
        if not isinstance(inner, dict) or path[reached + 1] not in inner:
            break
        at, reached = inner, reached + 1
    if not path:
        return ""
    at.pop(path[reached], None)
    return ".".join(map(str, path[: reached + 1]))


def _echoes(told: str, gone: list[str]) -> bool:
    """Whether a mistake is only there because something was taken away, or speaks of that."""
    path, _, words = told.partition(": ")
    for each in gone:
        if words == wording.NOTHING and each.startswith(f"{path}."):
            return True
        last = each.rpartition(".")[2]
        if f"{path}.".startswith(f"{each}.") or re.search(rf"\b{re.escape(last)}\b", words):
            return True
    return False


def _section_at(path: tuple[int | str, ...]) -> type[BaseModel] | None:
    """Return the type of the section that a key path leads into, None where it is unclear."""
    found: Any = Config
    for place, key in enumerate(path):
        if _is_tag(path, place):
            members = [m for m in _models(found) if m.__name__.lower().startswith(str(key))]
            found = members[0] if members else None
        elif isinstance(found, type) and issubclass(found, BaseModel):
            field = found.model_fields.get(str(key))
            found = field.annotation if field else None
        else:
            models = _models(found)
            found = models[0] if len(models) == 1 else None
    models = _models(found)
    return models[0] if len(models) == 1 else None


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]


def _is_tag(path: tuple[int | str, ...], place: int) -> bool:
    """Return whether a part of a key path names a driver's section and stands in no file."""
    return place == 1 and path[0] in ("amp", "interface")


def _key_path(path: tuple[int | str, ...]) -> str:
    shown = [str(key) for place, key in enumerate(path) if not _is_tag(path, place)]
    named = ".".join(key if key.isprintable() else ascii(key)[1:-1] for key in shown)
    return named or "the file"


def sentence(error: Any) -> str:
    """Return a mistake in words: where it is, what is wrong, and what fits."""
    path = wording.place(error)
    if error["type"] == "extra_forbidden":
        section = _section_at(path[:-1])
        known = sorted(section.model_fields) if section else []
        near = difflib.get_close_matches(str(path[-1]), known, n=1, cutoff=0.5)
        hint = f"did you mean '{near[0]}'?" if near else f"known keys: {', '.join(known)}"
        return f"{_key_path(path)}: unknown key; {hint}"
    message = wording.message(error)
    # Our own validators name the key within a section themselves, as 'key: sentence'.
    key, separator, rest = message.partition(": ")
    if separator and " " not in key:
        path, message = (*path, key), rest
    plain = not separator or error.get("input") is None
    return f"{_key_path(path)}: {message}{_given(error) if plain else ''}"


def _given(error: Any) -> str:
    """Return what stands there, and how it could stand there instead, as far as that is known."""
    given, kind = error.get("input"), error["type"]
    if kind == "missing" or not (given is None or isinstance(given, str | int | float | bool)):
        return ""
    if kind == "string_type" and given is not None:
        return f"; in quotes it is one: '{given!s:.60}'"
    example = EXAMPLES.get(error.get("ctx", {}).get("pattern")) if "pattern" in kind else None
    return f" (it is {given!r:.60})" + (f"; such as {example}" if example else "")
