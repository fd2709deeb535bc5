"""The knob maps that come with rig, searched by part of a make or a model."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from rig import data
from rig.config.dialect import Loader


@dataclass(frozen=True)
class KnobMap:
    """The knobs of one amp, from its maker's published chart.

    Attributes:
        name: Of its file.
        make: Who made the amp.
        model: What it is called.
        sections: What it says, by the sections of ``rig.yaml``.
        source: Where it is from, which version of it, and how it was verified.
    """

    name: str
    make: str
    model: str
    sections: Mapping[str, Any]
    source: str


@cache
def knob_map(name: str) -> KnobMap:
    """Return a map by its name."""
    text = data.profile(name)
    sections = yaml.load(text, Loader=Loader)  # noqa: S506 (a SafeLoader)
    source = "\n".join(line for line in text.splitlines() if line.startswith("#"))
    return KnobMap(name, sections["gear"]["make"], sections["gear"]["model"], sections, source)


def every() -> list[KnobMap]:
    """Return all of them, by their names."""
    return [knob_map(name) for name in data.profiles()]


def search(words: str) -> list[KnobMap]:
    """Return those in whose make, model or name all words are found, wherever in it."""
    wanted = words.casefold().split()
    # A whole name is meant, even where it is the beginning of another.
    exact = [found for found in every() if found.name == words.casefold()]
    return exact or [found for found in every() if all(word in _told(found) for word in wanted)]


def find(words: str) -> KnobMap:
    """Return the only map that some words can mean.

    Raises:
        ValueError: There is none, or there are several.
    """
    found = search(words)
    if len(found) == 1:
        return found[0]
    if not found:
        raise ValueError(f"no knob map is called like '{words}'; there are: {listed(every())}")
    raise ValueError(f"'{words}' could be any of these, type more of one: {listed(found)}")


def listed(maps: list[KnobMap]) -> str:
    """Return the names of some maps in a line."""
    return ", ".join(found.name for found in maps)


def _told(found: KnobMap) -> str:
    return f"{found.name} {found.make} {found.model}".casefold()
