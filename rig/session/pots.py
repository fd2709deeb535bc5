"""Which pots are silent at their lowest, by looks there.

A volume that closes is silent at 0 and may be 20 dB louder a hair further, and no capture stands
just there: a model makes of it what lies beside it. So each turning knob is dialled to its lowest
once, for a few seconds, in the loudest setting that was recorded. What is silent there is silent
wherever the other knobs that turn stand. A switch may choose what a pot is in the way of, so it
has to be silent in the loudest setting of each position of each switch.
"""

import math
from collections.abc import Iterator

from rig.capture import Role
from rig.knobs import Panel, Setting
from rig.session.captures import CaptureState
from rig.session.state import State

#: A return that is less above its take's own noise has nothing in it that was played.
ABOVE_NOISE_DB = 1.0
#: What is known of a pot: a setting to look at first, or whether it is silent at its lowest.
Known = Setting | bool


def known_of_pots(
    state: State, panel: Panel, audible_range_db: float
) -> Iterator[tuple[int, Known]]:
    """Yield each turning knob with what is known of it at its lowest.

    Args:
        state: Of the session.
        panel: Its knobs.
        audible_range_db: So far below the loudest recorded setting nobody hears anything.
    """
    levels = _levels_dbfs(state)
    captures = state.kept(Role.SEED, Role.ACTIVE)
    recorded = [c.capture.setting for c in captures if c.capture.setting in levels]
    # Of an amp that was recorded there is nothing else to be had; hands are spared all looks.
    if not recorded or panel.pool or any(knob.by_hand for knob in panel.knobs):
        return
    heard = _Heard(state, levels, max(levels[each] for each in recorded) - audible_range_db)
    loudest = _loudest(panel, recorded, levels)
    for index, knob in enumerate(panel.knobs):
        if not knob.is_switch:
            yield index, heard.known([_lowest(each, index, knob.values[0]) for each in loudest])


def closed_pots(state: State, panel: Panel, audible_range_db: float) -> list[int]:
    """Return the knobs that were found silent at their lowest."""
    return [
        index for index, known in known_of_pots(state, panel, audible_range_db) if known is True
    ]


def pots_to_look_at(state: State, panel: Panel, audible_range_db: float) -> list[Setting]:
    """Return a setting with a knob at its lowest for each pot of which it is not known yet."""
    found = known_of_pots(state, panel, audible_range_db)
    return [known for _, known in found if isinstance(known, Setting)]


def _levels_dbfs(state: State) -> dict[Setting, float]:
    """Return the level of every setting that is kept; of several takes, the quietest."""
    found: dict[Setting, float] = {}
    for about in state.captures.values():
        level_dbfs = _level_dbfs(about)
        if level_dbfs is not None:
            known_dbfs = found.get(about.capture.setting, level_dbfs)
            found[about.capture.setting] = min(known_dbfs, level_dbfs)
    return found


def _level_dbfs(about: CaptureState) -> float | None:
    """Return how loud a kept take is; minus infinity where it is noise and nothing else."""
    figures = {} if about.kept is None else about.kept.figures
    level_dbfs = figures.get("return_rms_dbfs")
    if level_dbfs is None or level_dbfs >= figures.get("noise_dbfs", -math.inf) + ABOVE_NOISE_DB:
        return level_dbfs
    return -math.inf


def _loudest(
    panel: Panel, recorded: list[Setting], levels_dbfs: dict[Setting, float]
) -> list[Setting]:
    """Return the loudest setting, and the loudest of every position of every switch."""
    by_level = sorted(recorded, key=lambda setting: -levels_dbfs[setting])
    found = by_level[:1]
    for index, knob in enumerate(panel.knobs):
        for position in knob.values if knob.is_switch else ():
            found += [each for each in by_level if each.values[index] == position][:1]
    return list(dict.fromkeys(found))


def _lowest(setting: Setting, index: int, value: float) -> Setting:
    return Setting((*setting.values[:index], value, *setting.values[index + 1 :]))


class _Heard:
    """What is heard at settings, by the journal.

    Args:
        state: Of the session.
        levels_dbfs: Of everything that is kept.
        silent_dbfs: What is quieter is silent.
    """

    def __init__(self, state: State, levels_dbfs: dict[Setting, float], silent_dbfs: float) -> None:
        self._levels_dbfs, self._silent_dbfs = levels_dbfs, silent_dbfs
        captures = state.captures.values()
        self._given_up = {c.capture.setting for c in captures if c.abandoned is not None}
        # After a cable that came off everything is silent: something must have been heard since.
        kept = [(c.capture.setting, c.kept.take, _level_dbfs(c)) for c in captures if c.kept]
        heard = [take for _, take, level in kept if level is not None and level >= silent_dbfs]
        self._believed = {setting for setting, take, _ in kept if take < max(heard, default=0)}

    def known(self, settings: list[Setting]) -> Known:
        """Return the first setting that nothing is known of; else whether all are silent."""
        for setting in settings:
            if setting not in self._levels_dbfs and setting not in self._given_up:
                return setting
            # What could not be recorded is no silence.
            if self._levels_dbfs.get(setting, 0.0) >= self._silent_dbfs:
                return False
        return self._believed.issuperset(settings)
