"""A frozen look at a session, which the monitor draws."""

from dataclasses import dataclass

from rig.knobs import Panel, Setting
from rig.session import live
from rig.session.facts import RoundLearned, TakeEnded
from rig.session.folder import Session
from rig.session.status import OVER, Status, status


@dataclass(frozen=True)
class View:
    """A session at one instant, with everything that the screen shows.

    Attributes:
        status: As ``rig status`` prints it.
        panel: The amp's knobs.
        setting: Where the knobs stand, as far as is known.
        live: What happens this second; None where nobody says.
        recent: The last takes that ended, oldest first, each with its setting.
        rounds: Every round learnt.
        trouble: The last thing that went wrong with devices or learner, if it is still so.
    """

    status: Status
    panel: Panel
    setting: Setting
    live: live.Live | None
    recent: tuple[tuple[TakeEnded, Setting], ...]
    rounds: tuple[RoundLearned, ...]
    trouble: str | None

    def errors_after(self, number: int) -> list[float]:
        """Return the errors found at a round's proposals, once the next round has tested them."""
        return [pair.found for r in self.rounds if r.round == number + 1 for pair in r.found]


def _drawable(snapshot: live.Live | None, panel: Panel) -> live.Live | None:
    """A snapshot as far as it is about this panel: nothing has checked what is written there."""
    if snapshot is None:
        return None
    names = {knob.name for knob in panel.knobs}
    prompt = tuple(move for move in snapshot.prompt if move.knob in names)
    fits = snapshot.take is not None and panel.allows(Setting(snapshot.take.values))
    return snapshot.model_copy(update={"prompt": prompt, "take": snapshot.take if fits else None})


def look(session: Session) -> View:
    """Read what was written since the last look, and return the session as it is."""
    session.refresh()
    state, panel = session.state, session.config.panel
    now = status(session)
    # What a daemon that has ended wrote last is not what happens now.
    running = now.state not in OVER
    snapshot = _drawable(live.read(session.door), panel) if running else None
    setting = panel.rest
    if snapshot is not None and snapshot.take is not None:
        setting = Setting(snapshot.take.values)
    elif snapshot is not None and state.takes.recent:
        setting = state.captures[state.takes.recent[-1].capture].capture.setting
    failed = state.learning.failures[-1] if state.learning.failures else None
    # A failure is no trouble any more once another round has been learnt.
    learner_trouble = failed.why if failed and failed.round == state.learning.round else None
    return View(
        status=now,
        panel=panel,
        setting=setting,
        live=snapshot,
        recent=tuple(
            (take, state.captures[take.capture].capture.setting) for take in state.takes.recent
        ),
        rounds=tuple(state.learning.rounds),
        trouble=state.opening.lost or learner_trouble,
    )
