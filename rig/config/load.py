"""Load ``rig.yaml`` safely, and report every mistake in one answer."""

import difflib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from rig.config.dialect import Loader
from rig.config.section import STORED
from rig.config.types import EXAMPLES, Config
from rig.errors import ConfigError
from rig.printable import is_printable, printable

#: A configuration is a page of text; what is larger is something else.
MAX_BYTES, MAX_VALUES = 1_000_000, 50_000


def _parse(text: str, source: str) -> Any:
    try:
        return yaml.load(text, Loader=Loader)  # noqa: S506 (a SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{source}:{mark.line + 1}" if mark else source
        raise ConfigError(f"{where}: not valid YAML: {error.problem or error.context}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0] if str(error) else "nested too deeply"
        raise ConfigError(f"{source}: not valid YAML: {reason}") from None


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


def _unprintable(document: Any, source: str) -> Iterator[tuple[int | str, ...]]:
    """Where a text stands that could not be shown in one line: labels go to logs and screens.

    What is in notify goes to programs of the user's own, and to nobody else.
    """
    waiting: list[tuple[tuple[int | str, ...], Any]] = [((), document)]
    for _ in range(MAX_VALUES):
        if not waiting:
            return
        path, value = waiting.pop()
        if path == ("notify",):
            continue
        texts = [str(path[-1]) if path else "", value if isinstance(value, str) else ""]
        if not all(map(is_printable, texts)):
            yield path
        if isinstance(value, dict | list):
            pairs = value.items() if isinstance(value, dict) else enumerate(value)
            waiting += [((*path, k if isinstance(k, int) else str(k)), v) for k, v in pairs]
    # A few aliases of aliases stand for more than any memory holds.
    raise ConfigError(f"{source}: holds more values than any rig.yaml")


def _shown(path: tuple[int | str, ...]) -> str:
    return printable(".".join(str(key) for key in path).replace("\n", "\\n"))


def _sentence(error: Any) -> str:
    path: tuple[int | str, ...] = error["loc"]
    if error["type"] == "extra_forbidden":
        section = _section_at(path[:-1])
        known = sorted(section.model_fields) if section else []
        near = difflib.get_close_matches(str(path[-1]), known, n=1, cutoff=0.5)
        hint = f"did you mean '{near[0]}'?" if near else f"known keys: {', '.join(known)}"
        return f"{_key_path(path)}: unknown key; {hint}"
    message = str(error["msg"]).removeprefix("Value error, ")
    # Our own validators name the key within a section themselves, as 'key: sentence'.
    key, separator, rest = message.partition(": ")
    if separator and " " not in key:
        path, message = (*path, key), rest
    if "pattern" in error["type"]:
        # A pattern is for programs.
        message = "not written as it has to be"
    # The sentence goes on behind a colon; an abbreviation such as MIDI keeps its capitals.
    if message[1:2].islower():
        message = message[0].lower() + message[1:]
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


def _refuse(source: str, mistakes: list[str]) -> ConfigError:
    count = "one mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    return ConfigError("\n".join([f"{source}: {count}", *(f"  {m}" for m in mistakes)]))


def parse(
    text: str,
    source: str = "rig.yaml",
    check: Callable[[Config], list[str]] | None = None,
    *,
    stored: bool = False,
) -> Config:
    """Parse a configuration from YAML text.

    Args:
        text: The YAML.
        source: What to call it in messages.
        check: Finds mistakes that only the drivers know of, as ``key.path: sentence``.
        stored: Whether it is a session's own, which may be older than some refusals.

    Raises:
        ConfigError: Every mistake, a line each, with its key path.
    """
    document = _parse(text, source)
    # Before anything is validated, since those messages quote what they were given.
    unprintable = sorted({_shown(path) for path in _unprintable(document, source)})
    if unprintable:
        said = [f"{path}: holds a control character or a line break" for path in unprintable]
        raise _refuse(source, said)
    if not isinstance(document, dict):
        raise ConfigError(f"{source}: the file must hold keys and values, such as 'name: my-amp'")
    try:
        config = Config.model_validate(document, context=STORED if stored else None)
    except ValidationError as error:
        found = error.errors(include_url=False)
        raise _refuse(source, list(dict.fromkeys(map(_sentence, found)))) from None
    mistakes = check(config) if check else []
    if mistakes:
        raise _refuse(source, mistakes)
    return config


def load(path: Path, check: Callable[[Config], list[str]] | None = None) -> Config:
    """Load a configuration from a file; see `parse`."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError(f"{path}: larger than 1 MB, so it is no rig.yaml")
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file; 'rig init' writes one") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8 text") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    return parse(text, str(path), check)


def dump(config: Config) -> str:
    """Return YAML text that loads to the same configuration, without the programs it notifies.

    A session folder may be handed on, and what comes from a stranger must not run anything.
    """
    document = config.model_dump(mode="json", exclude_unset=True, exclude={"notify"})
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def json_schema() -> dict[str, Any]:
    """Return a JSON Schema of ``rig.yaml`` for editors."""
    schema = Config.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
