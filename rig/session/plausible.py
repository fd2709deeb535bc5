"""What a journal may say: numbers that count up, settings that its knobs have, captures that exist.

The types of the facts bound each figure by itself; this bounds facts by each other and by the
session's configuration, so that nothing behind it has to expect a journal that no rig wrote.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import singledispatchmethod

from calibration.signals import Part
from rig.errors import SessionError
from rig.knobs import Knob, Panel
from rig.session import facts
from rig.session.journal import REPAIR, Entry
from rig.session.layout import CONFIG, SIGNAL

#: A signal has these, whatever else it has.
PARTS = {Part.PREAMBLE, Part.TRAIN, Part.HOLDOUT, Part.TAIL}
#: Two channels of a take have to fit a file that is read (`rig.session.store`).
MOST_FRAMES = 240_000_000


@dataclass
class Plausible:
    """Looks at one fact after another.

    Attributes:
        panel: The session's knobs.
        begun: Whether the session was begun.
        captures: How many were ordered.
        takes: How many were begun.
        rounds: The last one that was opened.
    """

    panel: Panel
    begun: bool = False
    captures: int = 0
    takes: int = 0
    rounds: int = 0

    def __call__(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """Pass entries on.

        Raises:
            SessionError: One of them says what cannot be.
        """
        for entry in entries:
            wrong = self._wrong(entry.fact)
            if wrong is not None:
                kind = entry.fact.kind
                raise SessionError(f"the journal's row {entry.seq} ({kind}) {wrong}; {REPAIR}")
            yield entry

    @singledispatchmethod
    def _wrong(self, fact: object) -> str | None:
        """What cannot be about a fact; None for kinds that are bounded by their types."""
        return None

    @_wrong.register
    def _(self, fact: facts.SessionCreated) -> str | None:
        again, self.begun = self.begun, True
        stops = [0, *(segment.stop for segment in fact.segments)]
        # Each begins where the one before it has stopped, or later; the last stop has no follower.
        rises = all(s.start >= stop for s, stop in zip(fact.segments, stops, strict=False))
        known = {part.value for part in Part}
        parts = {segment.part for segment in fact.segments}
        if again:
            return "begins the session a second time"
        if (fact.signal.path, fact.config.path) != (SIGNAL, CONFIG):
            return "begins with files that lie elsewhere"
        if not rises or stops[-1] > MOST_FRAMES or not {*PARTS} <= parts <= known:
            return "describes a signal that rig does not play"
        return None

    @_wrong.register
    def _(self, fact: facts.CaptureOrdered) -> str | None:
        self.captures += 1
        if fact.capture != self.captures:
            return f"has number {fact.capture}, and {self.captures} comes next"
        return self._unknown_setting(fact.values) or self._unknown_round(fact.round - 1)

    @_wrong.register
    def _(self, fact: facts.HandsSet) -> str | None:
        # Against these only: held against all knobs, a journal of hands was refused as damaged.
        return _unknown(fact.values, [knob for knob in self.panel.knobs if knob.by_hand])

    @_wrong.register
    def _(self, fact: facts.CaptureAbandoned) -> str | None:
        return self._unordered(fact.capture)

    @_wrong.register
    def _(self, fact: facts.CapturesSuspected) -> str | None:
        return self._unordered(*fact.captures)

    @_wrong.register
    def _(self, fact: facts.TakeBegun) -> str | None:
        self.takes += 1
        if fact.take != self.takes:
            return f"has number {fact.take}, and {self.takes} comes next"
        return self._unordered(fact.capture)

    @_wrong.register
    def _(self, fact: facts.TakeEnded) -> str | None:
        if fact.take > self.takes:
            return f"ends take {fact.take}, which was never begun"
        return (
            self._unordered(fact.capture)
            or _misplaced("takes", fact.raw)
            or _misplaced("captures", fact.aligned)
        )

    @_wrong.register
    def _(self, fact: facts.RoundLearned) -> str | None:
        late = self._unknown_round(fact.round) or _misplaced("rounds", fact.ensemble)
        if late is None:
            self.rounds = max(self.rounds, fact.round)
        levels = fact.disagreement if fact.level_errors is None else fact.level_errors
        if not len(fact.disagreement) == len(levels) == len(fact.values):
            return "has not one figure for each of its settings"
        wrong = [self._unknown_setting(values) for values in fact.values]
        found = [pair.capture for pair in fact.found]
        named = (*found, *fact.learnt_from, *(number for number, _ in fact.odd or ()))
        return late or next(filter(None, wrong), None) or self._unordered(*named)

    @_wrong.register
    def _(self, fact: facts.LearnerFailed) -> str | None:
        late = self._unknown_round(fact.round)
        self.rounds = max(self.rounds, fact.round if late is None else 0)
        return late

    @_wrong.register
    def _(self, fact: facts.ModelTrained) -> str | None:
        return next(filter(None, (_misplaced("model", file) for file in fact.files)), None)

    def _unknown_round(self, number: int) -> str | None:
        return f"speaks of round {number}" if number > self.rounds + 1 else None

    def _unordered(self, *numbers: int) -> str | None:
        missing = [number for number in numbers if not 1 <= number <= self.captures]
        return f"speaks of capture {missing[0]}, which was never ordered" if missing else None

    def _unknown_setting(self, values: tuple[float, ...]) -> str | None:
        return _unknown(values, self.panel.knobs)


def _unknown(values: Sequence[float], knobs: Sequence[Knob]) -> str | None:
    """What cannot be about the values of some knobs."""
    if len(values) != len(knobs):
        return f"has {len(values)} values for {len(knobs)} knobs"
    for knob, value in zip(knobs, values, strict=True):
        if not _has(knob, value):
            return f"sets {knob.name} to {value:g}, which it does not have in rig.yaml"
    return None


def _misplaced(folder: str, file: facts.StoredFile | None) -> str | None:
    """What cannot be about a file's place: a recording is none of the session's other files."""
    if file is None or file.path.startswith(f"{folder}/"):
        return None
    return f"names {file.path}, which does not lie in {folder}/"


def _has(knob: Knob, value: float) -> bool:
    """Whether a knob can stand there; what turns may have been told in other steps once."""
    if knob.is_switch:
        return value in knob.values
    return knob.minimum <= value <= knob.maximum
