"""The kinds of values that the fields of facts hold, each with its limits."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

#: A path inside the session folder: plain names, never up and never absolute.
InnerPath = Annotated[
    str,
    Field(max_length=200, pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$"),
]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Number = Annotated[int, Field(ge=0, lt=2**31)]
#: The end of the year 2199. The earliest is 1970: so begins a machine without a battery clock.
LATEST = 7_258_118_400.0
Time = Annotated[float, Field(ge=0, le=LATEST)]
Seconds = Annotated[float, Field(ge=0, le=1e9)]
#: A setting: a faceplate value for each knob, of which a panel has at most 32.
Values = Annotated[
    tuple[Annotated[float, Field(ge=-1e6, le=1e6)], ...], Field(min_length=1, max_length=32)
]


@dataclass(frozen=True)
class Since:
    """The mark of a field: the schema that first knew it (`rig.session.schema`)."""

    schema: int
