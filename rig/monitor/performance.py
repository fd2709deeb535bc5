"""Draw a performance: the knobs, how loud it is, how busy the machine is."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.panel import Panel as Box
from rich.table import Table
from rich.text import Text

from rig.player.messages import Playing
from rig.printable import count_of

BAR = 24
#: The lowest level that a meter shows.
LOWEST_DBFS = -60.0
#: Above this share of the time the next thing that the machine has to do costs a block.
BUSY = 0.7


@dataclass(frozen=True)
class Row:
    """One knob, or one track: what it is called, where it stands, and what moves it."""

    name: str
    value: str
    share: float
    hint: str
    chosen: bool = False


def _bar(share: float, style: str) -> Text:
    filled = round(BAR * min(max(share, 0.0), 1.0))
    return Text.assemble(("█" * filled, style), ("░" * (BAR - filled), "dim"))


def meter(dbfs: float) -> Text:
    """Draw a level."""
    style = "red" if dbfs > -0.5 else "green"
    shown = f" {dbfs:6.1f} dBFS" if dbfs > LOWEST_DBFS else "   silent"
    return _bar(1.0 - dbfs / LOWEST_DBFS, style).append(shown)


# One sentence for the screen and for the end, so that nobody compares two kinds of figures.
def sentence(at: Playing, sample_rate: int) -> str:
    """Say how a performance is going, in figures."""
    late_ms = 1_000 * (at.driver_latency_s + at.slack_frames / sample_rate)
    return (
        f"load {at.load:.0%} (at most {at.highest_load:.0%}), {count_of(at.dropouts, 'dropout')}, "
        f"{at.driver_dropouts} more told by the driver, {at.block_frames} frames a block, "
        f"{late_ms:.1f} ms late"
    )


def _meters(at: Playing, channel: int) -> Table:
    """Draw how loud it is: the input that is listened to, and what is heard."""
    meters = Table.grid(padding=(0, 1))
    # Tracks that run by themselves listen to no input.
    if 0 <= channel < len(at.inputs_dbfs):
        meters.add_row(f"in {channel + 1}", meter(at.inputs_dbfs[channel]))
    meters.add_row("out", meter(at.output_dbfs))
    return meters


def performance(
    title: str,
    rows: Sequence[Row],
    at: Playing | None,
    channel: int,
    sample_rate: int,
    footer: str,
) -> RenderableType:
    """Draw a whole performance.

    Args:
        title: What is played.
        rows: Knobs or tracks.
        at: The last report; None before the first.
        channel: The input that is listened to, counted from 0; -1 where none is.
        sample_rate: Hz.
        footer: Which keys there are.
    """
    table = Table.grid(padding=(0, 1))
    for row in rows:
        style = "bold cyan" if row.chosen else ""
        mark = Text("▶" if row.chosen else " ", style=style)
        table.add_row(
            mark, Text(row.name, style=style), _bar(row.share, style or "white"), row.value,
            Text(row.hint, style="dim"),
        )  # fmt: skip
    parts: list[RenderableType] = [table, Text()]
    if at is not None:
        # What was lost stays red: whoever looks away for a moment should not miss it.
        style = "bold red" if at.dropouts else "yellow" if at.highest_load > BUSY else ""
        parts += [_meters(at, channel), Text(sentence(at, sample_rate), style=style)]
    parts.append(Text(footer, style="dim"))
    return Box(Group(*parts), title=Text(title), expand=False)
