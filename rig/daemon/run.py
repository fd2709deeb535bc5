"""What a run works with, and what every part of it does now and then: listen, and look up."""

import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from calibration import signals
from calibration.signals import Part, Signal
from rig import notify, waits
from rig.capture import Capture, Role
from rig.clock import Clock, JumpWatch
from rig.config import NotifyConfig, PlanConfig
from rig.daemon.baseline import KeptAudio
from rig.daemon.foot_switch import FootSwitch
from rig.daemon.publisher import Publisher
from rig.daemon.stopping import Finish, Goals, Now, finish
from rig.devices.client import DevicesClient
from rig.knobs import Setting
from rig.learner.client import Learner
from rig.session import facts, forecast
from rig.session.folder import Session
from rig.session.pots import pots_to_look_at

#: How often a waiting daemon looks for commands and answers.
TICK_S = waits.COMMAND.s
#: Longer than anything a daemon does without looking up.
SILENCE_S = 300.0


def _unguarded() -> str | None:
    """Where nobody supervises, nobody has to be looked after."""
    return None


@dataclass(frozen=True)
class Pace:
    """Who waits for whom.

    Attributes:
        ahead: The learner works while the amp plays, on the batch after this one.
        fill: The amp never waits: it records space-filling settings meanwhile.
    """

    ahead: bool
    fill: bool


@dataclass
class Run:
    """Everything one run works with.

    Attributes:
        session: Where everything is written down.
        devices: The amp and the interface.
        learner: Who trains and proposes.
        publisher: Tells viewers, and collects commands.
        goals: What the run is after.
        pace: Who waits for whom.
        signal: What every take plays.
        clock: Time.
        notify: Programs of the user's to tell.
        guard: Looks after the supervisor.
        pedal: The foot switch that answers for hands, if there is one.
        deadline: Works out anew when it ends, by the clock as it stands now.
        jumps: Notices that the machine slept, or that its clock was set.
        looked_through: Captures that were doubted for one instant already.
        asked_whom_they_blame: Takes that were odd twice, and asked already which other makes them.
        audio: What was kept, in memory.
        look: What a look at a kept setting plays.
        rules: The session's plan, without looks where hands would have to turn knobs for them.
        exhausted: Whether there is no setting left that could be ordered.
    """

    session: Session
    devices: DevicesClient
    learner: Learner
    publisher: Publisher
    goals: Goals
    pace: Pace
    signal: Signal
    clock: Clock = Clock()
    notify: NotifyConfig = field(default_factory=NotifyConfig)
    guard: Callable[[], str | None] = _unguarded
    pedal: FootSwitch | None = None
    deadline: Callable[[], float | None] | None = None
    exhausted: bool = False
    jumps: JumpWatch = field(init=False)
    looked_through: set[int] = field(default_factory=set)
    asked_whom_they_blame: set[int] = field(default_factory=set)
    audio: KeptAudio = field(init=False)
    look: Signal = field(init=False)
    rules: PlanConfig = field(init=False)

    def __post_init__(self) -> None:
        plan, panel = self.session.config.plan, self.session.config.panel
        # Sessions from before there was a repeated guitar go on with what they play, without looks.
        can_look = self.signal.has(Part.BEFORE) and not any(knob.by_hand for knob in panel.knobs)
        self.look = signals.look(self.signal) if can_look else self.signal
        self.rules = plan if can_look else plan.model_copy(update={"looks": False})
        self.audio = KeptAudio(self.session, self.signal, self.look)
        self.jumps = JumpWatch(self.clock, SILENCE_S)

    def played_for(self, capture: Capture) -> Signal:
        """Return what a take of a capture plays."""
        return self.look if capture.role is Role.LOOK else self.signal

    @property
    def next_pot(self) -> Setting | None:
        """The next setting that tells whether a pot closes the amp; None where all is known."""
        state, config = self.session.state, self.session.config
        # What a model was made without is for the next one, which more captures bring.
        if state.has_current_model:
            return None
        found = pots_to_look_at(state, config.panel, config.learner.audible_range_db)
        return found[0] if found else None

    @property
    def closes(self) -> bool:
        """Whether a round that asks for nothing ends the recording, where there is time for it."""
        state, config, until = self.session.state, self.session.config, self.goals.until
        if not config.learner.closing_round or until is None:
            return config.learner.closing_round
        # A model by the deadline is worth more than a last look.
        return self.clock.now() + forecast.final_s(state, config) < until

    def missing(self) -> int:
        """How many settings to ask for next."""
        batch = self.session.config.plan.batch
        if self.goals.captures is None:
            return batch
        return max(min(batch, self.goals.captures - self.session.state.ordered_to_learn()), 0)

    def ending(self) -> Finish | None:
        """Why to stop recording now; None while there is something to do."""
        free = _free_bytes(self.session)
        now = Now(self.clock.now(), free)
        found = finish(self.session.state, self.session.config, self.goals, now)
        if found is None and self.exhausted and not self.session.state.pending:
            return Finish("every setting that the knobs can take is recorded")
        return found

    def hear(self) -> list[str]:
        """Take up commands, notice a clock that jumped and a supervisor that died: all facts."""
        heard: list[str] = []
        # First of all: what it hears comes as commands do.
        if self.pedal is not None:
            self.pedal.hear()
        for command in self.publisher.commands():
            self.session.record(facts.CommandGiven(command=command))
            heard.append(command)
        jumped_s = self.jumps.jumped_s()
        if jumped_s is not None:
            self.session.record(facts.ClockJumped(seconds=jumped_s, until=self._moved()))
        died = self.guard()
        if died is not None:
            self.session.record(facts.ProcessDied(process="supervisor", why=died))
        return heard

    def _moved(self) -> float | None:
        """Have the deadline hold by the clock as it was set; None where it is the same."""
        until = self.goals.until if self.deadline is None else self.deadline()
        if until == self.goals.until:
            return None
        self.goals = replace(self.goals, until=until)
        return until

    def listen(self) -> None:
        """Take up commands, and wait while paused."""
        self.hear()
        while self.session.state.run.paused and self.ending() is None:
            self.publisher.says("paused", self.learner.progress)
            self.clock.sleep(TICK_S)
            self.hear()

    def alarm(self, why: str) -> None:
        """Tell somebody, where somebody wants to be told."""
        self.tell(self.notify.on_alarm, "alarm", why)

    def call(self, what: str) -> None:
        """Have a program of the user's call somebody to the knobs, without waiting for it."""
        if self.notify.on_hands:
            known = {"session": self.session.folder.resolve(), "reason": what}
            told = (self.notify.on_hands, "hands", known)
            threading.Thread(target=notify.tell, args=told, daemon=True).start()

    def tell(self, command: tuple[str, ...], event: str, reason: str) -> None:
        """Run a program of the user's with what there is to know."""
        if not command:
            return
        state = self.session.state
        known = {
            "session": self.session.folder.resolve(),
            "reason": reason,
            "kept": sum(about.capture.role.is_trained_on for about in state.kept()),
            "holdout_esr": state.learning.holdout_esr,
            "repeatability_esr": state.amp.repeatability_esr,
            "export": state.learning.model.export.path if state.learning.model else None,
        }
        code = notify.tell(command, event, known)
        self.session.record(facts.Notified.model_validate({"event": event, "exit_code": code}))


def _free_bytes(session: Session) -> int | None:
    try:
        return shutil.disk_usage(session.folder).free
    # A folder that is gone is told by whatever is written next, and better.
    except OSError:
        return None
