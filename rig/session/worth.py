"""What an error is worth, in the words that are used everywhere."""

from enum import Enum

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

    @property
    def style(self) -> str:
        """The colour that what it says may have."""
        return self.value[1]


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
