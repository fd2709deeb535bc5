"""Time, as something that can be handed in: tests turn the hands themselves."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Clock:
    """Wall-clock time for facts and deadlines, and a way to wait."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


def next_time_of_day(text: str, now: float) -> float:
    """Unix time of the next ``HH:MM`` on this machine's clock."""
    hour, minute = (int(part) for part in text.split(":"))
    today = datetime.fromtimestamp(now).astimezone()
    then = today.replace(hour=hour, minute=minute, second=0, microsecond=0)
    if then <= today:
        then = (then.replace(tzinfo=None) + timedelta(days=1)).astimezone()
    return then.timestamp()
