"""Somebody at the knobs: asked to turn them, and free to say something else."""

import logging
from collections.abc import Sequence

from rig.capture import Capture, Outcome, Role
from rig.daemon.recovery import suspect
from rig.daemon.run import TICK_S, Run
from rig.faceplate import by_hand, moves_to, to_turn
from rig.session import facts

log = logging.getLogger("rig")


def set_by_hand(run: Run, capture: Capture) -> bool:
    """Have somebody turn the knobs that only hands can turn; False where they say otherwise."""
    session, panel = run.session, run.session.config.panel
    moves = moves_to(panel, session.state.run.hands, capture.setting)
    if moves:
        run.call(to_turn(panel, moves))
    while moves:
        run.publisher.asks(moves, run.learner.progress)
        heard = run.hear()
        if heard:
            return _obeyed(run, capture, heard)
        # Somebody may not come any more before the time is up.
        if run.ending() is not None:
            return False
        run.learner.hear()
        run.clock.sleep(TICK_S)
    return True


def _obeyed(run: Run, capture: Capture, heard: Sequence[str]) -> bool:
    """Do what somebody said; whether the knobs are turned, and nothing else is wanted instead."""
    # All of them count, in their order: somebody may press several keys within one look.
    for command in heard:
        _obey(run, capture, command)
    about, state = run.session.state.captures[capture.number], run.session.state.run
    return "done" in heard and about.is_pending and not (state.paused or state.stopping)


def _obey(run: Run, capture: Capture, command: str) -> None:
    """What somebody at the knobs says instead of turning them; the plan is made anew after it."""
    session = run.session
    if command == "done":
        values = by_hand(session.config.panel, capture.setting)
        session.record(facts.HandsSet(values=values))
    elif command == "skip" and capture.role is Role.CANARY:
        log.warning("the reference setting cannot be left out: all else is held against it")
    elif command == "skip" and session.state.captures[capture.number].is_pending:
        why = "skipped by hand"
        session.record(facts.CaptureAbandoned(capture=capture.number, why=why))
    elif command == "redo":
        last = [take for take in session.state.takes.recent if take.outcome is Outcome.KEPT][-1:]
        # Only what still stands for its setting: it may have been doubted since.
        numbers = tuple(t.capture for t in last if session.state.captures[t.capture].kept is t)
        if numbers:
            suspect(run, numbers, "to be recorded again, says the person at the knobs")
