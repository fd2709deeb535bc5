"""What the daemon and the devices' process say to each other: one small tagged union each way.

A message is a line of JSON; audio follows behind it as a block of float32.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class _Message(BaseModel):
    # Both sides are of one rig: a key that one does not know is a mistake, and nothing newer.
    model_config = ConfigDict(extra="forbid", frozen=True)


class Open(_Message):
    """Open the devices of a configuration, or lost ones once more.

    ``takes`` and ``played_s`` are what the session has behind it; with ``amp_only`` the interface
    is left alone. ``owner`` is whose they are meanwhile, for others who want them.
    """

    do: Literal["open"] = "open"
    config: str
    owner: str = ""
    takes: int = 0
    played_s: float = 0.0
    amp_only: bool = False


class Dial(_Message):
    """Set every knob, in the panel's order; the one named ``last`` after all others."""

    do: Literal["dial"] = "dial"
    values: tuple[float, ...]
    last: str | None = None


class Rest(_Message):
    """Put the knobs to rest."""

    do: Literal["rest"] = "rest"


class Reamp(_Message):
    """Play the block of audio behind this message, and record as much."""

    do: Literal["reamp"] = "reamp"


class Cancel(_Message):
    """Break the take off."""

    do: Literal["cancel"] = "cancel"


class Opened(_Message):
    """The devices are open; of an amp alone, nothing is known of an interface."""

    say: Literal["opened"] = "opened"
    sample_rate: int = 0
    paced: bool = False


class Done(_Message):
    """It is done."""

    say: Literal["done"] = "done"


class Playing(_Message):
    """A take plays: so far, so loud."""

    say: Literal["playing"] = "playing"
    played_s: float
    send_dbfs: float
    return_dbfs: float


class Recorded(_Message):
    """What came back lies behind this message, channel after channel."""

    say: Literal["recorded"] = "recorded"
    channels: int
    dropouts: int


class Cancelled(_Message):
    """The take was broken off."""

    say: Literal["cancelled"] = "cancelled"


class TooLate(_Message):
    """There was no take any more to break off."""

    say: Literal["too-late"] = "too-late"


class Failed(_Message):
    """It could not be done: the error by name, and its sentence."""

    say: Literal["failed"] = "failed"
    error: str
    why: str


Order = Open | Dial | Rest | Reamp | Cancel
Answer = Opened | Done | Playing | Recorded | Cancelled | TooLate | Failed

ORDER: TypeAdapter[Order] = TypeAdapter(Annotated[Order, Field(discriminator="do")])
ANSWER: TypeAdapter[Answer] = TypeAdapter(Annotated[Answer, Field(discriminator="say")])


def plain(message: Order | Answer) -> dict[str, Any]:
    """A message as it goes over the pipe."""
    return message.model_dump(mode="json")
