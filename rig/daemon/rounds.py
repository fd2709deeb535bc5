"""The daemon's part in learning: to ask for rounds, to wait or not, to do without, to end."""

import contextlib
import logging

from rig.daemon import orders
from rig.daemon.recovery import look_again_at_surprises, rest
from rig.daemon.run import TICK_S, Run
from rig.daemon.stopping import Finish
from rig.errors import LearnerDied, LearnerError
from rig.learner.client import Job
from rig.session import facts

log = logging.getLogger("rig")

#: Kept captures before an ensemble is worth asking, where it works ahead.
ENOUGH_TO_LEARN = 4
#: So many times a learner that died is started anew before the loop does without.
RESTARTS = 3


def ask_ahead(work: Run) -> None:
    """Where the learner works ahead: set it to the next batch as soon as it is free."""
    kept = sum(about.capture.role.is_trained_on for about in work.session.state.kept())
    if work.pace.ahead and kept >= ENOUGH_TO_LEARN and work.learner.is_idle and work.missing():
        with contextlib.suppress(LearnerError):
            _ask(work)


def _ask(work: Run) -> None:
    work.learner.ask(
        Job(final=False, round=work.session.state.learning.round + 1, count=work.missing())
    )


def refill(work: Run) -> bool:
    """Order the next batch: what the ensemble asks for, or what fills the space.

    Returns:
        Whether there was anything left to order (or somebody stopped the session meanwhile).
    """
    try:
        if work.learner.is_idle:
            _ask(work)
        learnt = _await_round(work)
    except LearnerDied as error:
        return _revive(work, error) or _do_without(work, error)
    except LearnerError as error:
        return _do_without(work, error)
    if learnt is not None:
        log.info("round %d: holdout ESR %s", learnt.round, learnt.holdout_esr)
        orders.order_learnt(work.session, learnt)
        look_again_at_surprises(work)
        return bool(learnt.values or work.session.state.pending)
    if work.pace.fill and work.ending() is None:
        return _fill_space(work, 1, "the amp does not wait for the learner")
    return True


def _await_round(work: Run) -> facts.RoundLearned | None:
    """The learner's next round; None where the amp does not wait, or where it is all over.

    Raises:
        LearnerError: There will be none.
    """
    learnt = work.learner.poll()
    while learnt is None and not work.pace.fill and work.listen() and work.ending() is None:
        work.wire.says("waiting for proposals", work.learner.progress)
        learnt = work.learner.poll(TICK_S)
    return learnt if isinstance(learnt, facts.RoundLearned) else None


def _revive(work: Run, error: LearnerDied) -> bool:
    """Write down that the learner died; whether it is worth another start."""
    work.session.record(facts.ProcessDied(process="learner", why=str(error)))
    log.warning("%s", error)
    return work.session.state.run.learner_deaths <= RESTARTS


def _do_without(work: Run, error: LearnerError) -> bool:
    """The learner failed: say so, and go on with settings that fill the space."""
    number = work.session.state.learning.round + 1
    log.warning("round %d without the learner: %s", number, error)
    work.session.record(facts.LearnerFailed(round=number, why=str(error)))
    return _fill_space(work, work.missing(), f"the learner failed: {error}")


def _fill_space(work: Run, count: int, why: str) -> bool:
    """Order settings far from all others; False where there are none left."""
    return orders.order_fill(work.session, count, why) > 0


def train_model(work: Run, ending: Finish) -> Finish:
    """Train, test and export the model of the whole amp, unless just that is there already.

    Raises:
        LearnerError: It cannot be done.
    """
    state = work.session.state
    learnt_from = tuple(c.capture.number for c in state.kept() if c.capture.role.is_trained_on)
    if state.learning.model is not None and state.learning.model.learnt_from == learnt_from:
        return ending
    rest(work)
    while True:
        try:
            return _trained(work, ending)
        except LearnerDied as error:
            if not _revive(work, error):
                raise


def _trained(work: Run, ending: Finish) -> Finish:
    state = work.session.state
    work.learner.stop()
    work.learner.ask(Job(final=True, round=state.learning.round))
    while not work.learner.is_idle:
        work.listen()
        if state.run.stopping:
            return Finish("stopped by hand before the final model was trained", trains=False)
        work.wire.says("training the final model", work.learner.progress)
        trained = work.learner.poll(TICK_S)
        if isinstance(trained, facts.ModelTrained):
            work.session.record(trained)
            log.info("final model: holdout ESR %s", trained.holdout_esr)
    return ending
