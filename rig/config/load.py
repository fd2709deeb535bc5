"""Load ``rig.yaml`` safely, and report every mistake in one answer."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from rig.config import mistakes
from rig.config.dialect import Loader
from rig.config.elsewhere import PLACE_KEYS
from rig.config.section import STORED
from rig.config.types import Config
from rig.errors import ConfigError
from rig.ordinary import size_bytes
from rig.printable import command, count_of, is_printable, printable

#: A configuration is a page of text; what is larger is something else.
MAX_BYTES, MAX_VALUES = 1_000_000, 50_000
#: Sections that are of the user's own room, and no part of a session.
STAYS = ("notify", "foot_switch")


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


def _refuse(source: str, said: list[str]) -> ConfigError:
    return ConfigError(
        "\n".join([f"{source}: {count_of(len(said), 'mistake')}", *(f"  {each}" for each in said)])
    )


def parse(
    text: str,
    source: str = "rig.yaml",
    check: Callable[[Config], list[str]] | None = None,
    *,
    stored: bool = False,
    base: Path | None = None,
) -> Config:
    """Parse a configuration from YAML text.

    Args:
        text: The YAML.
        source: What to call it in messages.
        check: Finds mistakes that only the drivers know of, as ``key.path: sentence``.
        stored: Whether it is a session's own, which may be older than some refusals.
        base: The folder that a data set's place is relative to; it stays as it is where left out.

    Raises:
        ConfigError: Every mistake, a line each, with its key path.
    """
    document = _parse(text, source)
    # Before anything is validated, since those messages quote what they were given.
    unprintable = sorted({_shown(path) for path in _unprintable(document, source)})
    if unprintable:
        raise _refuse(
            source, [f"{path}: holds a control character or a line break" for path in unprintable]
        )
    if not isinstance(document, dict):
        raise ConfigError(f"{source}: the file must hold keys and values, such as 'name: my-amp'")
    if stored:
        # Whoever hands a session on may have written these in: nobody but the user names programs.
        document = _without_own(document)
    if base is not None:
        document = _placed(document, base)
    config, said = mistakes.judge(document, STORED if stored else None, check)
    if said or config is None:
        raise _refuse(source, said)
    return config


# Whole from here on: what plays recordings back is started in another folder.
def _placed(document: dict[Any, Any], base: Path) -> dict[Any, Any]:
    """Return a document whose data set is found wherever the rest of rig runs."""
    interface = document.get("interface")
    if not isinstance(interface, dict) or interface.get("driver") != "replay":
        return document
    takes = interface.get("takes")
    if not isinstance(takes, str) or takes.startswith("~"):
        return document
    return {**document, "interface": {**interface, "takes": str(base.absolute() / takes)}}


def _without_own(document: dict[Any, Any]) -> dict[Any, Any]:
    """Return what a session may say: nothing of what stays with the user."""
    kept = {key: value for key, value in document.items() if key not in STAYS}
    learner = kept.get("learner")
    if isinstance(learner, dict):
        # Nor whom to connect with: what a cluster answers is run by Ray as it is read.
        kept["learner"] = {key: value for key, value in learner.items() if key not in PLACE_KEYS}
    return kept


def with_own(stored: Config, given: Config | None) -> Config:
    """Return a session's configuration with what stays with the user as the given file has it."""
    if given is None:
        return stored
    own = {key: getattr(given, key) for key in STAYS}
    place = {key: getattr(given.learner, key) for key in PLACE_KEYS}
    return stored.model_copy(
        update={**own, "learner": stored.learner.model_copy(update=place)},
    )


def load(path: Path, check: Callable[[Config], list[str]] | None = None) -> Config:
    """Load a configuration from a file; see `parse`."""
    if path.is_dir():
        # Most often somebody wants to go on with what lies there.
        goes_on = command("rig", "capture", "--session", path)
        raise ConfigError(f"{path}: is a folder; '{goes_on}' goes on with a session")
    try:
        if size_bytes(path) > MAX_BYTES:
            raise ConfigError(f"{path}: larger than 1 MB, so it is no rig.yaml")
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file; 'rig init' writes one") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8 text") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    return parse(text, str(path), check, base=path.parent)


def dump(config: Config) -> str:
    """Return YAML text that loads to the same configuration, without what stays with the user.

    A session folder may be handed on, and what comes from a stranger must not run anything; a foot
    switch is of the room that it was plugged in, and an older rig does not know of it.
    """
    own: dict[str, Any] = {**dict.fromkeys(STAYS, True), "learner": set(PLACE_KEYS)}
    document = config.model_dump(mode="json", exclude_unset=True, exclude=own)
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def json_schema() -> dict[str, Any]:
    """Return a JSON Schema of ``rig.yaml`` for editors."""
    schema = Config.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
