"""The verdict on a take: figures, limits, and a sentence for each thing that is wrong."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from calibration import levels, takes
from calibration.agreement import say_the_same
from calibration.doubts import Usual, doubts
from calibration.figures import measure
from calibration.lags import LAG_ERRORS
from calibration.replicates import Replicate, compare
from calibration.signals import Part, Signal
from calibration.takes import LEAST_AGREEMENT, LOST_SHARPNESS, Aligned
from calibration.verdict import Check, Figures, Reason, Verdict

Audio = NDArray[np.float64]

#: What may come after all that a look hears of a take.
LATER = frozenset({Check.CHANGE, Check.REST, Check.MOMENT})
#: A return that stands still for this long while guitar plays has stopped; for a shorter time it
#: has if it does not do that elsewhere, as a wave that a program cuts off does at each of its tops.
STUCK_S, ODDLY_STUCK_S = 0.004, 0.0006
#: The loopback may be so much louder than its own noise off what it should be, and need not be
#: better than the last figure: a loud amp leaks into it from the input beside.
LOOPBACK_NOISE_DB, LOOPBACK_BEST_DB = 11.0, -35.0
#: A sweep that came back no more than this above hiss and hum has no timing: hum repeats itself.
TIMED_DB = 6.0
#: Estimates without a loopback are this much looser.
DRIFT_ESTIMATE_FRAMES = 2.0
#: Two takes of one setting that differ by no more than this, noise set aside, are the same.
SAME_ESR = 1e-3


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
        latency_frames: The round trip of this opening of the devices.
        loopback: The loopback of this opening's first good take, in step, ``(frames,)``.
        usual: What other takes say of this one.
        earlier: What earlier takes of this very setting brought back, in step: a take that says
            the same as one of them is believed, whatever is odd about both.
        late: The same of takes just before it, in which a knob may have been stuck as it is now:
            believed as well, but not the last word.
        looks: What looks at this very setting brought back, in step with the signal's beginning.
        must_agree: Whether one of these has to be heard again: the setting itself is in question.
        same_esr: Up to here two takes of one setting are the same.
        replicate: The take that this one repeats, in step, ``(frames,)``.
        replicate_limit: The ESR between the two that is still the same amp.
    """

    latency_frames: float | None = None
    loopback: Audio | None = field(default=None, repr=False)
    usual: Usual = field(default_factory=Usual)
    earlier: tuple[Audio, ...] = field(default=(), repr=False)
    late: tuple[Audio, ...] = field(default=(), repr=False)
    looks: tuple[Audio, ...] = field(default=(), repr=False)
    must_agree: bool = False
    same_esr: float = SAME_ESR
    replicate: Audio | None = field(default=None, repr=False)
    replicate_limit: float = 0.01


def _whole_reasons(figures: Figures, aligned: Aligned, limits: Limits) -> Iterator[Reason]:
    """Whether the recording is one: numbers, within the converter's range, not interrupted."""
    peak = figures["return_peak_dbfs"]
    if aligned.broken:
        yield Reason(
            Check.NUMBERS,
            float(aligned.broken),
            0.0,
            f"{aligned.broken} samples are no numbers, or a thousand times full scale: the driver "
            "or a plug-in is broken",
        )
    if peak >= limits.clip_dbfs:
        yield Reason(
            Check.CLIPPING,
            peak,
            limits.clip_dbfs,
            f"the return reached {peak:.1f} dBFS and clipped: turn the interface's input down",
        )
    # Only below full scale: there a clipped converter has flat tops as well, and another remedy.
    elif figures["flat_top_excess"] > 1.0:
        yield Reason(
            Check.FLAT_TOPS,
            figures["flat_top_excess"],
            1.0,
            f"the return is cut off flat at {peak:.1f} dBFS, below full scale: something in front "
            "of the recording clips (a pad, a mixer, a plug-in): turn it down",
        )
    if aligned.dropouts:
        yield Reason(
            Check.DROPOUT_FLAG,
            float(aligned.dropouts),
            0.0,
            f"the driver reported {aligned.dropouts} lost blocks: close other programs",
        )


def _standstill_reasons(figures: Figures, limits: Limits) -> Iterator[Reason]:
    if figures["return_rms_dbfs"] < limits.silence_dbfs:
        return
    for figure, limit_s in (("standstill_s", STUCK_S), ("odd_standstill_s", ODDLY_STUCK_S)):
        if figures[figure] > limit_s:
            yield Reason(
                Check.STANDSTILL,
                figures[figure],
                limit_s,
                f"the return stood still for {1000 * figures[figure]:.2g} ms while guitar played: "
                "audio was lost on the way",
            )
            return


def _lost_loopback(aligned: Aligned, signal: Signal) -> Iterator[Reason]:
    """Whether the time reference is there at all."""
    if aligned.latency.sharpness < LOST_SHARPNESS:
        yield Reason(
            Check.LOOPBACK,
            aligned.latency.sharpness,
            LOST_SHARPNESS,
            "the loopback brings back no signal: is its cable patched?",
        )
    elif aligned.latency.frames > takes.LONGEST_S * signal.sample_rate:
        round_trip_s = aligned.latency.frames / signal.sample_rate
        yield Reason(
            Check.LOOPBACK,
            round_trip_s,
            takes.LONGEST_S,
            f"the round trip takes {round_trip_s:.2f} s, longer than rig waits "
            f"({takes.LONGEST_S:g} s): choose smaller buffers (interface.block_frames)",
        )


def _loopback_reasons(
    figures: dict[str, float], aligned: Aligned, signal: Signal, limits: Limits, baseline: Baseline
) -> Iterator[Reason]:
    """Whether the loopback is what it was; at first, what a linear filter makes of the send."""
    if figures["loopback_peak_dbfs"] >= limits.clip_dbfs:
        yield Reason(
            Check.LOOPBACK_CLIPPING,
            figures["loopback_peak_dbfs"],
            limits.clip_dbfs,
            f"the loopback reached {figures['loopback_peak_dbfs']:.1f} dBFS and clipped: turn its "
            "input down",
        )
    assert aligned.loopback is not None
    known = baseline.loopback
    # A look is shorter than a take: neither says anything of the other's loopback.
    is_known = known is not None and len(known) == len(aligned.loopback)
    reference = known if is_known else takes.filtered_send(aligned.loopback, signal)
    assert reference is not None
    error, noise = takes.loopback_error_db(aligned.loopback, reference, signal)
    figures["loopback_error_db"], figures["loopback_noise_db"] = error, noise
    least = LOOPBACK_BEST_DB if is_known else limits.loopback_error_db
    # A noisy loopback is no lost block: the worst 10 ms of plain noise lie above its mean.
    limit = max(least, noise + LOOPBACK_NOISE_DB)
    if error > limit:
        other = "the session's own" if is_known else "what was played"
        yield Reason(
            Check.DROPOUT,
            error,
            limit,
            f"the loopback is {error:.0f} dB off {other}: audio was lost on the way",
        )


def _clock_reasons(
    figures: Figures, aligned: Aligned, signal: Signal, limits: Limits
) -> Iterator[Reason]:
    """Whether the end of the take came as late as its beginning, on either way."""
    # A silent return has no sweeps: where they seem to lie is chance, and accuses nobody.
    agreement, above_db = (figures.get(n, 0.0) for n in ("sweep_agreement", "sweep_above_noise_db"))
    is_there = agreement >= LEAST_AGREEMENT and above_db > TIMED_DB
    unsure = LAG_ERRORS * figures.get("return_drift_error_frames", 0.0)
    # Without a loopback the time reference is the return itself.
    if aligned.drift_frames is not None and (is_there or aligned.loopback is not None):
        drift = abs(aligned.drift_frames)
        limit = limits.drift_frames
        if aligned.loopback is None:
            limit = DRIFT_ESTIMATE_FRAMES + unsure
        if drift > limit:
            ppm = 1e6 * drift / len(signal.send)
            yield Reason(
                Check.DRIFT,
                drift,
                limit,
                f"the end of the take came back {drift:.1f} frames off its beginning ({ppm:.0f} "
                "ppm): frames were lost, or output and input run on different clocks",
            )
    returned = abs(figures.get("return_drift_frames", 0.0))
    if is_there and returned > limits.drift_frames + unsure:
        yield Reason(
            Check.RETURN_DRIFT,
            returned,
            limits.drift_frames + unsure,
            f"the return's end came {returned:.1f} frames off its beginning: frames were lost or "
            "doubled on its way, it comes from another clock (a plug-in host, S/PDIF, wireless), "
            "or a vibrato, chorus or phaser is on",
        )


def _session_reasons(
    figures: Figures, aligned: Aligned, limits: Limits, baseline: Baseline
) -> Iterator[Reason]:
    """Whether the round trip is this opening's."""
    # Without a loopback the round trip of the opening was taken, not measured: it cannot jump.
    if baseline.latency_frames is not None and aligned.loopback is not None:
        jump = abs(figures["latency_frames"] - baseline.latency_frames)
        if jump > limits.latency_jump_frames:
            yield Reason(
                Check.LATENCY,
                jump,
                limits.latency_jump_frames,
                f"the round trip moved by {jump:.1f} frames: did the interface lose its clock?",
            )


def _agrees_with_look(aligned: Aligned, signal: Signal, baseline: Baseline) -> bool:
    """Whether a look at this very setting, which had found something else, found this."""
    if not signal.has(Part.BEFORE):
        return False
    stretch = signal.segment(Part.BEFORE)
    whole = (look for look in baseline.looks if len(look) >= stretch.stop)
    return say_the_same(
        aligned, signal, whole, baseline.same_esr, slice(stretch.start, stretch.stop)
    )


def _doubtful(
    figures: dict[str, float], aligned: Aligned, signal: Signal, limits: Limits, baseline: Baseline
) -> Iterator[Reason]:
    """What may be the amp itself, unless an earlier take of the setting said the same."""
    found = list(doubts(figures, aligned, signal, limits.silence_dbfs, baseline.usual))
    # Where no recording of an earlier take is there any more, there is nothing to agree with.
    asked = baseline.must_agree and bool(baseline.earlier or baseline.late or baseline.looks)
    if not (found or asked):
        return
    same, guitar = baseline.same_esr, slice(takes.guitar_start(signal), None)
    settled = say_the_same(aligned, signal, baseline.earlier, same, guitar)
    if settled or say_the_same(aligned, signal, baseline.late, same, guitar):
        # What was wrong a moment ago may be wrong still: another look will tell.
        figures |= {"is_believed": 1.0, "is_settled": float(settled)}
        return
    if _agrees_with_look(aligned, signal, baseline):
        # A look hears how a take begins, and has no say in what comes later in it.
        later = [reason for reason in found if reason.check in LATER]
        if not later:
            figures |= {"is_believed": 1.0, "is_settled": 0.0, "is_repeated": 0.0}
        yield from later
        return
    if asked:
        yield Reason(
            Check.DISAGREEMENT,
            1.0,
            0.0,
            "two takes of this setting are not the same: a third one decides",
        )
        return
    yield from found


def _replicate_reasons(
    figures: dict[str, float], aligned: Aligned, signal: Signal, baseline: Baseline
) -> Iterator[Reason]:
    """Whether a canary is the reference once more."""
    if baseline.replicate is None:
        return
    one, other = (takes.guitar_of(a, signal) for a in (baseline.replicate, aligned.returned))
    found = compare(one, other, 2 * takes.noise_power(aligned, signal))
    figures |= {"replicate_esr": found.esr, "replicate_noise_esr": found.noise_esr}
    figures["replicate_limit"] = baseline.replicate_limit
    if not found.is_same(baseline.replicate_limit):
        yield Reason(
            Check.REPLICATE,
            found.esr,
            baseline.replicate_limit,
            f"the amp no longer sounds as it did at this setting (ESR {found.esr:.1e}): "
            f"{_why_unlike(found, baseline.replicate_limit)}",
        )


def _why_unlike(found: Replicate, limit_esr: float) -> str:
    """What may have become of an amp that is not the reference once more."""
    if not found.is_same_but_for_gain(limit_esr):
        return "was a knob bumped, is it still warming up, or is a tremolo or chorus on?"
    if found.gain < 0.0:
        return (
            "it is the same upside down: did a plug, a microphone or a switch of the interface "
            "turn its polarity?"
        )
    change_db = levels.dbfs(found.gain)
    way = "louder" if change_db > 0.0 else "quieter"
    return (
        f"it is the same, {abs(change_db):.1f} dB {way}: was the interface's gain or the amp's "
        "output turned, or a microphone moved?"
    )


def judge(aligned: Aligned, signal: Signal, limits: Limits, baseline: Baseline) -> Verdict:
    """Judge one take on its own and against what its session knows.

    What is certainly wrong comes first; what may be the amp itself is only asked where nothing is.
    """
    figures = measure(aligned, signal)
    reasons = [*_whole_reasons(figures, aligned, limits)]
    if aligned.loopback is not None:
        lost = list(_lost_loopback(aligned, signal))
        if lost:
            return Verdict(figures, (*reasons, *lost))
        reasons += _loopback_reasons(figures, aligned, signal, limits, baseline)
    reasons += _clock_reasons(figures, aligned, signal, limits)
    reasons += _session_reasons(figures, aligned, limits, baseline)
    # A dead return is told as silence, whatever else it seems to be.
    if not reasons or figures["return_rms_dbfs"] < limits.silence_dbfs:
        reasons += _doubtful(figures, aligned, signal, limits, baseline)
    if not reasons:
        reasons += _standstill_reasons(figures, limits)
    if not reasons:
        reasons += _replicate_reasons(figures, aligned, signal, baseline)
    return Verdict(figures, tuple(reasons))
