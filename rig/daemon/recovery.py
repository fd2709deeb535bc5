"""What is done about what goes wrong: giving up, doubting, opening again, putting to rest."""

import logging

from calibration.verdict import Check, Verdict
from rig import waits
from rig.capture import Capture, Role
from rig.daemon import orders
from rig.daemon.discrepancies import DISCREPANCIES
from rig.daemon.run import TICK_S, Run
from rig.errors import AudioDied, DeviceError, DeviceGone
from rig.session import facts
from rig.session.captures import checks_of
from rig.session.shut import waiting_in_vain
from rig.session.surprises import surprises

log = logging.getLogger("rig")

#: Waits between attempts to get a lost device back; then the session stops.
BACK_OFF_S = waits.DEVICES_RETURN.pauses_s
#: What a connection looks like that is lost and nobody told of it.
SILENT = frozenset({Check.SILENCE, Check.STANDSTILL, Check.LOOPBACK})


def give_up(run: Run, capture: Capture) -> None:
    """Abandon a setting after too many bad takes; a canary takes what it was to prove with it."""
    session, state = run.session, run.session.state
    about, most = state.captures[capture.number], session.config.plan.rejects
    # Each kind by itself: a take that was broken off says nothing of the sound, and yet a setting
    # in which the process dies every time must not be tried for ever.
    if not about.is_pending or max(about.rejected, about.failed, about.died) < most:
        return
    if capture.role is Role.CANARY and not state.run.is_proven and _is_warming_up(run):
        return
    own = [take for take in state.takes.recent if take.capture == capture.number and take.reasons]
    # Only the last few takes are at hand, and none of them need be its own.
    why = own[-1].reasons[0].sentence if own else "no take of it was good"
    session.record(facts.CaptureAbandoned(capture=capture.number, why=why))
    log.warning("capture %d is given up: %s", capture.number, why)
    if capture.role is Role.CANARY and state.amp.unproven:
        suspect(run, tuple(state.amp.unproven), why)


def leave_out(run: Run) -> None:
    """Find out in which switch positions nothing can be recorded, and try nothing more there."""
    session = run.session
    orders.order_tried(session)
    for about, why in [*waiting_in_vain(session.state, session.config.panel)]:
        session.record(facts.CaptureAbandoned(capture=about.capture.number, why=why))
        log.warning("capture %d is not tried: %s", about.capture.number, why)


def _is_warming_up(run: Run) -> bool:
    """Whether an amp that is not yet what it was may still become so."""
    state = run.session.state
    odd = checks_of(state.takes.recent[-1]) == {Check.REPLICATE}
    return odd and state.run.played_s < run.session.config.plan.warmup_s


def suspect(run: Run, captures: tuple[int, ...], why: str, *, alone: bool = False) -> None:
    """Trust some recordings no more: they wait to be recorded again, and teach nothing."""
    run.session.record(facts.CapturesSuspected(captures=captures, why=why, alone=alone))
    which = ", ".join(map(str, captures))
    who = f"captures {which} are" if captures[1:] else f"capture {which} is"
    log.warning("%s suspect: %s", who, why)


def look_again(run: Run) -> None:
    """Have what all other takes do not explain recorded once more, now that the amp is well."""
    # One after the other: what is doubted for one of them takes no part in the next.
    for each in DISCREPANCIES:
        found = each.find(run)
        if found:
            suspect(run, tuple(sorted(found)), f"{each.why}: once more, to be sure", alone=True)


def look_again_at_surprises(run: Run) -> None:
    """Have recorded once more what sounds quite unlike what the ensemble before had expected.

    A knob that was off for one take leaves the level what it should be, and is back before the
    next canary: only who knows the amp can tell. Asked again (a kill may have come between), it
    does nothing twice.
    """
    state = run.session.state
    for pair, expected_esr in surprises(state):
        about = state.captures[pair.capture]
        if about.kept is not None and not about.was_repeated:
            why = (
                f"the ensemble expected it otherwise (ESR {pair.found:.2g} where it expected "
                f"{expected_esr:.2g}): once more, to be sure"
            )
            suspect(run, (pair.capture,), why, alone=True)
    _look_again_at_odd_instants(run)


def _look_again_at_odd_instants(run: Run) -> None:
    """Have recorded once more what the ensemble cannot explain for one instant only."""
    state = run.session.state
    for number, at_s in (state.learning.rounds[-1].odd or ()) if state.learning.rounds else ():
        about = state.captures[number]
        # Two takes that agreed have the instant both: it is the amp's.
        if about.kept is not None and not about.was_repeated:
            why = f"at {at_s:.2f} s there is something that the ensemble cannot explain"
            suspect(run, (number,), f"{why}: once more, to be sure", alone=True)


def reopen_if_silent(run: Run, verdict: Verdict) -> None:
    """Open the devices anew where nothing came back: a lost connection sounds like silence."""
    if SILENT & {reason.check for reason in verdict.reasons}:
        try:
            run.devices.open()
        except DeviceGone as error:
            bring_back(run, error)
        else:
            run.session.record(facts.DevicesOpened(why="nothing came back"))


def bring_back(run: Run, lost: DeviceGone) -> None:
    """Open the devices again, with growing pauses.

    Raises:
        DeviceGone: They stay away.
    """
    if isinstance(lost, AudioDied):
        run.session.record(facts.ProcessDied(process="audio", why=str(lost)))
    run.session.record(facts.DeviceTrouble(back=False, why=str(lost)))
    log.warning("%s", lost)
    for attempt, pause_s in enumerate(BACK_OFF_S):
        # Not at once: a plug that was bumped is back by then, and nobody is woken for it.
        if attempt == len(BACK_OFF_S) // 2:
            run.alarm(str(lost))
        _wait(run, pause_s)
        # By now nothing may need the device any more.
        if run.ending() is not None:
            return
        try:
            run.devices.open()
        except DeviceGone as error:
            lost = error
        else:
            run.session.record(facts.DeviceTrouble(back=True, why="the device is back"))
            return
    raise DeviceGone(f"the device stayed away: {lost}")


def _wait(run: Run, left_s: float) -> None:
    """Wait for so long, and for as long as somebody pauses; or until the run is to end."""
    run.listen()
    while run.ending() is None and left_s > 0:
        run.publisher.says("waiting for the device", run.learner.progress)
        run.clock.sleep(min(TICK_S, left_s))
        left_s -= TICK_S
        run.listen()


def rest(run: Run) -> None:
    """Put the knobs to rest, opening the devices once more if need be.

    A device that is gone cannot be put to rest, and that ends nothing.
    """
    try:
        try:
            run.devices.rest()
        except DeviceGone:
            run.devices.open()
            run.devices.rest()
    except DeviceError as error:
        log.warning("the knobs could not be put to rest: %s", error)
