"""Which rig can read a fact: the schema that first knew its kind, its fields and their values.

A journal says the highest schema that any of its facts needs, and no more: so a session that a
newer rig goes on with stays readable for an older one, until there is something in it that the
older one does not know. `docs/decisions` has the rules.
"""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from rig.printable import printable
from rig.session.facts import Fact
from rig.session.fields import Since

#: What this rig reads. 1: rows without a digest. 2: rows with one. 3: devices opened anew within a
#: run, looks at kept settings, takes in which the audio process died, when a run was asked for.
SCHEMA_VERSION = 3
#: From here on rows carry digests; what is begun today needs no more.
CHAINED = 2
#: Mistakes in a row that was written as it stands, which only a newer rig makes.
_NEWER = {"union_tag_invalid", "extra_forbidden", "enum", "literal_error"}


def since(model: type[BaseModel], field: str) -> int:
    """The schema that first knew a field; 1 where nothing else is said."""
    marks = [m.schema for m in model.model_fields[field].metadata if isinstance(m, Since)]
    return max(marks, default=1)


def _later(model: BaseModel) -> dict[str, int]:
    """Its fields that came after the first schema."""
    found = {name: since(type(model), name) for name in type(model).model_fields}
    return {name: schema for name, schema in found.items() if schema > 1}


def _says_nothing(model: BaseModel, field: str) -> bool:
    return bool(getattr(model, field) == type(model).model_fields[field].get_default())


def body(fact: Fact) -> str:
    """A fact as JSON, without later fields that have nothing to tell: so an older rig reads it."""
    silent = {name for name in _later(fact) if _says_nothing(fact, name)}
    return fact.model_dump_json(exclude=silent)


def needed(fact: Fact) -> int:
    """The lowest schema that knows everything in a fact."""
    told = [schema for name, schema in _later(fact).items() if not _says_nothing(fact, name)]
    values = [
        schema
        for (name, value), schema in fact.values_since.items()
        if getattr(fact, name) == value
    ]
    # What lies inside a field is written whole, defaults and all.
    inner = [schema for part in _parts(fact) for schema in _later(part).values()]
    return max([fact.since, *told, *values, *inner])


def _parts(model: BaseModel) -> Iterator[BaseModel]:
    for name in type(model).model_fields:
        value: Any = getattr(model, name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, BaseModel):
                yield part


def unknown(error: ValidationError) -> str | None:
    """What a newer rig must have written into a row that this one cannot read; else None."""
    for mistake in error.errors(include_url=False):
        if mistake["type"] == "union_tag_invalid":
            return f"kind {printable(str(mistake['ctx']['tag'])):.80}"
        if mistake["type"] in _NEWER:
            return printable(".".join(str(part) for part in mistake["loc"]))[:80]
    return None
