"""Take all steps of a training run, so that a loss that breaks away costs a few of them only."""

from copy import deepcopy

from models.training.dataset import Dataset, Model
from models.training.trainer import Progress, Recipe, Training

#: So many steps in a row may go wrong before training goes back to where it was well.
PATIENCE = 8
#: Going back so often, each time at half the rate, is one time too many.
RECOVERIES = 4
#: Steps between two states that can be gone back to.
SAFE_STEPS = 50
#: A smoothed loss that has risen to so many times its best is as bad as one that is no number.
BROKEN_AWAY = 10.0


class Diverged(ArithmeticError):
    """Raised when the loss stopped being a number and did not come back."""


class Backtracking:
    """Goes back to the last good state, at half the rate, when the loss breaks away."""

    def __init__(self, training: Training) -> None:
        self._training = training
        self._bad, self._recoveries, self._best = 0, 0, float("inf")
        self._safe = deepcopy(training.state())

    def watch(self, healthy: bool) -> None:
        """Look at the loss after a step, and go back where it has broken away for too long.

        Raises:
            Diverged: It was gone back often enough.
        """
        training = self._training
        self._best = min(self._best, training.loss) if healthy else self._best
        away = training.loss > BROKEN_AWAY * self._best
        self._bad = self._bad + 1 if not healthy or away else 0
        if self._bad >= PATIENCE:
            self._go_back()
        elif not self._bad and training.step % SAFE_STEPS == 0:
            self._safe = deepcopy(training.state())

    def _go_back(self) -> None:
        """Restore the last good state, all but how far the run is and what it draws next."""
        training = self._training
        self._bad, self._recoveries = 0, self._recoveries + 1
        if self._recoveries > RECOVERIES:
            raise Diverged(f"the loss broke away {self._recoveries} times")
        rate_factor, step, draw = training.rate_factor / 2, training.step, training.state()["draw"]
        # The same windows again might break it again, and steps that were lost are not made up for:
        # a round ends when it should.
        training.restore({**self._safe, "slower": rate_factor, "step": step, "draw": draw})


def train_to_end(training: Training, progress: Progress) -> float:
    """Take the steps that are left, put the averaged weights into the model, return the loss.

    Raises:
        Diverged: The loss broke away again and again, whatever the rate.
    """
    backtracking = Backtracking(training)
    while not training.is_over:
        backtracking.watch(training.advance())
        progress(training.step, training.loss)
    return training.finish()


def train(model: Model, data: Dataset, recipe: Recipe, progress: Progress) -> float:
    """Train in place from where the model is, and return the last loss (smoothed).

    Raises:
        Diverged: The loss broke away again and again, whatever the rate.
    """
    return train_to_end(Training(model, data, recipe), progress)
