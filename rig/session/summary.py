"""A session's status as a person reads it."""

from datetime import datetime
from pathlib import Path

from rich.console import Group
from rich.table import Table
from rich.text import Text

from rig.printable import pasteable
from rig.session.status import Rejection, Status
from rig.session.worth import Worth

#: So many reasons why takes were rejected are named.
REJECTIONS_SHOWN = 3


def _time(iso: str | None) -> str:
    # Kept in UTC for programs, told by the clock on the wall.
    return "-" if iso is None else f"{datetime.fromisoformat(iso).astimezone():%d %b %H:%M}"


def _esr(value: float | None) -> str:
    return "not yet known" if value is None else f"{value:.2g}"


def _of_goal(captures: dict[str, int | None]) -> str:
    kept, goal = captures["kept"] or 0, captures["planned"]
    if goal is None:
        return f"{kept} kept, of no fixed number"
    # A goal may have been lowered since.
    return f"{kept} of {goal} kept" if kept <= goal else f"{kept} kept, more than the {goal} asked"


def _told(rejection: Rejection) -> str:
    times = f"{rejection.takes} times, the last" if rejection.takes > 1 else "once"
    return f"{times}: {rejection.why}"


def _lines(status: Status, folder: Path) -> list[tuple[str, str]]:
    captures, takes = status.captures, status.takes
    lines = [("trouble", status.trouble)] if status.trouble else []
    done = "press the foot switch, or 'rig done'" if status.foot_switch else "'rig done'"
    lines += [("asked of you", f"{status.asked}, then {done}")] if status.asked else []
    lines += [("to spare the amp", status.to_rest)] if status.to_rest else []
    lines += [
        ("captures", f"{_of_goal(captures)}, {captures['abandoned']} given up"),
        ("takes", f"{takes['kept']} kept, {takes['rejected']} rejected, {takes['failed']} failed"),
        *(("rejected", _told(each)) for each in status.rejections[:REJECTIONS_SHOWN]),
        ("rounds", str(status.round)),
        ("holdout ESR", f"{_esr(status.holdout_esr)}  (floor {_esr(status.repeatability_esr)})"),
    ]
    if status.expected_esr is not None:
        expected = _esr(status.expected_esr)
        lines.append(("expected ESR", f"{expected} at the other settings that players use"))
    if status.worth is not None:
        lines.append(("the model is", status.worth))
    if status.verdict is not None:
        lines.append(("sounds", status.verdict))
    if status.worst_settings:
        worst = ";  ".join(f"{name} ({_esr(esr)})" for name, esr in status.worst_settings.items())
        lines.append(("worst settings", worst))
    if status.utilization is not None:
        share = f"{status.utilization:.0%} of the recording, in takes that were kept"
        lines.append(("time spent playing", share))
    lines.append(("begun", f"{_time(status.started_at)}, last word {_time(status.updated_at)}"))
    if status.deaths:
        died = ", ".join(f"{name} {count}" for name, count in sorted(status.deaths.items()))
        lines.append(("died", f"{died}; each was started again, logs/ may say why"))
    if status.eta is not None:
        lines.append(("done at", _time(status.eta)))
    if status.model is not None and status.export is not None:
        lines += [("model", str(folder / status.model)), ("export", str(folder / status.export))]
    return lines


def summary(status: Status, folder: Path) -> Group:
    """Something that rich can print."""
    # Done is not well: a session whose model is poor does not end in green.
    told = Worth.of(status.worth).style if status.worth is not None else "green"
    style = {"failed": "red", "stopped": "yellow"}.get(status.state, told)
    head = Text.assemble((status.session, "bold"), ": ", (status.state, style))
    if status.finish_reason:
        head.append(f" - {pasteable(status.finish_reason, folder)}")
    table = Table(box=None, show_header=False, padding=(0, 2))
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, value in _lines(status, folder):
        table.add_row(name, value)
    return Group(head, table)
