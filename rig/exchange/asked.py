"""What somebody asked for, and what of it could not be had as asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rig.capture import Role
from rig.knobs import Knob, Panel, Setting
from rig.session.folder import Session

#: Of a knob's travel: farther than this from every recorded setting, a model only guesses.
FAR = 1 / 3


@dataclass(frozen=True)
class Asked:
    """A setting that the amp has, and a sentence for each thing about it that may surprise."""

    setting: Setting
    remarks: tuple[str, ...] = ()


def _moved(knob: Knob, value: float) -> str | None:
    """Say that a knob cannot stand where it was asked to, and why; None where it can."""
    taken, low, high = knob.quantise(value), *knob.limits
    # What a faceplate shows is what was asked for: the rest is rounding.
    if knob.describe(taken) == knob.describe(value):
        return None
    instead = f"{knob.describe(taken)} is taken"
    if not low <= value <= high:
        within = f"{knob.describe(low)} to {knob.describe(high)}"
        return f"{knob.name} {knob.describe(value)} lies outside its limits, {within}: {instead}"
    if any(first <= value <= last for first, last in knob.avoid):
        return f"{knob.name} {knob.describe(value)} is never set ('avoid'): {instead}"
    return f"{knob.name} has no position {knob.describe(value)}: {instead}, the nearest"


def _travel(panel: Panel, one: Setting, other: Setting) -> float:
    """Return by how much of its travel the knob differs that differs most."""
    apart = np.abs(panel.point(one) - panel.point(other))
    # Two positions of a switch are different amps, however many lie between them.
    differs = [k.is_switch and a > 0 for k, a in zip(panel.knobs, apart, strict=True)]
    return float(np.max(np.where(differs, 1.0, apart)))


def _far(panel: Panel, setting: Setting, recorded: Sequence[Setting]) -> str | None:
    if not recorded:
        return None
    nearest = min(recorded, key=lambda other: _travel(panel, setting, other))
    if _travel(panel, setting, nearest) <= FAR:
        return None
    return (
        f"nothing near {panel.describe(setting)} was recorded (the nearest is "
        f"{panel.describe(nearest)}): the model is guessing there"
    )


def asked(panel: Panel, values: Mapping[str, float], recorded: Sequence[Setting]) -> Asked:
    """Return the setting nearest to what was asked for, with what should be said of it.

    Args:
        panel: The amp's knobs.
        values: Faceplate values by name; what is not named stands as in the reference setting.
        recorded: The settings that the model has learnt from.
    """
    setting = panel.setting(values)
    named = [(knob, values[knob.name]) for knob in panel.knobs if knob.name in values]
    remarks = [_moved(knob, value) for knob, value in named]
    remarks.append(_far(panel, setting, recorded))
    return Asked(setting, tuple(remark for remark in remarks if remark is not None))


def recorded_settings(session: Session) -> list[Setting]:
    """Return the settings of a session that its model has learnt from."""
    return [about.capture.setting for about in session.state.kept(Role.SEED, Role.ACTIVE)]
