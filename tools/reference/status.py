"""status.md: every key that ``rig status --json`` prints, from `rig.session.status`."""

import inspect
import re

from pydantic import TypeAdapter

from rig.session.status import Rejection, RoundStatus, Status
from tools.reference import words

INTRODUCTION = """# rig status --json

`rig status SESSION --json` prints one object with these keys, and nothing else on standard output.
An ESR is an error-to-signal ratio: 0.01 is one percent of the signal's power. What is not known yet
is null.
"""
HEAD = ("key", "type", "meaning")
#: What the object is made of besides plain values: each is a section of its own.
PARTS = {"a rejection": Rejection, "a round": RoundStatus}
#: The same, by the name of the class: where that section is.
LINKS = {part.__name__: f"[{name}](#{name.replace(' ', '-')})" for name, part in PARTS.items()}


def page() -> str:
    """The page."""
    whole = TypeAdapter(Status).json_schema()
    parts = [
        _section(name.capitalize(), part, whole["$defs"][part.__name__])
        for name, part in PARTS.items()
    ]
    return "\n".join([INTRODUCTION, _section("The object", Status, whole), *parts])


def _section(title: str, described: type, schema: words.Schema) -> str:
    meanings = attributes(described)
    rows = [
        (f"`{key}`", words.type_of(inner, LINKS.__getitem__), meanings.get(key, ""))
        for key, inner in schema["properties"].items()
    ]
    told = words.paragraphs(inspect.getdoc(described) or "")
    return "\n\n".join([f"## {title}", *told, words.table(HEAD, rows)])


def attributes(described: type) -> dict[str, str]:
    """What the docstring of a class says of each attribute."""
    text = inspect.getdoc(described) or ""
    _, _, told = text.partition("Attributes:\n")
    found = re.findall(r"^    (\w+): (.*(?:\n {8}.*)*)", told, re.MULTILINE)
    return {name: words.one_line(meaning) for name, meaning in found}
