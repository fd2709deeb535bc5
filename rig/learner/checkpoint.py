"""Training that survives its process: laid down every minute, taken up to the bit."""

import hashlib
import time
from collections.abc import Callable
from pathlib import Path

from models.training.dataset import Dataset, Model
from models.training.trainer import Backtracking, Progress, Recipe, Training, dump_state, load_state
from rig.errors import StorageError
from rig.session import store
from rig.session.folder import Session

#: Steps' worth of seconds that a killed learner loses at most.
EVERY_S = 60.0
RATE = "rounds/rate.txt"
#: Where the first round's search has left nothing to read.
USUAL_RATE = Recipe.rate


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
    """Train in place; where the same run was broken off, go on from where it was.

    A run is the same if it has the same name, data and recipe and starts from the same weights.

    Raises:
        Diverged: The loss broke away again and again.
    """
    training = Training(model, dataset, recipe, validation)
    path = session.folder / "rounds" / f"unfinished-{_digest(name, training)}.pt"
    if path.is_file():
        load_state(training, path.read_bytes())
    guard, laid_down = Backtracking(training), clock()
    while not training.is_over:
        guard.watch(training.advance())
        progress(training.step, training.loss)
        if clock() - laid_down >= EVERY_S:
            _lay_down(path, training)
            laid_down = clock()
    for left in path.parent.glob("unfinished-*.pt"):
        left.unlink(missing_ok=True)
    return training.finish()


def _lay_down(path: Path, training: Training) -> None:
    """A full disk costs the checkpoint and nothing else."""
    for older in path.parent.glob("unfinished-*.pt"):
        if older != path:
            older.unlink(missing_ok=True)
    try:
        store.put(path, dump_state(training))
    except StorageError:
        path.unlink(missing_ok=True)


def _digest(name: str, training: Training) -> str:
    """Of everything that makes a run what it is."""
    state = hashlib.sha256(f"{name} {training.recipe}".encode())
    tensors = [training.data.knobs, training.data.targets, *training.model.state_dict().values()]
    for tensor in tensors:
        state.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return state.hexdigest()[:16]


def settled_rate(session: Session, search: Callable[[], float]) -> float:
    """The learning rate that a search finds, kept for later rounds."""
    rate = search()
    store.write(session.folder, RATE, f"{rate!r}\n".encode())
    return rate


def found_rate(session: Session) -> float:
    """The learning rate that the first round found."""
    try:
        rate = float((session.folder / RATE).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return USUAL_RATE
    return rate if 0.0 < rate < 1.0 else USUAL_RATE
