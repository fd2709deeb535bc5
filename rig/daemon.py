"""The capture daemon: propose, dial, reamp, align, judge, keep, learn, and again.

`plan` says what to record next from the journal alone, so that a first start, a resumed session,
a retry, a canary and a refill are one code path. `run` dials, reamps, aligns, judges and keeps.
The rest of this page is how the two wait, listen and give up.
"""

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from calibration.checks import Limits, Verdict, judge
from calibration.signals import Signal
from calibration.takes import align
from rig import facts
from rig.capture import Capture, Levels, Outcome, Role, Take
from rig.clock import Clock
from rig.devices.bench import Bench
from rig.devices.protocols import TakeCancelled
from rig.errors import DeviceError, DeviceGone, LearnerError
from rig.learner.client import Job, Learner
from rig.proposals import hands, orders
from rig.session.baseline import (
    baseline,
    expected_latency_frames,
    strange_captures,
    with_warmth,
)
from rig.session.control import Command
from rig.session.folder import Session
from rig.stopping import Finish, Goals, finish
from rig.wire import Wire

log = logging.getLogger("rig")

#: How often a waiting daemon looks for commands and answers.
TICK_S = 0.1
#: Waits between attempts to get a lost device back; then the session stops.
BACK_OFF_S = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0)
#: Kept captures before an ensemble is worth asking, where it works ahead.
ENOUGH_TO_LEARN = 4
#: What a connection looks like that is lost and nobody told of it.
SILENT = frozenset({"silence", "standstill", "loopback"})


@dataclass(frozen=True)
class Pace:
    """Who waits for whom.

    Attributes:
        ahead: The learner works while the amp plays, on the batch after this one.
        fill: The amp never waits: it records space-filling settings meanwhile.
    """

    ahead: bool
    fill: bool


@dataclass
class Work:
    """Everything one run works with."""

    session: Session
    bench: Bench
    learner: Learner
    wire: Wire
    goals: Goals
    pace: Pace
    signal: Signal
    clock: Clock = Clock()

    def missing(self) -> int:
        """How many settings to ask for next."""
        batch = self.session.config.plan.batch
        if self.goals.captures is None:
            return batch
        return max(min(batch, self.goals.captures - self.session.state.ordered_to_learn()), 0)


def run(work: Work) -> Finish:
    """Record what the plan says until it has nothing more to say, then train the final model.

    Raises:
        RigError: The devices or the disk are gone for good.
    """
    for capture in plan(work):
        if not set_by_hand(work, capture):
            continue
        take = work.session.begin(capture)
        try:
            reopen_if_silent(work, record(work, take))
        except TakeCancelled:
            work.session.fail(take, "stopped by hand", facts.INTERRUPTED)
        except DeviceGone as error:
            work.session.fail(take, str(error))
            bring_back(work, error)
        except DeviceError as error:
            work.session.fail(take, str(error))
        give_up(work, capture)
    ending = _finish(work) or Finish("every setting that the knobs can take is recorded")
    return train_model(work, ending) if ending.trains else ending


def plan(work: Work) -> Iterator[Capture]:
    """What to record next, as long as there is something to record."""
    session, rules = work.session, work.session.config.plan
    if not orders.seeding_is_over(session.state):
        orders.order_first(session, work.goals.captures)
    orders.order_rest_of_round(session)
    while listen(work):
        ending = _finish(work)
        if ending is None:
            ask_ahead(work)
        if ending is None and orders.canary_due(session.state, rules):
            yield orders.canary(session)
        elif ending is None and session.state.pending:
            yield orders.next_capture(session)
        elif ending is None and refill(work):
            continue
        elif (ending is None or ending.trains) and session.state.unproven:
            yield orders.canary(session)
        else:
            break


def set_by_hand(work: Work, capture: Capture) -> bool:
    """Have somebody turn the knobs that only hands can turn; False where they say otherwise."""
    session, panel = work.session, work.session.config.panel
    moves = hands.moves(panel, session.state.hands, capture.setting)
    while moves:
        work.wire.asks(moves, work.learner.progress)
        for command in work.wire.commands():
            session.record(facts.CommandGiven(command=command))
            if command == "done":
                values = hands.by_hand(panel, capture.setting)
                session.record(facts.HandsSet(values=values))
                return True
            return obey(work, capture, command)
        work.learner.hear()
        work.clock.sleep(TICK_S)
    return True


def obey(work: Work, capture: Capture, command: Command) -> bool:
    """What somebody at the knobs says instead of turning them; always False: plan anew."""
    session = work.session
    if command == "skip":
        why = "skipped by hand"
        session.record(facts.CaptureAbandoned(capture=capture.number, why=why))
    elif command == "redo":
        last = [take for take in session.state.recent if take.outcome is Outcome.KEPT][-1:]
        numbers = tuple(t.capture for t in last if session.state.captures[t.capture].kept is t)
        suspect(work, numbers, "to be recorded again, says the person at the knobs")
    return False


def record(work: Work, take: Take) -> Verdict:
    """One take: dial, reamp, align, judge, keep."""
    session, state, number = work.session, work.session.state, take.number
    panel = session.config.panel
    log.info("take %d: %s, %s", number, take.capture.role, panel.describe(take.capture.setting))
    work.wire.take_begins(take, work.signal.duration_s)
    work.bench.dial(take.capture.setting)
    recording = work.bench.reamp(work.signal.send.astype(np.float32), lambda at: follow(work, at))
    loopback = None if recording.loopback is None else recording.loopback.astype(np.float64)
    returned, expected = recording.returned.astype(np.float64), expected_latency_frames(state)
    aligned = align(returned, loopback, work.signal, recording.dropouts, expected)
    limits = Limits(**session.config.checks.model_dump())
    verdict = judge(aligned, work.signal, limits, baseline(session, take.capture))
    if take.capture.role is Role.CANARY:
        verdict = with_warmth(session, verdict, aligned, work.signal)
    session.finish(take, aligned, verdict)
    work.wire.take_ends()
    for reason in verdict.reasons:
        log.info("take %d rejected: %s", number, reason.sentence)
    if take.capture.role is Role.CANARY and state.is_proven and verdict.kept:
        look_again(work)
    return verdict


def follow(work: Work, levels: Levels) -> None:
    """While a take plays: show it, hear commands, take in what the learner says."""
    work.learner.hear()
    work.wire.take_plays(levels, work.learner.progress)
    for command in work.wire.commands():
        work.session.record(facts.CommandGiven(command=command))
        if command == "stop-now":
            raise TakeCancelled


def listen(work: Work) -> bool:
    """Take up commands, and wait while paused; always True, so that it can stand in a condition."""
    while True:
        for command in work.wire.commands():
            work.session.record(facts.CommandGiven(command=command))
        if not work.session.state.paused:
            return True
        work.wire.says("paused", work.learner.progress)
        work.clock.sleep(TICK_S)


def ask_ahead(work: Work) -> None:
    """Where the learner works ahead: set it to the next batch as soon as it is free."""
    kept = sum(about.capture.role.is_trained_on for about in work.session.state.kept())
    if work.pace.ahead and kept >= ENOUGH_TO_LEARN and work.learner.is_idle and work.missing():
        with contextlib.suppress(LearnerError):
            ask(work)


def ask(work: Work) -> None:
    """Ask the learner for the next round."""
    work.learner.ask(Job(final=False, round=work.session.state.round + 1, count=work.missing()))


def refill(work: Work) -> bool:
    """Order the next batch: what the ensemble asks for, or what fills the space.

    Returns:
        Whether there was anything left to order (or somebody stopped the session meanwhile).
    """
    try:
        if work.learner.is_idle:
            ask(work)
        learnt = await_round(work)
    except LearnerError as error:
        return do_without(work, error)
    if learnt is not None:
        log.info("round %d: holdout ESR %s", learnt.round, learnt.holdout_esr)
        orders.order_learnt(work.session, learnt)
        return bool(learnt.values)
    if work.pace.fill and _finish(work) is None:
        return fill_space(work, 1, "the amp does not wait for the learner")
    return True


def await_round(work: Work) -> facts.RoundLearned | None:
    """The learner's next round; None where the amp does not wait, or where it is all over.

    Raises:
        LearnerError: There will be none.
    """
    learnt = work.learner.poll()
    while learnt is None and not work.pace.fill and listen(work) and _finish(work) is None:
        work.wire.says("waiting for proposals", work.learner.progress)
        learnt = work.learner.poll(TICK_S)
    return learnt if isinstance(learnt, facts.RoundLearned) else None


def do_without(work: Work, error: LearnerError) -> bool:
    """The learner failed: say so, and go on with settings that fill the space."""
    number = work.session.state.round + 1
    log.warning("round %d without the learner: %s", number, error)
    work.session.record(facts.LearnerFailed(round=number, why=str(error)))
    return fill_space(work, work.missing(), f"the learner failed: {error}")


def fill_space(work: Work, count: int, why: str) -> bool:
    """Order settings far from all others; False where there are none left."""
    return orders.order_fill(work.session, count, why) > 0


def give_up(work: Work, capture: Capture) -> None:
    """Abandon a setting after too many bad takes; a canary takes what it was to prove with it."""
    session, state = work.session, work.session.state
    about, most = state.captures[capture.number], session.config.plan.rejects
    if not about.is_pending or max(about.rejected, about.failed) < most:
        return
    if capture.role is Role.CANARY and not state.is_proven and is_warming_up(work):
        return
    last = state.recent[-1]
    why = last.reasons[0].sentence if last.reasons else "no take of it was good"
    session.record(facts.CaptureAbandoned(capture=capture.number, why=why))
    log.warning("capture %d is given up: %s", capture.number, why)
    if capture.role is Role.CANARY and state.unproven:
        suspect(work, tuple(state.unproven), why)


def is_warming_up(work: Work) -> bool:
    """Whether an amp that is not yet what it was may still become so."""
    state = work.session.state
    odd = {reason.check for reason in state.recent[-1].reasons} == {"replicate"}
    return odd and state.run_played_s < work.session.config.plan.warmup_s


def look_again(work: Work) -> None:
    """Have what all other takes do not explain recorded once more, now that the amp is well."""
    strange = strange_captures(work.session)
    if strange:
        suspect(work, strange, "its level is not what all the others say: once more, to be sure")


def suspect(work: Work, captures: tuple[int, ...], why: str) -> None:
    """Trust some recordings no more: they wait to be recorded again, and teach nothing."""
    work.session.record(facts.CapturesSuspected(captures=captures, why=why))
    log.warning("captures %s are suspect: %s", ", ".join(map(str, captures)), why)


def reopen_if_silent(work: Work, verdict: Verdict) -> None:
    """Open the devices anew where nothing came back: a lost connection sounds like silence."""
    if SILENT & {reason.check for reason in verdict.reasons}:
        try:
            work.bench.open()
        except DeviceGone as error:
            bring_back(work, error)


def bring_back(work: Work, lost: DeviceGone) -> None:
    """Open the devices again, with growing pauses.

    Raises:
        DeviceGone: They stay away.
    """
    work.session.record(facts.DeviceTrouble(back=False, why=str(lost)))
    log.warning("%s", lost)
    for pause_s in BACK_OFF_S:
        work.wire.says("waiting for the device", work.learner.progress)
        work.clock.sleep(pause_s)
        try:
            work.bench.open()
        except DeviceGone as error:
            lost = error
        else:
            work.session.record(facts.DeviceTrouble(back=True, why="the device is back"))
            return
        if listen(work) and work.session.state.stopping:
            return
    raise DeviceGone(f"the device stayed away: {lost}")


def train_model(work: Work, ending: Finish) -> Finish:
    """Train, test and export the model of the whole amp, unless just that is there already."""
    state = work.session.state
    learnt_from = tuple(c.capture.number for c in state.kept() if c.capture.role.is_trained_on)
    if state.model is not None and state.model.learnt_from == learnt_from:
        return ending
    work.learner.stop()
    rest(work)
    work.learner.ask(Job(final=True, round=state.round))
    while not work.learner.is_idle:
        listen(work)
        if state.stopping:
            return Finish("stopped by hand before the final model was trained", trains=False)
        work.wire.says("training the final model", work.learner.progress)
        trained = work.learner.poll(TICK_S)
        if isinstance(trained, facts.ModelTrained):
            work.session.record(trained)
            log.info("final model: holdout ESR %s", trained.holdout_esr)
    return ending


def rest(work: Work) -> None:
    """Put the knobs to rest; a device that is gone cannot be, and that ends nothing."""
    try:
        work.bench.rest()
    except DeviceError as error:
        log.warning("the knobs could not be put to rest: %s", error)


def _finish(work: Work) -> Finish | None:
    rules = work.session.config.plan
    return finish(work.session.state, rules, work.goals, work.clock.now())
