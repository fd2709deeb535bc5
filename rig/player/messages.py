"""What a command and the player's process say to each other: one small tagged union each way."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class _Message(BaseModel):
    # Both sides are of one rig: a key that one does not know is a mistake, and nothing newer.
    model_config = ConfigDict(extra="forbid", frozen=True)


class Play(_Message):
    """Open the interface of a configuration and play.

    Behind it lies the section of a model as JSON; or, where there are ``tracks``, so many of them,
    one after the other as float32. Of ``outputs`` each carries what is heard; the knobs begin at
    ``point``.
    """

    do: Literal["play"] = "play"
    config: str
    owner: str
    tracks: int = 0
    outputs: int = 2
    slack_blocks: int = 3
    point: tuple[float, ...] | None = None
    record: str | None = None


class Turn(_Message):
    """Have the knobs go to a point in [0, 1]."""

    do: Literal["turn"] = "turn"
    point: tuple[float, ...]


class Set(_Message):
    """Change what is not None: input, counted from 0; level; bypass; which track is heard."""

    do: Literal["set"] = "set"
    channel: int | None = None
    level_db: float | None = None
    bypassed: bool | None = None
    track: int | None = None


class Exchange(_Message):
    """Play other tracks; they lie behind this message as they do behind `Play`."""

    do: Literal["exchange"] = "exchange"
    tracks: int


class Stop(_Message):
    """Close the interface, finish the recording, and end."""

    do: Literal["stop"] = "stop"


# Counts since the beginning, and not since the last report: one that is missed loses nothing.
class Playing(_Message):
    """How it is going.

    Attributes:
        played_s: Since it began.
        load: Share of the time that is spent computing, since the last message.
        highest_load: The largest share of a single block in it.
        dropouts: Blocks that were not ready in time, since it began.
        driver_dropouts: Blocks that the driver reports as lost.
        block_frames: As the driver asks for them.
        slack_frames: How much later it plays than the driver alone would.
        driver_latency_s: What the driver says of its own way in and out.
        callback_s: The longest time that the driver was held up.
        inputs_dbfs: Peak of each input.
        output_dbfs: Peak of what is heard.
    """

    say: Literal["playing"] = "playing"
    played_s: float
    load: float
    highest_load: float
    dropouts: int
    driver_dropouts: int
    block_frames: int
    slack_frames: int
    driver_latency_s: float
    callback_s: float
    inputs_dbfs: tuple[float, ...]
    output_dbfs: float


class Stopped(_Message):
    """It has ended; so many seconds were recorded."""

    say: Literal["stopped"] = "stopped"
    recorded_s: float


class Failed(_Message):
    """It could not be done: the error by name, and its sentence."""

    say: Literal["failed"] = "failed"
    error: str
    why: str


Order = Play | Turn | Set | Exchange | Stop
Answer = Playing | Stopped | Failed

ORDER: TypeAdapter[Order] = TypeAdapter(Annotated[Order, Field(discriminator="do")])
ANSWER: TypeAdapter[Answer] = TypeAdapter(Annotated[Answer, Field(discriminator="say")])


def plain(message: Order | Answer) -> dict[str, Any]:
    """Return a message as it goes over the pipe."""
    return message.model_dump(mode="json")
