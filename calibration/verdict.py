"""What is said of a take: the checks by name, a reason for each that failed, a verdict."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

Figures = Mapping[str, float]


class Check(StrEnum):
    """What a take may fail at; these names stand in journals."""

    NUMBERS = "numbers"
    CLIPPING = "clipping"
    FLAT_TOPS = "flat-tops"
    SILENCE = "silence"
    STANDSTILL = "standstill"
    DROPOUT_FLAG = "dropout-flag"
    LOOPBACK = "loopback"
    LOOPBACK_CLIPPING = "loopback-clipping"
    DROPOUT = "dropout"
    DRIFT = "drift"
    LATENCY = "latency"
    RETURN_DRIFT = "return-drift"
    RETURN_LAG = "return-lag"
    WIRE = "wire"
    COHERENCE = "coherence"
    POLARITY = "polarity"
    CHANGE = "change"
    MOMENT = "moment"
    REST = "rest"
    NOISE = "noise"
    LEVEL = "level"
    DISAGREEMENT = "disagreement"
    REPLICATE = "replicate"
    LOOK = "look"
    # These two are no judgement: the take brought nothing back that could be judged.
    DEVICE = "device"
    INTERRUPTED = "interrupted"


#: What these find may be the amp itself: a second take that says the same, recorded while a canary
#: says that the amp is well, is believed.
DOUBTS = frozenset(
    {
        Check.SILENCE,
        Check.WIRE,
        Check.RETURN_LAG,
        Check.COHERENCE,
        Check.POLARITY,
        Check.CHANGE,
        Check.MOMENT,
        Check.REST,
        Check.NOISE,
        Check.LEVEL,
    }
)


@dataclass(frozen=True)
class Reason:
    """One thing that is wrong: which check, its figure, its limit, a sentence for a musician."""

    check: str
    figure: float
    limit: float
    sentence: str


@dataclass(frozen=True)
class Verdict:
    """What the checks say of a take: every figure, and the reasons to reject it."""

    figures: Figures
    reasons: tuple[Reason, ...] = ()

    @property
    def kept(self) -> bool:
        """Whether nothing is wrong."""
        return not self.reasons
