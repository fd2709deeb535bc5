"""What the check found: rows with a figure, a limit, a verdict and what to do."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

#: The row that says how long everything takes.
WHOLE = "whole night"


class Grade(StrEnum):
    """What a finding means for the night; only ``bad`` stands in its way."""

    GOOD = "good"
    NOTE = "note"
    BAD = "bad"


@dataclass(frozen=True)
class Finding:
    """One row of the table: what was looked at, what was found, what it had to be, what to do."""

    name: str
    figure: str
    limit: str = ""
    verdict: Grade = Grade.GOOD
    advice: str = ""

    @property
    def passed(self) -> bool:
        """Whether the night may begin."""
        return self.verdict is not Grade.BAD

    def as_dict(self) -> dict[str, object]:
        """For ``--json``."""
        return {**vars(self), "passed": self.passed}


def finding(name: str, figure: str, limit: str, *, good: bool, advice: str) -> Finding:
    """A row that is good or bad; only a bad one needs advice."""
    if good:
        return Finding(name, figure, limit)
    return Finding(name, figure, limit, Grade.BAD, advice)


def summary(findings: Sequence[Finding]) -> str:
    """One sentence: whether the night will work, and how long it takes."""
    bad = [row.name for row in findings if not row.passed]
    length = next((row.figure for row in findings if row.name == WHOLE), "")
    if bad:
        rows = ", ".join(bad)
        return f"The night will not work yet: mend {rows}, and check again."
    notes = sum(row.verdict is Grade.NOTE for row in findings)
    read = "" if not notes else f"; read the {'note' if notes == 1 else f'{notes} notes'}"
    takes = f" and takes {length}" if length else ""
    return f"The night will work{takes}{read}."


STYLES = {Grade.GOOD: "green", Grade.NOTE: "yellow", Grade.BAD: "bold red"}


#: Below so many columns a table of five is a heap of syllables.
LEAST_TABLE_COLUMNS = 72
INDENT = 2


def drawn(findings: Sequence[Finding], columns: int) -> RenderableType:
    """The findings as a table, or as lines where there is no room for one."""
    return table(findings) if columns >= LEAST_TABLE_COLUMNS else rows(findings)


def rows(findings: Iterable[Finding]) -> RenderableType:
    """The findings one below the other: the verdict and what it is about, then what to do."""
    parts: list[RenderableType] = []
    for row in findings:
        limit = f", limit {row.limit}" if row.limit else ""
        verdict = (str(row.verdict), STYLES[row.verdict])
        parts.append(Text.assemble(verdict, f" {row.name}: {row.figure}{limit}"))
        if row.advice:
            parts.append(Padding(Text(row.advice), (0, 0, 0, INDENT)))
    return Group(*parts)


def table(findings: Iterable[Finding]) -> Table:
    """The findings for a terminal."""
    drawn = Table(box=None, header_style="dim", padding=(0, 2))
    for column in ("check", "figure", "limit", "", "what to do"):
        drawn.add_column(column)
    for row in findings:
        verdict = f"[{STYLES[row.verdict]}]{row.verdict}[/]"
        drawn.add_row(row.name, row.figure, row.limit, verdict, row.advice)
    return drawn
