"""rig-yaml.md: every key of rig.yaml, from the types in `rig.config`."""

import re
from typing import Any

from rig import config as configuration
from tools.reference import words
from tools.reference.words import Schema

INTRODUCTION = """# rig.yaml

Every key, its type, the range it must keep to, its default and what it means. A key that is left
out has its default. Units stand in the names: `_s` seconds, `_db` decibels, `_dbfs` decibels of
digital full scale, `_hz` hertz, `_frames` samples of one channel. Editors that know YAML check a
file against [rig.schema.json](../../rig.schema.json), which `rig init` writes beside it.
"""
HEAD = ("key", "type", "range", "default", "meaning")
#: Where the section of one control stands: any number of them, by name.
BY_NAME = "NAME"


def page() -> str:
    """The page."""
    whole = configuration.json_schema()
    sections = whole["$defs"]
    places = _places(whole, sections)
    titles = {name: _title(found, sections[name]) for name, found in places.items()}
    parts = [INTRODUCTION, _section("The file", whole, sections, titles)]
    parts += [_section(titles[name], sections[name], sections, titles) for name in places]
    return "\n".join(parts)


def _places(whole: Schema, sections: dict[str, Schema]) -> dict[str, list[str]]:
    """Where each section may stand, as paths of keys, in the order of the file."""
    found: dict[str, list[str]] = {}

    def visit(schema: Schema, path: str) -> None:
        for key, inner in schema.get("properties", {}).items():
            below = f"{path}.{key}" if path else key
            for name, place in _within(inner, below):
                found.setdefault(name, []).append(place)
                visit(sections[name], place)

    visit(whole, "")
    return found


def _within(schema: Schema, path: str) -> list[tuple[str, str]]:
    """The sections that a key may hold, each with its path."""
    found = []
    for choice in words.choices(schema):
        if (name := words.name_of(choice)) is not None:
            found.append((name, path))
        elif isinstance(more := choice.get("additionalProperties"), dict):
            found += _within(more, f"{path}.{BY_NAME}")
        elif isinstance(items := choice.get("items"), dict):
            found += _within(items, f"{path}[]")
    return found


def _title(places: list[str], section: Schema) -> str:
    driver = section["properties"].get("driver")
    where = words.listed(list(dict.fromkeys(places)), "and")
    if driver is None:
        return where
    return f"{where}, driver {driver['const']}" if "const" in driver else f"{where}, other drivers"


def _anchor(title: str) -> str:
    """The name by which a link finds a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _section(
    title: str, schema: Schema, sections: dict[str, Schema], titles: dict[str, str]
) -> str:
    def link(name: str) -> str:
        return f"[section](#{_anchor(titles[name])})"

    rows = []
    for key, inner in schema["properties"].items():
        default = _default(key, inner, schema, sections)
        kind = _type(inner, titles) if "oneOf" in inner else words.type_of(inner, link)
        meaning = inner.get("description") or "Which driver."
        rows.append((f"`{key}`", kind, words.range_of(inner), default, meaning))
    told = words.paragraphs(schema["description"])
    return "\n\n".join([f"## {title}", *told, words.table(HEAD, rows)])


def _type(schema: Schema, titles: dict[str, str]) -> str:
    """A section that depends on its driver."""
    names = [words.name_of(choice) or "" for choice in words.choices(schema)]
    shown = [(titles[name].rpartition(", ")[2], _anchor(titles[name])) for name in names]
    return words.listed([f"[{driver}](#{anchor})" for driver, anchor in shown])


def _default(key: str, inner: Schema, schema: Schema, sections: dict[str, Schema]) -> str:
    if key in schema.get("required", ()):
        return "required"
    value: Any = inner.get("default", {})
    if value is None:
        return "none"
    if isinstance(value, dict):
        return _default_section(value, inner, sections)
    return words.code(value)


def _default_section(value: Schema, inner: Schema, sections: dict[str, Schema]) -> str:
    """What differs from the defaults that the section itself has."""
    first = words.name_of(words.choices(inner)[0])
    own = sections[first]["properties"] if first else {}
    given = {
        key: part
        for key, part in value.items()
        if key not in own or own[key].get("default", ...) != part
    }
    return "as below" if first and not given else words.code(given)
