"""Turning designs and proposals into captures that the journal knows of."""

from rig.capture import Capture, Role
from rig.config import PlanConfig
from rig.knobs import Setting
from rig.proposals import designs, hands
from rig.session import facts
from rig.session.captures import CaptureState
from rig.session.folder import Session
from rig.session.shut import still_asked, to_be_tried
from rig.session.state import State


def _order(session: Session, setting: Setting, role: Role, round_number: int) -> Capture:
    capture = Capture(len(session.state.captures) + 1, setting, role, round_number)
    session.order(capture)
    return capture


def _seeds(session: Session, goal: int | None) -> int:
    seeds = session.config.plan.seeds
    return seeds if goal is None else min(seeds, goal)


def order_first(session: Session, goal: int | None) -> None:
    """Order the seeds, with the holdouts halfway, so that either half is of use by itself.

    They are those of the design that the session began with, whatever the goal is by now: two
    designs would not know of each other. What a larger goal wants besides fills the space.
    """
    plan, panel, seed = session.config.plan, session.config.panel, session.config.seed
    first = session.state.laid_out_for
    seeds = designs.seeds(panel, plan.strategy, _seeds(session, first), first, seed)
    holdouts = designs.holdouts(panel, plan.holdouts, seed, seeds)
    half = len(seeds) // 2
    ordered = set(session.state.settings())
    for settings, role in (
        (seeds[:half], Role.SEED),
        (holdouts, Role.HOLDOUT),
        (seeds[half:], Role.SEED),
    ):
        for setting in settings:
            if setting not in ordered and (role is Role.HOLDOUT or has_room(session.state, goal)):
                _order(session, setting, role, 0)
    have = sum(about.capture.role is Role.SEED for about in session.state.captures.values())
    for setting in designs.fill(
        panel, max(_seeds(session, goal) - have, 0), seed, session.state.settings()
    ):
        if has_room(session.state, goal):
            _order(session, setting, Role.SEED, 0)


def has_room(state: State, goal: int | None) -> bool:
    """Whether there are fewer settings to learn from than asked for, those still to come included.

    A round may have been asked for before the goal was another one, or the space was filled
    meanwhile.
    """
    return goal is None or state.ordered_to_learn() < goal


def order_learnt(session: Session, learnt: facts.RoundLearned, goal: int | None) -> None:
    """Write a round down and order what it asks for."""
    session.record(learnt)
    order_rest_of_round(session, goal)


def order_rest_of_round(session: Session, goal: int | None) -> None:
    """Order what the last round asked for and is not ordered yet (a kill may have come between)."""
    ordered = set(session.state.settings())
    for learnt in session.state.learning.rounds[-1:]:
        for setting in map(Setting, learnt.values):
            if setting not in ordered and has_room(session.state, goal):
                _order(session, setting, Role.ACTIVE, learnt.round)


def order_fill(session: Session, count: int, why: str) -> int:
    """Order settings that fill the space, and say why; returns how many there were left."""
    state, config = session.state, session.config
    panel = still_asked(state, config.panel)
    settings = designs.fill(panel, count, config.seed, state.settings())
    if settings:
        session.record(facts.SettingsFilled(round=state.learning.round, why=why))
    for setting in settings:
        _order(session, setting, Role.ACTIVE, state.learning.round)
    return len(settings)


def order_tried(session: Session) -> None:
    """Order what tells whether it is a switch's position that cannot be recorded."""
    state = session.state
    for setting in to_be_tried(state, session.config.panel):
        if setting not in state.settings():
            _order(session, setting, Role.ACTIVE, state.learning.round)


def canary(session: Session) -> Capture:
    """The reference setting once more: the order that still waits, or a new one."""
    # Canaries stand first among what is pending.
    for about in session.state.pending[:1]:
        if about.capture.role is Role.CANARY:
            return about.capture
    setting = designs.reference(session.config.panel)
    return _order(session, setting, Role.CANARY, session.state.learning.round)


# Not by what the ensemble finds odd, which comes late and is blind below its own error, and not by
# recording everything twice, which takes twice the night (decision 23).
def looks_due(state: State, *, ending: bool) -> list[CaptureState]:
    """Kept settings that are to be dialled once more before anything else, oldest first.

    A knob that was off for one take leaves no other trace. A setting is looked at once a canary
    has been recorded since the one that vouched for it: what stuck then may move again by now.
    At the end everything that was not looked at is.
    """
    waiting = [about for about in state.captures.values() if about.needs_look]
    if ending or len(state.amp.canaries) < 2:
        return waiting if ending else []
    before = state.amp.canaries[-2].take
    return [about for about in waiting if about.kept is not None and about.kept.take < before]


def look(session: Session, setting: Setting) -> Capture:
    """A setting for a few seconds: the order that still waits, or a new one."""
    for about in session.state.captures.values():
        is_look = about.capture.role is Role.LOOK and about.is_pending
        if is_look and about.capture.setting == setting:
            return about.capture
    return _order(session, setting, Role.LOOK, session.state.learning.round)


def canary_due(state: State, plan: PlanConfig) -> bool:
    """Whether the reference setting is to be recorded before anything else.

    At the start of each run, again until the amp is steady, at intervals, and where in doubt.
    """
    # After a canary that was given up nothing else is recorded: with a knob that stays stuck, a
    # session would record, suspect and record the same settings until the morning (decision 10).
    return (
        not state.run.is_proven
        or state.run.in_doubt
        or len(state.amp.unproven) >= plan.canary_every
    )


def next_capture(session: Session) -> Capture:
    """Of what waits, the oldest; where hands turn knobs, what they reach first."""
    waiting = [about.capture for about in session.state.pending]
    panel = session.config.panel
    tells = to_be_tried(session.state, panel)
    if tells:
        # Each setting less that is tried in vain is three takes.
        waiting = [c for c in waiting if c.setting in tells] or waiting
    if len(waiting) == 1 or not any(knob.by_hand for knob in panel.knobs):
        return waiting[0]
    order = hands.in_order(panel, session.state.run.hands, [capture.setting for capture in waiting])
    return waiting[order[0]]


def seeding_is_over(state: State) -> bool:
    """Whether rounds have begun; until then a kill may have come between two orders."""
    return state.learning.round > 0 or state.learning.fills > 0
