"""The capture loop: propose, dial, reamp, align, judge, keep, learn, and again.

`next_step` decides from the state alone what to do next, so that a first start, a resumed session,
a retry, a canary and a refill are one code path; `record_until_done` does it.

                    +-----------------------------------------------+
                    v                                               |
    resume --> next_step --> Wait          paused: look again ------+
                    |------> RecordCanary  is the amp what it was? -+
                    |------> Look          is a setting what was kept? which pots close?
                    |------> Record        the next order ----------+
                    |------> Refill        ask for more settings ---+
                    |------> Close         does the ensemble doubt the last batch?
                    `------> End --> the final model, if there is to be one

What is done about trouble stands in `rig.daemon.recovery`, how rounds are asked for in
`rig.daemon.rounds`, how somebody at the knobs is asked in `rig.daemon.hands`; when to stop, in
`rig.daemon.stopping`.
"""

import logging
from dataclasses import dataclass, replace

import numpy as np

from calibration.checks import Limits, judge
from calibration.looks import look_reasons
from calibration.signals import Signal
from calibration.takes import Aligned, align
from calibration.verdict import DOUBTS, Check, Verdict
from rig.capture import Capture, Levels, Recording, Role, Take
from rig.config import PlanConfig
from rig.daemon import orders
from rig.daemon.baseline import (
    baseline,
    expected_latency_frames,
    look_esr,
    template,
    with_warmup,
)
from rig.daemon.hands import set_by_hand
from rig.daemon.lines import take_line
from rig.daemon.recovery import (
    bring_back,
    give_up,
    leave_out,
    look_again,
    look_again_at_surprises,
    reopen_if_silent,
    suspect,
)
from rig.daemon.rounds import ask_ahead, close, refill, train_model
from rig.daemon.run import TICK_S, Run
from rig.daemon.stopping import Finish
from rig.devices.protocols import TakeCancelled
from rig.errors import AudioDied, DeviceError, DeviceGone
from rig.knobs import Setting
from rig.session import facts
from rig.session.state import State

log = logging.getLogger("rig")


@dataclass(frozen=True)
class Wait:
    """Somebody paused the session: do nothing for a moment, and look again."""


@dataclass(frozen=True)
class RecordCanary:
    """Record the reference setting, to see whether the amp is what it was."""


@dataclass(frozen=True)
class Look:
    """Dial a setting for a few seconds: one that is kept, or a knob at its lowest.

    Of the first it tells whether it is what was kept, of the second whether the pot closes.
    """


@dataclass(frozen=True)
class Record:
    """Record an order that waits."""


@dataclass(frozen=True)
class Refill:
    """Everything ordered is recorded: ask for more."""


@dataclass(frozen=True)
class Close:
    """Nothing more is ordered: have the ensemble look at what it has not learnt from yet."""


@dataclass(frozen=True)
class End:
    """There is nothing more to record."""

    finish: Finish


# A closed union, told apart from doing it: what comes next is tested as a table, without an amp,
# and one code path serves a first start, a resumed session and a retry.
Step = Wait | RecordCanary | Look | Record | Refill | Close | End


def next_step(
    state: State,
    plan: PlanConfig,
    ending: Finish | None,
    closes: bool = False,
    pot_waits: bool = False,
) -> Step:
    """Decide what to do next; nothing is asked, ordered or written here.

    Args:
        state: What the journal says.
        plan: The session's rules.
        ending: Why to stop recording now; None while there is something to do.
        closes: Whether a round that asks for nothing ends the recording.
        pot_waits: Whether a pot is still to be dialled to its lowest, to hear whether it closes.
    """
    if ending is not None and not (ending.trains and ending.plays_on):
        return End(ending)
    if state.run.paused:
        return Wait()
    if ending is None and orders.canary_due(state, plan):
        return RecordCanary()
    # Once nothing more is recorded: by then the loudest setting is known.
    asks_pots = pot_waits and ending is not None
    if plan.looks and (asks_pots or orders.looks_due(state, ending=ending is not None)):
        return Look()
    if ending is None:
        return Record() if state.pending else Refill()
    # Takes since the last canary count only once another one has vouched for them.
    if state.amp.unproven:
        return RecordCanary()
    return Close() if closes and state.is_closing_due else End(ending)


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
        pot = None if ending is None else run.next_pot
        match next_step(run.session.state, run.rules, ending, run.closes, pot is not None):
            case Wait():
                run.learner.hear()
                run.publisher.says("paused", run.learner.progress)
                run.clock.sleep(TICK_S)
            case RecordCanary():
                attempt(run, orders.canary(run.session))
            case Look():
                look(run, pot, ending=ending is not None)
            case Record():
                attempt(run, orders.next_capture(run.session))
            case Refill():
                # No end by itself: `ending` makes one of it once nothing is pending any more.
                run.exhausted = not refill(run)
            case Close():
                close(run)
            case End(finish):
                return train_model(run, finish) if finish.trains else finish


def resume(run: Run) -> None:
    """Catch up with what a kill may have kept from being ordered."""
    if not orders.seeding_is_over(run.session.state):
        orders.order_first(run.session, run.goals.captures)
    orders.order_rest_of_round(run.session, run.goals.captures)
    look_again_at_surprises(run)
    # A kill may have come between the last bad take of a setting and its being given up.
    for about in run.session.state.pending:
        give_up(run, about.capture)


def prepare(run: Run) -> None:
    """Before each step: spare what is in vain, keep the learner busy, take room on the disk."""
    leave_out(run)
    ask_ahead(run)
    run.session.reserve_round()


def look(run: Run, pot: Setting | None, *, ending: bool) -> None:
    """Look at a pot at its lowest if one waits for it, else at the oldest kept setting that does.

    What is not what was kept is recorded again.
    """
    # Pots come first: what is heard at kept settings then tells that the amp was still there.
    if pot is not None:
        attempt(run, orders.look(run.session, pot))
        return
    target = orders.looks_due(run.session.state, ending=ending)[0]
    capture = orders.look(run.session, target.capture.setting)
    attempt(run, capture)
    about = run.session.state.captures[capture.number]
    if about.looks_apart and about.kept is None:
        why = about.looks_apart[-1].reasons[0].sentence
        # Closed before it is doubted: killed in between, the setting still waits for a look.
        run.session.record(facts.CaptureAbandoned(capture=capture.number, why=why))
        suspect(run, (target.capture.number,), why, alone=True)
    elif about.abandoned is not None:
        # Whatever kept the look from being recorded says nothing about what was kept.
        log.warning("capture %d could not be looked at again", target.capture.number)


def attempt(run: Run, capture: Capture) -> None:
    """Try once to record a capture, and see to whatever goes wrong."""
    if not set_by_hand(run, capture):
        return
    take = run.session.begin(capture)
    try:
        reopen_if_silent(run, record(run, take))
    except TakeCancelled:
        run.session.fail(take, "stopped by hand", Check.INTERRUPTED)
    # Before `DeviceGone`, of which it is one: a death may be the setting's own doing.
    except AudioDied as error:
        run.session.fail(take, str(error), Check.INTERRUPTED, died=True)
        bring_back(run, error)
    except DeviceGone as error:
        run.session.fail(take, str(error))
        bring_back(run, error)
    except DeviceError as error:
        run.session.fail(take, str(error))
    give_up(run, capture)


def record(run: Run, take: Take) -> Verdict:
    """Record one take: dial, reamp, align, judge, keep."""
    session, capture, signal = run.session, take.capture, run.played_for(take.capture)
    run.publisher.take_begins(take, signal.duration_s)
    run.devices.dial(capture.setting)
    played = run.devices.reamp(signal.send.astype(np.float32), lambda at: follow(run, at))
    aligned = in_step(run, played, signal, capture)
    limits = Limits(**session.config.checks.model_dump())
    verdict = judge(aligned, signal, limits, baseline(session, run.audio, capture))
    if capture.role is Role.CANARY:
        verdict = with_warmup(session, verdict, aligned, signal)
    elif capture.role is Role.LOOK:
        verdict = compared_with_kept(run, verdict, aligned, capture)
    session.finish(take, aligned, verdict)
    run.publisher.take_ends()
    log.info("%s", take_line(run, take, verdict))
    # Takes are held against each other only while the amp is well: of an ill one nothing fits.
    if capture.role is Role.CANARY and session.state.run.is_proven and verdict.kept:
        look_again(run)
    return verdict


def compared_with_kept(run: Run, verdict: Verdict, aligned: Aligned, look: Capture) -> Verdict:
    """Hold a look against what was kept of its setting; what else is odd about it is the amp's."""
    # What was lost on the way would differ from anything, so it must not accuse what was kept.
    lost = tuple(reason for reason in verdict.reasons if reason.check not in DOUBTS)
    for about in run.session.state.captures.values():
        if not lost and about.needs_look and about.kept and about.capture.setting == look.setting:
            kept = run.audio.of(about.kept)
            noise = 10 ** (about.kept.figures["noise_dbfs"] / 10)
            esr, apart = look_reasons(aligned, run.look, kept, noise, look_esr(run.session))
            return Verdict({**verdict.figures, "look_esr": esr}, apart)
    return replace(verdict, reasons=lost)


def in_step(run: Run, recording: Recording, signal: Signal, capture: Capture) -> Aligned:
    """Bring a recording in step with what was sent."""
    loopback = None if recording.loopback is None else recording.loopback.astype(np.float64)
    returned = recording.returned.astype(np.float64)
    state = run.session.state
    expected = expected_latency_frames(state)
    known = template(run.audio, state, capture) if loopback is None else None
    return align(returned, loopback, signal, recording.dropouts, expected, known)


def follow(run: Run, levels: Levels) -> None:
    """Show a take while it plays, hear commands, take in what the learner says.

    Raises:
        TakeCancelled: Somebody wants the take abandoned.
    """
    # A take is long, and viewers are shown meanwhile how far training is.
    run.learner.hear()
    run.publisher.take_plays(levels, run.learner.progress)
    if "stop-now" in run.hear():
        raise TakeCancelled
