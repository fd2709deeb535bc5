"""A final model takes the place of an earlier one: whole beside it, then a fact, then moved.

The learner writes into `NEXT`. Until the journal says so, the earlier model is the session's; from
then on the new one is, wherever its files lie. Whoever holds the session moves them, and whoever
opens it after a kill moves what is left.
"""

from rig.session import store
from rig.session.door import Door
from rig.session.facts import ModelTrained, StoredFile

NEXT = "model/next"
#: What is told of a model beside it, and is in no fact.
METRICS = "model/metrics.json"


def staged(path: str) -> str:
    """Where a file of the model waits."""
    return f"{NEXT}/{path.rpartition('/')[2]}"


def stage(door: Door, path: str, content: bytes) -> StoredFile:
    """Write a file of the next model, and say what the journal must know of it.

    Raises:
        SessionError: Something lies there that is no plain file.
        StorageError: The disk did not take it.
    """
    written = store.write(door, staged(path), content)
    return written.model_copy(update={"path": path})


def place(door: Door, file: StoredFile) -> str:
    """Where a stored file lies: still beside its place, if it waits there as the journal says."""
    waiting = file.model_copy(update={"path": staged(file.path)})
    is_waiting = file.path.startswith("model/") and store.problem(door, waiting) is None
    return waiting.path if is_waiting else file.path


def put_in_place(door: Door, model: ModelTrained) -> None:
    """Move the files of the model that the journal speaks of to where it says.

    Raises:
        StorageError: The disk does not let it.
    """
    waiting = [file.path for file in model.files if place(door, file) != file.path]
    # First, since these tell whose it is.
    if waiting and door.file(staged(METRICS)) is not None:
        door.move(staged(METRICS), METRICS)
    for path in waiting:
        door.move(staged(path), path)
