"""The daemon's eye on its supervisor: where there is none any more, it starts a new one."""

import filelock

from rig import waits
from rig.clock import Clock
from rig.daemon.processes import SUPERVISOR, spawn
from rig.daemon.request import Request
from rig.errors import RigError
from rig.session.door import Door
from rig.session.layout import supervisor_lock

#: How often a daemon looks after its supervisor, and how often at most it starts a new one.
LOOK_S, MOST_NEW = waits.KEEPER_IS_THERE.s, len(waits.KEEPER_RESTARTS.pauses_s)


class Guard:
    """Looks now and then whether a supervisor is there.

    Args:
        request: What the daemon was asked to do.
        clock: For how often it looks.
    """

    def __init__(self, request: Request, clock: Clock) -> None:
        self._request, self._clock, self._door = request, clock, Door.into(request.session)
        self._looked, self._started = clock.monotonic(), 0

    def __call__(self) -> str | None:
        """Start a new supervisor where there is none; says so in a sentence."""
        now = self._clock.monotonic()
        if now - self._looked < LOOK_S or self._started >= MOST_NEW:
            return None
        self._looked = now
        return self.look()

    def look(self) -> str | None:
        """Look at once, and start a new supervisor where there is none; says so in a sentence."""
        try:
            # Free, so nobody sees the session through; and let go of, since the new one needs it.
            with supervisor_lock(self._door).acquire(timeout=0):
                pass
            spawn(SUPERVISOR, self._request, self._door)
        # A capture is worth more than its supervisor: what fails here is tried again later.
        except (filelock.Timeout, OSError, RigError):
            return None
        self._started += 1
        return "the supervisor ended without a word"
