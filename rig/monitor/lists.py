"""Lists on the screen: rounds, the last takes, and the settings to look through."""

import math
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from rig.capture import Outcome, Role
from rig.knobs import Setting
from rig.monitor.places import Place, ordered
from rig.monitor.view import Ended, View
from rig.monitor.words import error, esr, outcome, values

MARKS = {
    Outcome.KEPT: ("kept    ", "green"),
    Outcome.REJECTED: ("rejected", "yellow"),
    Outcome.FAILED: ("failed  ", "red"),
}
#: So wide a table has room for the settings that a round asked for.
SETTINGS_FROM = 52


def _take(view: View, ended: Ended, *, whole: bool) -> Text:
    take, role = ended.take, ended.role.value
    said = outcome(take, values(view.panel, ended.setting))
    line = Text.assemble(f"{take.take:>4} ", MARKS[take.outcome], f" {role:<8} {said}")
    if not whole:
        # A line that wraps would push another one off the screen.
        line.no_wrap, line.overflow = True, "ellipsis"
    return line


def takes(view: View, width: int, rows: int) -> RenderableType:
    """The last takes; why the last one was refused is told in full."""
    refused = [e.take.take for e in view.recent if e.take.outcome is not Outcome.KEPT]
    lines: list[Text] = []
    for ended in reversed(view.recent):
        whole = bool(refused) and ended.take.take == refused[-1]
        line = _take(view, ended, whole=whole)
        rows -= math.ceil(len(line) / width) if whole else 1
        if rows < 0:
            break
        lines.insert(0, line)
    return Group(*lines) if lines else Text("no take has ended yet", style="dim")


def takes_title(view: View) -> str:
    """How many takes ended in each way."""
    count = view.status.takes
    return f"takes: {count['kept']} kept  {count['rejected']} rejected  {count['failed']} failed"


def _mean(errors: Sequence[float]) -> str:
    """Format the mean of one batch's errors; empty where there are none."""
    return f"{sum(errors) / len(errors):.3f}" if errors else ""


def rounds(view: View, width: int, rows: int) -> RenderableType:
    """The last rounds: what was expected, what was found."""
    wide = width >= SETTINGS_FROM
    table = Table(box=None, expand=True, padding=(0, 1), header_style="dim")
    table.add_column("rnd", justify="right")
    if wide:
        table.add_column("settings asked for", no_wrap=True, overflow="ellipsis", ratio=1)
    for name in ("expected", "found", "ESR"):
        table.add_column(name, justify="right", no_wrap=True)
    for learnt in view.rounds[-max(rows - 1, 1) :]:
        asked = "  ".join(values(view.panel, Setting(each)) for each in learnt.values)
        expected = _mean(learnt.expected_errors)
        found = _mean(view.errors_after(learnt.round))
        row = [str(learnt.round), *([asked] if wide else []), expected, found]
        table.add_row(*row, esr(learnt.holdout_esr))
    return table


def told(place: Place) -> str:
    """Say what is known of a setting."""
    if place.is_pending:
        return "to be recorded"
    if place.why_not is not None:
        return f"given up: {place.why_not}"
    if place.esr is not None:
        return f"ESR {error(place.esr)}"
    if place.found is not None:
        return f"expected {esr(place.expected)}, found {error(place.found)}"
    return "recorded"


def _why(place: Place) -> str:
    if place.role is Role.HOLDOUT:
        return "held out"
    return f"round {place.round}" if place.round else place.role.value


def settings(view: View, chosen: int | None, rows: int) -> RenderableType:
    """The settings around the one that is looked at, each with what is known of it."""
    shown = ordered(view.places)
    numbers = [place.capture for place in shown]
    at = numbers.index(chosen) if chosen in numbers else 0
    first = min(max(at - rows // 2, 0), max(len(numbers) - rows, 0))
    wide = max((len(values(view.panel, place.setting)) for place in shown), default=0)
    lines = []
    for place in shown[first : first + rows]:
        take = f"take {place.kept.take}" if place.kept else ""
        where = values(view.panel, place.setting)
        text = f"{where:<{wide}}  {_why(place):<8}  {take:<9}  {told(place)}"
        style = "reverse" if place.capture == chosen else ""
        lines.append(Text(text, style=style, no_wrap=True, overflow="ellipsis"))
    return Group(*lines) if lines else Text("nothing was asked for yet", style="dim")
