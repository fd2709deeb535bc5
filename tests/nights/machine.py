"""What a session promises, whatever happens in whatever order: decision 27 as a state machine."""

import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rig.capture import Outcome
from rig.cli import session as commands
from rig.clock import next_time_of_day
from rig.daemon.processes import SERVICE, SUPERVISOR
from rig.daemon.request import CommandLine, decide, prepared
from rig.daemon.stopping import EXIT_CODES
from rig.errors import SessionError
from rig.session import facts
from rig.session.folder import Session, is_running, is_session
from rig.session.layout import is_supervised
from rig.session.state import State
from rig.session.status import OVER, status
from rig.session.verify import verify
from tests.nights.interleaving import Night, place, simulated, spawner
from tests.nights.processes import KILLED, Process

CONFIG = """
name: night
interface: {{driver: virtual, sample_rate: 16000}}
knobs: {{gain: {{range: [0, 10], step: 0.1}}, tone: {{range: [0, 10], step: 0.1}}}}
plan: {{captures: 6, seeds: {seeds}, batch: 2, holdouts: 1, canary_every: 4, disk_floor_gb: 0,
  strategy: {strategy}{until}}}
learner: {{steps: 100, final_steps: 100}}
"""
#: A stop stops within this, all processes included; so long does a deadline hold anybody up.
STOPS_S, ENDS_S = 60.0, 400.0
#: What a deadline leaves for the final model, looks and the take that would come, at the most.
NEEDED_S = 260.0
MOST_TURNS = 60
#: A deadline this near is waited for.
NEAR_S = 1_800.0
#: With so many takes there is something to make a model of, and more of them show nothing new.
ENOUGH = 30
#: How many times somebody looks, once nothing has to wait for a time of day, until it has ended.
MOST_LOOKS = 100


def _lives(machine: "NightMachine") -> bool:
    """Whether there is anything that could happen to a process."""
    return bool(machine.night.living())


class NightMachine(RuleBasedStateMachine):
    """A session, and everything that may happen to it."""

    def __init__(self) -> None:
        super().__init__()
        self.night = Night()
        self.base = Path(place())
        self.folder = self.base / "session"
        self.view: Session | None = None
        self.story: list[tuple[int, float, facts.Fact]] = []
        #: What was asked for last: the most captures, the time of day, when, clock set since then.
        self.most: float = 0.0
        self.time_of_day: str | None = None
        self.asked_at = self.set_s = 0.0
        #: Since when, by the steady clock, a stop, a pause or a passed deadline holds.
        self.stopped: float | None = None
        self.paused: float | None = None
        self.overdue: float | None = None
        #: The deadline, once it has passed: no clock that is set ahead makes another of it.
        self.passed: float | None = None
        self.was_heeded = False
        #: Who was told to stop by a signal, and has not written it down yet.
        self.signalled: Process | None = None
        self.starters: list[Process] = []
        self._world = simulated(self.night)
        self._world.__enter__()

    # What may happen ---------------------------------------------------------------------------

    @initialize(
        seeds=st.integers(2, 4),
        strategy=st.sampled_from(["integrated-variance", "lhs"]),
        until=st.booleans(),
    )
    def configure(self, seeds: int, strategy: str, until: bool) -> None:
        """Somebody writes a rig.yaml, and begins."""
        self.night.at += 3600.0 * seeds
        self.configured_until = self._soon(9) if until else None
        more = f', until: "{self.configured_until}"' if until else ""
        text = CONFIG.format(seeds=seeds, strategy=strategy, until=more)
        (self.base / "rig.yaml").write_text(text, encoding="utf-8")
        self.capture(goal=5, minutes=None, headless=False)

    def _is_held(self) -> bool:
        return is_running(self.folder) or (self.folder.is_dir() and is_supervised(self.folder))

    def _soon(self, minutes: int) -> str:
        return f"{datetime.fromtimestamp(self.night.at + 60.0 * minutes):%H:%M}"

    @rule(
        goal=st.one_of(st.none(), st.integers(2, 12)),
        minutes=st.one_of(st.none(), st.integers(2, 12)),
        headless=st.booleans(),
    )
    def capture(self, goal: int | None, minutes: int | None, headless: bool) -> None:
        """Somebody says ``rig capture``, from the shell or as a service does."""
        # Two that begin in the same second are one too many to tell which of them it will be.
        while self.night.living() and not self._is_held():
            self.night.turn()
        until = None if minutes is None else self._soon(minutes)
        typed = CommandLine(self.base / "rig.yaml", self.folder, goal, until)
        anybody = bool(self.night.living())
        before = 0
        if is_session(self.folder):
            with self._viewed() as session:
                before = session.state.ordered_to_learn()
        try:
            request, config = decide(typed, lambda _: [], self.night.clock)
        except SessionError as error:
            assert anybody, f"nothing runs, and it is refused: {error}"
            return
        prepared(request)
        if goal is None and until is None:
            goal = config.plan.captures
        if not anybody:
            self.most = max(goal, before) if goal is not None else float("inf")
            self.time_of_day = until or self.configured_until
            self.asked_at, self.set_s = self.night.at, 0.0
            self.stopped = self.paused = self.overdue = self.passed = None
            self.was_heeded, self.signalled = False, None
        module = SERVICE if headless else SUPERVISOR
        self.starters.append(spawner(self.night)(module, request))

    @precondition(_lives)
    @rule(turns=st.integers(1, MOST_TURNS))
    def go_on(self, turns: int) -> None:
        """Time passes."""
        for _ in range(turns):
            if not self.night.turn():
                break

    @precondition(_lives)
    @rule(turns=st.integers(20, 3 * MOST_TURNS))
    def go_on_for_long(self, turns: int) -> None:
        """More time passes: half of the night is nothing but that."""
        self.go_on(turns)

    @precondition(_lives)
    @rule(turns=st.integers(1, 4))
    def go_on_a_little(self, turns: int) -> None:
        """Hardly any time passes."""
        self.go_on(turns)

    @precondition(_lives)
    @rule(command=st.sampled_from(["pause", "stop", "stop-now"]), writes=st.integers(0, 3))
    def die_answering(self, command: str, writes: int) -> None:
        """Somebody says something, and the daemon will die at about the time it hears it."""
        self.command(command)
        self.die_writing(writes)

    @rule(command=st.sampled_from(["pause", "resume", "stop", "stop-now"]))
    def command(self, command: str) -> None:
        """Somebody says ``rig pause`` and the like, from any terminal."""
        if not is_session(self.folder):
            return
        try:
            commands._command(self.folder, command, "")
        except SessionError:
            assert not is_running(self.folder)
            return
        if command.startswith("stop"):
            self.signalled = None
            self.stopped = self.night.steady if self.stopped is None else self.stopped
        elif command == "pause" and self.paused is None:
            self.paused = self.night.steady
        elif command == "resume":
            self.paused = None

    @precondition(_lives)
    @rule(
        name=st.sampled_from(["daemon", "supervisor"]),
        number=st.sampled_from([signal.SIGTERM, signal.SIGINT]),
    )
    def terminate(self, name: str, number: int) -> None:
        """A process is sent a signal that it may answer."""
        for process in self.night.living(name)[:1]:
            if int(number) in process.handlers:
                if self.stopped is None:
                    self.stopped, self.signalled = self.night.steady, process
            else:
                self._note_a_death(process)
            self.night.term(process, int(number))

    @precondition(_lives)
    @rule(name=st.sampled_from(["daemon", "supervisor", "all"]))
    def kill(self, name: str) -> None:
        """A process is killed, or the machine goes down."""
        for process in self.night.living(None if name == "all" else name):
            self._note_a_death(process)
            self.night.kill(process)

    @precondition(_lives)
    @rule(writes=st.integers(0, 12))
    def die_writing(self, writes: int) -> None:
        """The daemon will die before or after one of its next writes."""
        for process in self.night.living("daemon"):
            process.writes_left = writes

    @precondition(_lives)
    @rule(
        kind=st.sampled_from(["daemon-started", "take-ended", "model-trained"]),
        when=st.sampled_from(["before", "after"]),
    )
    def die_of(self, kind: str, when: str) -> None:
        """Whoever writes such a fact next will die of it."""
        self.night.dies_of = (kind, when)

    @precondition(_lives)
    @rule(
        command=st.sampled_from(["pause", "stop", "stop-now"]),
        when=st.sampled_from(["before", "after"]),
    )
    def die_hearing(self, command: str, when: str) -> None:
        """Somebody says something to a daemon that dies of writing it down."""
        self.night.dies_of = ("command-given", when)
        self.command(command)
        self.go_on_a_little(4)

    @precondition(_lives)
    @rule(command=st.sampled_from(["pause", "stop"]))
    def say_it_while_it_opens(self, command: str) -> None:
        """The daemon dies, and somebody says something to the next one before it has begun."""
        self.kill("daemon")
        for _ in range(MOST_TURNS):
            if self.night.living("daemon") or not self.night.turn():
                break
        self.go_on(1)
        self.command(command)

    def _note_a_death(self, process: Process) -> None:
        if self.stopped is not None and process.code is None:
            self.stopped_late = self.night.steady

    @precondition(_lives)
    @rule(kind=st.sampled_from(["clipped", "audio died", "gone", "learner died", "away"]))
    def trouble(self, kind: str) -> None:
        """Something will go wrong with the next take, or with whoever is asked next."""
        if kind == "learner died":
            self.night.learner_dies = True
        elif kind == "away":
            self.night.absent, self.night.takes = 2, ["gone"]
        else:
            self.night.takes.append(kind)

    @rule(seconds=st.sampled_from([100.0, 400.0, 3600.0]))
    def suspend(self, seconds: float) -> None:
        """The machine sleeps."""
        self.night.suspend(seconds)

    @rule(seconds=st.sampled_from([-7200.0, -300.0, 300.0, 86_400.0, 9e8]))
    def set_clock(self, seconds: float) -> None:
        """Somebody, or a time server, sets the clock."""
        if self.night.at + seconds < 3e9:
            self.night.at += seconds
            self.set_s += seconds
            if seconds < 0 and self.passed is not None:
                # It may have been heeded already, or not yet: then the clock shows it once more.
                self.passed, self.was_heeded = None, True

    @precondition(lambda self: not self.night.living())
    @rule(more=st.integers(1, 4))
    def begin_again(self, more: int) -> None:
        """Somebody wants more captures, as on any evening."""
        have = 0
        if is_session(self.folder):
            with self._viewed() as session:
                have = session.state.ordered_to_learn()
        self.capture(goal=max(have + more, 2), minutes=None, headless=False)
        self.go_on(20)

    @precondition(lambda self: not self.night.living())
    @rule()
    def a_week_goes_by(self) -> None:
        """Nobody does anything for a week."""
        self.night.suspend(7 * 86_400.0)

    # What holds --------------------------------------------------------------------------------

    @contextmanager
    def _viewed(self) -> Iterator[Session]:
        session = Session.view(self.folder)
        try:
            yield session
        finally:
            session.close()

    @invariant()
    def every_promise_is_kept(self) -> None:
        """Look at everything that a session promises."""
        self._hold_commands()
        if not is_session(self.folder):
            return
        if self.view is None:
            self.view = Session.view(self.folder)
        self.view.refresh()
        self._hold_story(self.view)
        self._hold_status(self.view)

    def _hold_commands(self) -> None:
        if self.signalled is not None and self.signalled.code == KILLED:
            # Nobody else knows of a signal that a daemon has not written down yet.
            if self.signalled.name == "daemon":
                self.stopped = None
            self.signalled = None
        living, steady = self.night.living(), self.night.steady
        if self.stopped is not None and living:
            since = max(self.stopped, getattr(self, "stopped_late", 0.0))
            assert steady - since < STOPS_S, f"a stop that does not stop: {names(living)}"
        until = self._until()
        if until is None or self.night.at < until:
            self.overdue = None
        elif self.overdue is None:
            self.overdue, self.passed = steady, until
        if self.overdue is not None and living:
            assert steady - self.overdue < ENDS_S, f"past its deadline: {names(living)}"

    def _until(self) -> float | None:
        if self.time_of_day is None or self.passed is not None:
            return self.passed
        return next_time_of_day(self.time_of_day, self.asked_at + self.set_s)

    def _hold_story(self, session: Session) -> None:
        for entry in session.journal.entries(after=len(self.story)):
            self.story.append((entry.seq, entry.at, entry.fact))
            self._hold_fact(entry.seq, entry.at, entry.fact)
        report = verify(session)
        assert report.sound, [str(problem) for problem in report.problems]
        ordered = session.state.ordered_to_learn()
        assert ordered <= self.most, f"{ordered} of {self.most} captures"

    def _hold_fact(self, seq: int, at: float, fact: facts.Fact) -> None:
        written = self.night.written[seq]
        if isinstance(fact, facts.DaemonStarted):
            self.until, self.begun_at, self.set_back_s = fact.until, at, 0.0
            # One that died after its deadline is brought to its end: not given another day.
            self.is_late = fact.until is not None and fact.until <= at
        elif isinstance(fact, facts.ClockJumped):
            self.until = fact.until or self.until
            self.begun_at += fact.seconds
            # Set back while the final model trains, the clock shows the end long before it is.
            self.set_back_s += max(-fact.seconds, 0.0)
        elif isinstance(fact, facts.CommandGiven) and fact.command.startswith("stop"):
            self.signalled = None
        elif isinstance(fact, facts.TakeBegun):
            for since, what in ((self.stopped, "a stop"), (self.paused, "a pause")):
                assert since is None or written <= since, f"a take begins after {what}"
            assert self.until is None or at < self.until, "a take begins after the deadline"
        elif isinstance(fact, facts.DaemonEnded) and "did not expect" in fact.reason:
            raise AssertionError(fact.reason)
        elif isinstance(fact, facts.DaemonEnded) and "time was up" in fact.reason:
            assert self.until is not None
            until = self.until if self.is_late else self._until() or self.until
            soon = self.was_heeded or until - self.begun_at < NEEDED_S
            left_s = until - at
            assert soon or left_s < NEEDED_S + self.set_back_s, (
                f"the time was up {left_s:.0f} s before"
            )

    def _hold_status(self, session: Session) -> None:
        now, state = status(session, lambda: self.night.at), session.state
        living = self.night.living()
        kept = sum(c.capture.role.is_trained_on for c in state.kept())
        assert now.captures["kept"] == kept
        assert now.takes["kept"] == state.takes.counts[Outcome.KEPT]
        if is_running(self.folder):
            assert now.state not in OVER, now.state
        elif not living:
            assert now.state in OVER, now.state
            if state.run.ended is not None:
                assert now.state == state.run.ended.state
            elif self._took_up(state) and self.night.ended[-1].code != KILLED:
                # Where the last one was killed, a person has to begin again.
                raise AssertionError("it ended without a word, and nobody was killed")
            if now.state == "finished" and str(now.finish_reason).startswith("all"):
                goal = state.run.started.captures if state.run.started else None
                assert goal is not None
                assert kept >= goal, f"{now.finish_reason}: {kept} of {goal}"
            self._hold_exit_code(state)

    def _took_up(self, state: State) -> bool:
        # Who was ended before it had begun leaves the run before it as that was.
        return state.run.started is not None and state.run.started.asked_at == self.asked_at

    def _hold_exit_code(self, state: State) -> None:
        last = self.starters[-1] if self.starters else None
        took_up = self._took_up(state) and state.run.ended is not None
        if last is None or last.code in (None, KILLED) or not took_up:
            return
        assert state.run.ended is not None
        if len([p for p in self.starters if p.code != KILLED]) == 1:
            assert last.code == EXIT_CODES[state.run.ended.state], last.code

    # The end -----------------------------------------------------------------------------------

    def teardown(self) -> None:
        """Whatever has happened: left alone, it comes to its end; begun again, to its goal."""
        try:
            self.see_through()
        finally:
            self.leave()

    def leave(self) -> None:
        """Leave nothing behind."""
        if self.view is not None:
            self.view.close()
        for process in self.night.living():
            self.night.kill(process)
        self._world.__exit__(None, None, None)
        shutil.rmtree(self.base, ignore_errors=True)

    def see_through(self) -> None:
        """Leave it alone until it ends, and begin it again until it has reached its goal."""
        self.night.takes, self.night.absent, self.night.learner_dies = [], 0, False
        if self.paused is not None and self.stopped is None:
            self.command("resume")
        self._until_it_ends()
        if self.night.living() or not is_session(self.folder):
            return
        self.set_s = 0.0
        if self.configured_until is not None:
            # In the last minutes before it nothing could be recorded, and rightly so.
            left_s = next_time_of_day(self.configured_until, self.night.at) - self.night.at
            self.night.suspend(left_s + 1.0 if left_s < NEAR_S else 0.0)
        self.capture(goal=10, minutes=None, headless=False)
        self._until_it_ends()
        with self._viewed() as session:
            told = [(e.seq, e.at, e.fact) for e in session.journal.entries()]
            assert told == self.story, "the journal was altered"
            now = status(session, lambda: self.night.at)
            assert now.state == "finished", (now.state, now.finish_reason)
            if self.configured_until is None:
                assert now.captures["kept"] == max(10, session.state.ordered_to_learn())
            assert session.state.learning.model is not None

    def _recorded(self) -> int:
        if not is_session(self.folder):
            return 0
        with self._viewed() as session:
            return len(session.state.kept())

    def _until_it_ends(self) -> None:
        turns = 0
        while turns < MOST_LOOKS:
            self.go_on(MOST_TURNS)
            self.every_promise_is_kept()
            if not self.night.living():
                return
            # Of a clock that was set the time of day may come round hours later, and rightly so.
            # All of them would be thousands of captures: the machine sleeps until it is near.
            left_s = (self._until() or 0.0) - self.night.at
            if left_s > NEAR_S and self._recorded() >= ENOUGH:
                self.night.suspend(left_s - NEAR_S)
            turns += left_s <= 0.0
        raise AssertionError(f"it does not end: {names(self.night.living())}")


def names(living: list[Process]) -> str:
    """Who still lives."""
    return ", ".join(process.name for process in living)
