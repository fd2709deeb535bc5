"""Every mistake of a configuration at once: what does not fit, and what drivers say of the rest."""

import difflib
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from rig.config import examples, wording
from rig.config.devices import BUILT_IN
from rig.config.section import Mistakes
from rig.config.types import EXAMPLES, Config

Path = tuple[int | str, ...]
Check = Callable[[Config], list[str]]

#: A value that does not fit is taken away, and the rest is looked at again; so many times at most.
MOST_LOOKS = 12
#: What is judged by a key that stands beside it, where the sentence does not name that.
JUDGED_BY = {
    "size": ("architecture",),
    "final_size": ("architecture",),
    "rest": ("range", "switch", "limits", "avoid"),
    "avoid": ("range", "limits", "step"),
}
#: Stands in for an amp or an interface of which nobody knows the driver: it takes any options.
UNKNOWN = "unknown"


def judge(
    document: dict[Any, Any], context: Any, check: Check | None
) -> tuple[Config | None, list[str]]:
    """Validate a document; return the configuration, and every mistake with its key path.

    What spans several keys, and what only drivers know, is looked at in what is left when values
    that do not fit are taken away: so one mistake does not hide another.

    Args:
        document: What the file holds.
        context: What validators are told.
        check: Finds mistakes that only the drivers know of, as ``key.path: sentence``.
    """
    # A copy: what was read is the caller's.
    document = deepcopy(document)
    said, gone = dict.fromkeys(_misspelt(document)), list[str]()
    blind = {sentence.partition(".")[0] for sentence in said}
    for _ in range(MOST_LOOKS):
        _hide(document, blind)
        try:
            config = Config.model_validate(document, context=context)
        except ValidationError as error:
            errors = wording.first_of_each(error.errors(include_url=False))
            found = [(path, line, each) for each in errors for path, line in told(each)]
            lines = [line for _, line, _ in found if not _is_of(line, blind)]
            said |= dict.fromkeys(line for line in lines if not _echoes(line, gone))
            taken = [_mend(document, path, each) for path, _, each in found]
            if "" in taken:
                return None, list(said)
            gone += [each for each in taken if each not in DECISIVE]
            blind |= {DECISIVE[each] for each in taken if each in DECISIVE}
            continue
        later = [each for each in (check(config) if check else []) if not _is_of(each, blind)]
        said |= dict.fromkeys(each for each in later if not _echoes(each, gone))
        return config, list(said)
    return None, list(said)


#: Without these nobody can judge a section, nor what goes with it.
DECISIVE = {
    "amp": "amp",
    "amp.driver": "amp",
    "interface": "interface",
    "interface.driver": "interface",
    "knobs": "knobs",
}


def _hide(document: dict[Any, Any], blind: set[str]) -> None:
    """Put something in place of sections that nobody can judge, so that others are."""
    for name in blind:
        document[name] = {UNKNOWN: {}} if name == "knobs" else {"driver": UNKNOWN}


def _is_of(line: str, blind: set[str]) -> bool:
    """Whether a mistake is there only for what stands in place of a section, or may be."""
    path, _, words = line.partition(": ")
    keys = path.split(".")
    # Some interfaces go with one amp only.
    if path == "interface.driver" and "amp" in blind and "there is no" not in words:
        return True
    names_knobs = (keys[0] == "presets" and len(keys) > 2) or "knob" in keys
    return keys[0] in blind or ("knobs" in blind and names_knobs)


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


def _mend(document: dict[Any, Any], path: Path, error: Any) -> str:
    """Take out what does not fit, and put something where a name is missing; return where."""
    if error["type"] != "missing":
        return _take_out(document, path)
    section = _section_at(error["loc"][:-1])
    field = section.model_fields.get(str(path[-1])) if section else None
    at: Any = document
    for key in path[:-1]:
        at = at.get(key) if isinstance(at, dict) else None
    if field is None or field.annotation is not str or not isinstance(at, dict):
        return _take_out(document, path[:-1] or path)
    # Without its port an amp is still one over MIDI, and its knobs are judged as such.
    at[path[-1]] = UNKNOWN
    return ".".join(map(str, path))


# The deepest that is there: a key path may go on into what a validator made of a value.
def _take_out(document: Any, path: Path) -> str:
    """Take a value out of a document; return its key path, or nothing where it is all of it."""
    if path[:1] != ("knobs",) and not {*path[:1]} & document.keys():
        return ""
    at, reached = document, 0
    for key in path[:-1]:
        inner = at.get(key) if isinstance(at, dict) else None
        if not isinstance(inner, dict) or path[reached + 1] not in inner:
            break
        at, reached = inner, reached + 1
    at.pop(path[reached], None)
    return ".".join(map(str, path[: reached + 1]))


def _echoes(line: str, gone: list[str]) -> bool:
    """Whether a mistake is only there because something was taken away, or speaks of that."""
    path, _, words = line.partition(": ")
    for each in gone:
        if words == wording.NOTHING and each.startswith(f"{path}."):
            return True
        above, _, last = each.rpartition(".")
        # What stands beside it may be judged by it, and a knob's name is known everywhere.
        may_name = above == "knobs" or (above and f"{path}.".startswith(f"{above}."))
        if may_name and re.search(rf"(?<!\w){re.escape(last)}(?!\w)", words):
            return True
        if may_name and last in JUDGED_BY.get(path.rpartition(".")[2], ()):
            return True
        # By another range a preset may not fit.
        knob = path.split(".")[-1] if path.startswith("presets.") else " "
        if f"{path}.".startswith(f"{each}.") or f"{each}.".startswith(f"knobs.{knob}."):
            return True
    return False


def _section_at(path: Path) -> type[BaseModel] | None:
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


def _is_tag(path: Path, place: int) -> bool:
    """Return whether a part of a key path names a driver's section and stands in no file."""
    return place == 1 and path[0] in ("amp", "interface")


def _untagged(path: Path) -> Path:
    return tuple(key for place, key in enumerate(path) if not _is_tag(path, place))


def _key_path(path: Path) -> str:
    shown = map(str, path)
    named = ".".join(key if key.isprintable() else ascii(key)[1:-1] for key in shown)
    return named or "the file"


def told(error: Any) -> list[tuple[Path, str]]:
    """Return mistakes in words: where each is in the file, and the line that says so."""
    path = wording.place(error)
    there = _untagged(path)
    several = error.get("ctx", {}).get("error")
    if isinstance(several, Mistakes):
        found = [((*there, *at), said) for at, said in several.found]
        return [(place, f"{_key_path(place)}: {said}") for place, said in found]
    if error["type"] == "extra_forbidden":
        return [(there, f"{_key_path(there)}: unknown key; {_known_keys(path)}")]
    message = wording.message(error, _example(error, path))
    # Our own validators name the key within a section themselves, as 'key: sentence'.
    key, separator, rest = message.partition(": ")
    if separator and " " not in key:
        there, message = (*there, *key.split(".")), rest
    plain = not separator or error.get("input") is None
    return [(there, f"{_key_path(there)}: {message}{_given(error, message) if plain else ''}")]


def _known_keys(path: Path) -> str:
    section = _section_at(path[:-1])
    known = sorted(section.model_fields) if section else []
    near = difflib.get_close_matches(str(path[-1]), known, n=1, cutoff=0.5)
    return f"did you mean '{near[0]}'?" if near else f"known keys: {', '.join(known)}"


def _example(error: Any, path: Path) -> str | None:
    """Return what could stand in place of what is no list, or no section."""
    words, given = wording.WORDS.get(error["type"]), error.get("input")
    if words == wording.LIST:
        return examples.bracketed(path, given)
    return examples.sectioned(path, _section_at(path), given) if words == wording.SECTION else None


def _given(error: Any, message: str) -> str:
    """Return what stands there, and how it could stand there instead, as far as that is known."""
    given, kind = error.get("input"), error["type"]
    if kind == "missing" or not (given is None or isinstance(given, str | int | float | bool)):
        return ""
    if kind == "string_type" and given is not None:
        return f"; in quotes it is one: '{given!s:.60}'"
    if given is None:
        return " (nothing stands there)" if kind != "value_error" else ""
    # Whoever wrote the sentence has named it there.
    stands = "" if f"not {given!r}" in message else f" (it is {given!r:.60})"
    return stands + _meant(error, given)


def _meant(error: Any, given: Any) -> str:
    """Return what could stand there instead, where that is known."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "literal_error":
        near = examples.nearest(given, re.findall(r"'([^']*)'", str(context.get("expected"))))
        return f"; did you mean '{near}'?" if near else ""
    words = wording.WORDS.get(kind)
    if words in (wording.WHOLE, wording.NUMBER):
        number = examples.whole(given) if words == wording.WHOLE else examples.pointed(given)
        return "" if number is None else f"; such as {number}"
    example = EXAMPLES.get(context.get("pattern")) if "pattern" in kind else None
    return f"; such as {example}" if example else ""
