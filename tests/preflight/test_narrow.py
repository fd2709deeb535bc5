"""The table of the check where there is no room for a table."""

import io

import pytest
from rich.console import Console

from rig.preflight import Finding, Grade, drawn

ROWS = [
    Finding("noise floor", "-82.1 dBFS", "-60 dBFS"),
    Finding("loopback", "not heard", "heard", Grade.BAD, "plug output 2 straight into input 2"),
    Finding("whole night", "about 2.5 h [on two cores]"),
]


def lines(columns: int) -> list[str]:
    console = Console(file=io.StringIO(), width=columns, force_terminal=False)
    console.print(drawn(ROWS, columns))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    return [line.rstrip() for line in str(text).splitlines()]


@pytest.mark.parametrize("columns", [20, 40, 71])
def test_each_row_is_lines_that_can_be_read(columns: int) -> None:
    shown = lines(columns)
    assert all(len(line) <= columns for line in shown)
    text = " ".join(" ".join(shown).split())
    assert "good noise floor: -82.1 dBFS, limit -60 dBFS" in text
    assert "bad loopback: not heard, limit heard plug output 2 straight into input 2" in text
    assert "about 2.5 h [on two cores]" in text


def test_with_room_it_is_a_table() -> None:
    shown = lines(100)
    assert shown[0].split() == ["check", "figure", "limit", "what", "to", "do"]
    assert len(shown) == 4
