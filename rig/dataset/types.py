"""A data set as it is read, whichever format it is in."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rig.errors import UsageError

#: Beside these nobody has a data set of one amp; a file that names more is a mistake, or worse.
MOST_TAKES, MOST_KNOBS = 20_000, 32


@dataclass(frozen=True)
class DataTake:
    """One recording of a data set.

    Attributes:
        path: The file.
        values: The faceplate values of the knobs; of a switch the number of its position.
        role: What it is for, in rig's words: seed, active, holdout or canary.
        delay_frames: By how much it is late, where the data set says so.
        sha256: Of the file, where the data set says so.
    """

    path: Path
    values: tuple[float, ...]
    role: str = "seed"
    delay_frames: int | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class DataSet:
    """One input, and what an amp made of it at some settings.

    Attributes:
        source: What was read.
        input: What was played.
        names: The knobs.
        takes: The recordings.
        knobs: The knobs' sections of a rig.yaml, where the data set has them.
        segments: What the input's stretches are for: part, start, frames; none where nobody knows.
        tail_frames: Silence that was played behind the input and is not in its file.
        left_out: How many recordings were made of another input.
        gear: What it says of the amp and its licence.
    """

    source: Path
    input: Path
    names: tuple[str, ...]
    takes: tuple[DataTake, ...]
    knobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    segments: tuple[tuple[str, int, int], ...] = ()
    tail_frames: int = 0
    left_out: int = 0
    gear: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what can be no data set.

        Raises:
            UsageError: It has no takes, or not a value for each knob.
        """
        if not self.takes or not self.names:
            raise UsageError(f"{self.source}: names no recordings, or no knobs")
        if len(self.takes) > MOST_TAKES or len(self.names) > MOST_KNOBS:
            raise UsageError(f"{self.source}: names more recordings or knobs than rig takes")
        for take in self.takes:
            if len(take.values) != len(self.names):
                raise UsageError(
                    f"{self.source}: {take.path.name} has {len(take.values)} values for "
                    f"{len(self.names)} knobs ({', '.join(self.names)})"
                )
