"""The monitor's screen: from a `View` to something that rich can draw, down to 80 x 24."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime

from rich.align import Align
from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.layout import Layout
from rich.panel import Panel as Box
from rich.table import Table
from rich.text import Text

from rig.capture import Outcome
from rig.knobs import Knob, Panel, Setting
from rig.monitor.canvas import DIAL_COLUMNS, dial
from rig.monitor.chart import chart
from rig.monitor.prompt import MOVEMENT_COLUMNS, line, prompt
from rig.monitor.view import View
from rig.session.facts import TakeEnded
from rig.session.live import LiveLearner, LiveTake
from rig.session.status import OVER
from rig.session.worth import worth

STATE_STYLES = {
    "starting": "yellow",
    "running": "green",
    "paused": "yellow",
    "stopping": "yellow",
    "finished": "bold green",
    "stopped": "bold yellow",
    "failed": "bold red",
}
#: Meters show this much below full scale.
METER_DB = 60.0
HEAD_ROWS, KNOB_ROWS, TAKE_ROWS, KEY_ROWS = 2, 7, 5, 1
RISK_DBFS, CLIP_DBFS = -6.0, -1.0


def duration(seconds: float) -> str:
    """Format seconds as hours and minutes, or minutes and seconds."""
    whole = max(round(seconds), 0)
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 60} min {whole % 60:02d} s" if whole >= 60 else f"{whole} s"


def size(count: int | None) -> str:
    """Format a number of bytes in GB."""
    return (
        "?"
        if count is None
        else f"{count / 1e9:.0f} GB"
        if count >= 1e10
        else f"{count / 1e9:.1f} GB"
    )


def esr(value: float | None) -> str:
    """Format an ESR with the digits that mean something."""
    if value is None or not math.isfinite(value):
        return "-"
    return f"{value:.1e}" if 0 < value < 1e-3 else f"{value:.4f}"


def _until(iso: str | None) -> str:
    if iso is None:
        return "-"
    left_s = (datetime.fromisoformat(iso) - datetime.now(UTC)).total_seconds()
    return duration(left_s)


def _head(view: View) -> RenderableType:
    status = view.status
    captures = status.captures
    goal = "?" if captures["planned"] is None else str(captures["planned"])
    state = STATE_STYLES[status.state]
    if status.state == "finished" and status.model is not None:
        # Done is not well: a session whose model is poor does not end in green.
        state = worth(status.holdout_esr).style
    line = Text.assemble(
        (f" {status.state} ", f"reverse {state}"),
        f"  {captures['kept']} of {goal} captures",
        f"  round {status.round}",
        f"  left {_until(status.eta)}",
        f"  disk {size(status.disk_free_bytes)}",
    )
    doing = view.trouble or status.finish_reason or (view.live.doing if view.live else "")
    style = "red" if view.trouble or status.state == "failed" else "dim"
    return Group(line, Text(doing, style=style, overflow="ellipsis", no_wrap=True))


def _knob(knob: Knob, value: float) -> RenderableType:
    name = Text(knob.name[:DIAL_COLUMNS].center(DIAL_COLUMNS), style="bold")
    shown = Text(knob.describe(value)[:DIAL_COLUMNS].center(DIAL_COLUMNS))
    face = [Text(line, style="yellow") for line in dial(knob.turned(value))]
    return Group(name, *face, shown)


def _knobs(panel: Panel, setting: Setting, width: int) -> RenderableType:
    """Draw the knobs as dials; as plain values where they do not fit."""
    if len(panel) * (DIAL_COLUMNS + 2) > width - 4:
        return Text(panel.describe(setting))
    pairs = zip(panel.knobs, setting.values, strict=True)
    return Align.center(Columns([_knob(*pair) for pair in pairs], padding=(0, 2)))


def _hands(view: View, width: int) -> RenderableType:
    """Draw what somebody has to turn: as dials, or in one line where they do not fit."""
    assert view.live is not None
    moves = view.live.prompt
    if len(moves) * MOVEMENT_COLUMNS > width - 4:
        return line(view.panel, moves)
    return Align.center(prompt(view.panel, moves))


def _is_prompting(view: View) -> bool:
    return view.live is not None and bool(view.live.prompt)


def _keys(view: View) -> Text:
    """Describe what the keys do at this moment."""
    if view.status.state in OVER:
        return Text()
    pause = "go on" if view.status.state == "paused" else "pause"
    return Text(f" p {pause}   s stop after the take   S stop now   q leave", style="dim")


def _meter(name: str, level_dbfs: float, width: int) -> Text:
    share = min(max(1 + level_dbfs / METER_DB, 0.0), 1.0)
    full = round(share * width)
    style = "red" if level_dbfs > CLIP_DBFS else "yellow" if level_dbfs > RISK_DBFS else "green"
    bar = Text("█" * full, style=style) + Text("░" * (width - full), style="dim")
    shown = f" {level_dbfs:6.1f} dBFS" if level_dbfs > -METER_DB else "   quiet"
    return Text(f"{name:<7}") + bar + Text(shown)


def _take(take: LiveTake | None, doing: str, width: int) -> RenderableType:
    if take is None:
        return Text(doing or "no take in progress", style="dim")
    bar = max(width - 30, 10)
    played = min(take.played_s / take.duration_s, 1.0)
    full = round(played * bar)
    progress = (
        Text(f"{'take':<7}")
        + Text("━" * full, style="cyan")
        + Text("─" * (bar - full), style="dim")
    )
    progress.append(f" {take.played_s:5.1f} of {take.duration_s:.1f} s")
    send = _meter("send", take.send_dbfs, bar)
    return Group(progress, send, _meter("return", take.return_dbfs, bar))


def _learner(learner: LiveLearner | None) -> Text:
    if learner is None:
        return Text("learner: at rest", style="dim")
    line = f"learner: {learner.stage}, round {learner.round}, {learner.done}/{learner.total}"
    if learner.loss is not None:
        line += f", loss {learner.loss:.3f}"
    if learner.eta_s is not None:
        line += f", {duration(learner.eta_s)}"
    return Text(line, style="magenta", no_wrap=True, overflow="ellipsis")


def _values(panel: Panel, values: tuple[float, ...]) -> str:
    """Format a setting at its shortest: ``6/4.5/on``."""
    return "/".join(k.describe(v) for k, v in zip(panel.knobs, values, strict=True))


def _verdict(take: TakeEnded, setting: Setting, panel: Panel) -> Text:
    marks = {
        Outcome.KEPT: ("kept    ", "green"),
        Outcome.REJECTED: ("rejected", "yellow"),
        Outcome.FAILED: ("failed  ", "red"),
    }
    if take.reasons:
        words = take.reasons[0].sentence
    else:
        peak = take.figures.get("return_peak_dbfs", 0.0)
        words = f"{_values(panel, setting.values)}  peak {peak:.0f} dBFS"
    line = Text.assemble(f"{take.take:>4} ", marks[take.outcome], f" {words}")
    # A line that wraps would push the next verdict off the screen.
    line.no_wrap, line.overflow = True, "ellipsis"
    return line


def _mean(errors: Sequence[float]) -> str:
    """Format the mean of one batch's errors; empty where there are none."""
    return f"{sum(errors) / len(errors):.3f}" if errors else ""


def _rounds(view: View, rows: int) -> RenderableType:
    table = Table(box=None, expand=True, padding=(0, 1), header_style="dim")
    table.add_column("rnd", justify="right")
    table.add_column("settings asked for", no_wrap=True, overflow="ellipsis", ratio=1)
    table.add_column("expected", justify="right")
    table.add_column("found", justify="right")
    table.add_column("ESR", justify="right")
    for learnt in view.rounds[-max(rows, 1) :]:
        asked = "  ".join(_values(view.panel, values) for values in learnt.values)
        expected = _mean([learnt.expects(each) for each in learnt.disagreement])
        found = _mean(view.errors_after(learnt.round))
        table.add_row(str(learnt.round), asked, expected, found, esr(learnt.holdout_esr))
    return table


def screen(view: View, width: int, height: int) -> Layout:
    """Lay out the whole screen for a terminal of ``width`` x ``height`` characters."""
    status = view.status
    body = max(height - HEAD_ROWS - KNOB_ROWS - TAKE_ROWS - KEY_ROWS, 6)
    points = [
        (len(learnt.learnt_from), learnt.holdout_esr)
        for learnt in view.rounds
        if learnt.holdout_esr is not None
    ]
    half = width // 2
    plot = chart(points, status.repeatability_esr, half - 4, body - 3)
    floor = f"holdout ESR {esr(status.holdout_esr)}  floor {esr(status.repeatability_esr)}"
    takes, live = status.takes, view.live
    verdict_rows = max(body // 2 - 2, 1)
    verdicts = [_verdict(*pair, view.panel) for pair in view.recent[-verdict_rows:]]
    counts = f"takes: {takes['kept']} kept  {takes['rejected']} rejected  {takes['failed']} failed"
    doing = live.doing if live else ""
    if _is_prompting(view):
        upper, title = _hands(view, width), "turn these"
        doing = "Enter: done    k: skip this setting    b: record the last one again"
    else:
        upper, title = _knobs(view.panel, view.setting, width), status.session
    layout = Layout()
    layout.split_column(
        Layout(_head(view), size=HEAD_ROWS),
        Layout(Box(upper, title=title), size=KNOB_ROWS),
        Layout(Box(_take(live.take if live else None, doing, width)), size=TAKE_ROWS),
        Layout(name="body"),
        Layout(_keys(view), size=KEY_ROWS),
    )
    right = Layout()
    learning = Group(
        _learner(live.learner if live else None), _rounds(view, body - verdict_rows - 6)
    )
    right.split_column(
        Layout(Box(learning, title="rounds")),
        Layout(Box(Group(*verdicts), title=counts), size=verdict_rows + 2),
    )
    layout["body"].split_row(Layout(Box(plot, title=floor), size=half), right)
    return layout
