"""Who is next where several rigs ask one cluster: Ray counts its resources, and knows no fairness.

One `Line` runs on a cluster as a small actor by a name that every rig knows. It gives nothing out:
whoever stands in front asks Ray for a place, and leaves the line as soon as there is one.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from rig import waits

#: So many others may go before somebody who came earlier, however soon their mornings are.
MOST_PASSED = 2
#: The name under which every rig finds it, in Ray's namespace of ours; another line needs another.
NAME, NAMESPACE = "line-1", "rig"


@dataclass
class _Waiting:
    rig: str
    until: float
    came: int
    heard_at: float
    passed: int = 0


@dataclass
class Line:
    """Rigs that wait for a place.

    Who is to be ready first goes first, then who was served longest ago; but nobody is passed by
    more than `MOST_PASSED` times, so nobody starves.

    Attributes:
        clock: Monotonic seconds.
        gone_s: Who has not asked for so long is gone, and holds up nobody.
    """

    clock: Callable[[], float] = time.monotonic
    gone_s: float = waits.WAITING_RIG_ASKS.s
    _waiting: dict[str, _Waiting] = field(default_factory=dict)
    _served: dict[str, int] = field(default_factory=dict)
    _count: int = 0

    def ask(self, ticket: str, rig: str, until: float | None) -> bool:
        """Stand in line, or ask again; whether it is this one's turn to take a place.

        Args:
            ticket: Of one attempt at one job.
            rig: Whose it is.
            until: Unix time by which that rig has to be ready, if there is one.
        """
        self._let_go()
        now = self.clock()
        there = self._waiting.get(ticket)
        if there is None:
            self._count += 1
            infinite = float("inf")
            there = _Waiting(rig, infinite if until is None else until, self._count, now)
            self._waiting[ticket] = there
        there.heard_at = now
        return self._first() == ticket

    def leave(self, ticket: str, served: bool) -> None:
        """Leave the line: with a place, or without."""
        left = self._waiting.pop(ticket, None)
        if left is None or not served:
            return
        self._count += 1
        self._served[left.rig] = self._count
        for each in self._waiting.values():
            each.passed += each.came < left.came

    def _let_go(self) -> None:
        now = self.clock()
        for ticket, each in list(self._waiting.items()):
            if now - each.heard_at > self.gone_s:
                del self._waiting[ticket]

    def _first(self) -> str:
        def order(ticket: str) -> tuple[bool, float, int, int]:
            """Return what is smallest for whoever is first."""
            each = self._waiting[ticket]
            # Among those who were passed by too often, nothing counts but who came first.
            if each.passed >= MOST_PASSED:
                return False, 0.0, 0, each.came
            return True, each.until, self._served.get(each.rig, 0), each.came

        return min(self._waiting, key=order)
