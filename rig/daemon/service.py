"""Running a capture session as a process: open everything, run the daemon, close everything."""

import logging
import os
import signal as signals
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from calibration.verdict import Check
from rig.clock import Clock
from rig.config import Config
from rig.daemon.endings import lay_down
from rig.daemon.foot_switch import FootSwitch
from rig.daemon.guard import Guard
from rig.daemon.leftovers import end_leftovers
from rig.daemon.loop import record_until_done
from rig.daemon.processes import told_to_stop
from rig.daemon.publisher import Publisher
from rig.daemon.recovery import rest
from rig.daemon.request import Request, configured, goals_of, parse_request
from rig.daemon.run import Pace, Run
from rig.daemon.stopping import Finish, Goals
from rig.devices.client import DevicesClient
from rig.errors import ConfigError, RigError, SessionError, Stopped
from rig.keep_awake import awake
from rig.learner.client import Learner
from rig.printable import log_lines, pasteable
from rig.session import control, facts
from rig.session.broken import broken_off
from rig.session.door import Door, begin
from rig.session.edited import refuse_edited
from rig.session.folder import CONFIG, Session, is_session
from rig.session.layout import is_supervised
from rig.session.signal import signal_for

log = logging.getLogger("rig")


def _open_session(
    request: Request, devices: DevicesClient, config: Config, clock: Clock
) -> Session:
    if is_session(request.session):
        session = Session.open(request.session, clock.now)
        try:
            refuse_edited(session)
        except SessionError:
            session.close()
            raise
        return session
    # Recordings are named relative to the file that names them.
    base = (request.config or request.session / CONFIG).parent
    signal = signal_for(config, base, devices.sample_rate)
    return Session.create(request.session, config, signal, clock.now)


class Interrupts:
    """Ctrl-C once stops after the take, twice abandons it; being terminated abandons it too.

    Before a run has begun there is nothing to end in good order: then either ends the process.

    Attributes:
        publisher: Takes commands for the run, once there is one.
    """

    def __init__(self) -> None:
        self.publisher: Publisher | None = None
        self._pressed = 0

    def __call__(self, number: int, _frame: object) -> None:
        """Tell the daemon at its next look; a signal handler does no more."""
        self._pressed += 1
        if self.publisher is None:
            raise Stopped("stopped before it had begun")
        gently = number == signals.SIGINT and self._pressed == 1
        self.publisher.interrupt("stop" if gently else "stop-now")


@contextmanager
def _interrupts() -> Iterator[Interrupts]:
    """Hear signals for as long as a capture lasts."""
    handle = Interrupts()
    before = {number: signals.signal(number, handle) for number in told_to_stop()}
    try:
        yield handle
    finally:
        for number, handler in before.items():
            signals.signal(number, handler)


def _begin(
    request: Request, session: Session, goals: Goals, pace: Pace, devices: DevicesClient
) -> None:
    """Write down that a run begins, and close a take that the last one left open."""
    state = session.state
    # Looked up before the new run is written down, which forgets the take.
    left_open = state.takes.open
    died = state.run.ended is None
    if state.run.started is not None and state.run.ended is None:
        why = "it ended without a word: killed, out of memory, or the machine went down"
        session.record(facts.ProcessDied(process="daemon", why=why))
    session.record(
        facts.DaemonStarted(
            pid=os.getpid(),
            captures=goals.captures,
            until=goals.until,
            lockstep=not pace.ahead,
            paced=devices.paced,
            asked_at=request.asked_at,
        )
    )
    if left_open is not None:
        why = "the capture ended in the middle of this take"
        numbers = left_open.take, left_open.capture
        session.record(broken_off(*numbers, Check.INTERRUPTED, why, died))


def _run(run: Run) -> Finish:
    """Run, and put whatever ends it into a sentence."""
    try:
        return record_until_done(run)
    except RigError as error:
        return Finish(str(error), failed=True)
    # Whatever it is: at night nobody is there to read a traceback, and the knobs go to rest.
    except Exception as error:
        log.exception("an error that rig did not expect")
        name = type(error).__name__
        return Finish(
            f"an error that rig did not expect ({name}: {error}); logs/daemon.log says more",
            failed=True,
        )
    finally:
        run.learner.stop()
        rest(run)


def _last_words(run: Run, ending: Finish, request: Request) -> None:
    """Write the end down, and tell who wants to be told; a full disk may keep even that away."""
    run.session.reserve.drop()
    reason = ending.reason
    if request.rehearses:
        # Behind the semicolon is what goes on from there, and nothing does.
        reason, _, _ = reason.partition("; ")
    try:
        run.session.record(facts.DaemonEnded(state=ending.state, reason=reason))
        if ending.failed:
            run.alarm(reason)
        run.tell(run.notify.on_finish, "finish", reason)
    except RigError as error:
        log.error("the end could not be written down: %s", error)  # noqa: TRY400
    folder = run.session.folder
    log.info("%s, %s: %s", folder, ending.state, pasteable(reason, folder))


def capture(request: Request, config: Config, clock: Clock | None = None) -> Finish:
    """Open the session, record into it until it is done, and close it in good order.

    Raises:
        RigError: It could not even begin.
    """
    clock = clock or Clock()
    session: Session | None = None

    def counters() -> tuple[int, float]:
        """Takes and seconds that the session has behind it."""
        return (session.state.takes.last, session.state.takes.played_s) if session else (0, 0.0)

    with _interrupts() as interrupts:
        # Whoever asked for the capture has made its folder. Where that is gone by now, it was
        # renamed or unmounted, and another one in its place would not be the session.
        door = Door.into(request.session) if request.supervised else begin(request.session)
        owner = str(request.session.absolute())
        devices = DevicesClient(config, door.log("logs/devices.log"), counters, owner=owner)
        try:
            if is_session(request.session):
                # Before the devices: a session that somebody else captures into is refused by its
                # lock, and the amp left alone. A new one waits for the sample rate of its signal.
                session = _open_session(request, devices, config, clock)
            if session is not None or request.supervised:
                # Nobody else captures here: what works for this session is left from before.
                end_leftovers(request.session, clock)
            devices.open()
            session = session or _open_session(request, devices, config, clock)
            with awake():
                return _capture(_Begun(request, session, devices, clock), config, interrupts)
        finally:
            # Before the lock is let go of: the next capture is to find the devices free.
            devices.close()
            if session is not None:
                session.close()


@dataclass(frozen=True)
class _Begun:
    """What a run begins with: somebody asked, and everything is open."""

    request: Request
    session: Session
    devices: DevicesClient
    clock: Clock

    def goals(self) -> Callable[[], Goals]:
        """Work out what the run is after, by the clock as it stands whenever that is asked."""
        now, last = self.clock.now(), self.session.state.run
        asked_at = self.request.asked_at if self.request.asked_at is not None else now
        request = replace(self.request, asked_at=asked_at)
        config, clock = self.session.config, self.clock
        # Whether an earlier run has missed its deadline is a matter of how this one begins.
        return lambda: goals_of(config, request, now, last, clock.booted_at())


def _foot_switch(begun: _Begun, config: Config) -> FootSwitch:
    # Where nobody is asked to turn anything, a foot has nothing to say.
    asks = any(knob.by_hand for knob in begun.session.config.panel.knobs)
    wanted = config.foot_switch if asks else None
    return FootSwitch(begun.session.folder, wanted, begun.clock.monotonic)


def _capture(begun: _Begun, config: Config, interrupts: Interrupts) -> Finish:
    request, session, devices = begun.request, begun.session, begun.devices
    signal = session.signal()
    if devices.sample_rate != signal.sample_rate:
        raise SessionError(
            f"{session.folder}: recorded at {signal.sample_rate} Hz, but the interface now runs at "
            f"{devices.sample_rate} Hz"
        )
    work_out = begun.goals()
    goals = work_out()
    lockstep = not devices.paced if request.lockstep is None else request.lockstep
    # Who waits follows from what is scarce: with a number of captures those, with a deadline time.
    pace = Pace(ahead=not lockstep, fill=goals.until is not None and not lockstep)
    place = config.learner.place
    learner = Learner(session.folder, place=place, until=lambda: work_out().until)
    pedal = _foot_switch(begun, config)
    publisher = Publisher(
        session.folder,
        lambda: {"audio": devices.pid, "learner": learner.pid},
        lambda: pedal.is_there,
    )
    run = Run(session, devices, learner, publisher, goals, pace, signal, begun.clock, config.notify)
    run.pedal = pedal
    run.deadline = lambda: work_out().until
    if request.supervised:
        run.guard = Guard(request, begun.clock)
    try:
        interrupts.publisher = publisher
        if request.asked_at is None:
            control.forget(session.door)
        _begin(request, session, goals, pace, devices)
        ending = _run(run)
        _last_words(run, ending, begun.request)
        return ending
    finally:
        pedal.stop()
        publisher.close()


def main(arguments: list[str]) -> int:
    """The background process: everything it has to say goes to its log."""
    log_lines("%(asctime)s %(message)s")
    request, clock = parse_request(arguments), Clock()
    try:
        return capture(request, configured(request), clock).exit_code
    except RigError as error:
        log.error("%s", error)  # noqa: TRY400 (a sentence, not a traceback)
        # Its supervisor sees to the rest; where that died meanwhile, somebody else has to.
        if request.supervised and not is_supervised(request.session):
            _left_alone(request, error, clock)
        return error.exit_code


def _left_alone(request: Request, error: RigError, clock: Clock) -> None:
    """Have the next one try again, or write down why nobody does."""
    if not isinstance(error, ConfigError | Stopped):
        Guard(request, clock).look()
    elif is_session(request.session):
        by_hand = isinstance(error, Stopped)
        ending = Finish(str(error), failed=not by_hand, trains=False, by_hand=by_hand)
        lay_down(request.session, ending, clock)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
