"""When a session is done, and how to say so to a musician."""

from dataclasses import dataclass
from datetime import datetime

from rig.config import PlanConfig
from rig.session.state import State

#: Rounds that bring the holdout ESR down by less than this share are no progress.
PROGRESS = 0.05
#: So many settings given up in a row mean that the rig itself is broken.
BROKEN_AFTER = 3


@dataclass(frozen=True)
class Goals:
    """What a run is after: a number of captures, a Unix time, or both."""

    captures: int | None
    until: float | None


@dataclass(frozen=True)
class Finish:
    """Why recording ends; ``failed`` where something is wrong, ``trains`` if a model follows."""

    reason: str
    failed: bool = False
    trains: bool = True


def _plateau(state: State, rounds: int) -> bool:
    found = [learnt.holdout_esr for learnt in state.rounds if learnt.holdout_esr is not None]
    if len(found) <= rounds:
        return False
    before = min(found[:-rounds])
    return min(found[-rounds:]) > before * (1 - PROGRESS)


def _goal(state: State, plan: PlanConfig, goals: Goals, now: float) -> Finish | None:
    if goals.until is not None and now >= goals.until:
        return Finish(f"the time was up ({datetime.fromtimestamp(goals.until):%H:%M})")
    last = state.rounds[-1].holdout_esr if state.rounds else None
    if plan.target_esr is not None and last is not None and last <= plan.target_esr:
        return Finish(
            f"the holdout ESR reached {last:.4f}, below the target of {plan.target_esr:g}"
        )
    if plan.plateau_rounds is not None and _plateau(state, plan.plateau_rounds):
        return Finish(f"the last {plan.plateau_rounds} rounds brought no more progress")
    return None


def finish(state: State, plan: PlanConfig, goals: Goals, now: float) -> Finish | None:
    """Why to stop recording now; None while there is something to do."""
    if state.stopping:
        return Finish("stopped by hand; 'rig capture' goes on from here", trains=False)
    if state.abandoned_in_a_row >= BROKEN_AFTER:
        last = [why for c in state.captures.values() if (why := c.abandoned)][-1]
        return Finish(
            f"{BROKEN_AFTER} settings in a row had to be given up: {last}",
            failed=True,
            trains=False,
        )
    early = _goal(state, plan, goals, now)
    if early is not None:
        return early
    enough = goals.captures is not None and state.ordered_to_learn() >= goals.captures
    if enough and not state.pending:
        kept = sum(about.capture.role.is_trained_on for about in state.kept())
        return Finish(f"all {kept} captures are recorded")
    return None
