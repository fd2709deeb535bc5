"""When a session is done, and how to say so to a musician."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from rig.capture import Outcome
from rig.config import Config
from rig.session import forecast, given_up, shut
from rig.session.lives import RATED
from rig.session.state import State

#: Rounds that bring the holdout ESR down by less than this share are no progress.
PROGRESS = 0.05
#: So many settings given up in a row mean that the rig itself is broken.
BROKEN_AFTER = 3
#: So many canaries in a row that are right only when repeated: all between them was recorded again
#: each time, and without an end it would go on like that.
ODD_CANARIES = 4
#: And so does a night in which less than this share of the last takes could be kept.
LEAST_KEPT = 0.25


#: What a program is told: done, given up, or stopped by hand before it was done.
EXIT_CODES = {"finished": 0, "failed": 1, "stopped": 3}


@dataclass(frozen=True)
class Goals:
    """What a run is after: a number of captures, a Unix time, or both."""

    captures: int | None
    until: float | None


@dataclass(frozen=True)
class Finish:
    """Why recording ends.

    Attributes:
        reason: One sentence.
        failed: Whether something is wrong that somebody has to look at.
        trains: Whether the final model follows.
        by_hand: Whether somebody asked for it.
        plays_on: Whether the amp plays on before that: looks at what was kept, a last canary.
    """

    reason: str
    failed: bool = False
    trains: bool = True
    by_hand: bool = False
    plays_on: bool = True

    @property
    def state(self) -> Literal["finished", "stopped", "failed"]:
        """The word for it: done, stopped by hand, or given up."""
        return "failed" if self.failed else "stopped" if self.by_hand else "finished"

    @property
    def exit_code(self) -> int:
        """What a program is told of it."""
        return EXIT_CODES[self.state]


@dataclass(frozen=True)
class Now:
    """What a stop rule may know of the world: Unix time, and bytes free on the session's disk."""

    at: float
    free_bytes: int | None = None


def _plateau(state: State, rounds: int) -> bool:
    found = [
        learnt.holdout_esr for learnt in state.learning.rounds if learnt.holdout_esr is not None
    ]
    if len(found) <= rounds:
        return False
    # Best against best: one round that happens to come out worse is no standstill.
    before = min(found[:-rounds])
    return min(found[-rounds:]) > before * (1 - PROGRESS)


def _unheard(state: State) -> str:
    """Say that takes did not sound like this amp; where none ever did, of what they were."""
    heard = f"{state.run.odd_in_a_row} takes in a row did not sound like this amp"
    if state.takes.counts[Outcome.KEPT]:
        return heard
    return (
        f"{heard}, all of them at the middle setting (where that is silent, 'play' of a knob in "
        "rig.yaml moves it)"
    )


def _common(state: State, config: Config) -> str:
    """What is to be said of settings that were given up, to end a sentence; empty where nothing."""
    shared = shut.told(state, config.panel) or given_up.in_common(state, config.panel)
    return "" if shared is None else f"; {shared}"


def _broken(state: State, config: Config) -> Iterator[Finish]:
    """What a person has to look at: nothing goes on by itself after these."""
    last = state.takes.recent[-1].reasons if state.takes.recent else ()
    if state.run.abandoned_in_a_row >= BROKEN_AFTER:
        why = [why for c in state.captures.values() if (why := c.abandoned)][-1]
        common = _common(state, config)
        yield _failed(f"{BROKEN_AFTER} settings in a row had to be given up: {why}{common}")
    if state.run.odd_in_a_row >= config.plan.odd_takes:
        yield _failed(f"{_unheard(state)}: {last[0].sentence}")
    odd = state.run.odd_canaries_in_a_row
    if odd >= ODD_CANARIES:
        yield _failed(
            f"{odd} canaries in a row were right only when repeated, so nothing between them can "
            "be trusted: has the amp not settled when a take begins (raise amp.settle_s), or does "
            "something come and go"
        )
    rated = len(state.run.outcomes)
    kept = state.run.outcomes.count(Outcome.KEPT)
    if rated >= RATED and kept < LEAST_KEPT * rated:
        yield _failed(f"only {kept} of the last {rated} takes could be kept")


def _failed(reason: str) -> Finish:
    advice = "once that is mended, 'rig capture' goes on from here"
    return Finish(f"{reason}; {advice}", failed=True, trains=False)


def _out_of_time(state: State, config: Config, until: float, now: float) -> bool:
    """Whether what is left is needed for the take that would come, and for all that follows it."""
    needed_s = forecast.final_s(state, config) + forecast.looks_s(state, config)
    needed_s += forecast.closing_s(state, config)
    if state.learning.rounds:
        needed_s += forecast.take_s(state) or 0.0
    return now + needed_s >= until


def _reached(state: State, config: Config, goals: Goals, now: Now) -> Iterator[Finish]:
    """Good ends: enough time, enough quality, as much as the disk holds."""
    plan = config.plan
    if goals.until is not None and _out_of_time(state, config, goals.until, now.at):
        # Nothing plays past the deadline, nor while somebody has it paused.
        plays_on = now.at < goals.until and not state.run.paused
        at = f"{datetime.fromtimestamp(goals.until):%H:%M}"
        yield Finish(f"the time was up ({at})", plays_on=plays_on)
    if now.free_bytes is not None and now.free_bytes < 1e9 * plan.disk_floor_gb:
        free = f"{now.free_bytes / 1e9:.1f} GB"
        least = f"{plan.disk_floor_gb:g} GB"
        yield Finish(
            f"the disk has {free} free, and {least} are to stay so (plan.disk_floor_gb); make "
            "room, and capture again"
        )
    last = state.learning.rounds[-1].holdout_esr if state.learning.rounds else None
    if last is None:
        return
    if plan.target_esr is not None and last <= plan.target_esr:
        yield Finish(f"the holdout ESR reached {last:.4f}, below the target of {plan.target_esr:g}")
    floor = state.amp.repeatability_esr
    if plan.target_floors is not None and floor and last <= plan.target_floors * floor:
        yield Finish(
            f"the holdout ESR reached {last / floor:.1f} times what the amp repeats itself"
        )
    if plan.plateau_rounds is not None and _plateau(state, plan.plateau_rounds):
        yield Finish(f"the last {plan.plateau_rounds} rounds brought no more progress")


def finish(state: State, config: Config, goals: Goals, now: Now) -> Finish | None:
    """Why to stop recording now; None while there is something to do."""
    if state.run.stopping:
        reason = "stopped by hand; 'rig capture' goes on from here"
        return Finish(reason, trains=False, by_hand=True)
    for found in (_broken(state, config), _reached(state, config, goals, now)):
        early = next(found, None)
        if early is not None:
            return early
    enough = goals.captures is not None and state.ordered_to_learn() >= goals.captures
    # Ordered is not recorded, and what was doubted since waits again.
    if enough and not state.pending:
        kept = sum(about.capture.role.is_trained_on for about in state.kept())
        return Finish(f"all {kept} captures are recorded{_common(state, config)}")
    return None
