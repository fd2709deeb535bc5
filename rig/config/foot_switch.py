"""The section of a foot switch, which answers for whoever has both hands at the amp."""

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from rig.config.section import Section

#: What a pedal may send, by the word that stands for it.
KINDS = ("cc", "note", "program")
_PEDAL = re.compile(rf"({'|'.join(KINDS)})\s*[:=]?\s*(\d+)")
MOST = 127


def pedal(typed: str) -> tuple[str, int]:
    """Return what a pedal sends: ``cc``, ``note`` or ``program``, and its number.

    Raises:
        ValueError: It cannot be read so.
    """
    found = _PEDAL.fullmatch(typed.strip().lower())
    if found is None or int(found[2]) > MOST:
        raise ValueError(
            f"what the pedal sends, such as cc 64, note 60 or program 5 (0 to {MOST}), "
            f"not {typed!r}"
        )
    return found[1], int(found[2])


def _written(typed: str) -> str:
    kind, number = pedal(typed)
    return f"{kind} {number}"


Pedal = Annotated[str, AfterValidator(_written)]


class FootSwitchConfig(Section):
    """A MIDI foot switch that says 'done' in the live room, where nobody reaches a keyboard."""

    port: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """The input port's name as 'rig devices' lists it, or a part of it; every input where left
    out."""
    done: Pedal
    """What it sends when the knobs are turned as was asked: 'cc 64' (a press takes its value to 64
    or more: set the pedal to momentary), 'note 60' or 'program 5', on any channel."""
    redo: Pedal | None = None
    """What it sends to have the last setting recorded once more."""
    skip: Pedal | None = None
    """What it sends to leave out the setting that is asked for."""

    @model_validator(mode="after")
    def _apart(self) -> Self:
        for key in ("redo", "skip"):
            same = [name for name in ("done", "redo") if name != key and self._same(name, key)]
            if same:
                raise ValueError(f"{key}: {getattr(self, key)} already says {same[0]}")
        return self

    def _same(self, name: str, key: str) -> bool:
        return getattr(self, key) is not None and getattr(self, name) == getattr(self, key)

    def answers(self) -> dict[tuple[str, int], str]:
        """Return what each pedal answers: ``done``, ``redo`` or ``skip``."""
        named = {key: getattr(self, key) for key in ("done", "redo", "skip")}
        return {pedal(sent): key for key, sent in named.items() if sent is not None}
