"""What is so now: a fold over the journal's facts."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import singledispatchmethod

from calibration.verdict import DOUBTS, Check
from rig.capture import Capture, Outcome, Role
from rig.errors import SessionError
from rig.knobs import Setting
from rig.session import facts
from rig.session.captures import ODD, CaptureState, checks_of
from rig.session.facts import TakeEnded
from rig.session.journal import Entry
from rig.session.lives import Amp, Learning, Opening, RunState, Takes


@dataclass
class State:
    """Everything the journal says, folded; `apply` is the only thing that changes it.

    Attributes:
        seq: Number of the last fact that was taken in.
        updated_at: Its Unix time.
        created: How the session began.
        started_at: When.
        laid_out_for: How many captures were asked for when the first settings were ordered.
        captures: What became of each order, by its number.
        deaths: Processes that died.
        set_aside: Files that were damaged and lie elsewhere now.
        takes: Everything ever played.
        learning: What was learnt.
        amp: What is known of the amp's sound.
        run: This run of the daemon, or the last one.
        opening: This opening of the devices.
    """

    seq: int = 0
    updated_at: float | None = None
    created: facts.SessionCreated | None = None
    started_at: float | None = None
    laid_out_for: int | None = None
    captures: dict[int, CaptureState] = field(default_factory=dict)
    deaths: list[facts.ProcessDied] = field(default_factory=list)
    set_aside: set[str] = field(default_factory=set)
    takes: Takes = field(default_factory=Takes)
    learning: Learning = field(default_factory=Learning)
    amp: Amp = field(default_factory=Amp)
    run: RunState = field(default_factory=RunState)
    opening: Opening = field(default_factory=Opening)

    def apply(self, entry: Entry) -> None:
        """Take one fact in."""
        self.seq = entry.seq
        self.updated_at = entry.at
        self._take_in(entry.fact, entry.at)

    @singledispatchmethod
    def _take_in(self, fact: object, at: float) -> None:
        """Facts that change nothing here need no word of their own."""

    @_take_in.register
    def _(self, fact: facts.SessionCreated, at: float) -> None:
        self.created, self.started_at = fact, at

    @_take_in.register
    def _(self, fact: facts.DaemonStarted, at: float) -> None:
        # Before the run is made anew, which forgets how long it was.
        self.takes.earlier_s += self.run.wall_s
        if not self.captures:
            self.laid_out_for = fact.captures
        self.run, self.opening, self.takes.open = self.run.followed_by(fact), Opening(), None

    @_take_in.register
    def _(self, fact: facts.DaemonEnded, at: float) -> None:
        # A pause ends with its run: who asks for the next one wants it to go on.
        self.run.ended, self.run.paused, self.takes.open = fact, False, None

    @_take_in.register
    def _(self, fact: facts.CommandGiven, at: float) -> None:
        self.run.hear(fact, at)

    @_take_in.register
    def _(self, fact: facts.HandsSet, at: float) -> None:
        self.run.hands = fact.values

    @_take_in.register
    def _(self, fact: facts.CaptureOrdered, at: float) -> None:
        order = Capture(fact.capture, Setting(fact.values), fact.role, fact.round)
        self.captures[fact.capture] = CaptureState(order)

    @_take_in.register
    def _(self, fact: facts.CaptureAbandoned, at: float) -> None:
        about = self.captures[fact.capture]
        about.abandoned = fact.why
        self.run.give_up(about)
        if about.capture.role is Role.LOOK and not about.looks_apart:
            # What cannot be looked at stays as it was kept: it is not asked for again.
            self._look_at(about.capture.setting)

    @_take_in.register
    def _(self, fact: facts.TakeBegun, at: float) -> None:
        self.takes.begin(fact, at)
        self.run.begin(at)

    @_take_in.register
    def _(self, fact: TakeEnded, at: float) -> None:
        self.takes.end(fact, at)
        self.run.count(fact, at)
        about = self.captures[fact.capture]
        if fact.outcome is Outcome.KEPT:
            self._keep(about, fact)
        elif fact.outcome is Outcome.REJECTED:
            self._reject(about, fact)
        # Broken off, which says nothing of the setting; but a process may have died of it.
        elif checks_of(fact) == {Check.INTERRUPTED}:
            about.died += fact.died
        else:
            about.failed += 1

    def _keep(self, about: CaptureState, fact: TakeEnded) -> None:
        """A canary that is itself again tells that the amp was ill when it was odd."""
        # Before the take is kept, which forgets what had been recorded beside the odd one.
        if about.capture.role is Role.CANARY:
            if about.was_odd:
                self._doubt(about.beside)
            # A cold amp is odd until it is warm.
            was_odd = about.was_odd and self.run.is_proven
            self.run.odd_canaries_in_a_row = self.run.odd_canaries_in_a_row + 1 if was_odd else 0
        about.keep(fact)
        self.opening.first = self.opening.first or fact
        self.run.abandoned_in_a_row = 0
        if about.capture.role is Role.CANARY:
            self._prove(fact)
        elif about.capture.role is Role.LOOK:
            self._look_at(about.capture.setting)
        else:
            self.amp.unproven.append(about.capture.number)

    def _look_at(self, setting: Setting) -> None:
        """What was kept of a setting was found there once more."""
        for about in self.captures.values():
            if about.capture.setting == setting and about.needs_look:
                about.is_looked_at = True

    def _doubt(self, numbers: Iterable[int]) -> None:
        """Captures that were recorded while the amp was not itself."""
        for number in numbers:
            self.captures[number].doubt()
        self._recorded_anew({*numbers})

    def _recorded_anew(self, numbers: set[int]) -> None:
        """What is recorded anew has nothing that the next canary could vouch for."""
        self.amp.unproven = [number for number in self.amp.unproven if number not in numbers]

    def _prove(self, canary: TakeEnded) -> None:
        """A good canary vouches for everything kept since the one before it."""
        self.amp.canaries.append(canary)
        if self.amp.reference is None and canary.figures.get("is_steady"):
            self.amp.reference = canary
        self.run.is_proven = self.amp.reference is not None
        # Until there is a reference, no canary says more than that the amp is not steady yet.
        if self.run.is_proven:
            self.amp.unproven, self.run.in_doubt = [], False
            for other in self.captures.values():
                other.vouched_for = bool(other.doubted)

    def _reject(self, about: CaptureState, fact: TakeEnded) -> None:
        about.refuse(fact)
        checks = checks_of(fact)
        if checks & ODD:
            about.was_odd = True
            # Recorded anew even if the next canary passes: when that one vouched for all of it,
            # takes of a bumped knob were kept (decision 10).
            about.beside = tuple(dict.fromkeys([*about.beside, *self.amp.unproven]))
        self.run.in_doubt = self.run.in_doubt or bool(checks & DOUBTS)
        # A hand may have been at a knob: nobody knows any more where they stand.
        if Check.REPLICATE in checks:
            self.run.hands = None

    @_take_in.register
    def _(self, fact: facts.CapturesSuspected, at: float) -> None:
        self._doubt(fact.captures)
        for number in fact.captures:
            self.captures[number].must_agree = fact.alone

    @_take_in.register
    def _(self, fact: facts.ProcessDied, at: float) -> None:
        self.deaths.append(fact)
        self.run.learner_deaths += fact.process == "learner"

    @_take_in.register
    def _(self, fact: facts.ClockJumped, at: float) -> None:
        self.run.jump(fact)

    @_take_in.register
    def _(self, fact: facts.FilesSetAside, at: float) -> None:
        self.run.set_aside += len(fact.paths)
        self.set_aside |= {*fact.paths}
        for number, about in self.captures.items():
            if about.kept is not None and about.kept.take in fact.takes:
                about.wait_again()
                self._recorded_anew({number})
        self.amp.forget({*fact.takes})
        self.learning.forget({*fact.paths})

    @_take_in.register
    def _(self, fact: facts.DeviceTrouble, at: float) -> None:
        self.opening = Opening(lost=None if fact.back else fact.why)
        # Only what is back can be asked whether it is what it was.
        self.run.in_doubt = self.run.in_doubt or fact.back

    @_take_in.register
    def _(self, fact: facts.DevicesOpened, at: float) -> None:
        # The round trip is another one: in doubt, so that a canary comes first and finds it.
        self.opening, self.run.in_doubt = Opening(), True

    @_take_in.register
    def _(self, fact: facts.RoundLearned, at: float) -> None:
        self.learning.rounds.append(fact)
        self.run.learner_deaths = 0

    @_take_in.register
    def _(self, fact: facts.LearnerFailed, at: float) -> None:
        self.learning.failures.append(fact)
        self.run.learner_deaths = 0

    @_take_in.register
    def _(self, fact: facts.SettingsFilled, at: float) -> None:
        self.learning.fills += 1

    @_take_in.register
    def _(self, fact: facts.ModelTrained, at: float) -> None:
        self.learning.model = fact

    @property
    def pending(self) -> list[CaptureState]:
        """Orders still to be recorded, looks aside: canaries, then the oldest first."""
        waiting = [
            about
            for about in self.captures.values()
            if about.is_pending and about.capture.role is not Role.LOOK
        ]
        # Sorting is stable, so the rest stays in the order in which it was asked for.
        return sorted(waiting, key=lambda about: about.capture.role is not Role.CANARY)

    def kept(self, *roles: Role) -> list[CaptureState]:
        """Kept captures of some roles, in the order in which they were asked for."""
        wanted = roles or (Role.SEED, Role.ACTIVE, Role.HOLDOUT, Role.CANARY)
        return [c for c in self.captures.values() if c.kept and c.capture.role in wanted]

    @property
    def wall_s(self) -> float:
        """Seconds that takes have taken in all runs, pauses between runs left out."""
        return self.takes.earlier_s + self.run.wall_s

    @property
    def is_closing_due(self) -> bool:
        """Whether something is kept that no ensemble has learnt from, and so none has doubted."""
        rounds = self.learning.rounds
        # Without a round no ensemble is there to go on; after one that failed it would fail again.
        if not rounds or rounds[-1].round < self.learning.round:
            return False
        kept = {c.capture.number for c in self.kept() if c.capture.role.is_trained_on}
        return not kept <= set(rounds[-1].learnt_from)

    @property
    def has_current_model(self) -> bool:
        """Whether the final model has learnt from everything that is kept, and nothing else."""
        model = self.learning.model
        kept = tuple(c.capture.number for c in self.kept() if c.capture.role.is_trained_on)
        return model is not None and model.learnt_from == kept

    def ordered_to_learn(self) -> int:
        """How many settings to learn from are kept or still to come."""
        return sum(
            about.capture.role.is_trained_on and about.abandoned is None
            for about in self.captures.values()
        )

    def settings(self) -> list[Setting]:
        """Every setting that was ever asked for to be known, canaries and looks aside."""
        known = (Role.SEED, Role.ACTIVE, Role.HOLDOUT)
        return [c.capture.setting for c in self.captures.values() if c.capture.role in known]


def fold(entries: Iterable[Entry], onto: State | None = None) -> State:
    """The state after some entries, from nothing or onto an earlier state.

    Raises:
        SessionError: A fact speaks of something that no earlier fact has brought into being.
    """
    state = onto or State()
    for entry in entries:
        try:
            state.apply(entry)
        except KeyError as error:
            raise SessionError(
                f"the journal's row {entry.seq} ({entry.fact.kind}) speaks of number {error}, "
                "which no earlier row has"
            ) from None
    return state
