"""The monitor's screen: from a `View` to something that rich can draw, from 72 x 20 upwards."""

from dataclasses import dataclass

from rich.align import Align
from rich.console import Group, RenderableType
from rich.layout import Layout
from rich.panel import Panel as Box
from rich.text import Text

from rig.monitor.chart import chart
from rig.monitor.knobs import knobs, knobs_width
from rig.monitor.lists import rounds, settings, takes, takes_title
from rig.monitor.map import maps
from rig.monitor.now import now, title
from rig.monitor.prompt import MOVEMENT_COLUMNS, line, prompt
from rig.monitor.view import View
from rig.monitor.words import counted, duration, error, esr, left, size, state
from rig.printable import pasteable
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
#: What the screen needs, and from where on it has room for the map and the canaries.
LEAST_COLUMNS, LEAST_ROWS = 72, 20
LARGE_COLUMNS, LARGE_ROWS = 110, 34
HEAD_ROWS, UPPER_ROWS, SENTENCE_ROWS, KEY_ROWS = 2, 7, 4, 1
#: A box's own columns and rows.
BOX_COLUMNS, BOX_ROWS = 4, 2
DECIBELS_FROM = 56


@dataclass(frozen=True)
class Looked:
    """What a viewer looks at: the first pair of knobs that is mapped, and one of the settings."""

    pair: int = 0
    capture: int | None = None


def _head(view: View) -> RenderableType:
    status = view.status
    style = STATE_STYLES[status.state]
    if status.state == "finished" and status.model is not None:
        # Done is not well: a session whose model is poor does not end in green.
        style = worth(status.holdout_esr).style
    words = f"  {counted(view)}  round {status.round}  {left(view)}"
    disk = f"  disk {size(status.disk_free_bytes)}"
    told = Text.assemble((f" {state(view)} ", f"reverse {style}"), words, disk, no_wrap=True)
    doing = view.trouble or status.finish_reason or (view.live.doing if view.live else "")
    style = "red" if view.trouble or status.state == "failed" else "dim"
    said = Text(pasteable(doing, view.folder), style=style, overflow="ellipsis", no_wrap=True)
    return Group(told, said)


def _hands(view: View, width: int) -> RenderableType:
    """Draw what somebody has to turn: as dials, or in words where they do not fit."""
    assert view.live is not None
    moves = view.live.prompt
    words = Text("Enter: done    k: skip this setting    b: record the last one again", style="dim")
    if len(moves) * MOVEMENT_COLUMNS > width - BOX_COLUMNS:
        return Group(line(view.panel, moves), words)
    return Group(Align.center(prompt(view.panel, moves)), words)


def _keys(view: View, looked: Looked) -> Text:
    """Describe what the keys do at this moment."""
    if view.is_over:
        keys = " up, down: settings   left, right: maps   q leave"
        return Text(keys, style="dim", no_wrap=True)
    pause = "go on" if view.status.state == "paused" else "pause"
    look = "arrows look" if looked.capture is None else "t takes"
    keys = f" p {pause}   s stop after the take   S stop now   q leave   {look}"
    return Text(keys, style="dim", no_wrap=True)


def _sentence(view: View) -> Text:
    """The report's own verdict, and, once it is over, what to type next."""
    said = view.verdict
    told = Text.assemble((f"{said.word}: ", "bold"), said.sentence)
    if not view.is_over:
        return told
    return told.append(f"\n{said.advice} ").append(said.command, style="bold")


def _upper(view: View, width: int, *, plain: bool) -> RenderableType | Layout:
    """What happens now; of a session that is over, what it is worth."""
    if view.is_over:
        return Box(_sentence(view), title=view.status.session)
    if view.is_prompting:
        return Box(_hands(view, width), title="turn these")
    # The bars of the take need half of the screen, and take what the knobs leave.
    columns = knobs_width(view.panel, width // 2 - BOX_COLUMNS, plain=plain)
    shown = knobs(view.panel, view.setting, columns, plain=plain)
    upper = Layout()
    size_ = columns + BOX_COLUMNS
    take = Box(now(view, width - size_ - BOX_COLUMNS), title=title(view))
    upper.split_row(Layout(Box(shown, title=view.status.session), size=size_), Layout(take))
    return upper


def _chart(view: View, width: int, height: int) -> RenderableType:
    points = [(len(r.learnt_from), r.holdout_esr) for r in view.rounds if r.holdout_esr is not None]
    status = view.status
    drawn = chart(points, status.repeatability_esr, width - BOX_COLUMNS, height - BOX_ROWS)
    # In dB as well where there is room for both.
    say = error if width > DECIBELS_FROM else esr
    told = f"holdout ESR {say(status.holdout_esr)}, floor {say(status.repeatability_esr)}"
    return Box(drawn, title=told)


def _canaries(view: View, width: int, height: int) -> RenderableType:
    """How far the canaries were from the reference, over the night."""
    points = [(c.at, c.replicate_esr) for c in view.canaries if c.replicate_esr is not None]
    levels = [c.return_rms_dbfs for c in view.canaries if c.return_rms_dbfs is not None]
    title_ = f"canaries: {len(view.canaries)}"
    if len(levels) > 1:
        title_ += f", level within {max(levels) - min(levels):.2f} dB"
    if not points:
        return Box(Text("told once two are recorded", style="dim"), title=title_)
    ends = ("ESR to the reference", f"over {duration(points[-1][0] - points[0][0])}")
    return Box(chart(points, None, width - BOX_COLUMNS, height - BOX_ROWS, ends), title=title_)


def _listed(view: View, looked: Looked, width: int, height: int) -> RenderableType:
    """The last takes, or the settings that somebody looks through."""
    if looked.capture is not None or view.is_over:
        return Box(settings(view, looked.capture, height - BOX_ROWS), title="settings")
    shown = takes(view, width - BOX_COLUMNS, height - BOX_ROWS)
    return Box(shown, title=takes_title(view))


def _rounds(view: View, width: int, height: int) -> RenderableType:
    return Box(rounds(view, width - BOX_COLUMNS, height - BOX_ROWS), title="rounds")


def _small(view: View, looked: Looked, width: int, height: int) -> Layout:
    """The chart beside the rounds, and a list below."""
    lower = max(height // 2, 5)
    upper, half = height - lower, width // 2
    body, above = Layout(), Layout()
    above.split_row(Layout(_chart(view, half, upper), size=half),
                    Layout(_rounds(view, width - half, upper)))  # fmt: skip
    body.split_column(Layout(above, size=upper), Layout(_listed(view, looked, width, lower)))
    return body


def _large(view: View, looked: Looked, width: int, height: int) -> Layout:
    """The map beside chart and rounds, a list beside the canaries below."""
    sentence = 0 if view.is_over else SENTENCE_ROWS
    lower = max((height - sentence) // 3, 7)
    upper, half, listed = height - sentence - lower, width // 2, width * 3 // 5
    high = (upper + 1) // 2
    space = maps(view, half - BOX_COLUMNS, upper - BOX_ROWS, looked.pair, looked.capture)
    right, above, below, body = Layout(), Layout(), Layout(), Layout()
    right.split_column(Layout(_chart(view, width - half, high), size=high),
                       Layout(_rounds(view, width - half, upper - high)))  # fmt: skip
    above.split_row(Layout(Box(space, title="knob space"), size=half), right)
    below.split_row(Layout(_listed(view, looked, listed, lower), size=listed),
                    Layout(_canaries(view, width - listed, lower)))  # fmt: skip
    parts = [Layout(above, size=upper), Layout(below)]
    body.split_column(*([Layout(Box(_sentence(view)), size=sentence)] if sentence else []), *parts)
    return body


def _too_small(view: View, width: int, height: int) -> RenderableType:
    """What fits anywhere: what somebody is waited for, how it goes, and how to see more."""
    parts = [Text(f"{state(view)}, {counted(view)}, {left(view)}")]
    if view.is_prompting:
        assert view.live is not None
        parts.insert(0, line(view.panel, view.live.prompt))
    room = f"This terminal has {width} x {height} characters, the monitor needs {LEAST_COLUMNS} x "
    parts.append(Text(f"{room}{LEAST_ROWS}: make it larger. q leaves."))
    return Group(*parts)


def screen(
    view: View, width: int, height: int, looked: Looked | None = None, *, plain: bool = False
) -> RenderableType:
    """Lay out the whole screen for a terminal of ``width`` x ``height`` characters.

    Args:
        view: What is drawn.
        width: Columns.
        height: Rows.
        looked: What the viewer looks at.
        plain: Whether there is nothing but ASCII to draw with.
    """
    if width < LEAST_COLUMNS or height < LEAST_ROWS:
        return _too_small(view, width, height)
    looked = looked or Looked()
    body = height - HEAD_ROWS - UPPER_ROWS - KEY_ROWS
    is_large = width >= LARGE_COLUMNS and height >= LARGE_ROWS
    layout = Layout()
    layout.split_column(
        Layout(_head(view), size=HEAD_ROWS),
        Layout(_upper(view, width, plain=plain), size=UPPER_ROWS),
        Layout((_large if is_large else _small)(view, looked, width, body)),
        Layout(_keys(view, looked), size=KEY_ROWS),
    )
    return layout
