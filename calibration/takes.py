"""A take in step with what was sent, and everything that can be measured of it."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from calibration import latency, levels
from calibration.signals import Part, Segment, Signal, preamble

Audio = NDArray[np.float64]

#: A round trip may take this long.
LONGEST_S = 0.5
#: Without a loopback the amp's own delay is in the estimate, and its knobs move that by this much.
ESTIMATE_FRAMES = 8.0
BLOCK_S = 0.01
#: Takes what converters and interpolation do to the uppermost octave out of a comparison.
NYQUIST_NULL = (0.25, 0.5, 0.25)
#: Blocks of the send above this level count as playing.
PLAYING_DBFS = -50.0


@dataclass(frozen=True)
class Aligned:
    """A take in step with what was sent.

    Attributes:
        returned: The amp, ``(frames,)``.
        loopback: The send as it came straight back, ``(frames,)``; None where no cable is patched.
        latency: Where the preamble was found: in the loopback, else (an estimate) in the return.
        drift_frames: How much later the closing came than the preamble; None where there is none.
        raw_returned: As recorded.
        raw_loopback: As recorded.
        dropouts: Blocks that the driver flagged.
    """

    returned: Audio
    loopback: Audio | None
    latency: latency.Latency
    drift_frames: float | None
    raw_returned: Audio = field(repr=False)
    raw_loopback: Audio | None = field(repr=False)
    dropouts: int = 0


def _find(audio: Audio, signal: Signal, part: Part) -> latency.Latency:
    start = signal.segment(part).start
    within = round(LONGEST_S * signal.sample_rate)
    return latency.measure(audio, preamble(signal.sample_rate), start, within)


def _shift_frames(found: latency.Latency, expected_frames: float | None) -> float:
    """What to take away where only the return tells: the session's own round trip, if it fits."""
    if expected_frames is not None and abs(found.frames - expected_frames) <= ESTIMATE_FRAMES:
        return expected_frames
    return found.frames


def align(
    returned: Audio,
    loopback: Audio | None,
    signal: Signal,
    dropouts: int = 0,
    expected_frames: float | None = None,
) -> Aligned:
    """Measure the round trip and take it away.

    The loopback is the time reference. Without one the preamble in the return is an estimate, and
    as an amp's delay changes a little with its knobs, every take of a session is moved by the same
    round trip, the one that its first good take measured.

    Args:
        returned: The amp, ``(frames,)``, as recorded.
        loopback: The loopback, as recorded.
        signal: What was played.
        dropouts: Blocks that the driver flagged.
        expected_frames: The session's round trip, where it is known.
    """
    reference = returned if loopback is None else loopback
    found = _find(reference, signal, Part.PREAMBLE)
    drift = None
    if signal.has(Part.CLOSING):
        drift = _find(reference, signal, Part.CLOSING).frames - found.frames
    shift = found.frames if loopback is not None else _shift_frames(found, expected_frames)
    length = signal.segment(Part.TAIL).start
    moved = None if loopback is None else latency.advance(loopback, shift, length)
    shifted = latency.advance(returned, shift, length)
    return Aligned(shifted, moved, found, drift, returned, loopback, dropouts)


def estimate_error_frames(aligned: Aligned, signal: Signal) -> float:
    """How far two other looks at the return are from what its preamble said, in frames.

    The closing is one, the guitar itself (by GCC-PHAT) the other. Small where the round trip may
    be believed; a loopback cable needs no belief.
    """
    guitar = signal.segment(Part.TRAIN)
    reach = round(4 * ESTIMATE_FRAMES)
    first = guitar.start + round(aligned.latency.frames)
    heard = aligned.raw_returned[max(first, 0) : max(first, 0) + guitar.frames]
    lag = latency.delay_between(within(guitar, signal.send), heard, reach)
    late = lag + round(aligned.latency.frames) - aligned.latency.frames
    return max(abs(late), abs(aligned.drift_frames or 0.0))


def within(segment: Segment, audio: Audio) -> Audio:
    """The stretch of some audio that a segment names."""
    return audio[segment.start : segment.stop]


def guitar_of(audio: Audio, signal: Signal) -> Audio:
    """Everything from the training guitar on: where two takes of a setting are compared."""
    return audio[signal.segment(Part.TRAIN).start :]


def _loopback_error_db(loopback: Audio, signal: Signal) -> float:
    """The worst 10 ms of the loopback against the send, relative to the send's RMS."""
    heard, send = (
        np.convolve(audio, NYQUIST_NULL, mode="same")
        for audio in (loopback, signal.send[: len(loopback)])
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


def silence_of(aligned: Aligned, signal: Signal) -> Audio:
    """The return before anything was played."""
    lead = signal.segment(Part.LEAD)
    return aligned.raw_returned[lead.start + lead.frames // 4 : lead.stop]


def figures(aligned: Aligned, signal: Signal) -> dict[str, float]:
    """Everything that is measured of a take, by name; units are in the names."""
    found = {
        "return_peak_dbfs": levels.peak_dbfs(aligned.raw_returned),
        "return_rms_dbfs": levels.rms_dbfs(within(signal.segment(Part.TRAIN), aligned.returned)),
        "noise_dbfs": levels.rms_dbfs(silence_of(aligned, signal)),
        "standstill_s": _longest_standstill_s(aligned, signal),
        "dropouts": float(aligned.dropouts),
        "latency_frames": aligned.latency.frames,
        "sharpness": aligned.latency.sharpness,
    }
    if aligned.drift_frames is not None:
        found["drift_frames"] = aligned.drift_frames
    if aligned.loopback is not None and aligned.raw_loopback is not None:
        found["loopback_peak_dbfs"] = levels.peak_dbfs(aligned.raw_loopback)
        found["loopback_error_db"] = _loopback_error_db(aligned.loopback, signal)
    return found
