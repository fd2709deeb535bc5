"""JSON Schema in words, and Markdown tables."""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

Schema = dict[str, Any]
#: Turns the name of a definition into a link to where it is told of.
Link = Callable[[str], str]

PLAIN = {
    "integer": "whole number",
    "number": "number",
    "string": "text",
    "boolean": "true or false",
}
#: Where a range has an open end, what stands beside the number.
BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
    "minItems": "at least {}",
    "maxItems": "at most {}",
    "minProperties": "at least {}",
    "maxProperties": "at most {}",
}


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    return one_line(text).replace("|", "\\|")


def one_line(text: str) -> str:
    """A docstring's paragraph as Markdown."""
    return " ".join(text.split()).replace("``", "`")


def paragraphs(docstring: str) -> list[str]:
    """A docstring's paragraphs as Markdown, without its sections (Args, Raises, ...)."""
    told = docstring.split("\n\n")
    return [one_line(part) for part in told if part.split("\n")[0].rstrip() not in SECTIONS]


SECTIONS = {"Args:", "Attributes:", "Raises:", "Returns:"}


def code(value: object) -> str:
    """A value as it stands in a file."""
    text = value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
    return f"`{text}`"


def listed(words: Sequence[str], last: str = "or") -> str:
    """Words in a row: a, b or c."""
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else words[0]


def name_of(schema: Schema) -> str | None:
    """The definition that a schema refers to."""
    return schema["$ref"].rpartition("/")[2] if "$ref" in schema else None


def choices(schema: Schema) -> list[Schema]:
    """The schemas of which one must fit, without null."""
    given = schema.get("anyOf") or schema.get("oneOf") or [schema]
    return [choice for choice in given if choice.get("type") != "null"]


def can_be_null(schema: Schema) -> bool:
    """Whether null is a value."""
    return any(choice.get("type") == "null" for choice in schema.get("anyOf", ()))


def type_of(schema: Schema, link: Link) -> str:
    """What a value is, in words."""
    kinds = list(dict.fromkeys(_one_type(choice, link) for choice in choices(schema)))
    return f"{listed(kinds)}, or null" if can_be_null(schema) else listed(kinds)


def _one_type(schema: Schema, link: Link) -> str:
    if (name := name_of(schema)) is not None:
        return link(name)
    if "enum" in schema or "const" in schema:
        return listed([code(value) for value in schema.get("enum") or [schema["const"]]])
    match schema.get("type"):
        case "array" if "prefixItems" in schema:
            return f"[{', '.join(type_of(item, link) for item in schema['prefixItems'])}]"
        case "array":
            return f"list of: {type_of(schema['items'], link)}"
        case "object" if isinstance(schema.get("additionalProperties"), dict):
            return f"{type_of(schema['additionalProperties'], link)}, by name"
        case "object":
            return "keys and values"
        case str(plain):
            return PLAIN[plain]
        case _:
            return "anything"


def range_of(schema: Schema) -> str:
    """What a value must be besides, or each value in a list."""
    told = list(dict.fromkeys(filter(None, map(_bounds, choices(schema)))))
    plain = {text.removeprefix("each ") for text in told}
    return listed(told) if len(plain) > 1 else "".join(told[:1])


def _bounds(schema: Schema) -> str:
    told = _span(schema, "Items") or _span(schema, "Properties")
    told = f"{told} of them" if told and "prefixItems" not in schema else ""
    told = told or _span(_inclusive(schema), "imum")
    if "pattern" in schema:
        told = f"matches {code(schema['pattern'])}"
    return "; ".join(filter(None, (told, _bounds_within(schema))))


def _bounds_within(schema: Schema) -> str:
    """What each value in a list must be; of a pair, one after the other where they differ."""
    items = schema.get("prefixItems") or ([schema["items"]] if "items" in schema else [])
    within = [range_of(item) for item in items]
    inner = within[0] if len(set(within)) == 1 else f"[{', '.join(within)}]"
    return f"each {inner.removeprefix('each ')}" if any(within) else ""


def _inclusive(schema: Schema) -> Schema:
    """The same, with the highest value of a whole number rather than the one above it."""
    if schema.get("type") != "integer" or "exclusiveMaximum" not in schema:
        return schema
    return {**schema, "maximum": schema["exclusiveMaximum"] - 1, "exclusiveMaximum": None}


def _span(schema: Schema, kind: str) -> str:
    """Two limits of one kind, or the one that there is."""
    given = {key: schema.get(key) for key in BOUNDS if kind in key}
    ends = {key: f"{end:.15g}" for key, end in given.items() if end is not None}
    if f"min{kind}" in ends and f"max{kind}" in ends:
        return f"{ends[f'min{kind}']} to {ends[f'max{kind}']}"
    return listed([BOUNDS[key].format(end) for key, end in ends.items()], "and") if ends else ""
