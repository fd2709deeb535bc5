"""Somebody at the knobs: asked to turn them, and free to say something else."""

from rig.capture import Capture, Outcome
from rig.daemon.recovery import suspect
from rig.daemon.run import TICK_S, Run
from rig.proposals import hands
from rig.session import facts


def set_by_hand(run: Run, capture: Capture) -> bool:
    """Have somebody turn the knobs that only hands can turn; False where they say otherwise."""
    session, panel = run.session, run.session.config.panel
    moves = hands.moves(panel, session.state.run.hands, capture.setting)
    while moves:
        run.publisher.asks(moves, run.learner.progress)
        for command in run.hear():
            if command == "done":
                values = hands.by_hand(panel, capture.setting)
                session.record(facts.HandsSet(values=values))
                return True
            # Whatever it was may change what comes next, so the loop looks anew.
            _obey(run, capture, command)
            return False
        run.learner.hear()
        run.clock.sleep(TICK_S)
    return True


def _obey(run: Run, capture: Capture, command: str) -> None:
    """What somebody at the knobs says instead of turning them; the plan is made anew after it."""
    session = run.session
    if command == "skip":
        why = "skipped by hand"
        session.record(facts.CaptureAbandoned(capture=capture.number, why=why))
    elif command == "redo":
        last = [take for take in session.state.takes.recent if take.outcome is Outcome.KEPT][-1:]
        # Only what still stands for its setting: it may have been doubted since.
        numbers = tuple(t.capture for t in last if session.state.captures[t.capture].kept is t)
        suspect(run, numbers, "to be recorded again, says the person at the knobs")
