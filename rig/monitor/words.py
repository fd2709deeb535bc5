"""Figures as the screen and the lines show them."""

import math
from datetime import datetime

from rig.capture import Outcome
from rig.knobs import Panel, Setting
from rig.monitor.view import View
from rig.session.facts import TakeEnded
from rig.session.worth import of_goal

STATE_WORDS = {"stopped": "stopped by hand"}


def duration(seconds: float) -> str:
    """Format seconds as hours and minutes, or minutes and seconds."""
    whole = max(round(seconds), 0)
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 60} min {whole % 60:02d} s" if whole >= 60 else f"{whole} s"


def size(count: int | None) -> str:
    """Format a number of bytes in GB."""
    if count is None:
        return "?"
    return f"{count / 1e9:.0f} GB" if count >= 1e10 else f"{count / 1e9:.1f} GB"


def esr(value: float | None) -> str:
    """Format an ESR with the digits that mean something."""
    if value is None or not math.isfinite(value):
        return "-"
    return f"{value:.1e}" if 0 < value < 1e-3 else f"{value:.4f}"


def error(value: float | None) -> str:
    """Format an ESR with how far the error lies below the amp, in dB."""
    if value is None or not math.isfinite(value) or value <= 0:
        return esr(value)
    return f"{esr(value)} ({round(10 * math.log10(value))} dB)"


def state(view: View) -> str:
    """The session's state in words."""
    return STATE_WORDS.get(view.status.state, view.status.state)


def counted(view: View) -> str:
    """How many captures there are, of how many."""
    captures = view.status.captures
    return of_goal(captures["kept"] or 0, captures["planned"])


def left(view: View) -> str:
    """How long it still takes; of a session that is over, how long takes took."""
    if view.is_over:
        return f"recorded for {duration(view.taken_s)}"
    if view.status.state == "stopping":
        return "stopping"
    if view.status.eta is None:
        # A session in which only hands or a device faster than time tell how long a take is.
        return "left: after the first take"
    return f"left {duration(datetime.fromisoformat(view.status.eta).timestamp() - view.now)}"


def values(panel: Panel, setting: Setting) -> str:
    """Format a setting at its shortest: ``6/4.5/on``."""
    return "/".join(k.describe(v) for k, v in zip(panel.knobs, setting.values, strict=True))


def outcome(take: TakeEnded, told: str) -> str:
    """What came of a take: why it was refused, or its setting and its level."""
    if take.reasons and take.outcome is not Outcome.KEPT:
        return take.reasons[0].sentence
    peak = take.figures.get("return_peak_dbfs")
    return told if peak is None else f"{told}  peak {peak:.0f} dBFS"
