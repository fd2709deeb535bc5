"""The daemon's part in learning: to ask for rounds, to wait or not, to do without, to end."""

import contextlib
import logging
from dataclasses import replace

from rig import waits
from rig.capture import LEAST_CAPTURES
from rig.daemon import orders
from rig.daemon.lines import error_words
from rig.daemon.recovery import look_again_at_surprises, rest
from rig.daemon.run import TICK_S, Run
from rig.daemon.stopping import Finish
from rig.errors import LearnerDied, LearnerError
from rig.learner.client import Job
from rig.printable import count_of
from rig.session import facts

log = logging.getLogger("rig")

#: Kept captures before an ensemble is worth asking, where it works ahead.
ENOUGH_TO_LEARN = 4
#: So many times a learner that died is started anew before the loop does without.
RESTARTS = len(waits.LEARNER_RESTARTS.pauses_s)


def ask_ahead(run: Run) -> None:
    """Where the learner works ahead: set it to the next batch as soon as it is free."""
    kept = sum(about.capture.role.is_trained_on for about in run.session.state.kept())
    if run.pace.ahead and kept >= ENOUGH_TO_LEARN and run.learner.is_idle and run.missing():
        # Working ahead is a favour: what is wrong is told by `refill`, when it matters.
        with contextlib.suppress(LearnerError):
            _ask(run)


def _ask(run: Run) -> None:
    run.learner.ask(
        Job(final=False, round=run.session.state.learning.round + 1, count=run.missing())
    )


def refill(run: Run) -> bool:
    """Order the next batch: what the ensemble asks for, or what fills the space.

    Returns:
        Whether there was anything left to order (or somebody stopped the session meanwhile).
    """
    try:
        if run.learner.is_idle:
            _ask(run)
        learnt = _await_round(run)
    except LearnerDied as error:
        # True without an order: the loop comes by here again, and asks a new process.
        return _revive(run, error) or _do_without(run, error)
    except LearnerError as error:
        return _do_without(run, error)
    if learnt is not None:
        log.info("round %d: %s", learnt.round, error_words(learnt.holdout_esr))
        orders.order_learnt(run.session, learnt, run.goals.captures)
        look_again_at_surprises(run)
        # A round that asks for nothing may have doubted something, which waits again.
        return bool(learnt.values or run.session.state.pending)
    if run.pace.fill and run.ending() is None:
        # One at a time: the round may be there after this take, and knows better what to ask.
        return _fill_space(run, min(run.missing(), 1), "the amp does not wait for the learner")
    return True


def close(run: Run) -> None:
    """Have the ensemble learn the last batch and doubt it, as every batch before; ask for nothing.

    It comes back early where there is no time left for that, or while somebody pauses.
    """
    try:
        learnt = _await_closing(run)
    except LearnerDied as error:
        if not _revive(run, error):
            _closing_failed(run, error)
    except LearnerError as error:
        _closing_failed(run, error)
    else:
        if learnt is not None:
            orders.order_learnt(run.session, learnt, run.goals.captures)
            look_again_at_surprises(run)


def _await_closing(run: Run) -> facts.RoundLearned | None:
    if run.learner.is_idle:
        run.learner.ask(Job(final=False, round=run.session.state.learning.round + 1, count=0))
    learnt = None
    while learnt is None:
        run.hear()
        ending = run.ending()
        wanted = ending is not None and ending.trains and ending.plays_on and run.closes
        if not wanted or run.session.state.run.paused:
            return None
        run.publisher.says("looking at the last batch", run.learner.progress)
        learnt = run.learner.poll(TICK_S)
    assert isinstance(learnt, facts.RoundLearned)
    return learnt


def _closing_failed(run: Run, error: LearnerError) -> None:
    number = run.session.state.learning.round + 1
    log.warning("round %d failed: %s", number, error)
    run.session.record(facts.LearnerFailed(round=number, why=str(error)))


def _await_round(run: Run) -> facts.RoundLearned | None:
    """The learner's next round; None where the amp does not wait, or where it is all over.

    Raises:
        LearnerError: There will be none.
    """
    learnt = run.learner.poll()
    while learnt is None and not run.pace.fill:
        run.hear()
        if run.ending() is not None or run.session.state.run.paused:
            break
        run.publisher.says("waiting for proposals", run.learner.progress)
        learnt = run.learner.poll(TICK_S)
    return learnt if isinstance(learnt, facts.RoundLearned) else None


def _revive(run: Run, error: LearnerDied) -> bool:
    """Write down that the learner died; whether it is worth another start."""
    run.session.record(facts.ProcessDied(process="learner", why=str(error)))
    log.warning("%s", error)
    # Deaths since it last answered: one now and then in a long night is no reason to do without.
    return run.session.state.run.learner_deaths <= RESTARTS


def _do_without(run: Run, error: LearnerError) -> bool:
    """The learner failed: say so, and go on with settings that fill the space."""
    number = run.session.state.learning.round + 1
    log.warning("round %d without the learner: %s", number, error)
    run.session.record(facts.LearnerFailed(round=number, why=str(error)))
    return _fill_space(run, run.missing(), f"the learner failed: {error}")


def _fill_space(run: Run, count: int, why: str) -> bool:
    """Order settings far from all others; False where there are none left."""
    return orders.order_fill(run.session, count, why) > 0


def train_model(run: Run, ending: Finish) -> Finish:
    """Train, test and export the model of the whole amp, unless just that is there already.

    Raises:
        LearnerError: It cannot be done.
    """
    state = run.session.state
    if state.has_current_model:
        return ending
    learnt_from = sum(about.capture.role.is_trained_on for about in state.kept())
    if learnt_from < LEAST_CAPTURES:
        kept = count_of(learnt_from, "kept capture is", "kept captures are")
        few = f"{kept} too few for a model"
        reason = f"{ending.reason}, and {few}; 'rig capture' goes on from here"
        return replace(ending, reason=reason, failed=True)
    # Nothing is recorded any more, and the knobs need not wait for the training.
    rest(run)
    while True:
        try:
            return _trained(run, ending)
        except LearnerDied as error:
            if not _revive(run, error):
                raise


def _trained(run: Run, ending: Finish) -> Finish:
    state = run.session.state
    # It may be at a round ahead, which nobody is going to record.
    run.learner.stop()
    run.learner.ask(Job(final=True, round=state.learning.round))
    while not run.learner.is_idle:
        # Training is long, and a stop is heard in it: its checkpoint stays for the next run.
        # Nothing is played meanwhile, so a pause has nothing to hold up.
        run.hear()
        if state.run.stopping:
            reason = "stopped by hand before the final model was trained; 'rig capture' trains it"
            return Finish(reason, trains=False, by_hand=True)
        run.publisher.says("training the final model", run.learner.progress)
        trained = run.learner.poll(TICK_S)
        if isinstance(trained, facts.ModelTrained):
            run.session.record(trained)
            log.info("final model: %s", error_words(trained.holdout_esr, state.learning.worst_esr))
            if trained.caveat:
                log.warning("final model: %s", trained.caveat)
    return ending
