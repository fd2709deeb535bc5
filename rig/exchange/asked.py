"""What somebody asked for, and what of it could not be had as asked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rig.capture import Role
from rig.knobs import Knob, Panel, Setting
from rig.session.folder import Session
from rig.session.pots import ClosedPot
from rig.session.pots import closed_pots as closed_pots_of

#: Rows of points in [0, 1]^k, or one of them.
Points = NDArray[np.float64]
#: Of a knob's travel, and of the distance between what was learnt from: farther than both of these
#: from every such setting, a model only guesses.
FAR, SPACINGS = 1 / 3, 1.25


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


def _far(panel: Panel, setting: Setting, learnt: Sequence[Setting]) -> str | None:
    """Say that a model only guesses somewhere; None where it has learnt nearby."""
    if not learnt:
        return None
    points = np.stack([panel.point(each) for each in learnt])
    switches = np.array([knob.is_switch for knob in panel.knobs])
    travels = _travels(points, switches, panel.point(setting))
    if travels.min() <= max(FAR, SPACINGS * _spacing(points, switches)):
        return None
    return (
        f"no setting near {panel.describe(setting)} was learnt from (the nearest is "
        f"{panel.describe(learnt[int(travels.argmin())])}): the model is guessing there"
    )


def _travels(points: Points, switches: NDArray[np.bool_], point: Points) -> Points:
    """Return by how much of its travel the knob differs that differs most, for each point."""
    apart = np.abs(points - point)
    # Two positions of a switch are different amps, however many lie between them.
    return np.asarray(np.max(np.where(switches & (apart > 0), 1.0, apart), axis=1))


# With many knobs everything is far from everything: what is told apart is what lies outside.
def _spacing(points: Points, switches: NDArray[np.bool_]) -> float:
    """Return how far most points are from the nearest other one."""
    if len(points) < 2:
        return 0.0
    nearest = [np.partition(_travels(points, switches, each), 1)[1] for each in points]
    return float(np.median(nearest))


def _silent(panel: Panel, setting: Setting, closed: Sequence[ClosedPot]) -> Iterator[str]:
    """Yield which knobs close the amp in a setting."""
    for pot in closed:
        knob, value = panel.knobs[pot.knob], setting.values[pot.knob]
        plays = [(at, panel.knobs[at].values[position]) for at, position in pot.open_at]
        if value == knob.values[0] and all(setting.values[at] != where for at, where in plays):
            yield f"with {knob.name} {knob.describe(value)} the amp is silent, and so is its model"


def asked(
    panel: Panel,
    values: Mapping[str, float],
    recorded: Sequence[Setting],
    closed: Sequence[ClosedPot] = (),
) -> Asked:
    """Return the setting nearest to what was asked for, with what should be said of it.

    Args:
        panel: The amp's knobs.
        values: Faceplate values by name; what is not named stands as in the reference setting.
        recorded: The settings that the model has learnt from.
        closed: Knobs that close the amp.
    """
    setting = panel.setting(values)
    named = [(knob, values[knob.name]) for knob in panel.knobs if knob.name in values]
    remarks = [_moved(knob, value) for knob, value in named]
    remarks += [_far(panel, setting, recorded), *_silent(panel, setting, closed)]
    return Asked(setting, tuple(remark for remark in remarks if remark is not None))


def recorded_settings(session: Session) -> list[Setting]:
    """Return the settings of a session that its model has learnt from."""
    return [about.capture.setting for about in session.state.kept(Role.SEED, Role.ACTIVE)]


def closed_pots(session: Session) -> list[ClosedPot]:
    """Return the knobs that were found to close a session's amp."""
    config = session.config
    return closed_pots_of(session.state, config.panel, config.learner.audible_range_db)
