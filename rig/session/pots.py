"""Which pots are silent at their lowest, by looks there.

A volume that closes is silent at 0 and may be 20 dB louder a hair further, and no capture stands
just there: a model makes of it what lies beside it. So each turning knob is dialled to its lowest
for a few seconds, in the loudest setting that was recorded. What is silent there is silent wherever
the other knobs that turn stand. A switch may choose what a pot is in the way of, so each is
dialled in the loudest setting of each combination of their positions. That one may be quiet itself:
silent is what a pot takes far down, not what lies far below the loudest of all.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from rig.capture import Role
from rig.knobs import Panel, Setting
from rig.session.captures import CaptureState
from rig.session.state import State

#: A return that is less above its take's own noise has nothing in it that was played: at most what
#: lies so far below the noise.
ABOVE_NOISE_DB, BELOW_NOISE_DB = 1.0, 6.0
#: What noise hides has to be so far below what the pot was turned down from, at least: less may be
#: a setting that is hardly louder than the noise.
LEAST_DROP_DB = 30.0
#: Of one that closes in another combination of switch positions, so much is enough: it is in the
#: way here, or it is not, and then nothing drops.
CLOSES_ELSEWHERE_DROP_DB = 15.0
#: Of more combinations of switch positions than this, a pot is dialled in the loudest of each
#: position first: one that is silent in none of these is asked no more, or a night would be looks.
MOST_COMBINATIONS = 8

#: Positions of the switches, in the panel's order, as places among their values.
Combination = tuple[int, ...]


@dataclass(frozen=True)
class ClosedPot:
    """A pot that closes the amp at its lowest.

    Attributes:
        knob: Its place in the panel.
        open_at: Where it does not: switches, by their places in the panel, with a position each.
    """

    knob: int
    open_at: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class _Pot:
    """A pot and what was heard of it at its lowest.

    Of a combination whose loudest setting is quiet nothing may be told: it is in neither list.

    Attributes:
        knob: Its place in the panel.
        waiting: Settings that nothing is known of.
        silent: Combinations in which it is silent at its lowest.
        heard: Combinations in which it is not.
        open: Settings in which it is not known to be silent at its lowest, with a look there.
    """

    knob: int
    waiting: list[Setting]
    silent: list[Combination]
    heard: list[Combination]
    open: list[Setting]


def closed_pots(state: State, panel: Panel, audible_range_db: float) -> list[ClosedPot]:
    """Return the knobs that were found silent at their lowest, and where."""
    switches = [index for index, knob in enumerate(panel.knobs) if knob.is_switch]
    found = []
    for pot in _pots(state, panel, audible_range_db):
        silent = _as_product(pot.silent, pot.heard)
        if silent is not None:
            open_at = (
                (switch, position)
                for switch, closed in zip(switches, silent, strict=True)
                for position in range(len(panel.knobs[switch].values))
                if position not in closed
            )
            found.append(ClosedPot(pot.knob, tuple(open_at)))
    return found


def pots_to_look_at(state: State, panel: Panel, audible_range_db: float) -> list[Setting]:
    """Return the settings with a knob at its lowest of which it is not known yet what they are."""
    return [each for pot in _pots(state, panel, audible_range_db) for each in pot.waiting]


def open_ends(
    state: State, panel: Panel, audible_range_db: float
) -> list[tuple[int, CaptureState]]:
    """Return looks at a knob's lowest that is not silent, each with the knob's place in the panel.

    What was recorded there otherwise was learnt, or is a holdout: it is none of these.
    """
    kept = [about for about in state.kept(Role.LOOK) if about.kept and about.kept.aligned]
    looks = {about.capture.setting: about for about in kept}
    for about in state.kept():
        looks.pop(about.capture.setting, None)
    pots = _pots(state, panel, audible_range_db)
    return [(pot.knob, looks[each]) for pot in pots for each in pot.open if each in looks]


def _pots(state: State, panel: Panel, audible_range_db: float) -> Iterator[_Pot]:
    """Yield each turning knob with what is known of it at its lowest."""
    levels = _levels(state)
    learnt = _by_level(state.kept(Role.SEED, Role.ACTIVE), levels)
    # Of an amp that was recorded there is nothing else to be had; hands are spared all looks.
    if not learnt or panel.pool or any(knob.by_hand for knob in panel.knobs):
        return
    heard = _Heard(state, levels, levels[learnt[0]].dbfs, audible_range_db)
    # A combination that nothing was learnt in may be the reference's, or a holdout's: what a pot
    # does there is asked all the same.
    others = _by_level(state.kept(Role.CANARY, Role.HOLDOUT), levels)
    loudest = _first_of_each(panel, [*learnt, *others])
    for index, knob in enumerate(panel.knobs):
        if knob.is_switch:
            continue
        lowest = knob.values[0]
        asked = {place: _turned_down(each, index, lowest) for place, each in loudest.items()}
        first = {place: asked[place] for place in _first_of_positions(list(asked))}
        is_plenty = len(asked) > MOST_COMBINATIONS
        yield heard.pot(index, first if is_plenty and heard.is_open(first) else asked)


def _by_level(captures: Sequence[CaptureState], levels: dict[Setting, "_Level"]) -> list[Setting]:
    """Return the settings of captures whose levels are known, the loudest first."""
    settings = (about.capture.setting for about in captures)
    known = (setting for setting in settings if setting in levels)
    return sorted(known, key=lambda setting: -levels[setting].dbfs)


def _first_of_each(panel: Panel, by_level: Sequence[Setting]) -> dict[Combination, Setting]:
    """Return the first setting of each combination of switch positions, in the same order."""
    found: dict[Combination, Setting] = {}
    for setting in by_level:
        pairs = zip(panel.knobs, setting.values, strict=True)
        at = tuple(knob.values.index(value) for knob, value in pairs if knob.is_switch)
        found.setdefault(at, setting)
    return found


def _first_of_positions(combinations: Sequence[Combination]) -> list[Combination]:
    """Return the first combination, and the first with each position of each switch."""
    found: dict[tuple[int, int], Combination] = {}
    for each in combinations:
        for switch, position in enumerate(each):
            found.setdefault((switch, position), each)
    return list(dict.fromkeys(found.values())) or list(combinations)


@dataclass(frozen=True)
class _TurnedDown:
    """A setting with a pot at its lowest, and the one that it was turned down from."""

    setting: Setting
    begun: Setting


def _turned_down(begun: Setting, index: int, lowest: float) -> _TurnedDown:
    values = (*begun.values[:index], lowest, *begun.values[index + 1 :])
    return _TurnedDown(Setting(values), begun)


def _as_product(
    silent: Sequence[Combination], heard: Sequence[Combination]
) -> list[set[int]] | None:
    """Return for each switch positions that a pot closes in, whichever of them are combined.

    Of several such choices it is the one with most combinations; None where it closes in none. A
    combination that nothing was recorded in is no objection.
    """
    switches = range(len(silent[0]) if silent else 0)
    alike = [
        [each for each in silent if each[place] == position]
        for place, position in product(switches, _positions(silent))
    ]
    for some in sorted(filter(None, [[*silent], *alike]), key=len, reverse=True):
        chosen = [set(positions) for positions in zip(*some, strict=True)]
        is_open = any(all(p in c for p, c in zip(each, chosen, strict=True)) for each in heard)
        if not is_open:
            return chosen
    return None


def _positions(combinations: Iterable[Combination]) -> list[int]:
    return sorted({position for each in combinations for position in each})


@dataclass(frozen=True)
class _Level:
    """How loud a setting is.

    Attributes:
        dbfs: Its level; where noise hides it, the most that it may be.
        is_noise: Whether nothing was heard but noise.
    """

    dbfs: float
    is_noise: bool


def _levels(state: State) -> dict[Setting, _Level]:
    """Return the level of every setting that is kept; of several takes, the quietest."""
    found: dict[Setting, _Level] = {}
    for about in state.captures.values():
        level = _level(about)
        if level is not None:
            known = found.get(about.capture.setting, level)
            found[about.capture.setting] = min(known, level, key=lambda each: each.dbfs)
    return found


def _level(about: CaptureState) -> _Level | None:
    """Return how loud a kept take is; None where there is none, or nobody measured it."""
    figures = {} if about.kept is None else about.kept.figures
    level_dbfs = figures.get("return_rms_dbfs")
    noise_dbfs = figures.get("noise_dbfs", -math.inf)
    if level_dbfs is None:
        return None
    if level_dbfs < noise_dbfs + ABOVE_NOISE_DB:
        return _Level(noise_dbfs - BELOW_NOISE_DB, is_noise=True)
    return _Level(level_dbfs, is_noise=False)


class _Heard:
    """What is heard at settings, by the journal.

    Args:
        state: Of the session.
        levels: Of everything that is kept.
        loudest_dbfs: Level of the loudest setting.
        audible_range_db: So far below it nothing is heard.
    """

    def __init__(
        self,
        state: State,
        levels: dict[Setting, _Level],
        loudest_dbfs: float,
        audible_range_db: float,
    ) -> None:
        self._levels, self._range_db = levels, audible_range_db
        self._silent_dbfs = loudest_dbfs - audible_range_db
        captures = state.captures.values()
        self._given_up = {c.capture.setting for c in captures if c.abandoned is not None}
        # After a cable that came off everything is silent: something must have been heard since.
        kept = [(c.capture.setting, c.kept.take, _level(c)) for c in captures if c.kept]
        heard = [take for _, take, level in kept if level is not None and self._is_loud(level)]
        self._believed = {setting for setting, take, _ in kept if take < max(heard, default=0)}

    def pot(self, knob: int, asked: dict[Combination, _TurnedDown]) -> _Pot:
        """Return what is known of a pot in each combination of switch positions."""
        waiting = [each.setting for each in asked.values() if self._is_unknown(each)]
        known = {at: each for at, each in asked.items() if each.setting not in waiting}
        silent = [at for at, each in known.items() if self._is_silent(each)]
        if silent:
            least_db = CLOSES_ELSEWHERE_DROP_DB
            silent = [at for at, each in known.items() if self._is_silent(each, least_db)]
        heard = [at for at, each in known.items() if self._is_heard(each)]
        believed = [at for at in silent if asked[at].setting in self._believed]
        doubted = [at for at in silent if at not in believed]
        # Those that say nothing, too: they may not be silence, and are no more than noise.
        is_open = [e.setting for at, e in known.items() if at not in silent]
        has_level = [setting for setting in is_open if setting in self._levels]
        return _Pot(knob, waiting, believed, heard + doubted, has_level)

    def is_open(self, asked: dict[Combination, _TurnedDown]) -> bool:
        """Whether a pot is silent in none of these combinations, as far as that is known."""
        return not any(self._is_silent(each) for each in asked.values())

    def _is_unknown(self, asked: _TurnedDown) -> bool:
        return asked.setting not in self._levels and asked.setting not in self._given_up

    def _is_loud(self, level: _Level) -> bool:
        return not level.is_noise and level.dbfs >= self._silent_dbfs

    def _is_heard(self, asked: _TurnedDown) -> bool:
        # What could not be recorded is no silence.
        level = self._levels.get(asked.setting)
        return level is None or self._is_loud(level)

    def _is_silent(self, asked: _TurnedDown, least_drop_db: float = LEAST_DROP_DB) -> bool:
        """Whether the pot took it so far down that it is silent in any louder setting, too."""
        level = self._levels.get(asked.setting)
        if level is None or self._is_loud(level):
            return False
        drop_db = self._levels[asked.begun].dbfs - level.dbfs
        return drop_db >= (least_drop_db if level.is_noise else self._range_db)
