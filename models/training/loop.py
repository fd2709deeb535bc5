"""Take all steps of a training run, so that a loss that breaks away costs a few of them only."""

from collections import deque
from copy import deepcopy
from statistics import median

from models.training.dataset import Dataset, Model
from models.training.trainer import Progress, Recipe, Training

#: So many steps in a row may be no numbers before training goes back to where it was well.
BAD_STEPS = 8
#: Going back so often, each time at half the rate, is one time too many.
RECOVERIES = 4
#: Steps between two states that can be gone back to.
SAFE_STEPS = 50
#: The loss is judged by the median of so many steps: a batch with a hard capture in it is no break,
#: and a break shows in half of them.
RECENT_STEPS = 64
#: A median that has risen to so many times its best has broken away.
BROKEN_AWAY = 10.0


class Diverged(ArithmeticError):
    """Raised when the loss was never a number: there are no weights worth keeping."""


class Backtracking:
    """Goes back to the last good state, at half the rate, when the loss breaks away.

    Where it had to go back too often, the run is broken off: the last good state is what there is.
    """

    def __init__(self, training: Training) -> None:
        self._training = training
        self._bad, self._recoveries, self._best = 0, 0, float("inf")
        self._recent: deque[float] = deque(maxlen=RECENT_STEPS)
        self._has_learnt = False
        self._safe = deepcopy(training.state())

    def watch(self, healthy: bool) -> None:
        """Look at the loss after a step, and go back where it has broken away.

        Raises:
            Diverged: It was gone back often enough, and no step was ever healthy.
        """
        training = self._training
        self._bad = 0 if healthy else self._bad + 1
        if healthy:
            self._has_learnt = True
            self._recent.append(training.step_loss)
        full = len(self._recent) == RECENT_STEPS
        usual = median(self._recent) if full else 0.0
        if self._bad >= BAD_STEPS or (full and usual > BROKEN_AWAY * self._best):
            self._go_back()
            return
        if full:
            self._best = min(self._best, usual)
        if not self._bad and training.step % SAFE_STEPS == 0:
            self._safe = deepcopy(training.state())

    def _go_back(self) -> None:
        """Restore the last good state, all but how far the run is and what it draws next."""
        training = self._training
        self._bad, self._recoveries = 0, self._recoveries + 1
        self._recent.clear()
        if self._recoveries > RECOVERIES and not self._has_learnt:
            raise Diverged("the loss was never a number")
        rate_factor, step, draw = training.rate_factor / 2, training.step, training.state()["draw"]
        # The same windows again might break it again, and steps that were lost are not made up for:
        # a round ends when it should.
        training.restore({**self._safe, "slower": rate_factor, "step": step, "draw": draw})
        training.broke_off = self._recoveries > RECOVERIES


def train_to_end(training: Training, progress: Progress) -> float:
    """Take the steps that are left, put the averaged weights into the model, return the loss.

    A loss that breaks away again and again ends the run early: the best weights there were are the
    model, which is better than none.

    Raises:
        Diverged: The loss was never a number.
    """
    backtracking = Backtracking(training)
    while not training.is_over:
        backtracking.watch(training.advance())
        progress(training.step, training.loss)
    return training.finish()


def train(model: Model, data: Dataset, recipe: Recipe, progress: Progress) -> float:
    """Train in place from where the model is, and return the last loss (smoothed).

    Raises:
        Diverged: The loss was never a number.
    """
    return train_to_end(Training(model, data, recipe), progress)
