"""What a validator finds wrong with a value, in words that nobody has to be a programmer for."""

from typing import Any

NUMBER, WHOLE, SWITCH, TEXT = (
    "has to be a number, such as 2 or 0.5",
    "has to be a whole number",
    "has to be true or false",
    "has to be text",
)
LIST, SECTION = (
    "has to be a list in brackets, such as {example}",
    "has to hold keys and values, such as {example}",
)
#: Of a list or a section.
NOTHING = "holds nothing"
#: How a validator calls the kinds that a value may be of, where there are several, and how the
#: names of others begin.
KINDS, KINDS_BEGIN = ("float", "int", "str", "bool"), ("constrained-", "tuple[", "function-")
#: Of a list and of a section, where nobody knows a better one.
EXAMPLES = {LIST: "[0, 10]", SECTION: "{key: value}"}
#: By the validator's own types (pydantic 2); what is in braces is what it says beside them.
WORDS = {
    "missing": "is missing",
    **dict.fromkeys(("float_parsing", "float_type"), NUMBER),
    **dict.fromkeys(("int_parsing", "int_type", "int_from_float", "int_parsing_size"), WHOLE),
    **dict.fromkeys(("bool_parsing", "bool_type"), SWITCH),
    "string_type": TEXT,
    **dict.fromkeys(("tuple_type", "list_type"), LIST),
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), SECTION),
    "finite_number": "has to be a finite number",
    "literal_error": "has to be {expected}",
    "greater_than_equal": "has to be at least {ge:g}",
    "greater_than": "has to be more than {gt:g}",
    "less_than_equal": "has to be at most {le:g}",
    "less_than": "has to be less than {lt:g}",
    "string_too_short": "is too short",
    "string_too_long": "is longer than {max_length} characters",
    "too_short": "needs at least {min_length} entries",
    "too_long": "takes at most {max_length} entries",
    "string_pattern_mismatch": "is not written as it has to be",
}


def place(error: Any) -> tuple[int | str, ...]:
    """Return the key path of a mistake, without what a validator adds where kinds are several."""
    path: tuple[int | str, ...] = error["loc"]
    if error["type"] == "extra_forbidden":
        return path
    # A key such as 'strategy' begins like a kind; a knob may be called 'int'.
    kinds = (at for at, key in enumerate(path) if at > 1 and _is_kind(key))
    return path[: next(kinds, len(path))]


def _is_kind(key: int | str) -> bool:
    return key in KINDS or str(key).startswith(KINDS_BEGIN)


def first_of_each(errors: list[Any]) -> list[Any]:
    """Keep one mistake for each place: a value that may be of two kinds is wrong only once."""
    found: dict[tuple[int | str, ...], Any] = {}
    for error in errors:
        found.setdefault(place(error), error)
    return list(found.values())


def message(error: Any, example: str | None = None) -> str:
    """Return what is wrong, to stand behind a key's path and a colon.

    Args:
        error: One of the errors that a validator lists, as a mapping.
        example: What could stand there, of a list or a section.
    """
    words = WORDS.get(error["type"])
    if words is None:
        # Our own validators' sentences, and whatever a newer validator may find.
        said = str(error["msg"]).removeprefix("Value error, ")
        # The sentence goes on behind a colon; an abbreviation such as MIDI keeps its capitals.
        return said[:1].lower() + said[1:] if said[1:2].islower() else said
    if error["type"] == "missing" and isinstance(error["loc"][-1], int):
        return "is missing: the list is too short"
    told = error.get("ctx", {}) | {"example": example or EXAMPLES.get(words)}
    return NOTHING if told.get("min_length") == 1 else words.format(**told)
