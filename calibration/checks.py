"""The verdict on a take: figures, limits, and a sentence for each thing that is wrong."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from calibration import latency, levels
from calibration.signals import Part, Segment, Signal, preamble

Audio = NDArray[np.float64]

BLOCK_S = 0.01
#: A return that stands still for this long while guitar plays has stopped.
STUCK_S = 0.004
#: Takes what converters and interpolation do to the uppermost octave out of a comparison.
NYQUIST_NULL = (0.25, 0.5, 0.25)
#: Under this sharpness the preamble was not found.
LOST_SHARPNESS = 8.0
#: Blocks of the send above this level count as playing.
PLAYING_DBFS = -50.0


@dataclass(frozen=True)
class Limits:
    """What a take must be; see ``checks`` in ``rig.yaml`` for each meaning."""

    clip_dbfs: float = -0.1
    silence_dbfs: float = -75.0
    loopback_error_db: float = -30.0
    latency_jump_frames: float = 0.5
    noise_rise_db: float = 12.0


@dataclass(frozen=True)
class Baseline:
    """What the session's first good take measured; None where there is none yet."""

    latency_frames: float | None = None
    noise_dbfs: float | None = None


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

    figures: Mapping[str, float]
    reasons: tuple[Reason, ...] = ()

    @property
    def kept(self) -> bool:
        """Whether nothing is wrong."""
        return not self.reasons


@dataclass(frozen=True)
class Aligned:
    """A take in step with what was sent: ``returned`` and ``loopback`` are ``(frames,)``."""

    returned: Audio
    loopback: Audio | None
    latency: latency.Latency
    raw_returned: Audio = field(repr=False)
    raw_loopback: Audio | None = field(repr=False)
    dropouts: int = 0


def align(returned: Audio, loopback: Audio | None, signal: Signal, dropouts: int = 0) -> Aligned:
    """Measure the round trip and take it away.

    The loopback is the time reference; without one the return's own preamble is an estimate,
    late by whatever the amp delays.
    """
    start = signal.segment(Part.PREAMBLE).start
    reference = returned if loopback is None else loopback
    found = latency.measure(reference, preamble(signal.sample_rate), start)
    length = signal.segment(Part.TAIL).start
    moved = None if loopback is None else latency.advance(loopback, found.frames, length)
    shifted = latency.advance(returned, found.frames, length)
    return Aligned(shifted, moved, found, returned, loopback, dropouts)


def _within(segment: Segment, audio: Audio) -> Audio:
    return audio[segment.start : segment.stop]


def _loopback_error_db(aligned: Aligned, signal: Signal) -> float:
    """The worst 10 ms of the loopback against the send, relative to the send's RMS."""
    assert aligned.loopback is not None
    heard, send = (
        np.convolve(audio, NYQUIST_NULL, mode="same")
        for audio in (aligned.loopback, signal.send[: len(aligned.loopback)])
    )
    gain = float(np.dot(heard, send)) / max(float(np.dot(send, send)), 1e-30)
    block = round(BLOCK_S * signal.sample_rate)
    error = levels.block_rms(heard - gain * send, block)
    scale = abs(gain) * levels.rms(send)
    return levels.dbfs(float(np.max(error)) / scale) if scale > 0 else 0.0


def _longest_standstill_s(aligned: Aligned, signal: Signal) -> float:
    """The longest run of equal return samples that starts while the send plays."""
    found = aligned.latency.frames
    shift = round(found) if 0 <= found < len(aligned.raw_returned) else 0
    stretch = aligned.raw_returned[shift:]
    block = round(BLOCK_S * signal.sample_rate)
    playing = levels.block_rms(signal.send[: len(stretch)], block) > 10 ** (PLAYING_DBFS / 20)
    if not len(playing):
        return 0.0
    heard = stretch[: len(playing) * block]
    changes = np.flatnonzero(np.diff(heard, prepend=np.nan, append=np.nan))
    starts = np.minimum(changes[:-1] // block, len(playing) - 1)
    runs = np.diff(changes)[playing[starts]]
    return float(np.max(runs, initial=0)) / signal.sample_rate


def _figures(aligned: Aligned, signal: Signal) -> dict[str, float]:
    lead = signal.segment(Part.LEAD)
    quiet = aligned.raw_returned[lead.start + lead.frames // 4 : lead.stop]
    figures = {
        "return_peak_dbfs": levels.peak_dbfs(aligned.raw_returned),
        "return_rms_dbfs": levels.rms_dbfs(_within(signal.segment(Part.TRAIN), aligned.returned)),
        "noise_dbfs": levels.rms_dbfs(quiet),
        "standstill_s": _longest_standstill_s(aligned, signal),
        "dropouts": float(aligned.dropouts),
        "latency_frames": aligned.latency.frames,
        "sharpness": aligned.latency.sharpness,
    }
    if aligned.loopback is not None and aligned.raw_loopback is not None:
        figures["loopback_peak_dbfs"] = levels.peak_dbfs(aligned.raw_loopback)
        figures["loopback_error_db"] = _loopback_error_db(aligned, signal)
    return figures


def _level_reasons(figures: Mapping[str, float], limits: Limits) -> Iterator[Reason]:
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


def _loopback_reasons(figures: Mapping[str, float], limits: Limits) -> Iterator[Reason]:
    peak, error = figures["loopback_peak_dbfs"], figures["loopback_error_db"]
    if figures["sharpness"] < LOST_SHARPNESS:
        yield Reason(
            "loopback",
            figures["sharpness"],
            LOST_SHARPNESS,
            "the loopback brings back no signal: is its cable patched?",
        )
        return
    if peak >= limits.clip_dbfs:
        yield Reason(
            "loopback-clipping",
            peak,
            limits.clip_dbfs,
            f"the loopback reached {peak:.1f} dBFS and clipped: turn its input down",
        )
    if error > limits.loopback_error_db:
        yield Reason(
            "dropout",
            error,
            limits.loopback_error_db,
            f"the loopback is {error:.0f} dB off what was played: audio was lost on the way",
        )


def _session_reasons(
    figures: Mapping[str, float], limits: Limits, baseline: Baseline
) -> Iterator[Reason]:
    if baseline.latency_frames is not None:
        jump = abs(figures["latency_frames"] - baseline.latency_frames)
        if jump > limits.latency_jump_frames:
            yield Reason(
                "latency",
                jump,
                limits.latency_jump_frames,
                f"the round trip moved by {jump:.1f} frames: did the interface lose its clock?",
            )
    if baseline.noise_dbfs is not None:
        rise = figures["noise_dbfs"] - baseline.noise_dbfs
        if rise > limits.noise_rise_db:
            yield Reason(
                "noise",
                rise,
                limits.noise_rise_db,
                f"the noise floor rose by {rise:.0f} dB: a phone, a dimmer or a bad cable nearby?",
            )


def judge(aligned: Aligned, signal: Signal, limits: Limits, baseline: Baseline) -> Verdict:
    """Judge one take on its own and against the session's first good one."""
    figures = _figures(aligned, signal)
    reasons = list(_level_reasons(figures, limits))
    if aligned.dropouts:
        reasons.append(
            Reason(
                "dropout-flag",
                float(aligned.dropouts),
                0.0,
                f"the driver reported {aligned.dropouts} lost blocks: close other programs",
            )
        )
    if aligned.loopback is not None:
        lost = list(_loopback_reasons(figures, limits))
        reasons += lost
        if any(reason.check == "loopback" for reason in lost):
            return Verdict(figures, tuple(reasons))
    reasons += _session_reasons(figures, limits, baseline)
    return Verdict(figures, tuple(reasons))
