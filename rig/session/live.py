"""What is happening this second: not a fact, so one small file that is written over.

The daemon puts it into the session folder a few times a second; a viewer that finds it missing,
old or half there shows less, and nothing else depends on it.
"""

import contextlib
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from rig.errors import RigError
from rig.knobs import Move
from rig.printable import Words
from rig.session.door import Door

NAME = "live.json"
MAX_BYTES = 100_000


class LiveTake(BaseModel):
    """The take in progress; levels are the peaks of the last tenth of a second."""

    model_config = ConfigDict(frozen=True)

    number: int
    capture: int
    role: Words
    values: tuple[float, ...]
    played_s: float = 0.0
    duration_s: float
    send_dbfs: float = -200.0
    return_dbfs: float = -200.0


class LiveLearner(BaseModel):
    """What the learner is at: ``done`` of ``total`` steps of a stage."""

    model_config = ConfigDict(frozen=True)

    stage: Words
    round: int
    done: int = 0
    total: int = 0
    loss: float | None = None
    eta_s: float | None = None


class Live(BaseModel):
    """One snapshot, taken ``at`` Unix time by process ``pid``, whose children it names.

    It says whether a foot switch is listened to, which answers the ``prompt``.
    """

    model_config = ConfigDict(frozen=True)

    at: float
    pid: int
    doing: Words
    take: LiveTake | None = None
    prompt: tuple[Move, ...] = ()
    learner: LiveLearner | None = None
    foot_switch: bool = False
    processes: dict[str, int] = {}


def publish(place: Path | Door, live: Live) -> None:
    """Replace the snapshot; a viewer that holds the file open for a moment is no reason to fail."""
    with contextlib.suppress(RigError):
        # Not durable: it is written several times a second, and after a power cut it is not true.
        Door.at(place).put(NAME, live.model_dump_json().encode(), durable=False)


def read(place: Path | Door) -> Live | None:
    """The last snapshot, if there is one that can be read."""
    try:
        return Live.model_validate_json(Door.at(place).read(NAME, MAX_BYTES))
    except (RigError, ValueError):
        return None


def remove(place: Path | Door) -> None:
    """Nothing is happening any more; what a killed process left behind goes too."""
    door = Door.at(place)
    with contextlib.suppress(RigError):
        for name in door.names(prefix=NAME):
            door.remove(name)
