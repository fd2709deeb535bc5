"""Time, as something that can be handed in: tests turn the hands themselves."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

#: A clock that is off by more than this was set, or the machine slept.
JUMP_S = 30.0


@dataclass(frozen=True)
class Clock:
    """Wall-clock time for facts and deadlines, time that only runs forward, and a way to wait."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic


class JumpWatch:
    """Notices that the machine slept or that its clock was set.

    A clock that only runs forward stands still while most systems sleep, and the wall clock does
    not; where it does not stand still, nothing is heard of the daemon for long.

    Args:
        clock: Both clocks.
        silence_s: Nobody who is awake is silent for so long.
    """

    def __init__(self, clock: Clock, silence_s: float) -> None:
        self._clock, self._silence_s = clock, silence_s
        self._wall, self._steady = clock.now(), clock.monotonic()

    def jumped_s(self) -> float | None:
        """By how many seconds time jumped since the last look; None where it did not."""
        wall, steady = self._clock.now(), self._clock.monotonic()
        gone, steadily = wall - self._wall, steady - self._steady
        self._wall, self._steady = wall, steady
        if abs(gone - steadily) > JUMP_S:
            return gone - steadily
        return steadily if steadily > self._silence_s else None


def next_time_of_day(text: str, now: float) -> float:
    """Unix time of the next ``HH:MM`` on this machine's clock."""
    hour, minute = (int(part) for part in text.split(":"))
    today = datetime.fromtimestamp(now).astimezone()
    then = today.replace(hour=hour, minute=minute, second=0, microsecond=0)
    if then <= today:
        # By the clock on the wall: the night in which it is set has an hour more, or one less.
        then = (then.replace(tzinfo=None) + timedelta(days=1)).astimezone()
    return then.timestamp()
