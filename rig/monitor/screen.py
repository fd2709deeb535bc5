"""The monitor's screen: from a `View` to something that rich can draw, from 72 x 20 upwards."""

import textwrap

from rich.align import Align
from rich.console import Group, RenderableType
from rich.layout import Layout
from rich.panel import Panel as Box
from rich.text import Text

from rig.monitor.body import BOX_COLUMNS, BOX_ROWS, Looked, large, sentence, small
from rig.monitor.knobs import knobs, knobs_width
from rig.monitor.now import now, title
from rig.monitor.prompt import MOVEMENT_COLUMNS, goals, goals_width, line, prompt
from rig.monitor.prompt import keys as answers
from rig.monitor.view import View
from rig.monitor.words import counted, left, size, state
from rig.printable import pasteable
from rig.session.worth import Worth

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
MOST_DOING_ROWS, UPPER_ROWS, KEY_ROWS, LEAST_BODY_ROWS = 3, 7, 1, 10
#: Many knobs to turn have their names above their dials, and the keys below.
GOAL_ROWS = 8


def _doing(view: View) -> str:
    """What goes wrong, why it ended, or what happens now."""
    return pasteable(view.doing, view.folder)


def _wrapped(text: str, width: int) -> int:
    return sum(len(textwrap.wrap(line, width)) for line in text.split("\n"))


def _head(view: View, width: int) -> RenderableType:
    status = view.status
    style = STATE_STYLES[status.state]
    if status.state == "finished" and status.worth is not None:
        # Done is not well: a session whose model is poor does not end in green.
        style = Worth.of(status.worth).style
    told = Text.assemble((f" {state(view)} ", f"reverse {style}"), no_wrap=True)
    told.append(_figures(view, width - len(told)))
    style = "red" if view.status.trouble or status.state == "failed" else "dim"
    # Wrapped: it ends with what to do.
    said = Text(_doing(view), style=style)
    return Group(told, said)


def _figures(view: View, width: int) -> str:
    """How far it is; where there is no room for all of it, what can be missed is left out whole."""
    turn, disk = f"round {view.status.round}", f"disk {size(view.status.disk_free_bytes)}"
    parts = [counted(view), turn, left(view), disk]
    for part in (disk, turn):
        if sum(len(each) + 2 for each in parts) > width:
            parts.remove(part)
    return "".join(f"  {each}" for each in parts)


def _hands(view: View, width: int, rows: int, *, plain: bool) -> RenderableType:
    """Draw what somebody has to turn: as dials, or in words where they do not fit."""
    assert view.live is not None
    moves, room = view.live.prompt, width - BOX_COLUMNS
    words = answers(view, room)
    if plain or not _fits_as_dials(view, room):
        return Group(line(view.panel, moves), words)
    if len(moves) * MOVEMENT_COLUMNS <= room:
        return Group(Align.center(prompt(view.panel, moves)), words)
    if rows < GOAL_ROWS:
        return Group(line(view.panel, moves), words)
    return Group(Align.center(goals(view.panel, moves)), words)


def _fits_as_dials(view: View, room: int) -> bool:
    assert view.live is not None
    moves = view.live.prompt
    return min(len(moves) * MOVEMENT_COLUMNS, goals_width(view.panel, moves)) <= room


def _keys(view: View, looked: Looked) -> Text:
    """Describe what the keys do at this moment."""
    if view.is_over:
        keys = " up, down: settings   left, right: maps   q leave"
        return Text(keys, style="dim", no_wrap=True)
    pause = "go on" if view.status.state == "paused" else "pause"
    look = "arrows look" if looked.capture is None else "t takes"
    keys = f" p {pause}   s stop after the take   S stop now   q leave   {look}"
    return Text(keys, style="dim", no_wrap=True)


def _upper_rows(view: View, width: int, most: int) -> int:
    """Rows of what stands on top: as many as a sentence needs, once there is nothing else."""
    if view.is_prompting:
        return min(GOAL_ROWS, most)
    if not view.is_over:
        return UPPER_ROWS
    return min(_wrapped(sentence(view).plain, width - BOX_COLUMNS) + BOX_ROWS, most)


def _upper(view: View, width: int, rows: int, *, plain: bool) -> RenderableType | Layout:
    """What happens now; of a session that is over, what it is worth."""
    if view.is_over:
        return Box(sentence(view), title=view.status.session)
    if view.is_prompting:
        return Box(_hands(view, width, rows, plain=plain), title="turn these")
    # The bars of the take need half of the screen, and take what the knobs leave.
    most, setting = width // 2 - BOX_COLUMNS, view.setting
    columns = knobs_width(view.panel, setting, most, plain=plain)
    # The session's name stands above them.
    columns = max(columns, min(len(view.status.session) + BOX_ROWS, most))
    shown = knobs(view.panel, setting, columns, plain=plain)
    upper = Layout()
    size_ = columns + BOX_COLUMNS
    take = Box(now(view, width - size_ - BOX_COLUMNS), title=title(view))
    upper.split_row(Layout(Box(shown, title=view.status.session), size=size_), Layout(take))
    return upper


def _too_small(view: View, width: int, height: int) -> Layout:
    """What fits anywhere: what somebody is waited for, how it goes, and how to see more."""
    parts = [Text(f"{state(view)}, {counted(view)}, {left(view)}")]
    if view.is_prompting:
        assert view.live is not None
        parts[:0] = [line(view.panel, view.live.prompt), answers(view, width)]
    room = (
        f"This terminal has {width} by {height} characters, the monitor needs {LEAST_COLUMNS} by "
    )
    parts.append(Text(f"{room}{LEAST_ROWS}: make it larger. q leaves."))
    # In a layout, which cuts off what does not fit.
    return Layout(Group(*parts))


def screen(
    view: View, width: int, height: int, looked: Looked | None = None, *, plain: bool = False
) -> Layout:
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
    head = 1 + max(min(_wrapped(_doing(view), width), MOST_DOING_ROWS), 1)
    # The lists below need their rows in any case.
    upper = _upper_rows(view, width, height - head - KEY_ROWS - LEAST_BODY_ROWS)
    body = height - head - upper - KEY_ROWS
    is_large = width >= LARGE_COLUMNS and height >= LARGE_ROWS
    layout = Layout()
    layout.split_column(
        Layout(_head(view, width), size=head),
        Layout(_upper(view, width, upper, plain=plain), size=upper),
        Layout((large if is_large else small)(view, looked, width, body)),
        Layout(_keys(view, looked), size=KEY_ROWS),
    )
    return layout
