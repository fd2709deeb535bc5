"""The body of the screen: charts, map and lists, as many of them as there is room for."""

from dataclasses import dataclass

from rich.console import RenderableType
from rich.layout import Layout
from rich.panel import Panel as Box
from rich.text import Text

from rig.monitor.chart import chart
from rig.monitor.lists import rounds, settings, takes, takes_title
from rig.monitor.map import maps
from rig.monitor.view import View
from rig.monitor.words import duration, error, esr

#: Rows of the verdict in the middle of a large screen.
SENTENCE_ROWS = 4
#: A box's own columns and rows.
BOX_COLUMNS, BOX_ROWS = 4, 2
#: So wide a chart has room for which ESR it is, and for the error in dB as well.
NAMED_FROM, DECIBELS_FROM = 37, 56


@dataclass(frozen=True)
class Looked:
    """What a viewer looks at: the first pair of knobs that is mapped, and one of the settings."""

    pair: int = 0
    capture: int | None = None


def sentence(view: View) -> Text:
    """The report's own verdict, and, once it is over, what to type next."""
    said = view.verdict
    told = Text.assemble((f"{said.word}: ", "bold"), said.sentence)
    if not view.is_over:
        return told
    return told.append(f"\n{said.advice}\n").append(said.command, style="bold")


def _chart(view: View, width: int, height: int) -> RenderableType:
    points = [(len(r.learnt_from), r.holdout_esr) for r in view.rounds if r.holdout_esr is not None]
    status = view.status
    drawn = chart(points, status.repeatability_esr, width - BOX_COLUMNS, height - BOX_ROWS)
    # In dB as well where there is room for both.
    name = "holdout ESR" if width > NAMED_FROM else "ESR"
    say = error if width > DECIBELS_FROM else esr
    told = f"{name} {say(status.holdout_esr)}, floor {say(status.repeatability_esr)}"
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
    ends = ("ESR", f"over {duration(points[-1][0] - points[0][0])}")
    return Box(chart(points, None, width - BOX_COLUMNS, height - BOX_ROWS, ends), title=title_)


def _listed(view: View, looked: Looked, width: int, height: int) -> RenderableType:
    """The last takes, or the settings that somebody looks through."""
    if looked.capture is not None or view.is_over:
        return Box(settings(view, looked.capture, height - BOX_ROWS), title="settings")
    shown = takes(view, width - BOX_COLUMNS, height - BOX_ROWS)
    return Box(shown, title=takes_title(view))


def _rounds(view: View, width: int, height: int) -> RenderableType:
    return Box(rounds(view, width - BOX_COLUMNS, height - BOX_ROWS), title="rounds")


def small(view: View, looked: Looked, width: int, height: int) -> Layout:
    """The chart beside the rounds, and a list below."""
    lower = max(height // 2, 5)
    upper, half = height - lower, width // 2
    body, above = Layout(), Layout()
    above.split_row(Layout(_chart(view, half, upper), size=half),
                    Layout(_rounds(view, width - half, upper)))  # fmt: skip
    body.split_column(Layout(above, size=upper), Layout(_listed(view, looked, width, lower)))
    return body


def large(view: View, looked: Looked, width: int, height: int) -> Layout:
    """The map beside chart and rounds, a list beside the canaries below."""
    said = 0 if view.is_over else SENTENCE_ROWS
    lower = max((height - said) // 3, 7)
    upper, half, listed = height - said - lower, width // 2, width * 3 // 5
    high = (upper + 1) // 2
    space = maps(view, half - BOX_COLUMNS, upper - BOX_ROWS, looked.pair, looked.capture)
    right, above, below, body = Layout(), Layout(), Layout(), Layout()
    right.split_column(Layout(_chart(view, width - half, high), size=high),
                       Layout(_rounds(view, width - half, upper - high)))  # fmt: skip
    above.split_row(Layout(Box(space, title="knob space"), size=half), right)
    below.split_row(Layout(_listed(view, looked, listed, lower), size=listed),
                    Layout(_canaries(view, width - listed, lower)))  # fmt: skip
    parts = [Layout(above, size=upper), Layout(below)]
    body.split_column(*([Layout(Box(sentence(view)), size=said)] if said else []), *parts)
    return body
