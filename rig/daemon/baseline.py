"""What a session knows of its amp: what the next take is judged against."""

from dataclasses import replace

from calibration import takes
from calibration.checks import Baseline, Verdict
from calibration.outliers import Expected, expect, outliers
from calibration.signals import Signal
from calibration.takes import Aligned
from calibration.warmup import warmth
from rig.capture import Capture, Role
from rig.knobs import Point
from rig.session.captures import CaptureState
from rig.session.folder import Session
from rig.session.state import State

#: A canary may differ from the reference by the first of these, or so many times the session's
#: own repeatability.
SAME_AMP_ESR, SAME_AMP_FLOORS = 1e-3, 10.0
#: An amp that repeats itself badly from the start is only found out by still worse.
BAD_AMP_FLOORS = 4.0


def expected_latency_frames(state: State) -> float | None:
    """The round trip of the session's first good take."""
    return None if state.amp.baseline is None else state.amp.baseline.figures.get("latency_frames")


def baseline(session: Session, capture: Capture) -> Baseline:
    """Everything that a take of a capture is to be compared with."""
    state = session.state
    first = {} if state.amp.baseline is None else state.amp.baseline.figures
    about = state.captures.get(capture.number)
    found = Baseline(
        first.get("latency_frames"),
        first.get("loopback_error_db"),
        _family(session, capture, "noise_dbfs"),
        _family(session, capture, "return_rms_dbfs"),
        () if about is None else about.vouched_dbfs,
        about is not None and about.is_outlier,
    )
    if capture.role is not Role.CANARY or state.amp.reference is None:
        return found
    audio, limit = session.kept_audio(state.amp.reference), _limit(session)
    noise = Expected(state.amp.reference.figures["noise_dbfs"], 0.0)
    return replace(found, noise=noise, replicate=audio, replicate_limit=limit)


def _members(session: Session, figure: str) -> tuple[list[CaptureState], list[Point], list[float]]:
    """The amp's family: kept captures, the reference once; where, and a figure of each."""
    kept = [about for about in session.state.kept() if about.capture.role is not Role.CANARY]
    kept += session.state.kept(Role.CANARY)[-1:]
    points = [session.config.panel.point(about.capture.setting) for about in kept]
    heard = [about.kept.figures[figure] for about in kept if about.kept]
    return kept, points, heard


def _family(session: Session, capture: Capture, figure: str) -> Expected | None:
    """What a figure of the setting should be; a canary is compared with the reference instead."""
    if capture.role is Role.CANARY:
        return None
    _, points, heard = _members(session, figure)
    return expect(points, heard, session.config.panel.point(capture.setting))


def outlying_captures(session: Session) -> tuple[int, ...]:
    """Kept captures that all the others do not explain and that were recorded only once."""
    kept, points, heard = _members(session, "return_rms_dbfs")
    return tuple(
        kept[index].capture.number
        for index in outliers(points, heard)
        if kept[index].capture.role is not Role.CANARY and not kept[index].suspects
    )


def _limit(session: Session) -> float:
    """The ESR up to which a canary is the same amp, by the session's own repeatability."""
    most = session.config.checks.replicate_esr
    if any(knob.by_hand for knob in session.config.panel.knobs):
        return most
    floor = session.state.amp.repeatability_esr or 0.0
    usual = min(most, max(SAME_AMP_ESR, SAME_AMP_FLOORS * floor))
    return max(usual, BAD_AMP_FLOORS * floor)


def with_warmup(session: Session, verdict: Verdict, aligned: Aligned, signal: Signal) -> Verdict:
    """A canary's verdict with what it says of warm-up, while there is no reference yet.

    After `warmup_s` of playing the amp is taken as it is.
    """
    if session.state.amp.reference is not None or not verdict.kept:
        return verdict
    before = [session.kept_audio(canary) for canary in session.state.amp.canaries[-2:]]
    guitars = [takes.guitar_of(audio, signal) for audio in (*before, aligned.returned)]
    found = warmth(guitars[:-1], guitars[-1])
    patience = session.state.run.played_s >= session.config.plan.warmup_s
    figures = {**verdict.figures, "is_steady": float(found.is_steady or patience)}
    if found.step_esr is not None:
        figures["replicate_esr"] = found.step_esr
    return replace(verdict, figures=figures)
