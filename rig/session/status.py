"""One answer to "how is it going?", for people and for programs."""

import shutil
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from rig.capture import Role
from rig.faceplate import by_hand, moves_to, to_turn
from rig.knobs import Panel
from rig.printable import count_of
from rig.session import facts, fields, forecast, live
from rig.session.folder import Session, is_running
from rig.session.layout import is_supervised
from rig.session.state import State
from rig.session.worth import worth

StateName = Literal["starting", "running", "paused", "stopping", "finished", "stopped", "failed"]

#: The states of a session that nobody works on: done, stopped by hand, given up or interrupted.
OVER = ("finished", "stopped", "failed")
FINAL_STAGE = "final model"
#: So many of the worst settings are named.
WORST_SHOWN = 3
#: What is said of a session whose process died without a word.
INTERRUPTED = "the capture was interrupted; 'rig capture' goes on from where it was"


@dataclass(frozen=True)
class RoundStatus:
    """One round: which settings, why, and what was known after it.

    Attributes:
        round: Its number, from 1.
        strategy: How its settings were chosen.
        settings: The settings it asked for: faceplate values by the knobs' names.
        disagreement: The members' relative variance at each of these settings.
        level_errors: What their levels seem off by there, as an ESR; null where nothing told.
        expected_errors: The ESR to be expected there, of all that is known.
        ensemble_esr: The members' mean ESR on settings that they have learnt.
        holdout_esr: Their mean ESR on holdout settings.
        expected_esr: The ESR to be expected where players set the knobs.
        calibration: How much error such a disagreement has stood for so far.
        found: What the round before had expected of its settings (``disagreement``, ``common``,
            ``level_error``) and the ESR that was ``found`` there, by the number of the ``capture``.
        seconds: How long the learner took.
    """

    round: int
    strategy: str
    settings: list[dict[str, float]]
    disagreement: list[float]
    level_errors: list[float] | None
    expected_errors: list[float]
    ensemble_esr: float
    holdout_esr: float | None
    expected_esr: float | None
    calibration: float | None
    found: list[dict[str, float]]
    seconds: float


@dataclass(frozen=True)
class Rejection:
    """Takes that one check rejected.

    Attributes:
        takes: How many.
        why: What was said of the last of them.
    """

    takes: int
    why: str


@dataclass(frozen=True)
class Status:
    """Everything that ``rig status --json`` prints; times are ISO 8601 in UTC.

    Attributes:
        session: The name of the session's folder.
        state: What it is doing, or how it ended: done, stopped by hand before it was done, or given
            up. An interrupted session counts as failed; each of them can go on.
        finish_reason: Why it ended, in one sentence.
        trouble: What goes wrong with devices or learner just now; None where nothing does.
        asked: What somebody is asked to turn just now, and where to; None where nobody is.
        foot_switch: Whether a foot switch is listened to, a press of which answers what is asked.
        to_rest: What hands have to turn to put the knobs to rest, once it is over; None else.
        captures: How many settings are ``planned``, ``kept`` to learn from, and ``abandoned``.
        takes: How many takes were ``kept``, were ``rejected``, and ``failed``.
        rejections: Why takes were rejected, the most frequent reason first.
        round: The last round that was opened, learnt or not; 0 before the first.
        rounds: Every round that was learnt, oldest first.
        holdout_esr: ESR on holdout settings: of the final model, else of the last ensemble.
        expected_esr: ESR to be expected at the other settings that players use, as far as that is
            known: of the final model, else of the last ensemble.
        worth: What the final model is worth by both of these, in a word; None before there is one.
        repeatability_esr: Median ESR between two takes of the reference setting: the floor.
        verdict: What the final model is worth, in one sentence.
        worst_settings: Where the final model is worst, and its ESR there, worst first.
        utilization: Share of the time since the first take in which kept takes were played.
        started_at: When the session began.
        updated_at: When it was last heard of.
        eta: When it will be done, as far as that can be told.
        disk_free_bytes: What is free where the session lies.
        deaths: How many times each of rig's processes died, by its name.
        model: The final model's file, inside the session's folder.
        export: The model at the reference setting as a .nam file, inside the session's folder.
    """

    session: str
    state: StateName
    finish_reason: str | None
    trouble: str | None
    asked: str | None
    foot_switch: bool
    to_rest: str | None
    captures: dict[str, int | None]
    takes: dict[str, int]
    rejections: list[Rejection]
    round: int
    rounds: list[RoundStatus]
    holdout_esr: float | None
    expected_esr: float | None
    worth: str | None
    repeatability_esr: float | None
    verdict: str | None
    worst_settings: dict[str, float]
    utilization: float | None
    started_at: str | None
    updated_at: str | None
    eta: str | None
    disk_free_bytes: int | None
    deaths: dict[str, int]
    model: str | None
    export: str | None

    def as_dict(self) -> dict[str, Any]:
        """As plain values for JSON."""
        return asdict(self)


def _iso(at: float | None) -> str | None:
    # What is estimated from a stranger's figures may be no time at all.
    if at is None or not 0 <= at <= fields.LATEST:
        return None
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def state_name(state: State, *, running: bool, supervised: bool = False) -> StateName:
    """What the session is doing, from its facts and from whether processes hold its locks."""
    if not running and state.run.ended is None:
        return "starting" if supervised else "failed"
    if not running:
        return "failed" if state.run.set_aside or not state.run.ended else state.run.ended.state
    if state.run.stopping:
        return "stopping"
    if state.run.paused:
        return "paused"
    if state.run.ended is not None or state.run.started is None or not state.run.has_played:
        return "starting"
    return "running"


def utilization(state: State) -> float | None:
    """Seconds in which kept takes were played over the seconds that takes have taken."""
    return state.takes.playing_s / state.wall_s if state.wall_s > 0 else None


def planned(state: State, session: Session) -> int | None:
    """How many settings are to be learnt from, as far as a number was asked for."""
    if state.run.started is not None:
        return state.run.started.captures
    return session.config.plan.captures


def finish_reason(state: State, name: StateName) -> str | None:
    """Why the session ended, if it did."""
    if name not in OVER:
        return None
    if state.run.set_aside:
        aside = state.run.set_aside
        return (
            f"{count_of(aside, 'file was', 'files were')} set aside; 'rig capture' makes them anew"
        )
    return INTERRUPTED if state.run.ended is None else state.run.ended.reason


def counted(state: State, goal: int | None) -> dict[str, int | None]:
    """How many captures are wanted, kept to learn from, and given up."""
    trained = [c for c in state.captures.values() if c.capture.role.is_trained_on]
    return {
        "planned": goal,
        "kept": sum(about.kept is not None for about in trained),
        "abandoned": sum(
            about.abandoned is not None and about.capture.role is not Role.LOOK
            for about in state.captures.values()
        ),
    }


def rejections(state: State) -> list[Rejection]:
    """Why takes were rejected, the most frequent reason first."""
    found = [Rejection(count, why) for count, why in state.takes.rejections.values()]
    return sorted(found, key=lambda each: -each.takes)


def round_status(learnt: facts.RoundLearned, names: Sequence[str]) -> RoundStatus:
    """A round, its settings by the names of the knobs."""
    return RoundStatus(
        round=learnt.round,
        strategy=learnt.strategy,
        settings=[dict(zip(names, values, strict=True)) for values in learnt.values],
        disagreement=list(learnt.disagreement),
        level_errors=None if learnt.level_errors is None else list(learnt.level_errors),
        expected_errors=learnt.expected_errors,
        ensemble_esr=learnt.ensemble_esr,
        holdout_esr=learnt.holdout_esr,
        expected_esr=learnt.expected_esr,
        calibration=learnt.calibration,
        found=[pair.model_dump() for pair in learnt.found],
        seconds=learnt.seconds,
    )


def left_s(
    session: Session, name: StateName, snapshot: live.Live | None, now: float
) -> float | None:
    """Seconds until the session is done, as far as that can be told."""
    learner = snapshot.learner if snapshot else None
    # What the final model itself says goes by its own steps; a forecast goes by those of rounds.
    if learner and learner.stage == FINAL_STAGE and learner.eta_s is not None:
        return learner.eta_s
    if name not in ("starting", "running", "paused"):
        return None
    goal = planned(session.state, session)
    return forecast.eta_s(session.state, session.config, goal, now)


def status(session: Session, clock: Callable[[], float] = time.time) -> Status:
    """The status of a session as it stands in its folder."""
    state, now = session.state, clock()
    running = is_running(session.folder)
    supervised = is_supervised(session.door)
    name = state_name(state, running=running, supervised=supervised)
    snapshot = live.read(session.door) if running else None
    left = left_s(session, name, snapshot, now)
    names = [knob.name for knob in session.config.panel.knobs]
    return Status(
        session=session.folder.name,
        state=name,
        finish_reason=finish_reason(state, name),
        trouble=trouble(state) if name not in OVER else None,
        asked=asked(session.config.panel, snapshot),
        foot_switch=snapshot is not None and snapshot.foot_switch,
        to_rest=to_rest(session.config.panel, state) if name in OVER else None,
        captures=counted(state, planned(state, session)),
        takes={outcome.value: count for outcome, count in state.takes.counts.items()},
        rejections=rejections(state),
        round=state.learning.round,
        rounds=[round_status(learnt, names) for learnt in state.learning.rounds],
        holdout_esr=state.learning.holdout_esr,
        expected_esr=state.learning.expected_esr,
        worth=worth(state.learning.worst_esr).words if state.learning.model else None,
        repeatability_esr=state.amp.repeatability_esr,
        verdict=state.learning.model.verdict if state.learning.model else None,
        worst_settings=worst_settings(state),
        utilization=utilization(state),
        started_at=_iso(state.started_at),
        # While a take plays, the snapshot is newer than any fact.
        updated_at=_iso(max(state.updated_at or 0.0, snapshot.at if snapshot else 0.0) or None),
        eta=None if left is None else _iso(now + left),
        disk_free_bytes=disk_free_bytes(session),
        deaths=dict(Counter(death.process for death in state.deaths)),
        model=state.learning.model.model.path if state.learning.model else None,
        export=state.learning.model.export.path if state.learning.model else None,
    )


def asked(panel: Panel, snapshot: live.Live | None) -> str | None:
    """What somebody is asked to turn just now; None where nobody is."""
    # A snapshot is a file that anybody may have written.
    names = {knob.name for knob in panel.knobs}
    moves = [move for move in snapshot.prompt if move.knob in names] if snapshot else []
    return to_turn(panel, moves) if moves else None


def trouble(state: State) -> str | None:
    """What goes wrong with devices or learner just now; None where nothing does."""
    learning = state.learning
    failed = learning.failures[-1] if learning.failures else None
    # A failure is no trouble any more once another round has been learnt.
    learner = failed.why if failed and failed.round == learning.round else None
    return state.opening.lost or learner


def to_rest(panel: Panel, state: State) -> str | None:
    """What hands have to turn to put the knobs to rest; None where they stand there."""
    stands = state.run.hands
    # Nobody has turned anything yet, or a stranger's journal tells of other knobs.
    if stands is None or len(stands) != len(by_hand(panel, panel.rest)):
        return None
    moves = moves_to(panel, stands, panel.rest)
    return to_turn(panel, moves) if moves else None


def worst_settings(state: State) -> dict[str, float]:
    """The holdout settings at which the final model is worst, and its ESR there, worst first."""
    by_setting = state.learning.model.by_setting if state.learning.model else {}
    ranked = sorted(by_setting.items(), key=lambda item: -item[1])
    return dict(ranked[:WORST_SHOWN])


def disk_free_bytes(session: Session) -> int | None:
    """Bytes free where the session lies."""
    try:
        return shutil.disk_usage(session.folder).free
    except OSError:
        return None
