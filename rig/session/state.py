"""What is so now: a fold over the journal's facts."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import singledispatchmethod
from statistics import median

from rig.capture import Capture, Outcome, Role
from rig.errors import SessionError
from rig.knobs import Setting
from rig.session import facts
from rig.session.captures import DOUBTFUL, ODD, CaptureState, is_odd
from rig.session.facts import TakeEnded
from rig.session.journal import Entry


@dataclass
class State:
    """Everything the journal says, folded; `apply` is the only thing that changes it.

    Of these, the ones that are not plain counts:
        unproven: Captures kept since the last good canary.
        reference: The canary that all later ones have to sound like, once the amp is steady.
        is_proven: Whether this run has recorded a good canary.
        in_doubt: Whether something was heard that only a canary can clear up.
        hands: Where the knobs turned by hand stand; None where nobody knows.
        deaths: Processes that died, by the journal.
        learner_deaths: How many times the learner died since it last answered.
        odd_in_a_row: Takes in a row that did not sound like this amp at all.
        run_outcomes: How the last takes of this run ended.
        set_aside: Files that were damaged and lie elsewhere now.
    """

    seq: int = 0
    updated_at: float | None = None
    created: facts.SessionCreated | None = None
    started: facts.DaemonStarted | None = None
    started_at: float | None = None
    ended: facts.DaemonEnded | None = None
    captures: dict[int, CaptureState] = field(default_factory=dict)
    takes: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(Outcome, 0))
    last_take: int = 0
    open_take: facts.TakeBegun | None = None
    recent: list[TakeEnded] = field(default_factory=list)
    first_take_at: float | None = None
    last_take_at: float | None = None
    played_s: float = 0.0
    run_played_s: float = 0.0
    unproven: list[int] = field(default_factory=list)
    canaries: list[TakeEnded] = field(default_factory=list)
    reference: TakeEnded | None = None
    is_proven: bool = False
    in_doubt: bool = False
    hands: tuple[float, ...] | None = None
    baseline: TakeEnded | None = None
    abandoned_in_a_row: int = 0
    rounds: list[facts.RoundLearned] = field(default_factory=list)
    learner_failures: list[facts.LearnerFailed] = field(default_factory=list)
    fills: int = 0
    paused: bool = False
    stopping: bool = False
    has_played: bool = False
    devices_lost: str | None = None
    deaths: list[facts.ProcessDied] = field(default_factory=list)
    learner_deaths: int = 0
    odd_in_a_row: int = 0
    run_outcomes: list[Outcome] = field(default_factory=list)
    set_aside: set[str] = field(default_factory=set)
    model: facts.ModelTrained | None = None

    #: How many ended takes `recent` holds, and `run_outcomes`.
    RECENT, RATED = 8, 24

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
        self.started, self.ended, self.open_take = fact, None, None
        self.paused = self.stopping = self.has_played = False
        self.devices_lost = self.hands = None
        self.is_proven = self.in_doubt = False
        self.abandoned_in_a_row, self.run_played_s = 0, 0.0
        self.odd_in_a_row, self.run_outcomes, self.learner_deaths = 0, [], 0

    @_take_in.register
    def _(self, fact: facts.DaemonEnded, at: float) -> None:
        self.ended, self.open_take, self.paused = fact, None, False

    @_take_in.register
    def _(self, fact: facts.CommandGiven, at: float) -> None:
        if fact.command in ("pause", "resume"):
            self.paused = fact.command == "pause"
        elif fact.command in ("stop", "stop-now"):
            self.stopping, self.paused = True, False

    @_take_in.register
    def _(self, fact: facts.HandsSet, at: float) -> None:
        self.hands = fact.values

    @_take_in.register
    def _(self, fact: facts.CaptureOrdered, at: float) -> None:
        order = Capture(fact.capture, Setting(fact.values), fact.role, fact.round)
        self.captures[fact.capture] = CaptureState(order)

    @_take_in.register
    def _(self, fact: facts.CaptureAbandoned, at: float) -> None:
        about = self.captures[fact.capture]
        about.abandoned = fact.why
        self.abandoned_in_a_row += 1
        self.in_doubt = self.in_doubt or about.capture.role is Role.CANARY

    @_take_in.register
    def _(self, fact: facts.TakeBegun, at: float) -> None:
        self.open_take, self.last_take, self.has_played = fact, fact.take, True
        self.first_take_at = self.first_take_at or at

    @_take_in.register
    def _(self, fact: TakeEnded, at: float) -> None:
        self.open_take, self.last_take_at = None, at
        self.takes[fact.outcome] += 1
        self.recent = [*self.recent, fact][-self.RECENT :]
        self.run_played_s += fact.played_s
        self.run_outcomes = [*self.run_outcomes, fact.outcome][-self.RATED :]
        self.odd_in_a_row = self.odd_in_a_row + 1 if is_odd(fact, cold=not self.is_proven) else 0
        about = self.captures[fact.capture]
        if fact.outcome is Outcome.KEPT:
            self._keep(about, fact)
        elif fact.outcome is Outcome.REJECTED:
            self._reject(about, fact)
        elif all(reason.check != facts.INTERRUPTED for reason in fact.reasons):
            about.failed += 1

    def _keep(self, about: CaptureState, fact: TakeEnded) -> None:
        """A take that now sounds otherwise tells that the amp was ill when it was odd."""
        if about.was_odd and (about.capture.role is Role.CANARY or about.heard_otherwise(fact)):
            self._doubt(about.beside)
        about.was_odd, about.beside = False, ()
        about.kept = fact
        self.played_s += fact.played_s
        self.baseline = self.baseline or fact
        self.abandoned_in_a_row = 0
        if about.capture.role is Role.CANARY:
            self._prove(fact)
        else:
            self.unproven.append(about.capture.number)

    def _doubt(self, numbers: Iterable[int]) -> None:
        """Captures that were recorded while the amp was not itself."""
        for number in numbers:
            self.captures[number].doubt()
        self.unproven = [number for number in self.unproven if number not in {*numbers}]

    def _prove(self, canary: TakeEnded) -> None:
        self.canaries.append(canary)
        if self.reference is None and canary.figures.get("is_steady"):
            self.reference = canary
        self.is_proven = self.reference is not None
        if self.is_proven:
            self.unproven, self.in_doubt = [], False
            for other in self.captures.values():
                other.vouched_for = other.heard_dbfs is not None

    def _reject(self, about: CaptureState, fact: TakeEnded) -> None:
        about.rejected += 1
        checks = {reason.check for reason in fact.reasons}
        if checks & ODD:
            about.was_odd = True
            about.beside = tuple(dict.fromkeys([*about.beside, *self.unproven]))
        if checks & {"level", "disagreement"}:
            about.heard_dbfs, about.vouched_for = fact.figures.get("return_rms_dbfs"), False
        self.in_doubt = self.in_doubt or bool(checks & DOUBTFUL)
        if "replicate" in checks:
            self.hands = None

    @_take_in.register
    def _(self, fact: facts.CapturesSuspected, at: float) -> None:
        self._doubt(fact.captures)
        for number in fact.captures:
            self.captures[number].is_strange = fact.alone

    @_take_in.register
    def _(self, fact: facts.ProcessDied, at: float) -> None:
        self.deaths.append(fact)
        self.learner_deaths += fact.process == "learner"

    @_take_in.register
    def _(self, fact: facts.ClockJumped, at: float) -> None:
        self.in_doubt = True

    @_take_in.register
    def _(self, fact: facts.FilesSetAside, at: float) -> None:
        self.set_aside |= {*fact.paths}
        for about in self.captures.values():
            if about.kept is not None and about.kept.take in fact.takes:
                about.kept, about.rejected, about.failed = None, 0, 0
        self.canaries = [canary for canary in self.canaries if canary.take not in fact.takes]
        if self.reference is not None and self.reference.take in fact.takes:
            self.reference = self.canaries[0] if self.canaries else None
        if self.model is not None and {self.model.model.path, self.model.export.path} & {
            *fact.paths
        }:
            self.model = None

    @_take_in.register
    def _(self, fact: facts.DeviceTrouble, at: float) -> None:
        self.devices_lost = None if fact.back else fact.why
        self.in_doubt = self.in_doubt or fact.back

    @_take_in.register
    def _(self, fact: facts.RoundLearned, at: float) -> None:
        self.rounds.append(fact)
        self.learner_deaths = 0

    @_take_in.register
    def _(self, fact: facts.LearnerFailed, at: float) -> None:
        self.learner_failures.append(fact)
        self.learner_deaths = 0

    @_take_in.register
    def _(self, fact: facts.SettingsFilled, at: float) -> None:
        self.fills += 1

    @_take_in.register
    def _(self, fact: facts.ModelTrained, at: float) -> None:
        self.model = fact

    @property
    def round(self) -> int:
        """The last round that was opened, learnt or not."""
        learnt = self.rounds[-1].round if self.rounds else 0
        failed = self.learner_failures[-1].round if self.learner_failures else 0
        return max(learnt, failed)

    @property
    def pending(self) -> list[CaptureState]:
        """Orders still to be recorded: canaries, then the oldest first."""
        waiting = [about for about in self.captures.values() if about.is_pending]
        return sorted(waiting, key=lambda about: about.capture.role is not Role.CANARY)

    def kept(self, *roles: Role) -> list[CaptureState]:
        """Kept captures of some roles, in the order in which they were asked for."""
        wanted = roles or tuple(Role)
        return [c for c in self.captures.values() if c.kept and c.capture.role in wanted]

    def ordered_to_learn(self) -> int:
        """How many settings to learn from are kept or still to come."""
        return sum(
            about.capture.role.is_trained_on and about.abandoned is None
            for about in self.captures.values()
        )

    def settings(self) -> list[Setting]:
        """Every setting that was ever asked for, canaries aside."""
        return [
            c.capture.setting for c in self.captures.values() if c.capture.role is not Role.CANARY
        ]

    @property
    def repeatability_esr(self) -> float | None:
        """Median ESR between two takes of the reference setting: no model can beat it."""
        steady = self.canaries
        if self.reference is not None:
            steady = steady[steady.index(self.reference) :]
        figures = [c.figures["replicate_esr"] for c in steady if "replicate_esr" in c.figures]
        return median(figures) if figures else None

    @property
    def holdout_esr(self) -> float | None:
        """Of the final model where it is there, else of the last round's ensemble."""
        if self.model is not None:
            return self.model.holdout_esr
        return self.rounds[-1].holdout_esr if self.rounds else None


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
