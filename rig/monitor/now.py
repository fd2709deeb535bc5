"""What happens this second: the take with its levels, and what the learner is at."""

from rich.console import Group, RenderableType
from rich.text import Text

from rig.monitor.view import View
from rig.monitor.words import duration, values
from rig.session.live import LiveLearner, LiveTake

#: Meters show this much below full scale.
METER_DB = 60.0
RISK_DBFS, CLIP_DBFS = -6.0, -1.0
#: Columns beside a bar: its name, and a level or two times.
BESIDE = 24


def _meter(name: str, level_dbfs: float, width: int) -> Text:
    share = min(max(1 + level_dbfs / METER_DB, 0.0), 1.0)
    full = round(share * width)
    style = "red" if level_dbfs > CLIP_DBFS else "yellow" if level_dbfs > RISK_DBFS else "green"
    bar = Text("█" * full, style=style) + Text("░" * (width - full), style="dim")
    shown = f" {level_dbfs:6.1f} dBFS" if level_dbfs > -METER_DB else "   quiet"
    return Text(f"{name:<7}") + bar + Text(shown)


def _progress(take: LiveTake, width: int) -> Text:
    played = min(take.played_s / max(take.duration_s, 1e-9), 1.0)
    full = round(played * width)
    bar = Text("━" * full, style="cyan") + Text("─" * (width - full), style="dim")
    line = Text(f"{'take':<7}") + bar + Text(f" {take.played_s:.1f} of {take.duration_s:.1f} s")
    line.no_wrap, line.overflow = True, "crop"
    return line


def learner(at: LiveLearner | None) -> Text:
    """Say what the learner is at."""
    if at is None:
        return Text("learner: at rest", style="dim", no_wrap=True)
    line = f"learner: {at.stage}, round {at.round}, {at.done}/{at.total}"
    if at.loss is not None:
        line += f", loss {at.loss:.3f}"
    if at.eta_s is not None:
        line += f", {duration(at.eta_s)}"
    return Text(line, style="magenta", no_wrap=True, overflow="ellipsis")


def coming(view: View) -> Text:
    """Say which settings come next."""
    waiting = [values(view.panel, place.setting) for place in view.places if place.is_pending]
    if view.live is not None and view.live.take is not None and waiting:
        # The first of them is the one that plays.
        here = values(view.panel, view.setting)
        waiting = [each for each in waiting if each != here]
    told = "  ".join(waiting) or "nothing is asked for yet"
    return Text(f"next: {told}", no_wrap=True, overflow="ellipsis")


def title(view: View) -> str:
    """Name the take that plays: its number, its role, the round that asked for it."""
    take = view.live.take if view.live else None
    if take is None:
        return "no take in progress"
    found = next((place for place in view.places if place.capture == take.capture), None)
    told = f"take {take.number}: {take.role}"
    return f"{told}, round {found.round}" if found is not None and found.round else told


def now(view: View, width: int) -> RenderableType:
    """Draw the take and the learner within a number of columns."""
    take = view.live.take if view.live else None
    at = learner(view.live.learner if view.live else None)
    if take is None:
        doing = view.live.doing if view.live else ""
        return Group(Text(doing, style="dim"), Text(), Text(), coming(view), at)
    bar = max(width - BESIDE, 8)
    levels = [_meter("send", take.send_dbfs, bar), _meter("return", take.return_dbfs, bar)]
    return Group(_progress(take, bar), *levels, coming(view), at)
