"""What is played into the amp: silence, a sync preamble, swept tones, guitar."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Audio = NDArray[np.float64]

PREAMBLE_S = 0.1
PREAMBLE_PEAK = 0.25
#: The preamble stays clear of mains hum and of the converters' filters.
PREAMBLE_HZ = (150.0, 0.4)
LEAD_S = 0.25
GAP_S = 0.15
#: Silence at the end, in which the round trip catches up and the amp rings out.
TAIL_S = 0.6


class Part(StrEnum):
    """What a segment of the signal is for."""

    LEAD = "lead"
    PREAMBLE = "preamble"
    TONES = "tones"
    TRAIN = "train"
    HOLDOUT = "holdout"
    CLOSING = "closing"
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

    def has(self, part: Part) -> bool:
        """Whether it has a segment of a part."""
        return any(segment.part is part for segment in self.segments)

    @property
    def duration_s(self) -> float:
        """How long one take plays."""
        return len(self.send) / self.sample_rate


def _faded(audio: Audio, fade_frames: int) -> Audio:
    fade = 0.5 - 0.5 * np.cos(np.pi * (np.arange(fade_frames) + 0.5) / fade_frames)
    faded = audio.copy()
    faded[:fade_frames] *= fade
    faded[-fade_frames:] *= fade[::-1]
    return faded


def preamble(sample_rate: int) -> Audio:
    """A short rising sweep: its autocorrelation is one sharp peak, its crest factor is low."""
    frames = round(PREAMBLE_S * sample_rate)
    start_hz, stop_hz = PREAMBLE_HZ[0], PREAMBLE_HZ[1] * sample_rate
    time_s = np.arange(frames) / sample_rate
    bend = (stop_hz - start_hz) / PREAMBLE_S
    phase = 2 * np.pi * (start_hz * time_s + 0.5 * bend * time_s**2)
    return PREAMBLE_PEAK * _faded(np.sin(phase), frames // 10)


def swept_tone(frequency_hz: float, duration_s: float, peak: float, sample_rate: int) -> Audio:
    """A tone that rises from 60 dB below ``peak`` to it: every level, so every curve, once."""
    frames = round(duration_s * sample_rate)
    rise = 10 ** (-3.0 * (1.0 - np.arange(frames) / frames))
    tone = np.sin(2 * np.pi * frequency_hz * np.arange(frames) / sample_rate)
    return _faded(peak * rise * tone, min(frames // 4, round(0.005 * sample_rate)))


def scaled_to_peak(audio: Audio, peak_dbfs: float) -> Audio:
    """The recording with its largest sample at ``peak_dbfs``; silence stays silence."""
    largest = float(np.max(np.abs(audio), initial=0.0))
    return audio if largest == 0.0 else audio * (10 ** (peak_dbfs / 20) / largest)


def compose(
    train: Audio,
    holdout: Audio,
    tones_hz: Sequence[float],
    tone_s: float,
    peak_dbfs: float,
    sample_rate: int,
    lead_s: float = LEAD_S,
) -> Signal:
    """The whole signal: lead, preamble, tones, training guitar, held-out guitar, closing, tail.

    The closing is the preamble once more: where it comes back at another distance, the clocks of
    output and input differ, or frames were lost in between.

    Args:
        train: Guitar that models learn from, ``(frames,)``.
        holdout: Guitar that models are only tested on, ``(frames,)``.
        tones_hz: Frequencies of the swept tones; may be empty.
        tone_s: Length of each.
        peak_dbfs: Largest sample of tones and guitar.
        sample_rate: Hz.
        lead_s: Length of the silence in front, in which the noise floor is measured.
    """
    peak = 10 ** (peak_dbfs / 20)
    tones = [swept_tone(hz, tone_s, peak, sample_rate) for hz in tones_hz]
    fade = round(0.01 * sample_rate)
    guitars = [_faded(scaled_to_peak(part, peak_dbfs), fade) for part in (train, holdout)]
    gap = np.zeros(round(GAP_S * sample_rate))
    parts = [
        (Part.LEAD, np.zeros(round(lead_s * sample_rate))),
        (Part.PREAMBLE, np.concatenate([preamble(sample_rate), gap])),
        (Part.TONES, np.concatenate([*tones, gap])),
        (Part.TRAIN, np.concatenate([guitars[0], gap])),
        (Part.HOLDOUT, np.concatenate([guitars[1], gap])),
        (Part.CLOSING, preamble(sample_rate)),
        (Part.TAIL, np.zeros(round(TAIL_S * sample_rate))),
    ]
    starts = np.cumsum([0, *(len(audio) for _, audio in parts)])
    segments = tuple(
        Segment(part, int(start), len(audio))
        for (part, audio), start in zip(parts, starts[:-1], strict=True)
    )
    send = np.concatenate([audio for _, audio in parts])
    return Signal(send.astype(np.float32).astype(np.float64), sample_rate, segments)
