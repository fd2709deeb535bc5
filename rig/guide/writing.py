"""A ``rig.yaml`` from answers: a fresh one with comments, or what changes in one that is there."""

import io
from collections.abc import Mapping, MutableMapping
from typing import Any

import yaml as plain_yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from rig import data
from rig.config.foot_switch import pedal
from rig.errors import ConfigError
from rig.guide import amp
from rig.guide.document import ASKED, DEFAULTS, document
from rig.guide.fresh import fresh
from rig.guide.knob_line import TOLD
from rig.guide.question import Answers

#: Lines are never folded: a file that was not must not come back so.
WIDTH = 100_000


def text_of(answers: Answers, before: str | None = None, source: str = "rig.yaml") -> str:
    """Return the text of a ``rig.yaml``.

    Args:
        answers: To all questions.
        before: The file that is changed: its comments stay, and the keys that nobody asked about.
        source: What to call that file.

    Raises:
        ConfigError: The file is YAML that cannot be changed in place.
    """
    wanted = document(answers)
    # Never made afresh: somebody's comments are worth more than ours.
    if before is not None:
        return changed(before, wanted, source)
    if _is_default(wanted):
        return data.default_config()
    known = amp.chosen_map(answers)
    return changed(fresh(wanted, known.source if known else ""), wanted)


def _is_default(wanted: Mapping[str, Any]) -> bool:
    """Whether the answers are what the default configuration says, comments and all."""
    text = data.default_config()
    return wanted["amp"]["driver"] == amp.VIRTUAL and changed(text, wanted) == text


def refuse_aliases(before: str, source: str) -> None:
    """Refuse a file in which one place stands for another: a change of one would be one of both.

    Raises:
        ConfigError: It has an alias.
    """
    for token in plain_yaml.scan(before):
        if isinstance(token, plain_yaml.AliasToken):
            line, name = token.start_mark.line + 1, token.value
            raise ConfigError(
                f"{source}: line {line}: '*{name}' stands for what is written at '&{name}', and a "
                "change of one would be one of both; write it out in full there"
            )


def changed(before: str, wanted: Mapping[str, Any], source: str = "rig.yaml") -> str:
    """Return a file with what is wanted put into it; as it is, where it says so already.

    Raises:
        ConfigError: It is YAML that cannot be changed in place.
    """
    yaml = YAML()
    yaml.preserve_quotes, yaml.width = True, WIDTH
    try:
        file = yaml.load(before)
    except (YAMLError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"{source}: cannot be changed in place: {reason}") from None
    # Even untouched, a file comes back with its blanks set otherwise.
    if not _put_all(file, wanted):
        return before
    refuse_aliases(before, source)
    with io.StringIO() as stream:
        yaml.dump(file, stream)
        return stream.getvalue()


def _put_all(file: MutableMapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Put everything in its place; True where something changed."""
    did = _put(file, "name", wanted["name"], "name")
    for name in ("amp", "interface"):
        did |= _put_devices(file, name, wanted[name])
    did |= _put_knobs(file["knobs"], wanted["knobs"])
    for name in ("plan", "gear", "notify"):
        if wanted[name] or file.get(name):
            did |= _put_section(file, name, wanted[name])
    return _put_foot_switch(file, wanted) or did


def _put_foot_switch(file: MutableMapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Put the foot switch in its place, or take it away whole: without 'done' it is nothing."""
    section = wanted.get("foot_switch")
    if section is None or (not section and file.get("foot_switch") is None):
        return False
    if not section:
        del file["foot_switch"]
        return True
    # 'cc64' in a file and 'cc 64' are one answer.
    before = file.get("foot_switch") or {}
    same = [key for key, value in section.items() if key in before and _sent(before[key]) == value]
    kept = {key: before[key] if key in same else value for key, value in section.items()}
    return _put_section(file, "foot_switch", kept)


def _sent(written: Any) -> Any:
    try:
        return " ".join(map(str, pedal(str(written))))
    except ValueError:
        return written


def _put_devices(file: MutableMapping[str, Any], name: str, wanted: Mapping[str, Any]) -> bool:
    section = file.get(name)
    driver = (section or {}).get("driver", "virtual")
    if driver != wanted["driver"]:
        # Another driver's keys mean nothing to this one.
        file[name] = _flow({}) if name == "amp" else CommentedMap()
        file[name].update(wanted)
        return True
    # Of the virtual interface nothing is asked, so nothing of it is taken away.
    if name == "interface" and driver == amp.VIRTUAL:
        return False
    return _put_section(file, name, wanted)


def _put_section(file: MutableMapping[str, Any], name: str, wanted: Mapping[str, Any]) -> bool:
    told = {key: value for key, value in wanted.items() if not _is_absent(file, name, key, value)}
    section = file.get(name)
    # An empty section would be one that nobody asked for.
    if section is None:
        if not told:
            return False
        file[name] = _flow(told)
        return True
    did = False
    for key in ASKED[name]:
        if key not in wanted and key in section:
            del section[key]
            did = True
    for key, value in told.items():
        did |= _put(section, key, value, f"{name}.{key}")
    if not section:
        del file[name]
    return did


def _is_absent(file: Mapping[str, Any], name: str, key: str, value: Any) -> bool:
    """Whether a key may stay away, since it would say what holds without it."""
    path = f"{name}.{key}"
    section = file.get(name) or {}
    if key == "loopback_send_channel":
        return key not in section and value == section.get("send_channel", 1)
    return key not in section and path in DEFAULTS and bool(DEFAULTS[path] == value)


def _put_knobs(file: CommentedMap, wanted: Mapping[str, Any]) -> bool:
    did = False
    # Of a list, since what is iterated over must not shrink.
    for name in [name for name in file if str(name) not in wanted]:
        del file[name]
        did = True
    for name, line in wanted.items():
        # A knob that no line can tell stays as it stands.
        if line is None:
            continue
        if name not in file or file[name] is None:
            file[name] = _flow(line)
            did = True
            continue
        did |= _put_knob(file[name], line)
    if list(file) != list(wanted):
        # A new knob is put last; settings and models have them in the order of the file.
        for name in wanted:
            file.move_to_end(name)
        did = True
    return did


def _put_knob(section: MutableMapping[str, Any], line: Mapping[str, Any]) -> bool:
    did = False
    # 'hand: false' says what holds without it, and stays.
    for key in [k for k in TOLD if k in section and k not in line and section[k] is not False]:
        del section[key]
        did = True
    for key, value in line.items():
        if key == "range" and key not in section and list(value) == [0, 10]:
            continue
        did |= _put(section, key, value, "")
    return did


def _put(section: MutableMapping[str, Any], key: str, value: Any, path: str) -> bool:
    """Set one key, unless it says that already."""
    if key not in section and path in DEFAULTS and DEFAULTS[path] == value:
        return False
    if key in section and _plain(section[key]) == value:
        return False
    section[key] = _flow(value)
    return True


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value


def _flow(value: Any) -> Any:
    """Return lists and mappings as they are written in one line."""
    if isinstance(value, Mapping):
        made = CommentedMap({key: _flow(inner) for key, inner in value.items()})
        made.fa.set_flow_style()
        return made
    if isinstance(value, list):
        from ruamel.yaml.comments import CommentedSeq

        row = CommentedSeq([_flow(inner) for inner in value])
        row.fa.set_flow_style()
        return row
    return value
