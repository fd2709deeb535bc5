"""The supervisor: starts the capture daemon, notices when it dies or hangs, starts it again.

It keeps nothing in mind that the session folder does not say: the lock says whether a daemon runs,
the snapshot when it was last heard of, the journal whether it came to an end. So a supervisor may
die as well: the daemon goes on, and starts another one (`rig.daemon.guard`), which finds everything
there.
"""

import contextlib
import logging
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import filelock

from rig import notify, waits
from rig.capture import Outcome
from rig.clock import Clock
from rig.config import Config
from rig.daemon import afterwards
from rig.daemon.endings import lay_down
from rig.daemon.processes import (
    SERVICE,
    kill,
    kill_daemon,
    last_words,
    spawn,
    told_to_stop,
)
from rig.daemon.request import Request, configured, parse_request
from rig.daemon.stopping import EXIT_CODES, Finish
from rig.devices.client import DevicesClient
from rig.errors import ConfigError, RigError, Stopped
from rig.printable import log_lines
from rig.session import control, live
from rig.session.door import Door
from rig.session.facts import DaemonEnded, DaemonStarted, TakeEnded
from rig.session.folder import Session, is_running, is_session
from rig.session.layout import supervisor_lock

log = logging.getLogger("rig")

TICK_S = waits.DAEMON_ENDS.s
#: A daemon that is not heard of for this long hangs; opening devices takes 90 s at the most.
HUNG_S, DISOBEDIENT_S = waits.DAEMON_SPEAKS.s, waits.DAEMON_OBEYS.s
#: Pauses before a daemon that died is started again; after the last one it stays down. One that
#: has recorded something starts with the first pause again.
BACK_OFF_S = waits.DAEMON_RESTARTS.pauses_s


class Supervisor:
    """Sees one session through.

    Args:
        request: What to capture.
        clock: For pauses, and for what counts as hung.
    """

    def __init__(self, request: Request, clock: Clock | None = None) -> None:
        self._request = replace(request, supervised=True)
        self._folder = request.session
        self._door = Door.into(request.session)
        self._clock = clock or Clock()
        self._stopping = False

    def run(self) -> int:
        """Start the daemon, again if need be, until it comes to an end; its exit code."""
        began = self._begin_seq()
        pauses = iter(BACK_OFF_S)
        # A daemon that starts a new supervisor may have come to its end before that looks.
        ended = self._ended(began)
        while ended is None:
            before = len(self._entries_after(0))
            code = self._watch(self._daemon())
            ended = self._ended(began)
            if ended is not None:
                break
            if not is_session(self._folder):
                return code
            # Neither one that refused nor one that somebody ended before it began died of anything.
            self._stopping = self._stopping or code == Stopped.exit_code
            if code == ConfigError.exit_code:
                return self._give_up(refused=True)
            if self._has_recorded(before):
                pauses = iter(BACK_OFF_S)
            pause_s = next(pauses, None)
            if pause_s is None or self._stopping:
                return self._give_up()
            log.warning("the daemon died (exit code %s): it is started again", code)
            self._pause(pause_s)
            if self._stopping:
                return self._give_up()
        return EXIT_CODES[ended.state]

    def _pause(self, pause_s: float) -> None:
        """Wait before the next start, but not longer than until somebody says stop."""
        left_s = pause_s
        while left_s > 0 and not self._told_to_stop():
            self._clock.sleep(min(left_s, TICK_S))
            left_s -= TICK_S

    def _told_to_stop(self) -> bool:
        """Whether somebody wants no other daemon: by signal, or by a command that waits."""
        self._stopping = self._stopping or control.is_stop_waiting(self._door)
        return self._stopping

    def stop(self) -> None:
        """Have the daemon stop at once and in good order, and do not start it again.

        Written down at once, for whoever answers: a daemon that is still opening its devices, or
        the next supervisor, if this one dies too.
        """
        self._stopping = True
        with contextlib.suppress(RigError):
            control.drop(self._door, "stop-now")

    def _daemon(self) -> "subprocess.Popen[bytes] | None":
        """A new daemon; None where one runs already, left behind by an earlier supervisor."""
        if is_session(self._folder) and is_running(self._folder):
            return None
        return spawn(SERVICE, self._request, self._door)

    def _watch(self, process: "subprocess.Popen[bytes] | None") -> int:
        """Wait until the daemon ends, and end it if it hangs; its exit code, 1 where unknown."""
        # The snapshot's time is only held against itself, since the wall clock may be set.
        heard = self._clock.monotonic()
        last: float | None = None
        while True:
            code = process.poll() if process is not None else None
            if code is not None:
                if code >= 0:
                    return code
                # Which is no exit code to hand on.
                log.warning("signal %d ended the daemon", -code)
                return 1
            if process is None and not is_running(self._folder):
                return 1
            snapshot = live.read(self._door)
            now = self._clock.monotonic()
            if snapshot is not None and snapshot.at != last:
                last, heard = snapshot.at, now
            patience_s = self._patience_s()
            if now - heard > patience_s:
                log.warning("the daemon was not heard of for %g s: it is ended", patience_s)
                self._end(process, snapshot)
                # If it lives on all the same, it is ended again after as long.
                heard = now
            self._clock.sleep(TICK_S)

    def _patience_s(self) -> float:
        """How long the daemon may be silent: less where somebody waits for it to stop."""
        # A folder that is gone is for the daemon to notice, which has something to lose.
        with contextlib.suppress(RigError):
            if self._told_to_stop():
                return DISOBEDIENT_S
        return HUNG_S

    def _end(self, process: "subprocess.Popen[bytes] | None", snapshot: live.Live | None) -> None:
        """End the daemon; of one that an earlier supervisor started, only its number is known."""
        if process is not None:
            kill(process.pid)
        elif snapshot is not None:
            kill_daemon(snapshot.pid, self._folder)

    def _entries_after(self, seq: int) -> list[object]:
        if not is_session(self._folder):
            return []
        try:
            session = Session.view(self._folder)
        except RigError as error:
            log.warning("%s", error)
            return []
        try:
            return [entry.fact for entry in session.journal.entries(after=seq)]
        finally:
            session.close()

    def _begin_seq(self) -> int:
        """The last word before what was asked for was first taken up; the very last if never."""
        facts = self._entries_after(0)
        starts = (
            seq
            for seq, fact in enumerate(facts)
            if isinstance(fact, DaemonStarted)
            and fact.asked_at is not None
            and fact.asked_at == self._request.asked_at
        )
        return next(starts, len(facts))

    def _ended(self, seq: int) -> DaemonEnded | None:
        """How the run came to its end since a fact; None where it did not."""
        facts = self._entries_after(seq)
        return next((fact for fact in facts if isinstance(fact, DaemonEnded)), None)

    def _has_recorded(self, seq: int) -> bool:
        """Whether a daemon got anywhere: one that does may die as often as it likes.

        A take that was broken off because the daemon died is no progress.
        """
        takes = [fact for fact in self._entries_after(seq) if isinstance(fact, TakeEnded)]
        return any(take.outcome is not Outcome.FAILED for take in takes)

    def _give_up(self, *, refused: bool = False) -> int:
        """The daemon stays down: knobs to rest, the end written down, somebody told."""
        ending = self._ending(refused=refused)
        log.error("%s", ending.reason)
        lay_down(self._folder, ending, self._clock)
        try:
            config = configured(self._request)
            rest_amp(config, self._folder)
            if config.notify.on_alarm and ending.failed:
                known = {"session": self._folder, "reason": ending.reason}
                notify.tell(config.notify.on_alarm, "alarm", known)
        except RigError as error:
            log.error("%s", error)  # noqa: TRY400 (a sentence, not a traceback)
        return ending.exit_code

    def _ending(self, *, refused: bool) -> Finish:
        if self._told_to_stop():
            reason = "stopped by hand; 'rig capture' goes on from here"
            return Finish(reason, trains=False, by_hand=True)
        said = last_words(self._door) or "it left no word"
        if refused:
            return Finish(said, failed=True, trains=False)
        return Finish(
            f"the capture died too often and stays down ({said}); 'rig capture' goes on from here",
            failed=True,
            trains=False,
        )


def rest_amp(config: Config, folder: Path) -> None:
    """Put the knobs to rest without an interface, where a daemon could not do so."""
    devices = DevicesClient(config, Door(folder).log("logs/devices.log"), owner=str(folder))
    try:
        devices.rest_amp()
    except RigError as error:
        log.warning("the knobs could not be put to rest: %s", error)
    finally:
        devices.close()


def main(arguments: list[str]) -> int:
    """The background process; everything it has to say goes to its log."""
    log_lines("%(asctime)s supervisor: %(message)s")
    request = parse_request(arguments)
    door = Door.at(request.session)
    with contextlib.suppress(RigError):
        # Now: later another folder may lie at its place.
        door = Door.into(request.session)
    code = _see_through(request)
    # The lock is free: whoever goes on with the session need not wait for its report.
    if code is not None and is_session(request.session) and not request.rehearses:
        afterwards.report(door)
    return 1 if code is None else code


def _see_through(request: Request) -> int | None:
    """Supervise a capture to its end, and return its exit code; None where that is impossible."""
    try:
        with supervisor_lock(request.session).acquire(timeout=0):
            supervisor = Supervisor(request)
            for number in told_to_stop():
                signal.signal(number, lambda *_: supervisor.stop())
            return supervisor.run()
    # There is one already, and all that was wanted is that there be one.
    except filelock.Timeout:
        log.error("another supervisor sees this session through")  # noqa: TRY400 (a sentence)
    except OSError as error:
        log.error("%s: cannot be written: %s", request.session, error.strerror)  # noqa: TRY400
    except RigError as error:
        log.error("%s", error)  # noqa: TRY400 (a sentence, not a traceback)
        return error.exit_code
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
