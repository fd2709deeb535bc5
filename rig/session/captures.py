"""What became of an order to record a setting."""

from dataclasses import dataclass, field

from calibration.verdict import DOUBTS, Check
from rig.capture import Capture, Outcome, Role
from rig.session.facts import TakeEnded

#: What these find in several takes in a row may be a dying amp.
ODD = frozenset({*DOUBTS, Check.DISAGREEMENT, Check.REPLICATE})
#: What these find may be the amp's own: one more take says.
QUESTIONS = ODD - {Check.REPLICATE}


def checks_of(take: TakeEnded) -> set[str]:
    """The checks that a take failed."""
    return {reason.check for reason in take.reasons}


def is_odd(take: TakeEnded, *, cold: bool) -> bool:
    """Whether a take did not sound like this amp; one that is cold may differ from itself."""
    checks = checks_of(take) - ({Check.REPLICATE} if cold else set())
    return take.outcome is Outcome.REJECTED and set() < checks <= ODD


@dataclass
class CaptureState:
    """What became of an order: pending until it is kept or abandoned.

    Attributes:
        capture: The order.
        rejected: Takes that the checks refused, but for the first one that was only odd.
        failed: Takes that brought nothing back.
        died: Takes in which a process died.
        kept: The take that stands for the setting.
        abandoned: Why it was given up.
        suspects: Takes that were kept once and are not trusted any more.
        doubted: Takes that were refused for what may be the amp itself.
        looks_apart: Looks that found something else than what was kept.
        was_questioned: Whether a second opinion was asked for, which is no attempt that failed.
        vouched_for: Whether a canary has shown since that the amp is well.
        must_agree: Whether two takes have to agree before one is kept.
        was_odd: Whether a take since the last kept one did not sound like this amp.
        beside: What was recorded since the last good canary when such a take was.
        is_looked_at: Whether it was dialled once more and found to be what was kept.
    """

    capture: Capture
    rejected: int = 0
    failed: int = 0
    died: int = 0
    kept: TakeEnded | None = None
    abandoned: str | None = None
    suspects: list[TakeEnded] = field(default_factory=list)
    doubted: list[TakeEnded] = field(default_factory=list)
    looks_apart: list[TakeEnded] = field(default_factory=list)
    was_questioned: bool = False
    vouched_for: bool = False
    must_agree: bool = False
    was_odd: bool = False
    beside: tuple[int, ...] = ()
    is_looked_at: bool = False

    def keep(self, take: TakeEnded) -> None:
        """Have a take stand for the setting; one that agreed with a whole take needs no look."""
        self.kept, self.was_odd, self.beside = take, False, ()
        # Journals of before looks were asked twice do not say, and were settled.
        self.is_looked_at = self.was_repeated and bool(take.figures.get("is_settled", 1.0))

    def doubt(self) -> None:
        """Trust what was kept no more: it waits to be recorded again."""
        if self.kept is not None:
            self.suspects.append(self.kept)
            self.wait_again()

    def wait_again(self) -> None:
        """Have nothing stand for the setting: it waits to be recorded, and then for its look."""
        # Bad takes were of another time: it has all its attempts again.
        self.kept, self.rejected, self.failed, self.died = None, 0, 0, 0
        self.is_looked_at = self.was_questioned = False

    def refuse(self, take: TakeEnded) -> None:
        """Take in that the checks refused a take."""
        checks = checks_of(take)
        # An odd take may be the amp: the next one says. With a fault or two besides, a healthy
        # setting at the end of its knobs had no attempt left.
        if self._is_question(checks):
            self.was_questioned = True
        else:
            self.rejected += 1
        if checks & QUESTIONS:
            self.doubted, self.vouched_for = [*self.doubted, take], False
        if Check.LOOK in checks:
            self.looks_apart.append(take)

    def _is_question(self, checks: set[str]) -> bool:
        """Whether all that a refused take needs is to be recorded once more, for the first time."""
        # A canary has the reference to be held against.
        is_canary = self.capture.role is Role.CANARY
        return set() < checks <= QUESTIONS and not (self.was_questioned or is_canary)

    @property
    def heard_before(self) -> list[TakeEnded]:
        """Takes of it that were kept once, and that a further take is believed to repeat."""
        return self.suspects[-2:]

    @property
    def heard_of_late(self) -> list[TakeEnded]:
        """The same of takes that were doubted, once a canary has shown that the amp was well."""
        doubted = self.doubted if self.vouched_for or self.must_agree else []
        return doubted[-2:]

    @property
    def was_repeated(self) -> bool:
        """Whether another take of this setting has said what stands for it.

        To have been recorded anew is not enough: what a failed canary took along is never held
        against what it was before.
        """
        if self.kept is None:
            return self.must_agree
        # What agreed with a look was heard twice at its beginning only.
        is_whole = bool(self.kept.figures.get("is_repeated", 1.0))
        return is_whole and (self.must_agree or bool(self.kept.figures.get("is_believed")))

    @property
    def was_tried(self) -> bool:
        """Whether there was a take of it since it last waited to be recorded."""
        return self.was_questioned or max(self.rejected, self.failed, self.died) > 0

    @property
    def needs_look(self) -> bool:
        """Whether it is kept, to be known, and was not dialled once more yet."""
        again = self.is_looked_at or self.capture.role in (Role.CANARY, Role.LOOK)
        return self.kept is not None and not again

    @property
    def is_pending(self) -> bool:
        """Whether it is still to be recorded."""
        return self.kept is None and self.abandoned is None
