"""Time, as something that can be handed in: tests turn the hands themselves."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

#: A clock that is off by more than this was set, or the machine slept.
JUMP_S = 30.0


def _boot_s() -> float:
    """Seconds since the machine was started, those included in which it slept."""
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    if sys.platform == "darwin":
        return time.clock_gettime(time.CLOCK_MONOTONIC)
    # On Windows this one runs on while the machine sleeps.
    return time.monotonic()


@dataclass(frozen=True)
class Clock:
    """Wall-clock time for facts and deadlines, time that only runs forward, and a way to wait.

    ``boot_s`` only runs forward too, and also while the machine sleeps: against it is seen that
    somebody has set the clock.
    """

    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    boot_s: Callable[[], float] = _boot_s

    def booted_at(self) -> float:
        """When the machine was started, by the wall clock as it stands now."""
        return self.now() - self.boot_s()


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
    """Unix time of the next ``HH:MM`` on this machine's clock.

    In the night of a change of clocks that time may come twice, and the next is meant; or not at
    all, and what would have been then is.
    """
    hour, minute = (int(part) for part in text.split(":"))
    # Without a zone: the offset from UTC may be another one by then.
    midnight = datetime.fromtimestamp(now).replace(hour=0, minute=0, second=0, microsecond=0)
    times: list[float] = []
    for days in (0, 1, 2):
        then = (midnight + timedelta(days=days)).replace(hour=hour, minute=minute)
        first, second = then.timestamp(), then.replace(fold=1).timestamp()
        times += [first] if second < first else [first, second]
    return min(time for time in times if time > now)
