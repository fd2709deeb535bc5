"""facts.md: every fact that a journal may hold, from the types in `rig.session.facts`."""

from rig.session.facts import FACT
from tools.reference import words
from tools.reference.fact_fields import meaning
from tools.reference.words import Schema

INTRODUCTION = """# Facts

A session's `journal.db` (SQLite) holds facts in order, each one JSON object that is never changed
and never taken back; everything that rig says of a session is told from them. The headings are
their `kind`, and at the end come the parts that some are made of. A field with a default was added
later, or has nothing to tell in the usual case; so old journals open. Names never change.
"""
HEAD = ("field", "type", "range", "default", "meaning")


def page() -> str:
    """The page."""
    whole = FACT.json_schema()
    parts = whole["$defs"]
    kinds = [words.name_of(choice) or "" for choice in whole["oneOf"]]
    rest = [n for n in sorted(parts) if n not in kinds and "properties" in parts[n]]
    titles = {name: parts[name]["properties"]["kind"]["const"] for name in kinds}
    told = [_section(titles[name], name, parts) for name in kinds]
    return "\n".join([INTRODUCTION, *told, *(_section(name, name, parts) for name in rest)])


def _section(title: str, name: str, parts: dict[str, Schema]) -> str:
    def link(other: str) -> str:
        values = parts[other].get("enum")
        if values is not None:
            return words.listed([words.code(value) for value in values])
        return f"[{other}](#{other.lower()})"

    schema = parts[name]
    rows = []
    for field, inner in schema["properties"].items():
        if field != "kind":
            default = "required" if field in schema.get("required", ()) else _default(inner)
            meant = inner.get("description") or meaning(name, field)
            kind = words.type_of(inner, link)
            rows.append((f"`{field}`", kind, words.range_of(inner), default, meant))
    told = words.paragraphs(schema["description"])
    return "\n\n".join([f"## {title}", *told, words.table(HEAD, rows)])


def _default(schema: Schema) -> str:
    return "none" if schema.get("default") is None else words.code(schema["default"])
