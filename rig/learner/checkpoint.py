"""Checkpoints of training: saved every minute, and continued to the bit by another process."""

import contextlib
import hashlib
import time
from collections.abc import Callable

from models.training.dataset import Dataset, Model
from models.training.loop import train_to_end
from models.training.trainer import Progress, Recipe, Training, dump_state, load_state
from rig.errors import SessionError, StorageError
from rig.session import store
from rig.session.door import Door
from rig.session.folder import Session

#: Steps' worth of seconds that a killed learner loses at most.
SAVE_EVERY_S = 60.0
ROUNDS, UNFINISHED, FINISHED = "rounds", "unfinished-", "finished-"
RATE = f"{ROUNDS}/rate.txt"
#: Weights and what the optimiser keeps of them: a large model has some tens of megabytes.
MOST_BYTES, MOST_RATE_BYTES = 500_000_000, 100
#: Where the first round's search has left nothing to read.
DEFAULT_RATE = Recipe.rate


def train(
    session: Session,
    name: str,
    model: Model,
    dataset: Dataset,
    recipe: Recipe,
    progress: Progress,
    validation: Dataset | None = None,
    clock: Callable[[], float] = time.monotonic,
    more_follows: bool = False,
) -> bool:
    """Train in place; where the same run was broken off, continue from its last checkpoint.

    A run is the same if it has the same name, data and recipe and starts from the same weights.
    Where another run follows that this one is part of, its end is kept until that one is over.

    Returns:
        Whether it went to its end; else the loss broke away again and again, and the best weights
        before are what there is.

    Raises:
        Diverged: The loss was never a number.
    """
    training: Training | None = None

    def told(*_: int) -> None:
        """Say again how far it is, while captures are measured or validated."""
        # The first are measured before there is a training.
        progress(*((training.step, training.loss) if training is not None else (0, 0.0)))

    training = Training(model, dataset, recipe, validation, told)
    digest = _digest(name, training)
    path, ended = (f"{ROUNDS}/{kind}{digest}.pt" for kind in (UNFINISHED, FINISHED))
    # A checkpoint that cannot be read changes nothing: training then starts from its beginning.
    for checkpoint in (path, ended):
        with contextlib.suppress(SessionError):
            load_state(training, session.door.read(checkpoint, MOST_BYTES))
    saved_at = clock()

    def save_at_times(step: int, loss: float) -> None:
        """Report a step, and save a checkpoint where the last one is old."""
        nonlocal saved_at
        progress(step, loss)
        if clock() - saved_at >= SAVE_EVERY_S:
            _save(session.door, path, training)
            saved_at = clock()

    train_to_end(training, save_at_times)
    if more_follows:
        _save(session.door, ended, training)
    else:
        _forget(session.door, FINISHED)
    _forget(session.door)
    return not training.broke_off


def _forget(door: Door, prefix: str = UNFINISHED, but: str | None = None) -> None:
    """Remove the checkpoints of other runs: they take room and are of no use any more."""
    for name in door.names(ROUNDS, prefix=prefix):
        if f"{ROUNDS}/{name}" != but:
            door.remove(f"{ROUNDS}/{name}")


def _save(door: Door, path: str, training: Training) -> None:
    """Save a checkpoint; a full disk costs the checkpoint and nothing else."""
    _forget(door, but=path)
    try:
        door.put(path, dump_state(training))
    except StorageError:
        door.remove(path)


def _digest(name: str, training: Training) -> str:
    """Return a hash of everything that makes a run what it is."""
    state = hashlib.sha256(f"{name} {training.recipe}".encode())
    weights = training.model.state_dict().values()
    for tensor in [training.data.knobs, training.data.targets, *weights]:
        state.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return state.hexdigest()[:16]


def search_rate(session: Session, search: Callable[[], float]) -> float:
    """Search for the learning rate, and keep it for later rounds."""
    store.write(session.door, RATE, f"{(rate := search())!r}\n".encode())
    return rate


def stored_rate(session: Session) -> float:
    """Return the learning rate that the first round has found."""
    try:
        rate = float(session.door.read(RATE, MOST_RATE_BYTES))
    except (SessionError, ValueError):
        return DEFAULT_RATE
    return rate if 0.0 < rate < 1.0 else DEFAULT_RATE
