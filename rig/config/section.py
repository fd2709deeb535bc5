"""The base of every section of ``rig.yaml``."""

import os
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo

Positive = Annotated[float, Field(gt=0)]
#: No shell reads the file, and '~/guitar.wav' means in it what it means everywhere else.
Home = AfterValidator(os.path.expanduser)
#: What validators are told of a session's own file.
STORED = "stored"


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
