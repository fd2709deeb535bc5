"""What became of an order to record a setting."""

from dataclasses import dataclass, field

from calibration.checks import SAME_DB
from rig.capture import Capture, Outcome
from rig.session.facts import TakeEnded

#: What these checks find may be the amp itself: only a canary can tell.
DOUBTFUL = frozenset({"level", "silence"})
#: What these find in several takes in a row may be a dying amp.
ODD = frozenset({"level", "silence", "replicate"})


def is_odd(take: TakeEnded, *, cold: bool) -> bool:
    """Whether a take did not sound like this amp, all its audio being there.

    An amp that is still cold may differ from itself.
    """
    checks = {reason.check for reason in take.reasons} - ({"replicate"} if cold else set())
    return take.outcome is Outcome.REJECTED and bool(checks) and checks <= ODD


@dataclass
class CaptureState:
    """What became of an order: pending until it is kept or abandoned.

    Attributes:
        capture: The order.
        rejected: Takes that the checks refused.
        failed: Takes that brought nothing back.
        kept: The take that stands for the setting.
        abandoned: Why it was given up.
        suspects: Takes that were kept once and are not trusted any more.
        heard_dbfs: The level of a take that was out of the amp's family.
        vouched_for: Whether a canary has shown since that the amp is well.
        is_outlier: Whether its takes differ from what all others say, so that two have to agree.
        was_odd: Whether a take since the last kept one did not sound like this amp.
        beside: What was recorded since the last good canary when such a take was.
    """

    capture: Capture
    rejected: int = 0
    failed: int = 0
    kept: TakeEnded | None = None
    abandoned: str | None = None
    suspects: list[TakeEnded] = field(default_factory=list)
    heard_dbfs: float | None = None
    vouched_for: bool = False
    is_outlier: bool = False
    was_odd: bool = False
    beside: tuple[int, ...] = ()

    def doubt(self) -> None:
        """Trust what was kept no more: it waits to be recorded again."""
        if self.kept is not None:
            self.suspects.append(self.kept)
            self.kept, self.rejected, self.failed = None, 0, 0

    def heard_otherwise(self, take: TakeEnded) -> bool:
        """Whether a take is not as loud as the one that was out of the amp's family."""
        level = take.figures.get("return_rms_dbfs")
        if self.heard_dbfs is None or level is None:
            return False
        return abs(level - self.heard_dbfs) > SAME_DB

    @property
    def vouched_dbfs(self) -> tuple[float, ...]:
        """Levels of earlier odd takes of it that a further take would be believed to have."""
        earlier = [take.figures.get("return_rms_dbfs") for take in self.suspects[-1:]]
        if self.vouched_for or self.is_outlier:
            earlier.append(self.heard_dbfs)
        return tuple(level for level in earlier if level is not None)

    @property
    def is_pending(self) -> bool:
        """Whether it is still to be recorded."""
        return self.kept is None and self.abandoned is None
