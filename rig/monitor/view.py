"""A frozen look at a session, which the monitor draws."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rig.capture import Role
from rig.knobs import Panel, Setting
from rig.monitor.places import Place, places
from rig.session import live
from rig.session.facts import RoundLearned, TakeEnded
from rig.session.folder import Session
from rig.session.status import OVER, Status, status
from rig.session.verdict import Verdict, verdict, weak_region


@dataclass(frozen=True)
class Canary:
    """A canary that was kept: when, how far it was from the reference, and its level."""

    at: float
    replicate_esr: float | None
    return_rms_dbfs: float | None


@dataclass(frozen=True)
class Ended:
    """A take that ended, of which setting, why that was recorded, and at which Unix time."""

    take: TakeEnded
    setting: Setting
    role: Role
    at: float


@dataclass(frozen=True)
class View:
    """A session at one instant, with everything that the screen shows.

    Attributes:
        status: As ``rig status`` prints it.
        folder: Where the session lies.
        panel: The amp's knobs.
        setting: Where the knobs stand, as far as is known.
        live: What happens this second; None where nobody says.
        recent: The last takes that ended, oldest first.
        rounds: Every round learnt.
        places: Every setting that was asked for, canaries and looks aside.
        canaries: Every canary that was kept, oldest first.
        verdict: What the session is worth, in the words of the report.
        now: Unix time.
        taken_s: Seconds that takes have taken.
    """

    status: Status
    folder: Path
    panel: Panel
    setting: Setting
    live: live.Live | None
    recent: tuple[Ended, ...]
    rounds: tuple[RoundLearned, ...]
    places: tuple[Place, ...]
    canaries: tuple[Canary, ...]
    verdict: Verdict
    now: float
    taken_s: float

    @property
    def is_over(self) -> bool:
        """Whether nobody works on it any more."""
        return self.status.state in OVER

    @property
    def doing(self) -> str:
        """What goes wrong, why it ended, or what happens now."""
        now = self.live.doing if self.live else ""
        return self.status.trouble or self.status.finish_reason or now

    @property
    def is_prompting(self) -> bool:
        """Whether somebody is asked to turn knobs."""
        return self.live is not None and bool(self.live.prompt)

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


def _canaries(session: Session) -> Iterator[Canary]:
    ended_at = session.state.takes.ended_at
    for take in session.state.amp.canaries:
        figures = take.figures
        yield Canary(
            ended_at[take.take], figures.get("replicate_esr"), figures.get("return_rms_dbfs")
        )


def _setting(session: Session, snapshot: live.Live | None) -> Setting:
    """Where the knobs stand: as dialled, as they were left, or at rest."""
    recent = session.state.takes.recent
    if snapshot is not None and snapshot.take is not None:
        return Setting(snapshot.take.values)
    if snapshot is not None and recent:
        return session.state.captures[recent[-1].capture].capture.setting
    return session.config.panel.rest


def look(session: Session) -> View:
    """Read what was written since the last look, and return the session as it is."""
    session.refresh()
    state, now = session.state, session.clock()
    told = status(session, session.clock)
    # What a daemon that has ended wrote last is not what happens now.
    running = told.state not in OVER
    snapshot = _drawable(live.read(session.door), session.config.panel) if running else None
    orders = {number: about.capture for number, about in state.captures.items()}
    return View(
        status=told,
        folder=session.folder,
        panel=session.config.panel,
        setting=_setting(session, snapshot),
        live=snapshot,
        recent=tuple(
            Ended(
                take,
                orders[take.capture].setting,
                orders[take.capture].role,
                state.takes.ended_at[take.take],
            )
            for take in state.takes.recent
        ),
        rounds=tuple(state.learning.rounds),
        places=tuple(places(session)),
        canaries=tuple(_canaries(session)),
        verdict=verdict(session, weak_region(session)),
        now=now,
        taken_s=state.wall_s,
    )
