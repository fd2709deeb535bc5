"""Switch positions in which nothing can be recorded, which would cost a night setting by setting.

A chorus runs by itself there and is never twice the same, or an effects loop leads nowhere. Once
several settings of a position were given up, the reference setting is recorded with only that
switch moved: what cannot be recorded either says that it is the position, and no knob or another
switch beside it. Nothing more is asked there then. The next run tries again.
"""

from collections import Counter
from collections.abc import Iterator

from rig.capture import Role
from rig.knobs import Panel, Setting
from rig.session.captures import CaptureState
from rig.session.state import State

#: Settings of a position that were given up before it is looked into; as many more for each kept.
SUSPECTED_AFTER = 3

#: A knob's place in the panel, and the value of one of its positions.
Position = tuple[int, float]


def shut_positions(state: State, panel: Panel) -> list[Position]:
    """Return the positions in which nothing can be recorded, as far as this run has tried."""
    given_up = {state.captures[number].capture.setting for number in state.run.given_up}
    return [at for at in _suspected(state, panel) if moved(panel, at) in given_up]


def still_asked(state: State, panel: Panel) -> Panel:
    """Return the panel without the positions in which nothing can be recorded."""
    return panel.without(shut_positions(state, panel))


def to_be_tried(state: State, panel: Panel) -> list[Setting]:
    """Return the settings that tell whether it is a position that cannot be recorded."""
    asked = (moved(panel, at) for at in _suspected(state, panel))
    # Of an amp that was recorded there need be no such setting.
    return [setting for setting in asked if panel.allows(setting)]


def moved(panel: Panel, at: Position) -> Setting:
    """Return the reference setting with one switch in another position."""
    place, value = at
    values = panel.reference.values
    return Setting((*values[:place], value, *values[place + 1 :]))


def waiting_in_vain(state: State, panel: Panel) -> Iterator[tuple[CaptureState, str]]:
    """Yield orders that wait for such a position, each with why it is not tried."""
    shut = set(shut_positions(state, panel))
    for about in state.pending if shut else ():
        found = shut & set(_positions(panel, about.capture.setting))
        if found and about.capture.role is not Role.CANARY:
            yield about, f"nothing could be recorded with {_named(panel, min(found))}"


def told(state: State, panel: Panel) -> str | None:
    """Say in which positions nothing could be recorded, and what to do; None if in none."""
    shut = shut_positions(state, panel)
    if not shut:
        return None
    where = " or ".join(_named(panel, at) for at in shut)
    places = dict.fromkeys(place for place, _ in shut)
    advice = " and ".join(_avoiding(panel, place, shut) for place in places)
    return (
        f"nothing could be recorded with {where}, so the model knows nothing of it: if something "
        f"moves by itself there (a tremolo, a chorus), {advice} in rig.yaml keeps a new session "
        "away from there"
    )


def _suspected(state: State, panel: Panel) -> list[Position]:
    """Return the positions of which far more settings were given up in this run than are kept."""
    orders = [state.captures[number] for number in state.run.given_up]
    given_up = Counter(at for each in orders for at in _positions(panel, each.capture.setting))
    if not given_up:
        return []
    captures = state.kept()
    kept = Counter(at for each in captures for at in _positions(panel, each.capture.setting))
    # The reference's own are where it was recorded.
    own = _positions(panel, panel.reference)
    return sorted(
        at
        for at, settings in given_up.items()
        if settings >= SUSPECTED_AFTER * (1 + kept[at]) and at not in own
    )


def _positions(panel: Panel, setting: Setting) -> list[Position]:
    """Return where the switches stand in a setting."""
    places = enumerate(zip(panel.knobs, setting.values, strict=True))
    return [(place, value) for place, (knob, value) in places if knob.is_switch]


def _named(panel: Panel, at: Position) -> str:
    knob = panel.knobs[at[0]]
    return f"{knob.name} {knob.describe(at[1])}"


def _avoiding(panel: Panel, place: int, shut: list[Position]) -> str:
    numbers = ", ".join(f"{value:g}" for at, value in shut if at == place)
    return f"'avoid: [{numbers}]' of {panel.knobs[place].name}"
