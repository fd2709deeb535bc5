"""What goes out with a model: whose gear it is, and the settings that have names."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field

from rig.config import examples
from rig.config.section import Mistake, Section
from rig.knobs import Panel

Text = Annotated[str, Field(min_length=1, max_length=120)]
#: What can be part of a file's name on every system.
PRESET_NAME = r"\w[\w.-]{0,39}"
#: Where one knob stands: a faceplate value, or the name of a switch's position.
Position = float | Annotated[str, Field(min_length=1, max_length=40)]
Presets = Annotated[dict[str, dict[str, Position]], Field(max_length=200)]

GearType = Literal["amp", "pedal", "pedal_amp", "amp_cab", "amp_pedal_cab", "preamp", "studio"]
#: As sites and players filter by them (neural-amp-modeler 0.13).
ToneType = Literal["clean", "overdrive", "crunch", "hi_gain", "fuzz"]
TONES: tuple[str, ...] = ("clean", "overdrive", "crunch", "hi_gain", "fuzz")


class GearConfig(Section):
    """What players and sharing sites are told of the amp; it changes nothing that is recorded."""

    make: Text | None = None
    """Who made it, such as Fender."""
    model: Text | None = None
    """What it is called, such as Deluxe 5E3."""
    type: GearType = "amp"
    """What was captured: amp_cab where a microphone stood before its speaker, say."""
    tone: ToneType | None = None
    """What it sounds like; a preset that has one of these names is told by its name."""
    modeled_by: Text | None = None
    """Who captured it: you."""
    licence: Text | None = None
    """Under which licence the files may be used, such as CC BY 4.0."""


def values_of(panel: Panel, preset: Mapping[str, float | str]) -> dict[str, float]:
    """Return the faceplate values of a preset by knob name.

    Raises:
        ValueError: A name or a value is none of the panel's, or may not be set.
    """
    return {name: _value(panel, name, position) for name, position in preset.items()}


def _value(panel: Panel, name: str, position: float | str) -> float:
    by_name = {knob.name: knob for knob in panel.knobs}
    if (knob := by_name.get(name)) is None:
        near = examples.nearest(name, by_name)
        hint = f"; did you mean '{near}'?" if near else ""
        raise ValueError(f"there is no knob {name!r}: there are {', '.join(by_name)}{hint}")
    # As it was typed: 99 is no 99.0.
    value = knob.parse(f"{position:.10g}" if isinstance(position, float) else position)
    low, high = knob.limits
    if not low <= value <= high:
        within = f"{knob.describe(low)} to {knob.describe(high)}"
        raise ValueError(f"{name} {knob.describe(value)} lies outside its limits, {within}")
    return value


def preset_mistakes(
    panel: Panel, presets: Mapping[str, Mapping[str, float | str]]
) -> Iterator[Mistake]:
    """Yield what is wrong with each preset, all of it."""
    for name, preset in presets.items():
        if not re.fullmatch(PRESET_NAME, name):
            yield (
                ("presets", name),
                f"{name!r} cannot be part of a file's name: use letters, digits, . - _",
            )
        for knob, position in preset.items():
            try:
                _value(panel, knob, position)
            except ValueError as error:
                yield ("presets", name, knob), str(error)
