"""What is played into the amp: silence, a sync preamble, swept tones, guitar."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Audio = NDArray[np.float64]

PREAMBLE_S = 0.1
#: The preamble's peak, below the guitar's: its energy is in time, not in level.
PREAMBLE_DB = -6.0
#: The preamble stays clear of mains hum and of the converters' filters.
PREAMBLE_HZ = (150.0, 0.4)
#: Silence in front, in which the noise floor and the converter's own DC are measured.
LEAD_S = 0.25
#: Silence behind every stretch, in which what came back of it is heard to its end.
GAP_S = 0.15
#: Silence at the end, in which the round trip catches up and the amp rings out.
TAIL_S = 0.6
#: Of the training guitar, its loudest stretch is played before everything and after it: so long, as
#: a share of it, and within these bounds in seconds.
REPEATED_SHARE, REPEATED_S = 1 / 12, (0.2, 1.0)


class Part(StrEnum):
    """What a segment of the signal is for."""

    LEAD = "lead"
    PREAMBLE = "preamble"
    BEFORE = "before"
    TONES = "tones"
    TRAIN = "train"
    HOLDOUT = "holdout"
    CLOSING = "closing"
    AFTER = "after"
    TAIL = "tail"


@dataclass(frozen=True)
class Segment:
    """A stretch of the signal: ``frames`` of them from ``start``."""

    part: Part
    start: int
    frames: int

    @property
    def stop(self) -> int:
        """The frame after the last one."""
        return self.start + self.frames


@dataclass(frozen=True)
class Signal:
    """Exactly what is played, ``(frames,)`` float64, and what its stretches are for."""

    send: Audio
    sample_rate: int
    segments: tuple[Segment, ...]

    def segment(self, part: Part) -> Segment:
        """The first segment of a part.

        Raises:
            KeyError: The signal has none.
        """
        for segment in self.segments:
            if segment.part is part:
                return segment
        raise KeyError(part)

    def all(self, part: Part) -> tuple[Segment, ...]:
        """Every segment of a part, in order."""
        return tuple(segment for segment in self.segments if segment.part is part)

    def has(self, part: Part) -> bool:
        """Whether it has a segment of a part."""
        return any(segment.part is part for segment in self.segments)

    @property
    def has_preamble(self) -> bool:
        """Whether a sweep in it tells the time; what others have recorded has none."""
        return any(segment.frames > 0 for segment in self.all(Part.PREAMBLE))

    @property
    def duration_s(self) -> float:
        """How long one take plays."""
        return len(self.send) / self.sample_rate


def _faded(audio: Audio, fade_frames: int) -> Audio:
    fade = 0.5 - 0.5 * np.cos(np.pi * (np.arange(fade_frames) + 0.5) / fade_frames)
    # A copy, since what comes in is the caller's, who may play it elsewhere as it is.
    faded = audio.copy()
    faded[:fade_frames] *= fade
    faded[-fade_frames:] *= fade[::-1]
    return faded


def preamble(sample_rate: int) -> Audio:
    """A short rising sweep of peak 1: its autocorrelation is one sharp peak, its crest is low."""
    frames = round(PREAMBLE_S * sample_rate)
    start_hz, stop_hz = PREAMBLE_HZ[0], PREAMBLE_HZ[1] * sample_rate
    time_s = np.arange(frames) / sample_rate
    bend = (stop_hz - start_hz) / PREAMBLE_S
    # The phase is the integral of the frequency, hence half of the bend.
    phase = 2 * np.pi * (start_hz * time_s + 0.5 * bend * time_s**2)
    # A hard edge would splatter over all frequencies, beyond those that the sweep keeps to.
    return _faded(np.sin(phase), frames // 10)


def swept_tone(frequency_hz: float, duration_s: float, peak: float, sample_rate: int) -> Audio:
    """A tone that rises from 60 dB below ``peak`` to it: every level, so every curve, once."""
    frames = round(duration_s * sample_rate)
    # Straight in dB, so that every level lasts as long as any other.
    rise = 10 ** (-3.0 * (1.0 - np.arange(frames) / frames))
    tone = np.sin(2 * np.pi * frequency_hz * np.arange(frames) / sample_rate)
    return _faded(peak * rise * tone, min(frames // 4, round(0.005 * sample_rate)))


def scaled_to_peak(audio: Audio, peak_dbfs: float) -> Audio:
    """The recording with its largest sample at ``peak_dbfs``; silence stays silence."""
    largest = float(np.max(np.abs(audio), initial=0.0))
    return audio if largest == 0.0 else audio * (10 ** (peak_dbfs / 20) / largest)


def loudest(audio: Audio, frames: int) -> Audio:
    """The stretch of a recording that has the most energy, ``(frames,)``."""
    if len(audio) <= frames:
        return audio
    # Differences of a running sum: the energy of every stretch in one pass.
    energy = np.concatenate([[0.0], np.cumsum(audio**2)])
    start = int(np.argmax(energy[frames:] - energy[:-frames]))
    return audio[start : start + frames]


def compose(
    train: Audio,
    holdout: Audio,
    tones_hz: Sequence[float],
    tone_s: float,
    peak_dbfs: float,
    sample_rate: int,
    lead_s: float = LEAD_S,
) -> Signal:
    """Put the whole signal together.

    Silence, the preamble, a stretch of guitar, test tones, training guitar, held-out guitar, the
    same stretch of guitar once more, silence; the preamble comes again behind each guitar. What
    comes back at another distance, or sounds otherwise, the second time changed in between: clocks
    that differ, frames that were lost, an amp that had not settled, a tube that died.

    Args:
        train: Guitar that models learn from, ``(frames,)``.
        holdout: Guitar that models are only tested on, ``(frames,)``.
        tones_hz: Frequencies of the swept tones; may be empty.
        tone_s: Length of each.
        peak_dbfs: Largest sample of tones and guitar; nothing that is played is louder.
        sample_rate: Hz.
        lead_s: Length of the silence in front, in which the noise floor is measured.
    """
    peak = 10 ** (peak_dbfs / 20)
    tones = [swept_tone(hz, tone_s, peak, sample_rate) for hz in tones_hz]
    # A part that is cut out of a recording begins and ends anywhere, which would click.
    fade = round(0.01 * sample_rate)
    guitars = [_faded(scaled_to_peak(part, peak_dbfs), fade) for part in (train, holdout)]
    repeated_s = np.clip(REPEATED_SHARE * len(train) / sample_rate, *REPEATED_S)
    # Cut out of what is scaled already: it is as loud as in the training guitar.
    repeated = _faded(loudest(guitars[0], round(repeated_s * sample_rate)), fade)
    sweep = peak * 10 ** (PREAMBLE_DB / 20) * preamble(sample_rate)
    gap = np.zeros(round(GAP_S * sample_rate))
    parts = [
        (Part.LEAD, np.zeros(round(lead_s * sample_rate))),
        (Part.PREAMBLE, np.concatenate([sweep, gap])),
        (Part.BEFORE, np.concatenate([repeated, gap])),
        (Part.TONES, np.concatenate([*tones, gap])),
        (Part.TRAIN, np.concatenate([guitars[0], gap])),
        (Part.CLOSING, np.concatenate([sweep, gap])),
        # In every take: guitar that was not learnt, at settings that were, tells whether captures
        # or training limit a model.
        (Part.HOLDOUT, np.concatenate([guitars[1], gap])),
        (Part.CLOSING, np.concatenate([sweep, gap])),
        (Part.AFTER, np.concatenate([repeated, gap])),
        (Part.CLOSING, np.concatenate([sweep, gap])),
        (Part.TAIL, np.zeros(round(TAIL_S * sample_rate))),
    ]
    starts = np.cumsum([0, *(len(audio) for _, audio in parts)])
    segments = tuple(
        Segment(part, int(start), len(audio))
        for (part, audio), start in zip(parts, starts[:-1], strict=True)
    )
    send = np.concatenate([audio for _, audio in parts])
    # Devices are sent float32: all that is measured is measured against those very numbers.
    return Signal(send.astype(np.float32).astype(np.float64), sample_rate, segments)


#: What a look at a setting plays of its signal: silence, the sweeps, the repeated guitar.
_LOOKED_AT = (Part.LEAD, Part.PREAMBLE, Part.BEFORE, Part.CLOSING, Part.TAIL)


def look(signal: Signal) -> Signal:
    """The few seconds of a signal that tell whether a setting is what it was.

    Its beginning, up to the repeated guitar, is the signal's own, played after the same silence: an
    amp with a memory gives the same. Then comes one more sweep, for the clocks, and the tail.

    Raises:
        KeyError: The signal has no repeated guitar (it was composed before there was one).
    """
    # The first of each part: of three closing sweeps a look needs one.
    found = [signal.segment(part) for part in _LOOKED_AT]
    parts = [(segment.part, signal.send[segment.start : segment.stop]) for segment in found]
    starts = np.cumsum([0, *(len(audio) for _, audio in parts)])
    segments = tuple(
        Segment(part, int(start), len(audio))
        for (part, audio), start in zip(parts, starts[:-1], strict=True)
    )
    return Signal(np.concatenate([audio for _, audio in parts]), signal.sample_rate, segments)
