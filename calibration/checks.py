"""The verdict on a take: figures, limits, and a sentence for each thing that is wrong."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from calibration import levels, takes
from calibration.outliers import OUTLIER_DB, OUTLIER_SIGMAS, Expected
from calibration.signals import Signal
from calibration.takes import Aligned

Audio = NDArray[np.float64]
Figures = Mapping[str, float]

#: A return that stands still for this long while guitar plays has stopped.
STUCK_S = 0.004
#: Under this sharpness the preamble was not found.
LOST_SHARPNESS = 8.0
#: The loopback may be this much worse than in the session's first good take, but need not be
#: better than the second figure: there float32 and the interpolation end.
LOOPBACK_MARGIN_DB, LOOPBACK_BEST_DB = 20.0, -90.0
#: Two takes that agree this well say the same.
SAME_DB = 0.5
#: Estimates without a loopback are this much looser.
DRIFT_ESTIMATE_FRAMES = 2.0


@dataclass(frozen=True)
class Limits:
    """What a take must be; see ``checks`` in ``rig.yaml`` for each meaning."""

    clip_dbfs: float = -0.1
    silence_dbfs: float = -75.0
    loopback_error_db: float = -30.0
    latency_jump_frames: float = 0.5
    drift_frames: float = 0.25
    noise_rise_db: float = 12.0
    replicate_esr: float = 0.01


@dataclass(frozen=True)
class Baseline:
    """What the session knows of its amp before a take; None where it does not know.

    Attributes:
        latency_frames: Of its first good take.
        loopback_error_db: Of the same.
        noise: What its other takes say of the noise floor at this setting: gain knobs raise it.
        level: The same of the level.
        heard_dbfs: Levels of this very setting in earlier takes that the family did not explain,
            where the amp was found to be well since.
        must_agree: Whether one of these has to be heard again: the setting itself is in question.
        replicate: The take that this one repeats, in step, ``(frames,)``.
        replicate_limit: The ESR between the two that is still the same amp.
    """

    latency_frames: float | None = None
    loopback_error_db: float | None = None
    noise: Expected | None = None
    level: Expected | None = None
    heard_dbfs: tuple[float, ...] = ()
    must_agree: bool = False
    replicate: Audio | None = field(default=None, repr=False)
    replicate_limit: float = 0.01


@dataclass(frozen=True)
class Reason:
    """One thing that is wrong: which check, its figure, its limit, a sentence for a musician."""

    check: str
    figure: float
    limit: float
    sentence: str


@dataclass(frozen=True)
class Verdict:
    """What the checks say of a take: every figure, and the reasons to reject it."""

    figures: Figures
    reasons: tuple[Reason, ...] = ()

    @property
    def kept(self) -> bool:
        """Whether nothing is wrong."""
        return not self.reasons


def _level_reasons(figures: Figures, limits: Limits) -> Iterator[Reason]:
    peak, level = figures["return_peak_dbfs"], figures["return_rms_dbfs"]
    standstill_s = figures["standstill_s"]
    if peak >= limits.clip_dbfs:
        yield Reason(
            "clipping",
            peak,
            limits.clip_dbfs,
            f"the return reached {peak:.1f} dBFS and clipped: turn the interface's input down",
        )
    if level < limits.silence_dbfs:
        yield Reason(
            "silence",
            level,
            limits.silence_dbfs,
            f"nothing came back from the amp ({level:.0f} dBFS): is it on, and plugged in?",
        )
    elif standstill_s > STUCK_S:
        yield Reason(
            "standstill",
            standstill_s,
            STUCK_S,
            f"the return stood still for {1000 * standstill_s:.0f} ms while guitar played: "
            "audio was lost on the way",
        )


def _dropout_reasons(aligned: Aligned) -> Iterator[Reason]:
    if aligned.dropouts:
        yield Reason(
            "dropout-flag",
            float(aligned.dropouts),
            0.0,
            f"the driver reported {aligned.dropouts} lost blocks: close other programs",
        )


def _lost_loopback(figures: Figures) -> Iterator[Reason]:
    if figures["sharpness"] < LOST_SHARPNESS:
        yield Reason(
            "loopback",
            figures["sharpness"],
            LOST_SHARPNESS,
            "the loopback brings back no signal: is its cable patched?",
        )


def loopback_limit_db(limits: Limits, baseline: Baseline) -> float:
    """How far the loopback may be off: as the session's own first take was, with a margin."""
    if baseline.loopback_error_db is None:
        return limits.loopback_error_db
    usual = max(baseline.loopback_error_db + LOOPBACK_MARGIN_DB, LOOPBACK_BEST_DB)
    return min(limits.loopback_error_db, usual)


def _loopback_reasons(figures: Figures, limits: Limits, baseline: Baseline) -> Iterator[Reason]:
    peak, error = figures["loopback_peak_dbfs"], figures["loopback_error_db"]
    limit = loopback_limit_db(limits, baseline)
    if peak >= limits.clip_dbfs:
        yield Reason(
            "loopback-clipping",
            peak,
            limits.clip_dbfs,
            f"the loopback reached {peak:.1f} dBFS and clipped: turn its input down",
        )
    if error > limit:
        yield Reason(
            "dropout",
            error,
            limit,
            f"the loopback is {error:.0f} dB off what was played: audio was lost on the way",
        )


def _clock_reasons(aligned: Aligned, signal: Signal, limits: Limits) -> Iterator[Reason]:
    if aligned.drift_frames is None:
        return
    drift = abs(aligned.drift_frames)
    limit = limits.drift_frames if aligned.loopback is not None else DRIFT_ESTIMATE_FRAMES
    if drift > limit:
        ppm = 1e6 * drift / len(signal.send)
        yield Reason(
            "drift",
            drift,
            limit,
            f"the end of the take came back {drift:.1f} frames off its beginning ({ppm:.0f} ppm): "
            "frames were lost, or output and input run on different clocks",
        )


def _session_reasons(
    figures: Figures, limits: Limits, baseline: Baseline, *, is_estimate: bool
) -> Iterator[Reason]:
    if baseline.latency_frames is not None:
        jump = abs(figures["latency_frames"] - baseline.latency_frames)
        limit = takes.ESTIMATE_FRAMES if is_estimate else limits.latency_jump_frames
        if jump > limit:
            yield Reason(
                "latency",
                jump,
                limit,
                f"the round trip moved by {jump:.1f} frames: did the interface lose its clock?",
            )
    if baseline.noise is not None:
        rise = figures["noise_dbfs"] - baseline.noise.level_db
        limit = max(limits.noise_rise_db, OUTLIER_SIGMAS * baseline.noise.sigma_db)
        if rise > limit:
            yield Reason(
                "noise",
                rise,
                limit,
                f"the noise floor is {rise:.0f} dB higher than it should be at this setting: "
                "a phone, a dimmer or a bad cable nearby?",
            )


def _family_reasons(figures: Figures, baseline: Baseline) -> Iterator[Reason]:
    level = figures["return_rms_dbfs"]
    said_before = any(abs(level - heard) < SAME_DB for heard in baseline.heard_dbfs)
    if said_before:
        return
    if baseline.must_agree and baseline.heard_dbfs:
        off = min(abs(level - heard) for heard in baseline.heard_dbfs)
        yield Reason(
            "disagreement",
            off,
            SAME_DB,
            f"two takes of this setting differ by {off:.0f} dB: a third one decides",
        )
    elif baseline.level is not None:
        yield from _stranger(level - baseline.level.level_db, baseline.level)


def _stranger(off: float, expected: Expected) -> Iterator[Reason]:
    limit = max(OUTLIER_DB, OUTLIER_SIGMAS * expected.sigma_db)
    if abs(off) > limit:
        way = "louder" if off > 0 else "quieter"
        yield Reason(
            "level",
            abs(off),
            limit,
            f"the return is {abs(off):.0f} dB {way} than this amp should be here: "
            "did something come loose, or a tube die?",
        )


def _replicate_reasons(figures: Figures, baseline: Baseline) -> Iterator[Reason]:
    esr = figures.get("replicate_esr")
    if esr is not None and esr > baseline.replicate_limit:
        yield Reason(
            "replicate",
            esr,
            baseline.replicate_limit,
            f"the amp no longer sounds as it did at this setting (ESR {esr:.1e}): "
            "was a knob bumped, or is it still warming up?",
        )


def judge(aligned: Aligned, signal: Signal, limits: Limits, baseline: Baseline) -> Verdict:
    """Judge one take on its own and against what its session knows."""
    figures = takes.figures(aligned, signal)
    if baseline.replicate is not None:
        pair = (takes.guitar_of(audio, signal) for audio in (baseline.replicate, aligned.returned))
        figures["replicate_esr"] = levels.esr(*pair)
        figures["replicate_limit"] = baseline.replicate_limit
    reasons = [*_level_reasons(figures, limits), *_dropout_reasons(aligned)]
    if aligned.loopback is not None:
        lost = list(_lost_loopback(figures))
        if lost:
            return Verdict(figures, (*reasons, *lost))
        reasons += _loopback_reasons(figures, limits, baseline)
    reasons += _clock_reasons(aligned, signal, limits)
    is_estimate = aligned.loopback is None
    reasons += _session_reasons(figures, limits, baseline, is_estimate=is_estimate)
    if not reasons:
        reasons += _family_reasons(figures, baseline)
        reasons += _replicate_reasons(figures, baseline)
    return Verdict(figures, tuple(reasons))
