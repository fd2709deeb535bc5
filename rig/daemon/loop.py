"""The capture loop: propose, dial, reamp, align, judge, keep, learn, and again.

`next_step` decides from the state alone what to do next, so that a first start, a resumed session,
a retry, a canary and a refill are one code path; `record_until_done` does it.

                    +-----------------------------------------------+
                    v                                               |
    resume --> next_step --> Wait          paused: look again ------+
                    |------> RecordCanary  is the amp what it was? -+
                    |------> Record        the next order ----------+
                    |------> Refill        ask for more settings ---+
                    `------> End --> the final model, if there is to be one

What is done about trouble stands in `rig.daemon.recovery`, how rounds are asked for in
`rig.daemon.rounds`, how somebody at the knobs is asked in `rig.daemon.hands`; when to stop, in
`rig.daemon.stopping`.
"""

import logging
from dataclasses import dataclass

import numpy as np

from calibration.checks import Limits, Verdict, judge
from calibration.takes import Aligned, align
from rig.capture import Capture, Levels, Recording, Role, Take
from rig.config import PlanConfig
from rig.daemon import orders
from rig.daemon.baseline import baseline, expected_latency_frames, with_warmup
from rig.daemon.hands import set_by_hand
from rig.daemon.recovery import (
    bring_back,
    give_up,
    look_again,
    look_again_at_surprises,
    reopen_if_silent,
)
from rig.daemon.rounds import ask_ahead, refill, train_model
from rig.daemon.run import TICK_S, Run
from rig.daemon.stopping import Finish
from rig.devices.protocols import TakeCancelled
from rig.errors import AudioDied, DeviceError, DeviceGone
from rig.session import facts
from rig.session.state import State

log = logging.getLogger("rig")


@dataclass(frozen=True)
class Wait:
    """Somebody paused the session: do nothing for a moment, and look again."""


@dataclass(frozen=True)
class RecordCanary:
    """Record the reference setting: is the amp what it was?"""


@dataclass(frozen=True)
class Record:
    """Record an order that waits."""


@dataclass(frozen=True)
class Refill:
    """Everything ordered is recorded: ask for more."""


@dataclass(frozen=True)
class End:
    """There is nothing more to record."""

    finish: Finish


Step = Wait | RecordCanary | Record | Refill | End


def next_step(state: State, plan: PlanConfig, ending: Finish | None) -> Step:
    """Decide what to do next; nothing is asked, ordered or written here.

    Args:
        state: What the journal says.
        plan: The session's rules.
        ending: Why to stop recording now; None while there is something to do.
    """
    if state.run.paused:
        return Wait()
    if ending is not None:
        # Takes since the last canary count only once another one has vouched for them.
        vouches = ending.trains and bool(state.amp.unproven)
        return RecordCanary() if vouches else End(ending)
    if orders.canary_due(state, plan):
        return RecordCanary()
    return Record() if state.pending else Refill()


def record_until_done(run: Run) -> Finish:
    """Do one step after another until there is none left, then train the final model.

    Raises:
        RigError: The devices or the disk are gone for good.
    """
    resume(run)
    while True:
        run.hear()
        ending = run.ending()
        if ending is None and not run.session.state.run.paused:
            prepare(run)
        match next_step(run.session.state, run.session.config.plan, ending):
            case Wait():
                run.publisher.says("paused", run.learner.progress)
                run.clock.sleep(TICK_S)
            case RecordCanary():
                attempt(run, orders.canary(run.session))
            case Record():
                attempt(run, orders.next_capture(run.session))
            case Refill():
                run.exhausted = not refill(run)
            case End(finish):
                return train_model(run, finish) if finish.trains else finish


def resume(run: Run) -> None:
    """Catch up with what a kill may have kept from being ordered."""
    if not orders.seeding_is_over(run.session.state):
        orders.order_first(run.session, run.goals.captures)
    orders.order_rest_of_round(run.session)
    look_again_at_surprises(run)


def prepare(run: Run) -> None:
    """Before each step: keep the learner busy, and take room on the disk for what is ordered."""
    ask_ahead(run)
    run.session.reserve_round()


def attempt(run: Run, capture: Capture) -> None:
    """Try once to record a capture, and see to whatever goes wrong."""
    if not set_by_hand(run, capture):
        return
    take = run.session.begin(capture)
    try:
        reopen_if_silent(run, record(run, take))
    except TakeCancelled:
        run.session.fail(take, "stopped by hand", facts.INTERRUPTED)
    except DeviceGone as error:
        check = facts.INTERRUPTED if isinstance(error, AudioDied) else "device"
        run.session.fail(take, str(error), check)
        bring_back(run, error)
    except DeviceError as error:
        run.session.fail(take, str(error))
    give_up(run, capture)


def record(run: Run, take: Take) -> Verdict:
    """Record one take: dial, reamp, align, judge, keep."""
    session, capture = run.session, take.capture
    setting = session.config.panel.describe(capture.setting)
    log.info("take %d: %s, %s", take.number, capture.role, setting)
    run.publisher.take_begins(take, run.signal.duration_s)
    run.devices.dial(capture.setting)
    recording = run.devices.reamp(run.signal.send.astype(np.float32), lambda at: follow(run, at))
    aligned = in_step(run, recording)
    limits = Limits(**session.config.checks.model_dump())
    verdict = judge(aligned, run.signal, limits, baseline(session, capture))
    if capture.role is Role.CANARY:
        verdict = with_warmup(session, verdict, aligned, run.signal)
    session.finish(take, aligned, verdict)
    run.publisher.take_ends()
    for reason in verdict.reasons:
        log.info("take %d rejected: %s", take.number, reason.sentence)
    if capture.role is Role.CANARY and session.state.run.is_proven and verdict.kept:
        look_again(run)
    return verdict


def in_step(run: Run, recording: Recording) -> Aligned:
    """Bring a recording in step with what was sent."""
    loopback = None if recording.loopback is None else recording.loopback.astype(np.float64)
    returned = recording.returned.astype(np.float64)
    expected = expected_latency_frames(run.session.state)
    return align(returned, loopback, run.signal, recording.dropouts, expected)


def follow(run: Run, levels: Levels) -> None:
    """Show a take while it plays, hear commands, take in what the learner says.

    Raises:
        TakeCancelled: Somebody wants the take abandoned.
    """
    run.learner.hear()
    run.publisher.take_plays(levels, run.learner.progress)
    if "stop-now" in run.hear():
        raise TakeCancelled
