"""The capture daemon: propose, dial, reamp, align, judge, keep, learn, and again.

`plan` says what to record next from the journal alone, so that a first start, a resumed session,
a retry, a canary and a refill are one code path. `run` dials, reamps, aligns, judges and keeps.

What is done about trouble stands in `rig.daemon.recovery`, how rounds are asked for in
`rig.daemon.rounds`, how somebody at the knobs is asked in `rig.daemon.hands`; when to stop, in
`rig.daemon.stopping`.
"""

import logging
from collections.abc import Iterator

import numpy as np

from calibration.checks import Limits, Verdict, judge
from calibration.takes import Aligned, align
from rig.capture import Capture, Levels, Recording, Role, Take
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
from rig.daemon.run import Run
from rig.daemon.stopping import Finish
from rig.devices.protocols import TakeCancelled
from rig.errors import AudioDied, DeviceError, DeviceGone
from rig.session import facts

log = logging.getLogger("rig")


def run(work: Run) -> Finish:
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
            check = facts.INTERRUPTED if isinstance(error, AudioDied) else "device"
            work.session.fail(take, str(error), check)
            bring_back(work, error)
        except DeviceError as error:
            work.session.fail(take, str(error))
        give_up(work, capture)
    ending = work.ending() or Finish("every setting that the knobs can take is recorded")
    return train_model(work, ending) if ending.trains else ending


def plan(work: Run) -> Iterator[Capture]:
    """What to record next, as long as there is something to record."""
    session, rules = work.session, work.session.config.plan
    if not orders.seeding_is_over(session.state):
        orders.order_first(session, work.goals.captures)
    orders.order_rest_of_round(session)
    look_again_at_surprises(work)
    while work.listen():
        ending = work.ending()
        if ending is None:
            ask_ahead(work)
            session.reserve_round()
        if ending is None and orders.canary_due(session.state, rules):
            yield orders.canary(session)
        elif ending is None and session.state.pending:
            yield orders.next_capture(session)
        elif ending is None and refill(work):
            continue
        elif (ending is None or ending.trains) and session.state.amp.unproven:
            yield orders.canary(session)
        else:
            break


def record(work: Run, take: Take) -> Verdict:
    """One take: dial, reamp, align, judge, keep."""
    session, state, number = work.session, work.session.state, take.number
    panel = session.config.panel
    log.info("take %d: %s, %s", number, take.capture.role, panel.describe(take.capture.setting))
    work.wire.take_begins(take, work.signal.duration_s)
    work.bench.dial(take.capture.setting)
    recording = work.bench.reamp(work.signal.send.astype(np.float32), lambda at: follow(work, at))
    aligned = in_step(work, recording)
    limits = Limits(**session.config.checks.model_dump())
    verdict = judge(aligned, work.signal, limits, baseline(session, take.capture))
    if take.capture.role is Role.CANARY:
        verdict = with_warmup(session, verdict, aligned, work.signal)
    session.finish(take, aligned, verdict)
    work.wire.take_ends()
    for reason in verdict.reasons:
        log.info("take %d rejected: %s", number, reason.sentence)
    if take.capture.role is Role.CANARY and state.run.is_proven and verdict.kept:
        look_again(work)
    return verdict


def in_step(work: Run, recording: Recording) -> Aligned:
    """A recording in step with what was sent."""
    loopback = None if recording.loopback is None else recording.loopback.astype(np.float64)
    returned = recording.returned.astype(np.float64)
    expected = expected_latency_frames(work.session.state)
    return align(returned, loopback, work.signal, recording.dropouts, expected)


def follow(work: Run, levels: Levels) -> None:
    """While a take plays: show it, hear commands, take in what the learner says."""
    work.learner.hear()
    work.wire.take_plays(levels, work.learner.progress)
    if "stop-now" in work.hear():
        raise TakeCancelled
