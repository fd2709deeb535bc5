"""Find the learning rate for an amp, by a few steps at each of some."""

from copy import deepcopy
from dataclasses import replace

from models.training.dataset import Dataset, Model, Told, nobody
from models.training.trainer import Recipe, Training


def best_rate(
    model: Model,
    data: Dataset,
    recipe: Recipe,
    rates: tuple[float, ...] = (0.003, 0.006, 0.012),
    steps: int = 60,
    told: Told = nobody,
) -> float:
    """Find the rate that lowers the loss most in a few steps; the model stays as it is.

    The largest one that works in short is too large in the long run, so the one below it is
    taken where both are about as good.
    """
    results: list[tuple[float, float]] = []
    for number, rate in enumerate(rates):
        # Of a run four times as long, so that its rate is still near the peak when the trial ends.
        # On a copy, since training works in place and all trials have to start from the same.
        trial = Training(deepcopy(model), data, replace(recipe, steps=4 * steps, rate=rate))
        healthy = all(_step(trial, told, number * steps, len(rates) * steps) for _ in range(steps))
        # Only what is no number differs from itself.
        if healthy and trial.loss == trial.loss:
            results.append((trial.loss, rate))
    if not results:
        # Not even the lowest rate was healthy: below it is all that is left to try.
        return min(rates) / 2
    lowest = min(loss for loss, _ in results)
    return min(rate for loss, rate in results if loss <= 1.1 * lowest)


def _step(trial: Training, told: Told, before: int, total: int) -> bool:
    healthy = trial.advance()
    told(before + trial.step, total)
    return healthy
