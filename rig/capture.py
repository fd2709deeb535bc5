"""The values that travel through the loop: what is asked for, what to record, what came of it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rig.knobs import Setting

#: Fewer captures than this teach nothing.
LEAST_CAPTURES = 2

Frames = NDArray[np.float32]
#: What somebody may ask of a run; these names stand in journals, and end files in control/.
Command = Literal["pause", "resume", "stop", "stop-now", "done", "skip", "redo"]


class Role(StrEnum):
    """Why a setting is recorded.

    Seeds and active captures are learnt from, holdouts only tested on. A canary is the reference
    setting once more: is the amp what it was? A look is a kept setting dialled once more, for a few
    seconds: is it what was kept?
    """

    SEED = "seed"
    ACTIVE = "active"
    HOLDOUT = "holdout"
    CANARY = "canary"
    LOOK = "look"

    @property
    def is_trained_on(self) -> bool:
        """Whether models may see the take."""
        return self in (Role.SEED, Role.ACTIVE)


class Outcome(StrEnum):
    """How a take ended."""

    KEPT = "kept"
    REJECTED = "rejected"
    FAILED = "failed"


@dataclass(frozen=True)
class Capture:
    """The order to record one setting.

    Attributes:
        number: Counts up through the session.
        setting: What the amp is dialled to.
        role: Why.
        round: The round that asked for it; 0 before the first.
    """

    number: int
    setting: Setting
    role: Role
    round: int


@dataclass(frozen=True)
class Take:
    """One attempt at a capture."""

    number: int
    capture: Capture


@dataclass(frozen=True)
class Recording:
    """What an interface brings back from one pass.

    Attributes:
        returned: The amp's return, ``(frames,)`` float32, full scale at 1.
        loopback: The send as it came straight back, ``(frames,)``; None where no cable is patched.
        dropouts: How many blocks the driver flagged as lost.
    """

    returned: Frames
    loopback: Frames | None
    dropouts: int = 0


@dataclass(frozen=True)
class Levels:
    """Where a running take is: seconds played and the peaks since the last report, in dBFS."""

    played_s: float
    send_dbfs: float
    return_dbfs: float
