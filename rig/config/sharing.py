"""What goes out with a model: whose gear it is, and the settings that have names."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field

from rig.config.section import Section
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
    values = panel.read(*(f"{name}={value}" for name, value in preset.items()))
    for knob in panel.knobs:
        value = values.get(knob.name)
        low, high = knob.limits
        if value is not None and not low <= value <= high:
            within = f"{knob.describe(low)} to {knob.describe(high)}"
            raise ValueError(
                f"{knob.name} {knob.describe(value)} lies outside its limits, {within}"
            )
    return values


def preset_mistakes(
    panel: Panel, presets: Mapping[str, Mapping[str, float | str]]
) -> Iterator[str]:
    """Name what is wrong with each preset, as ``key.path: sentence``."""
    for name, preset in presets.items():
        if not re.fullmatch(PRESET_NAME, name):
            yield f"presets: {name!r} cannot be part of a file's name: use letters, digits, . - _"
        try:
            values_of(panel, preset)
        except ValueError as error:
            yield f"presets.{name}: {error}"
