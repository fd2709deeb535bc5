"""Checkpoints of training: saved every minute, and continued to the bit by another process."""

import hashlib
import time
from collections.abc import Callable
from pathlib import Path

from models.training.dataset import Dataset, Model
from models.training.loop import train_to_end
from models.training.trainer import Progress, Recipe, Training, dump_state, load_state
from rig.errors import StorageError
from rig.session import store
from rig.session.folder import Session

#: Steps' worth of seconds that a killed learner loses at most.
SAVE_EVERY_S = 60.0
RATE = "rounds/rate.txt"
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
) -> float:
    """Train in place; where the same run was broken off, continue from its last checkpoint.

    A run is the same if it has the same name, data and recipe and starts from the same weights.

    Raises:
        Diverged: The loss broke away again and again.
    """
    training = Training(model, dataset, recipe, validation)
    path = session.folder / "rounds" / f"unfinished-{_digest(name, training)}.pt"
    # A checkpoint that cannot be read changes nothing: training then starts from its beginning.
    if path.is_file():
        load_state(training, path.read_bytes())
    saved_at = clock()

    def save_at_times(step: int, loss: float) -> None:
        """Report a step, and save a checkpoint where the last one is old."""
        nonlocal saved_at
        progress(step, loss)
        if clock() - saved_at >= SAVE_EVERY_S:
            _save(path, training)
            saved_at = clock()

    loss = train_to_end(training, save_at_times)
    for left in path.parent.glob("unfinished-*.pt"):
        left.unlink(missing_ok=True)
    return loss


def _save(path: Path, training: Training) -> None:
    """Save a checkpoint; a full disk costs the checkpoint and nothing else."""
    # What other runs have left is of no use any more, and takes as much of the disk.
    for older in path.parent.glob("unfinished-*.pt"):
        if older != path:
            older.unlink(missing_ok=True)
    try:
        store.put(path, dump_state(training))
    except StorageError:
        path.unlink(missing_ok=True)


def _digest(name: str, training: Training) -> str:
    """Return a hash of everything that makes a run what it is."""
    state = hashlib.sha256(f"{name} {training.recipe}".encode())
    tensors = [training.data.knobs, training.data.targets, *training.model.state_dict().values()]
    for tensor in tensors:
        state.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return state.hexdigest()[:16]


def search_rate(session: Session, search: Callable[[], float]) -> float:
    """Search for the learning rate, and keep it for later rounds."""
    rate = search()
    store.write(session.folder, RATE, f"{rate!r}\n".encode())
    return rate


def stored_rate(session: Session) -> float:
    """Return the learning rate that the first round has found."""
    try:
        rate = float((session.folder / RATE).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return DEFAULT_RATE
    return rate if 0.0 < rate < 1.0 else DEFAULT_RATE
