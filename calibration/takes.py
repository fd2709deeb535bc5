"""A take in step with what was sent."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import scipy  # its parts load when they are first used
from numpy.typing import NDArray

from calibration import latency, levels
from calibration.lags import Lag, lag
from calibration.replicates import Replicate, compare
from calibration.response import respond, without_rumble
from calibration.signals import GAP_S, PREAMBLE_S, Part, Segment, Signal, preamble

Audio = NDArray[np.float64]

#: A round trip may take this long.
LONGEST_S = 0.5
#: Under this sharpness the preamble was not found.
LOST_SHARPNESS = 8.0
#: No converter gives samples of more than this, in full scale: what does is broken.
BEYOND = 1_000.0
#: Without a loopback the amp's own delay is in the estimate, and its knobs move it by this much.
ESTIMATE_FRAMES = 8.0
BLOCK_S = 0.01
#: DC under this, -140 dBFS, is less than a converter of 24 bits tells.
LEAST_OFFSET = 1e-7
#: DC is more than so many times what hiss alone may have for a mean.
OFFSET_ERRORS = 5.0
#: Two sweeps that agree less than this were not both there.
LEAST_AGREEMENT = 0.3
#: The end of a recording that is held against its beginning, and how long an amp rings before it.
REST_S, RING_S = 0.15, 0.1
#: Takes what converters and interpolation do to the uppermost octave out of a comparison.
NYQUIST_NULL = (0.25, 0.5, 0.25)
#: A round trip is known to so many frames where a loopback hisses at -50 dB.
LAG_UNKNOWN = 0.05
#: Taps of the filter that explains a loopback by its send: a coupling capacitor is slow.
LOOPBACK_TAPS, LOOPBACK_LEAD = 2_048, 64


@dataclass(frozen=True)
class Aligned:
    """A take in step with what was sent.

    Attributes:
        returned: The amp, without the converter's DC, ``(frames,)``.
        loopback: The send as it came straight back, ``(frames,)``; None where no cable is patched.
        latency: Where the preamble was found: in the loopback, else (an estimate) in the return.
        drift_frames: How much later a closing sweep came than the preamble, in the time reference;
            None where there is no closing.
        raw_returned: As recorded.
        raw_loopback: As recorded.
        dropouts: Blocks that the driver flagged.
        shift_frames: What was taken away as the round trip.
        broken: How many samples were no numbers, or `BEYOND` full scale; they stand as zeros here.
    """

    returned: Audio
    loopback: Audio | None
    latency: latency.Latency
    drift_frames: float | None
    raw_returned: Audio = field(repr=False)
    raw_loopback: Audio | None = field(repr=False)
    dropouts: int = 0
    shift_frames: float = 0.0
    broken: int = 0


def _find(audio: Audio, signal: Signal) -> latency.Latency:
    """The preamble, within the longest round trip, or else wherever it is."""
    if not signal.has_preamble:
        # Recordings of an input without one were brought in step by whoever imported them.
        return latency.Latency(0.0, np.inf, inverted=False)
    start, sweep = signal.segment(Part.PREAMBLE).start, preamble(signal.sample_rate)
    found = latency.measure(audio, sweep, start, round(LONGEST_S * signal.sample_rate))
    if found.sharpness >= LOST_SHARPNESS:
        return found
    closings = signal.all(Part.CLOSING)
    reach = closings[0].start - start - len(sweep) if closings else None
    late = latency.measure(audio, sweep, start, reach)
    # In a longer stretch more resembles the sweep by chance, so it takes more to be believed.
    return late if late.sharpness > 2 * LOST_SHARPNESS else found


def _sweep_frames(signal: Signal) -> int:
    """How long a sweep is, with the gap in which an amp rings after it."""
    return round((PREAMBLE_S + GAP_S) * signal.sample_rate)


def sweep_drift(audio: Audio, signal: Signal) -> Replicate | None:
    """How much later a closing sweep came back than the preamble, the worst of them.

    Both are the same sweep after the same silence, so what came back of one is held against what
    came back of the other, whatever the amp made of it: a thousandth of a frame shows.

    Args:
        audio: A loopback or a return, in step with the signal.
        signal: What was played.
    """
    found = [compare(first, last, 0.0) for first, last in _sweeps(audio, signal)]
    # A sweep of which nothing came back has no place in time.
    placed = [each for each in found if each.agreement >= LEAST_AGREEMENT]
    if placed:
        return max(placed, key=lambda each: abs(each.lag_frames))
    return min(found, key=lambda each: each.agreement, default=None)


def _sweeps(audio: Audio, signal: Signal) -> Iterator[tuple[Audio, Audio]]:
    """Yield what came back of the preamble with what came back of each closing sweep."""
    frames, start = _sweep_frames(signal), signal.segment(Part.PREAMBLE).start
    for closing in signal.all(Part.CLOSING):
        # The closing of a signal from before there was guitar behind it ends with the recording.
        length = min(frames, len(audio) - closing.start)
        yield audio[start : start + length], audio[closing.start :][:length]


def sweep_lag(aligned: Aligned, signal: Signal) -> Lag:
    """How much later a closing sweep came back of the amp than the preamble, beside its noise.

    Of several closings it is the one that is most clearly off.
    """
    silence, pairs = silence_of(aligned, signal), _sweeps(aligned.returned, signal)
    found = [lag(*pair, silence) for pair in pairs]
    return max(found, key=lambda each: each.clear_frames, default=Lag(0.0, 0.0))


def _numbers(audio: Audio) -> tuple[Audio, int]:
    """The recording with zeros in place of what is no sound, and how many samples these were."""
    # What is no number compares as false, too.
    fine = np.abs(audio) <= BEYOND
    broken = int(len(audio) - np.count_nonzero(fine))
    # A single one that is no number would spread over all frequencies of every spectrum.
    return (audio, 0) if broken == 0 else (np.where(fine, audio, 0.0), broken)


def align(
    returned: Audio,
    loopback: Audio | None,
    signal: Signal,
    dropouts: int = 0,
    expected_frames: float | None = None,
    template: Audio | None = None,
) -> Aligned:
    """Measure the round trip and take it away.

    The loopback is the time reference. Without one the preamble in the return is an estimate, and
    as an amp's delay changes with its knobs, every take of an opening is moved by the same round
    trip: that of its first take, which is a canary and is put in step with an earlier canary.

    Args:
        returned: The amp, ``(frames,)``, as recorded.
        loopback: The loopback, as recorded.
        signal: What was played.
        dropouts: Blocks that the driver flagged.
        expected_frames: The round trip of this opening, where it is known and there is no loopback.
        template: A take of the same setting that is in step, ``(frames,)``; used where there is
            no loopback, to find the round trip of a new opening.
    """
    fine_return, broken = _numbers(returned)
    fine_loopback, broken_loopback = (None, 0) if loopback is None else _numbers(loopback)
    reference = fine_return if fine_loopback is None else fine_loopback
    found = _find(reference, signal)
    # The tail is cut off: it is there for the round trip, which is taken away here.
    length = signal.segment(Part.TAIL).start
    shift = found.frames
    # With a loopback every take tells its own round trip, and one that jumped shows by it.
    if fine_loopback is None and expected_frames is not None:
        shift = expected_frames
    # DC goes before the shift, whose zeros at both ends would make a step of it.
    quiet = fine_return - offset_of(fine_return, signal)
    shifted = latency.advance(quiet, shift, length)
    if fine_loopback is None and template is not None:
        # At one setting the amp is as late in both: what they differ by is the opening's.
        shift += compare(guitar_of(template, signal), guitar_of(shifted, signal), 0.0).lag_frames
        shifted = latency.advance(quiet, shift, length)
    moved = None if fine_loopback is None else latency.advance(fine_loopback, shift, length)
    drift = sweep_drift(shifted if moved is None else moved, signal)
    return Aligned(
        shifted,
        moved,
        found,
        None if drift is None else drift.lag_frames,
        fine_return,
        fine_loopback,
        dropouts,
        shift,
        broken + broken_loopback,
    )


def offset_of(returned: Audio, signal: Signal) -> float:
    """The converter's own DC, heard before anything is played."""
    silence = _silence(returned, signal)
    if not len(silence):
        return 0.0
    offset, error = float(np.mean(silence)), float(np.std(silence)) / np.sqrt(len(silence))
    # To take away less than any converter resolves, or what hiss has for a mean by chance, would
    # only change every sample's last bits; of a take that is played back, once more each time.
    return 0.0 if abs(offset) < max(LEAST_OFFSET, OFFSET_ERRORS * error) else offset


def _silence(raw_returned: Audio, signal: Signal) -> Audio:
    lead = signal.segment(Part.LEAD)
    return raw_returned[lead.start + lead.frames // 4 : lead.stop]


def estimate_error_frames(aligned: Aligned, signal: Signal) -> float:
    """How far two other looks at the return are from what its preamble said, in frames.

    The closing sweeps are one, the guitar itself (by GCC-PHAT) the other. Small where the round
    trip may be believed; a loopback cable needs no belief.
    """
    guitar = signal.segment(Part.TRAIN)
    reach = round(4 * ESTIMATE_FRAMES)
    first = guitar.start + round(aligned.latency.frames)
    heard = aligned.raw_returned[max(first, 0) : max(first, 0) + guitar.frames]
    lag = latency.delay_between(within(guitar, signal.send), heard, reach)
    # The stretch was cut at a whole frame: what was rounded away belongs to the lag.
    late = lag + round(aligned.latency.frames) - aligned.latency.frames
    return max(abs(late), abs(aligned.drift_frames or 0.0))


def within(segment: Segment, audio: Audio) -> Audio:
    """The stretch of some audio that a segment names."""
    return audio[segment.start : segment.stop]


def guitar_of(audio: Audio, signal: Signal) -> Audio:
    """Everything from the training guitar on: where two takes of a setting are compared."""
    return audio[guitar_start(signal) :]


def guitar_start(signal: Signal) -> int:
    """The frame at which that begins."""
    return signal.segment(Part.TRAIN if signal.has(Part.TRAIN) else Part.BEFORE).start


def loudest_part(signal: Signal) -> Segment:
    """The guitar by which a take's level is told: what is learnt from, or all that a look has."""
    return signal.segment(Part.TRAIN if signal.has(Part.TRAIN) else Part.BEFORE)


def silence_of(aligned: Aligned, signal: Signal) -> Audio:
    """The return before anything was played, without the converter's DC."""
    silence = _silence(aligned.raw_returned, signal)
    return silence - np.mean(silence) if len(silence) else silence


def silence_in_step(audio: Audio, signal: Signal) -> Audio:
    """The silence before anything was played, of audio that is in step with the signal."""
    silence = _silence(audio, signal)
    return silence - np.mean(silence) if len(silence) else silence


def noise_power(aligned: Aligned, signal: Signal) -> float:
    """Mean square of the return before anything was played."""
    return levels.rms(silence_of(aligned, signal)) ** 2


def rest_rise_db(aligned: Aligned, signal: Signal) -> float | None:
    """How much louder the end of a recording is than its beginning, where nothing plays at either.

    The converter's DC is that of the beginning: where it jumped in between, that is a rise, too.
    None where the round trip is so long that the end still plays.
    """
    raw, start = aligned.raw_returned, _silence(aligned.raw_returned, signal)
    last = len(raw) - round(REST_S * signal.sample_rate)
    tail = signal.segment(Part.TAIL).start + round(aligned.shift_frames)
    if not len(start) or last < tail + round(RING_S * signal.sample_rate):
        return None
    # The mean of the end would take a jump of the DC away.
    offset = np.mean(start)
    return levels.rms_dbfs(raw[last:] - offset) - levels.rms_dbfs(start - offset)


def _slope(audio: Audio) -> Audio:
    """By how much audio rises from frame to frame, as its spectrum says, ``(frames,)``."""
    size = scipy.fft.next_fast_len(len(audio), real=True)
    turned = 2j * np.pi * scipy.fft.rfftfreq(size) * scipy.fft.rfft(audio, size)
    return np.asarray(scipy.fft.irfft(turned, size)[: len(audio)])


def loopback_error_db(loopback: Audio, reference: Audio, signal: Signal) -> tuple[float, float]:
    """The worst 10 ms of a loopback against a reference, and its noise, relative to its RMS."""
    heard, wanted = (
        np.convolve(audio, NYQUIST_NULL, mode="same")
        for audio in (without_rumble(loopback), without_rumble(reference))
    )
    # How loud the loopback is does not matter: only what no gain explains is an error.
    gain = float(np.dot(heard, wanted)) / max(float(np.dot(wanted, wanted)), 1e-30)
    # Nor does the hundredth of a frame by which noise moves a round trip that is measured: treble
    # makes -30 dB of it.
    slope = _slope(wanted)
    lag = float(np.dot(heard - gain * wanted, slope)) / max(float(np.dot(slope, slope)), 1e-30)
    wanted = wanted + float(np.clip(lag / (gain or 1e-30), -LAG_UNKNOWN, LAG_UNKNOWN)) * slope
    block = round(BLOCK_S * signal.sample_rate)
    scale = max(levels.rms(heard), 1e-30)
    # By blocks, since one lost block would vanish in the mean over a whole take.
    error = levels.block_rms(heard - gain * wanted, block)
    lead = heard[: signal.segment(Part.LEAD).stop]
    noise = levels.rms(lead[len(lead) // 4 :])
    return levels.dbfs(float(np.max(error, initial=0.0)) / scale), levels.dbfs(noise / scale)


def filtered_send(loopback: Audio, signal: Signal) -> Audio:
    """What one linear filter makes of the send, so that it is most like a loopback."""
    send = signal.send[: len(loopback)]
    # Without rumble, for which the taps are too few; nor has it a part in the error.
    quiet = without_rumble(send), without_rumble(loopback)
    return respond(*quiet, LOOPBACK_TAPS, LOOPBACK_LEAD).apply(send)
