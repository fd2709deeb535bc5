"""What a session knows of its amp: what the next take is judged against."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from calibration import takes
from calibration.checks import SAME_ESR, Baseline
from calibration.doubts import CLEAR_POLARITY, LAG_FRAMES, Usual
from calibration.outliers import Expected, expect
from calibration.signals import Part, Signal
from calibration.takes import Aligned, align
from calibration.verdict import Verdict
from calibration.warmup import warmup
from rig.capture import Capture, Role
from rig.errors import SessionError
from rig.knobs import Point, Setting
from rig.session.captures import CaptureState
from rig.session.facts import TakeEnded
from rig.session.folder import Session
from rig.session.state import State

Audio = NDArray[np.float64]
Single = NDArray[np.float32]

#: A canary may differ from the reference by so many times the session's own repeatability.
SAME_AMP_FLOORS = 10.0
#: The same of a look, and the least of it.
LOOK_FLOORS, LOOK_ESR = 5.0, 3e-4
#: Where the reference repeats itself well, other settings do so up to about a thousand times worse,
#: and hardly any beyond this.
OTHER_SETTINGS, LEAST_LOOK_ESR = 1_000.0, 1e-4
#: Takes of other settings whose instants a take is held against, the nearest ones.
MOST_OTHERS = 12
#: Recordings that are kept in memory, so that each take reads one file and not a dozen.
CACHED = 32
#: Fewer takes than this do not say what is usual.
LEAST_USUAL = 4
#: What so many of the takes do not exceed is usual.
CHANGE_SHARE, REST_SHARE = 0.75, 0.9


@dataclass
class KeptAudio:
    """Recordings of a session, read once; single precision, the last ones used."""

    session: Session
    signal: Signal
    look: Signal
    _cache: dict[int, Single] = field(default_factory=dict)

    def of(self, take: TakeEnded) -> Audio:
        """What a kept take brought back, in step, ``(frames,)``."""
        found = self._cache.pop(take.take, None)
        if found is None:
            found = self.session.kept_audio(take).astype(np.float32)
        # Put back behind all others: what goes first is what was not used for longest.
        self._cache[take.take] = found
        while len(self._cache) > CACHED:
            self._cache.pop(next(iter(self._cache)))
        return found.astype(np.float64)

    def heard(self, take: TakeEnded) -> Audio | None:
        """What any take brought back, in step; None where its recording is not there any more."""
        if take.aligned is not None:
            # It may have been set aside as damaged since; what was recorded may still be there.
            with contextlib.suppress(SessionError):
                return self.of(take)
        raw = self._raw(take)
        if raw is None:
            return None
        # The fact of a take does not say which signal it played; its length does.
        signal = self.signal if len(raw[0]) == len(self.signal.send) else self.look
        shift = take.figures.get("latency_frames")
        return align(raw[0], raw[1], signal, expected_frames=shift).returned

    def loopback(self, take: TakeEnded) -> Audio | None:
        """The loopback of a take, in step; None where it has none."""
        raw = self._raw(take)
        return None if raw is None else align(raw[0], raw[1], self.signal).loopback

    def _raw(self, take: TakeEnded) -> tuple[Audio, Audio | None] | None:
        try:
            return None if take.raw is None else self.session.raw_audio(take)
        except SessionError:
            return None


def expected_latency_frames(state: State) -> float | None:
    """The round trip of this opening of the devices, by its first good take."""
    first = state.opening.first
    return None if first is None else first.figures.get("latency_frames")


def template(audio: KeptAudio, state: State, capture: Capture) -> Audio | None:
    """What a new opening's first canary is put in step with, where no loopback tells the time."""
    if capture.role is not Role.CANARY or state.opening.first is not None:
        return None
    return None if state.amp.reference is None else audio.of(state.amp.reference)


def baseline(session: Session, audio: KeptAudio, capture: Capture) -> Baseline:
    """Everything that a take of a capture is to be compared with."""
    state = session.state
    first, about = state.opening.first, state.captures.get(capture.number)
    found = Baseline(
        expected_latency_frames(state),
        None if first is None else _loopback(audio, first),
        same_esr=same_esr(session),
    )
    if capture.role is Role.LOOK:
        # It plays another signal than the take whose loopback is known.
        return replace(found, loopback=None)
    if about is not None:
        earlier = [audio.heard(take) for take in about.heard_before]
        late = [audio.heard(take) for take in about.heard_of_late]
        found = replace(
            found,
            earlier=tuple(each for each in earlier if each is not None),
            late=tuple(each for each in late if each is not None),
            looks=tuple(_looks(audio, state, capture.setting)),
            must_agree=about.must_agree,
        )
    if capture.role is not Role.CANARY:
        return replace(found, usual=_usual(session, audio, capture))
    usual = Usual(noise_rise_db=session.config.checks.noise_rise_db, is_reference=True)
    if state.amp.reference is None:
        return replace(found, usual=usual)
    # The reference itself and no estimate: there is no sigma to allow for.
    noise = Expected(state.amp.reference.figures["noise_dbfs"], 0.0)
    return replace(
        found,
        usual=replace(usual, noise=noise),
        replicate=audio.of(state.amp.reference),
        replicate_limit=canary_limit(session),
    )


def _loopback(audio: KeptAudio, first: TakeEnded) -> Audio | None:
    # A look plays another signal: nothing of its loopback says what a whole take's should be.
    is_whole = first.played_s * audio.signal.sample_rate >= len(audio.signal.send) - 1
    return audio.loopback(first) if is_whole else None


def _looks(audio: KeptAudio, state: State, setting: Setting) -> list[Audio]:
    """What looks at a setting brought back that was not what had been kept of it."""
    heard = [
        audio.heard(take)
        for about in state.captures.values()
        if about.capture.role is Role.LOOK and about.capture.setting == setting
        for take in about.looks_apart[-1:]
    ]
    return [each for each in heard[-1:] if each is not None]


def _usual(session: Session, audio: KeptAudio, capture: Capture) -> Usual:
    """What other takes say of a setting."""
    alike = _alike(session, capture.setting)
    others, nearest = beside(session, audio, capture.setting)
    return Usual(
        noise=_expected(session, capture, "noise_dbfs"),
        level=_expected(session, capture, "return_rms_dbfs"),
        noise_rise_db=session.config.checks.noise_rise_db,
        lags_frames=vouched_for(alike, "return_lag_frames", LAG_FRAMES),
        polarities=vouched_for(alike, "polarity", CLEAR_POLARITY),
        change_esr=usual_change_esr(session),
        rest_rise_db=high_figure(session, "rest_rise_db", REST_SHARE),
        takes=others,
        noise_powers=tuple(map(noise_power, nearest)),
    )


def kept_takes(session: Session) -> list[tuple[CaptureState, TakeEnded]]:
    """Kept captures that are no canaries, with their takes, and the reference once."""
    state = session.state
    kept = [about for about in state.kept() if about.capture.role is not Role.CANARY]
    # All of them would be dozens of one setting, and outweigh its neighbours.
    kept += state.kept(Role.CANARY)[-1:]
    return [(about, about.kept) for about in kept if about.kept is not None]


def _alike(session: Session, setting: Setting) -> list[TakeEnded]:
    """Takes at the same positions of every switch: a channel may be later, or the other way."""
    switches = [i for i, knob in enumerate(session.config.panel.knobs) if knob.is_switch]
    return [
        take
        for about, take in kept_takes(session)
        if all(about.capture.setting.values[i] == setting.values[i] for i in switches)
    ]


def vouched_for(takes_: Sequence[TakeEnded], figure: str, within: float) -> tuple[float, ...]:
    """Figures that two takes have, or one that another take of its setting agreed with.

    A knob may change over to another channel half way: there is not always one that is usual.
    """
    found = sorted(
        (take.figures[figure], bool(take.figures.get("is_believed")))
        for take in takes_
        if figure in take.figures
    )
    if len(found) < LEAST_USUAL:
        return ()
    # Sorted, so that whoever is near stands beside it.
    near = [after[0] - before[0] <= within for before, after in pairwise(found)]
    around = zip(found, [False, *near], [*near, False], strict=True)
    return tuple(value for (value, believed), left, right in around if believed or left or right)


def high_figure(session: Session, figure: str, share: float) -> float | None:
    """What a figure does not exceed in that share of the takes that are believed."""
    return _high([t.figures[figure] for _, t in kept_takes(session) if figure in t.figures], share)


def usual_change_esr(session: Session) -> float | None:
    """How much repeated guitar differs from itself, beyond noise, in most takes; None of few."""
    # A take that hisses differs by its noise: what is usual for it is nothing for a loud one.
    found = [
        max(take.figures["change_esr"] - take.figures.get("change_noise_esr", 0.0), 0.0)
        for _, take in kept_takes(session)
        if "change_esr" in take.figures
    ]
    return _high(found, CHANGE_SHARE)


def _high(found: Sequence[float], share: float) -> float | None:
    """What that share of figures does not exceed; None where they are too few."""
    return float(np.quantile(found, share)) if len(found) >= LEAST_USUAL else None


def _nearest(session: Session, setting: Setting) -> list[TakeEnded]:
    """Kept takes of the settings nearest to one, nearest first."""
    panel = session.config.panel
    at = panel.point(setting)
    kept = [
        (float(np.linalg.norm(panel.point(about.capture.setting) - at)), take)
        for about, take in kept_takes(session)
        # Its own earlier take would explain whatever is wrong with both.
        if about.capture.setting != setting
    ]
    return [take for _, take in sorted(kept, key=lambda pair: pair[0])[:MOST_OTHERS]]


def beside(
    session: Session, audio: KeptAudio, setting: Setting
) -> tuple[Single | None, list[TakeEnded]]:
    """Return what came back at the settings nearest to one, ``(takes, frames)``, and the takes."""
    frames = audio.signal.segment(Part.TAIL).start
    nearest = _nearest(session, setting)
    heard = [audio.of(take) for take in nearest]
    whole = [
        (each, take)
        for each, take in zip(heard, nearest, strict=True)
        if len(each) == frames and "noise_dbfs" in take.figures
    ]
    if not whole:
        return None, []
    return np.stack([each for each, _ in whole]).astype(np.float32), [take for _, take in whole]


def noise_power(take: TakeEnded) -> float:
    """Return the mean square of a kept take's noise."""
    return float(10 ** (take.figures["noise_dbfs"] / 10))


def figure_of_kept(
    session: Session, figure: str
) -> tuple[list[CaptureState], list[Point], list[float]]:
    """Kept captures, the reference once; where, and a figure of each."""
    kept = kept_takes(session)
    points = [session.config.panel.point(about.capture.setting) for about, _ in kept]
    return [about for about, _ in kept], points, [take.figures[figure] for _, take in kept]


def _expected(session: Session, capture: Capture, figure: str) -> Expected | None:
    """What a figure of the setting should be, by the settings around it."""
    _, points, heard = figure_of_kept(session, figure)
    return expect(points, heard, session.config.panel.point(capture.setting))


def same_esr(session: Session) -> float:
    """The ESR up to which two takes of one setting are the same, by what the amp repeats."""
    floor = session.state.amp.repeatability_esr or 0.0
    return min(max(SAME_ESR, SAME_AMP_FLOORS * floor), session.config.checks.replicate_esr)


def look_esr(session: Session) -> float:
    """The ESR up to which a look found what was kept, by what the amp repeats beside its noise."""
    return look_limit(session.state.amp.steadiness_esr, same_esr(session))


def look_limit(repeatability_esr: float | None, same: float) -> float:
    """The ESR up to which a look is the same, never more than two whole takes may differ by.

    Less than that: a look costs seconds, and what it doubts one take.
    """
    if repeatability_esr is None:
        return min(LOOK_ESR, same)
    least = min(max(LEAST_LOOK_ESR, OTHER_SETTINGS * repeatability_esr), LOOK_ESR)
    return min(max(least, LOOK_FLOORS * repeatability_esr), same)


def canary_limit(session: Session) -> float:
    """The ESR up to which a canary is the same amp; never more than configured.

    Noise is set aside when takes are compared, so an amp that hisses needs no looser limit, and
    one that drifts is found out by what it was at first.
    """
    # Hands bring a knob back only nearly to where it was.
    if any(knob.by_hand for knob in session.config.panel.knobs):
        return session.config.checks.replicate_esr
    return same_esr(session)


def with_warmup(session: Session, verdict: Verdict, aligned: Aligned, signal: Signal) -> Verdict:
    """A canary's verdict with what it says of warm-up, while there is no reference yet.

    After `warmup_s` of playing the amp is taken as it is.
    """
    if session.state.amp.reference is not None or not verdict.kept:
        return verdict
    before = [session.kept_audio(canary) for canary in session.state.amp.canaries[-2:]]
    guitars = [takes.guitar_of(audio, signal) for audio in (*before, aligned.returned)]
    found = warmup(guitars[:-1], guitars[-1], takes.noise_power(aligned, signal))
    played_enough = session.state.run.played_s >= session.config.plan.warmup_s
    figures = {**verdict.figures, "is_steady": float(found.is_steady or played_enough)}
    if found.step_esr is not None:
        figures["replicate_esr"] = found.step_esr
    return replace(verdict, figures=figures)
