"""What is happening this second: not a fact, so one small file that is written over.

The daemon puts it into the session folder a few times a second; a viewer that finds it missing,
old or half there shows less, and nothing else depends on it.
"""

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from rig.knobs import Move

NAME = "live.json"
MAX_BYTES = 100_000


class LiveTake(BaseModel):
    """The take in progress; levels are the peaks of the last tenth of a second."""

    model_config = ConfigDict(frozen=True)

    number: int
    capture: int
    role: str
    values: tuple[float, ...]
    played_s: float = 0.0
    duration_s: float
    send_dbfs: float = -200.0
    return_dbfs: float = -200.0


class LiveLearner(BaseModel):
    """What the learner is at: ``done`` of ``total`` steps of a stage."""

    model_config = ConfigDict(frozen=True)

    stage: str
    round: int
    done: int = 0
    total: int = 0
    loss: float | None = None
    eta_s: float | None = None


class Live(BaseModel):
    """One snapshot, taken ``at`` Unix time by process ``pid``, whose children it names."""

    model_config = ConfigDict(frozen=True)

    at: float
    pid: int
    doing: str
    take: LiveTake | None = None
    prompt: tuple[Move, ...] = ()
    learner: LiveLearner | None = None
    processes: dict[str, int] = {}


def publish(folder: Path, live: Live) -> None:
    """Replace the snapshot; a viewer that holds the file open for a moment is no reason to fail."""
    unfinished = folder / f"{NAME}.{os.getpid()}"
    with contextlib.suppress(OSError):
        unfinished.write_text(live.model_dump_json(), encoding="utf-8")
        unfinished.replace(folder / NAME)


def read(folder: Path) -> Live | None:
    """The last snapshot, if there is one that can be read."""
    try:
        with (folder / NAME).open(encoding="utf-8") as file:
            document: Any = json.loads(file.read(MAX_BYTES))
        return Live.model_validate(document)
    except (OSError, ValueError, ValidationError):
        return None


def remove(folder: Path) -> None:
    """Nothing is happening any more; what a killed process left behind goes too."""
    for path in folder.glob(f"{NAME}*"):
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
