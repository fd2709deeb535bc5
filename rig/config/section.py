"""The base of every section of ``rig.yaml``."""

import os
from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo

Positive = Annotated[float, Field(gt=0)]
#: No shell reads the file, and '~/guitar.wav' means in it what it means everywhere else.
Home = AfterValidator(os.path.expanduser)
#: What validators are told of a session's own file.
STORED = "stored"
#: Where something is wrong, and the sentence that says what.
Mistake = tuple[tuple[int | str, ...], str]


class Mistakes(ValueError):
    """Several mistakes that are found together, so that all of them are told.

    Args:
        found: Each of them.
    """

    def __init__(self, found: Iterable[Mistake]) -> None:
        self.found = tuple(found)
        super().__init__("; ".join(f"{'.'.join(map(str, at))}: {said}" for at, said in self.found))


def is_stored(info: ValidationInfo) -> bool:
    """Whether the file is a session's own, written by a version that may have refused less.

    What only newer versions refuse is let pass there: old sessions open, and go on as they were.
    """
    return info.context == STORED


class Section(BaseModel):
    """A part of the file: unknown keys are mistakes, infinities are not numbers."""

    # What stands under a key is so its text in the schema and in the reference.
    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )
