"""How long things will take, judged by how long they took."""

from rig.capture import Outcome
from rig.config import Config
from rig.session.state import State

#: A step of the final model takes about this share of a step of the ensemble.
FINAL_STEP = 0.7
#: The first round takes this many times as long as a later one: it has the longer training.
FIRST_ROUND = 1.8


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
    waiting = sum(about.needs_look for about in state.captures.values())
    return LOOK_SHARE * waiting * (take_s(state) or 0.0)


def closing_s(state: State, config: Config) -> float:
    """Seconds that the round after the last capture will take; 0 where none is due."""
    closes = config.learner.closing_round and state.is_closing_due
    return (round_s(state) or 0.0) if closes else 0.0


def eta_s(state: State, config: Config, goal: int | None, now: float) -> float | None:
    """Seconds until the session is done.

    Args:
        state: Of the session.
        config: Of the session.
        goal: How many settings are to be learnt from; None where the clock decides.
        now: Unix time.
    """
    pace_s = take_s(state)
    if pace_s is None:
        return None
    if goal is None:
        until = state.run.until
        return None if until is None else max(until - now, 0.0)
    to_order = max(goal - state.ordered_to_learn(), 0)
    # Rounded up: the last batch may be a small one, and takes a round all the same.
    rounds = -(-to_order // config.plan.batch)
    learning_s = round_s(state)
    if rounds and learning_s is None:
        return None
    takes = to_order + len(state.pending)
    learning_s = rounds * (learning_s or 0.0)
    ending_s = looks_s(state, config) + closing_s(state, config) + final_s(state, config)
    return takes * pace_s + learning_s + ending_s
