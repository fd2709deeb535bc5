"""How long things will take, judged by how long they took."""

from rig.capture import Outcome, Role
from rig.config import Config
from rig.config.types import NARROW
from rig.session.pots import pots_to_look_at
from rig.session.state import State

#: A step of the final model takes about this share of a step of the ensemble.
FINAL_STEP = 0.9
#: Holding levels between captures makes that step so many times as long (decision 40).
LEVEL_TERM_FACTOR = 1.25
#: The first round takes this many times as long as a later one: it has the longer training.
FIRST_ROUND = 1.8
#: Seconds of one training step on two processor cores, and of choosing a batch
#: (docs/benchmarks/learner-round.md); smaller and larger models in shares of it.
STEP_S, PROPOSING_S = 0.06, 16.0
STEP_SHARES = {
    "nano": 0.6, "feather": 1.0, "lite": 1.6, "standard": 2.0, "a2": 2.0, "a2-slim": 0.9,
}  # fmt: skip


def take_s(state: State) -> float | None:
    """Seconds from one kept take to the next, rejected ones and changes of knobs included."""
    kept = state.takes.counts[Outcome.KEPT]
    if not kept or state.wall_s <= 0:
        return None
    learning_s = sum(learnt.seconds for learnt in state.learning.rounds)
    # In lockstep the amp waits while the ensemble learns, which is no time of a take.
    waited_s = learning_s if state.run.started and state.run.started.lockstep else 0.0
    return max(state.wall_s - waited_s, 0.0) / kept


def round_s(state: State) -> float | None:
    """Seconds that the next round will be learning."""
    if not state.learning.rounds:
        return None
    last_s = state.learning.rounds[-1].seconds
    return last_s / FIRST_ROUND if len(state.learning.rounds) == 1 else last_s


def final_s(state: State, config: Config) -> float:
    """Seconds that the final model will train; 0 where no round has shown yet how fast it goes."""
    last_s = round_s(state)
    learner = config.learner
    if last_s is None:
        return 0.0
    return FINAL_STEP * last_s * learner.final_steps / learner.steps


#: A look at a kept setting takes about this share of a take.
LOOK_SHARE = 0.25


def looks_s(state: State, config: Config) -> float:
    """Seconds that looking at everything that was not looked at yet will take."""
    if not config.plan.looks:
        return 0.0
    return LOOK_SHARE * _to_look_at(state, config) * (take_s(state) or 0.0)


def _to_look_at(state: State, config: Config) -> int:
    """How many settings are to be looked at: what is kept, and every pot at its lowest."""
    pots = pots_to_look_at(state, config.panel, config.learner.audible_range_db)
    return len(pots) + sum(about.needs_look for about in state.captures.values())


def closing_s(state: State, config: Config) -> float:
    """Seconds that the round after the last capture will take; 0 where none is due."""
    closes = config.learner.closing_round and state.is_closing_due
    return (round_s(state) or 0.0) if closes else 0.0


def step_s(size: str) -> float:
    """Seconds that a training step takes on two processor cores, by a model's size."""
    return STEP_S * STEP_SHARES.get(size, 1.0)


def final_step_s(size: str) -> float:
    """Return the seconds of a step of the final model, of both widths where it has two."""
    return LEVEL_TERM_FACTOR * sum(map(step_s, filter(None, [size, NARROW.get(size)])))


def whole_take_s(state: State) -> float | None:
    """Seconds that a take of the whole signal takes; None where nobody can know yet."""
    kept = [about.capture.role for about in state.captures.values() if about.kept is not None]
    whole = sum(1.0 if role is not Role.LOOK else LOOK_SHARE for role in kept)
    pace_s = take_s(state)
    if pace_s is not None and whole:
        return pace_s * state.takes.counts[Outcome.KEPT] / whole
    started, created = state.run.started, state.created
    # In the first take: a sound card takes as long as the signal lasts, and no less.
    if started is None or created is None or not started.paced or not state.run.has_played:
        return None
    return created.segments[-1].stop / created.sample_rate


def learning_s(state: State, config: Config, rounds: int) -> float:
    """Seconds that some more rounds and the final model take; as on two cores before the first."""
    learner = config.learner
    known_s = round_s(state)
    if known_s is not None:
        return rounds * known_s + closing_s(state, config) + final_s(state, config)
    each_s = PROPOSING_S + step_s(learner.size) * learner.steps
    final = final_step_s(learner.final_size) * learner.final_steps
    return (rounds + bool(rounds) * (FIRST_ROUND - 1.0)) * each_s + final


def eta_s(state: State, config: Config, goal: int | None, now: float) -> float | None:
    """Seconds until the session is done.

    Args:
        state: Of the session.
        config: Of the session.
        goal: How many settings are to be learnt from; None where the clock decides.
        now: Unix time.
    """
    if goal is None:
        until = state.run.until
        return None if until is None else max(until - now, 0.0)
    pace_s = whole_take_s(state)
    if pace_s is None:
        return None
    plan = config.plan
    to_order = max(goal - state.ordered_to_learn(), 0)
    # Rounded up: the last batch may be a small one, and takes a round all the same.
    rounds = -(-to_order // plan.batch)
    settings = to_order + len(state.pending)
    waiting = settings + _to_look_at(state, config)
    takes = settings * (1.0 + 1.0 / plan.canary_every) + LOOK_SHARE * plan.looks * waiting
    return takes * pace_s + learning_s(state, config, rounds)
