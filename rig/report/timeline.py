"""What happened when: takes, canaries and everything else, read once off the journal."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import singledispatchmethod

from calibration.verdict import Check
from rig.capture import Capture, Outcome, Role
from rig.knobs import Panel, Setting
from rig.report.figures import (
    FINAL_MODEL,
    LEARNING_ROUND,
    CanaryFigure,
    EventFigure,
    RoundFigure,
    TakeFigure,
)
from rig.report.spent import Span
from rig.session import facts
from rig.session.journal import Entry


@dataclass
class Timeline:
    """Reads facts in their order and keeps their times, which a session's state does not."""

    panel: Panel
    takes: list[TakeFigure] = field(default_factory=list)
    canaries: list[CanaryFigure] = field(default_factory=list)
    rounds: list[RoundFigure] = field(default_factory=list)
    events: list[EventFigure] = field(default_factory=list)
    runs: list[Span] = field(default_factory=list)
    _orders: dict[int, Capture] = field(default_factory=dict)
    _begun_at: float = 0.0
    _runs_since: float | None = None

    def read(self, entries: Iterable[Entry]) -> "Timeline":
        """Take in every fact."""
        for entry in entries:
            self._take_in(entry.fact, entry.at)
            self._ran_until(entry.at)
        return self

    def _ran_until(self, at: float) -> None:
        # One that died wrote no end: it ran until the last word that is known of it.
        if self._runs_since is not None:
            self.runs.append((self._runs_since, at))
            self._runs_since = at

    @singledispatchmethod
    def _take_in(self, fact: object, at: float) -> None:
        """Facts that nobody would look for on a timeline need no word of their own."""

    @_take_in.register
    def _(self, fact: facts.DaemonStarted, at: float) -> None:
        self._runs_since = at
        self._happened(at, "run", "the capture began, or went on")

    @_take_in.register
    def _(self, fact: facts.DaemonEnded, at: float) -> None:
        self._ran_until(at)
        self._runs_since = None
        self._happened(at, "run", f"{fact.state}: {fact.reason}")

    @_take_in.register
    def _(self, fact: facts.CommandGiven, at: float) -> None:
        self._happened(at, "command", f"somebody said {fact.command}")

    @_take_in.register
    def _(self, fact: facts.CaptureOrdered, at: float) -> None:
        order = Capture(fact.capture, Setting(fact.values), fact.role, fact.round)
        self._orders[fact.capture] = order

    @_take_in.register
    def _(self, fact: facts.TakeBegun, at: float) -> None:
        self._begun_at = at

    @_take_in.register
    def _(self, fact: facts.TakeEnded, at: float) -> None:
        order = self._orders[fact.capture]
        told = self.panel.describe(order.setting)
        sentences = tuple(reason.sentence for reason in fact.reasons)
        # A clock that was set in the middle of a take would have it end before it began.
        begun_at = min(self._begun_at or at, at)
        ended_at = at
        if any(reason.check == Check.INTERRUPTED for reason in fact.reasons):
            # Written down by who went on, maybe the next day: it played no longer than any other.
            longest_s = max((take.ended_at - take.begun_at for take in self.takes), default=0.0)
            ended_at = min(at, begun_at + longest_s)
        self.takes.append(
            TakeFigure(fact.take, fact.capture, order.role.value, told, fact.outcome.value,
                       begun_at, ended_at, fact.played_s, sentences)
        )  # fmt: skip
        if order.role is Role.CANARY and fact.outcome is Outcome.KEPT:
            self._canary(fact, at)

    def _canary(self, fact: facts.TakeEnded, at: float) -> None:
        names = ("replicate_esr", "return_rms_dbfs", "noise_dbfs", "latency_frames")
        self.canaries.append(CanaryFigure(fact.take, at, *(fact.figures.get(n) for n in names)))

    @_take_in.register
    def _(self, fact: facts.CaptureAbandoned, at: float) -> None:
        self._happened(at, "given up", f"capture {fact.capture}: {fact.why}")

    @_take_in.register
    def _(self, fact: facts.CapturesSuspected, at: float) -> None:
        numbers = ", ".join(map(str, fact.captures))
        words = "capture" if len(fact.captures) == 1 else "captures"
        self._happened(at, "doubt", f"{words} {numbers} recorded again: {fact.why}")

    @_take_in.register
    def _(self, fact: facts.ProcessDied, at: float) -> None:
        self._happened(at, "process", f"the {fact.process} process died: {fact.why}")

    @_take_in.register
    def _(self, fact: facts.ClockJumped, at: float) -> None:
        self._happened(at, "clock", f"the machine slept or its clock was set: {fact.seconds:.0f} s")

    @_take_in.register
    def _(self, fact: facts.DeviceTrouble, at: float) -> None:
        self._happened(at, "device", f"{'back' if fact.back else 'lost'}: {fact.why}")

    @_take_in.register
    def _(self, fact: facts.LearnerFailed, at: float) -> None:
        self._happened(at, "learner", f"round {fact.round} was not learnt: {fact.why}")

    @_take_in.register
    def _(self, fact: facts.RoundLearned, at: float) -> None:
        self.rounds.append(
            RoundFigure(fact.round, fact.strategy, len(fact.learnt_from), fact.ensemble_esr,
                        fact.holdout_esr, fact.expected_esr, fact.seconds, at)
        )  # fmt: skip
        # It is written down when it is over.
        begun_at = max(at - fact.seconds, 0.0)
        self.events.append(EventFigure(begun_at, at, LEARNING_ROUND, f"round {fact.round}"))

    @_take_in.register
    def _(self, fact: facts.ModelTrained, at: float) -> None:
        begun_at = max(at - fact.seconds, 0.0)
        self.events.append(EventFigure(begun_at, at, FINAL_MODEL, "the final model"))

    def _happened(self, at: float, kind: str, words: str) -> None:
        self.events.append(EventFigure(at, at, kind, words))
