"""What an error is worth, in the words that are used everywhere."""

from enum import Enum

from rig.printable import count_of

#: Below these, few can tell a model from its amp, it is hard to tell in a mix, and it is one to
#: play with (as the trainer of neural-amp-modeler grades its own).
EXCELLENT_ESR, GOOD_ESR, USABLE_ESR = 0.01, 0.035, 0.1


class Worth(Enum):
    """How good a model is: a word for people, and the colour that it may have."""

    EXCELLENT = ("excellent", "green")
    GOOD = ("good", "green")
    USABLE = ("usable", "yellow")
    POOR = ("record more", "bold red")
    UNKNOWN = ("never tested", "yellow")

    @property
    def words(self) -> str:
        """The word for people."""
        return self.value[0]

    @classmethod
    def of(cls, words: str) -> "Worth":
        """Return what a word for people stands for."""
        return next(each for each in cls if each.words == words)

    @property
    def style(self) -> str:
        """The colour that what it says may have."""
        return self.value[1]


def of_goal(kept: int, goal: int | None) -> str:
    """Return how many captures there are, of how many that were asked for."""
    if goal is None:
        return count_of(kept, "capture")
    # Asked for fewer than there are already: a session keeps what it has.
    if kept > goal:
        return f"{count_of(kept, 'capture')}, more than the {goal} asked for"
    return f"{kept} of {count_of(goal, 'capture')}"


def worth(holdout_esr: float | None) -> Worth:
    """Return what a model is worth by its error on settings that it never heard."""
    if holdout_esr is None:
        return Worth.UNKNOWN
    if holdout_esr < EXCELLENT_ESR:
        return Worth.EXCELLENT
    # Written so that what is no number is poor.
    if holdout_esr < GOOD_ESR:
        return Worth.GOOD
    return Worth.USABLE if holdout_esr < USABLE_ESR else Worth.POOR
