"""The reference is what the generator writes from the code as it is now."""

import dataclasses
from pathlib import Path

import pytest

from rig.cli import app
from rig.session.status import RoundStatus, Status
from tools import make_reference
from tools.reference import commands, facts, status, words

ROOT = Path(__file__).parents[2]
PAGES = make_reference.pages()


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_what_is_generated_is_up_to_date(page: Path) -> None:
    stored = (ROOT / page).read_text(encoding="utf-8")
    assert stored == PAGES[page], f"{page}: 'make docs' writes it anew"


def test_no_other_page_stands_in_the_folder() -> None:
    stored = {path.relative_to(ROOT) for path in (ROOT / make_reference.FOLDER).iterdir()}
    assert stored <= set(PAGES)


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_everything_in_a_table_has_a_meaning(page: Path) -> None:
    """A fact's field gets its words in `tools/reference/fact_fields.py`, a key its docstring."""
    silent = [line for line in PAGES[page].splitlines() if line.endswith("|  |")]
    assert not silent


@pytest.mark.parametrize("described", [Status, RoundStatus])
def test_the_status_says_what_each_key_means_and_no_more(described: type) -> None:
    assert dataclasses.is_dataclass(described)
    keys = [field.name for field in dataclasses.fields(described)]
    assert list(status.attributes(described)) == keys


def test_every_command_and_fact_has_a_section() -> None:
    known = app.registered_commands
    named = [c.name or c.callback.__name__ for c in known if c.callback]
    assert "import" in named
    headings = [line[3:] for line in commands.page().splitlines() if line.startswith("## ")]
    assert headings == [f"rig {name}" for name in named]
    assert "## take-ended" in facts.page()


@pytest.mark.parametrize(
    ("schema", "kind", "within"),
    [
        ({"type": "integer", "minimum": 0, "exclusiveMaximum": 8}, "whole number", "0 to 7"),
        ({"type": "number", "exclusiveMinimum": 0}, "number", "above 0"),
        (
            {"anyOf": [{"type": "string", "pattern": "^a$"}, {"type": "null"}]},
            "text, or null",
            "matches `^a$`",
        ),
        (
            {"type": "array", "minItems": 1, "items": {"type": "number", "maximum": 3}},
            "list of: number",
            "at least 1 of them; each at most 3",
        ),
        ({"enum": ["on", "off", 1]}, "`on`, `off` or `1`", ""),
    ],
)
def test_types_and_ranges_are_told_in_words(schema: words.Schema, kind: str, within: str) -> None:
    assert words.type_of(schema, str) == kind
    assert words.range_of(schema) == within
