"""Many settings at once: grids over knobs, named presets, and the files that hold them."""

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from rig.config import Config
from rig.config.sharing import GearConfig, values_of
from rig.knobs import Knob, Panel, Setting
from rig.session.lives import Learning
from rig.session.worth import worth

#: More files than this are a typing mistake: a step of 0.01, say.
MOST_FILES = 1_000
TEXT_NAME = "00-read-me.txt"


@dataclass(frozen=True)
class Wanted:
    """One file of a pack.

    Attributes:
        values: The values that were asked for.
        preset: The preset that they come from.
        varied: What was typed beside the preset and makes it another one, in words.
    """

    values: Mapping[str, float]
    preset: str | None = None
    varied: str = ""

    @property
    def name(self) -> str | None:
        """The file's own name, where it has one."""
        return f"{self.preset} with {self.varied}" if self.varied else self.preset


def _span(knob: Knob, text: str) -> list[float]:
    """Read ``0:10:2``, from, to and step, or single values as ``2/5/8``."""
    if ":" not in text:
        return [knob.parse(value) for value in text.split("/")]
    parts = text.split(":")
    if len(parts) != 3 or knob.is_switch:
        raise ValueError(f"{knob.name}={text}: write from:to:step, such as 0:10:2, or 2/5/8")
    first, last = knob.parse(parts[0]), knob.parse(parts[1])
    try:
        step = float(parts[2])
    except ValueError:
        step = 0.0
    if not 0.0 < step <= last - first:
        raise ValueError(f"{knob.name}={text}: the step must lead from {first:g} to {last:g}")
    if (last - first) / step > MOST_FILES:
        raise ValueError(f"{knob.name}={text}: are too many steps; {MOST_FILES} files are the most")
    # A little more than there is: 0.1 ten times is not quite 1.
    return [round(first + i * step, 9) for i in range(int((last - first) / step + 1e-6) + 1)]


def grid(panel: Panel, texts: Sequence[str], base: Mapping[str, float]) -> list[Wanted]:
    """Return every combination of the values that a grid names, knob by knob.

    Args:
        panel: The amp's knobs.
        texts: Such as ``gain=0:10:2`` or ``bright=off/on``, one or several in each.
        base: Where other knobs stand.

    Raises:
        ValueError: A knob or a span is none, or these are too many files.
    """
    knobs, spans = {knob.name: knob for knob in panel.knobs}, {}
    for part in filter(None, (part.strip() for text in texts for part in text.split(","))):
        name, _, span = (word.strip() for word in part.partition("="))
        if name not in knobs:
            raise ValueError(f"there is no knob {name!r}: there are {', '.join(knobs)}")
        if name in spans or name in base:
            raise ValueError(f"{name} is set twice")
        spans[name] = _span(knobs[name], span)
    count = prod(map(len, spans.values()))
    if count > MOST_FILES:
        raise ValueError(f"these are {count} files; {MOST_FILES} are the most")
    # Values between two positions of a knob, or in what it avoids, fall on one setting.
    distinct: dict[Setting, dict[str, float]] = {}
    for combination in product(*spans.values()):
        values = {**base, **dict(zip(spans, combination, strict=True))}
        distinct.setdefault(panel.setting(values), values)
    return [Wanted(values) for values in distinct.values()]


def presets(config: Config, names: Sequence[str], base: Mapping[str, float]) -> list[Wanted]:
    """Return presets of a configuration by their names; what is typed beside them goes first.

    Raises:
        ValueError: There is no such preset.
    """
    known = ", ".join(config.presets) or (
        "none in the session's own configuration: write them under 'presets' in your rig.yaml, "
        "and name that: --config rig.yaml"
    )
    missing = [name for name in names if name not in config.presets]
    if missing:
        raise ValueError(f"there is no preset {missing[0]!r}; there are {known}")
    panel, found = config.panel, []
    for name in names:
        values = values_of(panel, config.presets[name])
        found.append(Wanted({**values, **base}, name, _varied(panel, values, base)))
    return found


def _varied(panel: Panel, values: Mapping[str, float], base: Mapping[str, float]) -> str:
    """Return what was typed that a preset has otherwise."""
    moved = [
        f"{knob.name} {knob.describe(knob.quantise(base[knob.name]))}"
        for knob in panel.knobs
        if knob.name in base and base[knob.name] != values.get(knob.name)
    ]
    return ", ".join(moved)


def file_names(panel: Panel, items: Sequence[Wanted]) -> list[str]:
    """Return a name for each file: they sort as they were asked for, and say what is in them."""
    # Only knobs that differ within the pack are worth their room in a name.
    turned = [
        knob for knob in panel.knobs if len({item.values.get(knob.name) for item in items}) > 1
    ]
    digits = max(len(str(len(items))), 2)
    names = []
    for number, item in enumerate(items, 1):
        values = (
            # By the value that it takes: a span may lie between two positions.
            f"{knob.name} {knob.describe(knob.quantise(item.values[knob.name]))}"
            for knob in turned
            if knob.name in item.values
        )
        what = item.name or " ".join(values)
        plain = re.sub(r"[^\w.-]+", "-", f"{number:0{digits}} {what}".strip())
        names.append(f"{plain}.nam")
    return names


def _what(version: str) -> str:
    if version == "a2":
        return (
            "Each file holds an A2 model in both its widths: load it in any player that knows A2."
        )
    return f"Each file is a stock .nam model (version {version}): load it in any player."


def text(
    name: str, gear: GearConfig, told: Mapping[str, str], learning: Learning, version: str
) -> str:
    """Return the text that goes with a pack: what it is, and what is in which file."""
    amp = " ".join(word for word in (gear.make, gear.model) if word) or name
    # The word that the report has: by what is expected elsewhere, where that is worse.
    found, esr = worth(learning.worst_esr), learning.holdout_esr
    lines = [amp, "", f"{len(told)} settings of one knob-conditioned model, captured with rig."]
    lines.append(_what(version))
    if esr is not None:
        more = "" if learning.worst_esr == esr else f", {learning.worst_esr:.2g} expected elsewhere"
        lines.append(f"On settings that it never heard: ESR {esr:.2g}{more} ({found.words}).")
    lines += [f"Captured by {gear.modeled_by}."] * bool(gear.modeled_by)
    lines += [f"Licence: {gear.licence}."] * bool(gear.licence)
    return "\n".join([*lines, "", *(f"{file}  {said}" for file, said in told.items()), ""])


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return a zip archive of files, the same bytes for the same files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            # With the earliest date that a zip can have: the time of day is no part of a pack.
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
