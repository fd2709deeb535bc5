"""Sound that a page carries: recordings of 16 bits, each scaled to use them all."""

import base64
import io
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from rig.exchange.loudness import matching_gains

Audio = NDArray[np.float64]

#: What all recordings of a page come to at the most, as the text that they are in it.
MOST_TEXT_BYTES = 8_500_000
#: Two bytes a sample, four signs of text for three bytes.
TEXT_BYTES_A_FRAME = 2 * 4 / 3
#: A loop is as long as this, where there is room.
LONGEST_S = 5.0
#: Settings that can be listened to: the worst ones, and the median and the best.
MOST_HEARD = 8
_FULL_SCALE = 32_767


@dataclass(frozen=True)
class Clip:
    """A recording: a WAV as base64, what its full scale stands for, and its gain when compared."""

    wav: str
    scale: float
    gain: float


@dataclass(frozen=True)
class Heard:
    """What can be listened to at a holdout setting: the take, and what the model plays."""

    capture: int
    told: str
    esr: float
    amp: Clip
    model: Clip


def clip_s(clips: int, sample_rate: int, held_out_s: float) -> float:
    """How long each of so many recordings may be."""
    room_s = MOST_TEXT_BYTES / (clips * TEXT_BYTES_A_FRAME * sample_rate)
    return min(room_s, held_out_s, LONGEST_S)


def loudest(audio: Audio, frames: int) -> slice:
    """The loudest stretch of a length, to a tenth of it."""
    starts = range(0, max(len(audio) - frames, 0) + 1, max(frames // 10, 1))
    best = max(starts, key=lambda start: float(np.sum(audio[start : start + frames] ** 2)))
    return slice(best, best + frames)


def clip(audio: Audio, sample_rate: int, gain: float = 1.0) -> Clip:
    """Return ``(frames,)`` as a recording of 16 bits, at its own full scale."""
    scale = float(np.max(np.abs(audio), initial=0.0)) or 1.0
    # Without dither: at its own full scale the rounding lies 98 dB below.
    samples = np.round(audio / scale * _FULL_SCALE).astype(np.int16)
    buffer = io.BytesIO()
    scipy.io.wavfile.write(buffer, sample_rate, samples)
    # The reader divides by 32768.
    return Clip(base64.b64encode(buffer.getvalue()).decode(), scale * 32_768 / _FULL_SCALE, gain)


def heard(capture: int, told: str, esr: float, amp: Audio, model: Audio, sample_rate: int) -> Heard:
    """Return what is compared at a setting, both equally loud."""
    gains = matching_gains([amp, model], sample_rate)
    pair = [clip(audio, sample_rate, g) for audio, g in zip((amp, model), gains, strict=True)]
    return Heard(capture, told, esr, pair[0], pair[1])


def chosen(errors: list[float]) -> list[int]:
    """Places of the settings that can be listened to, the worst first."""
    order = sorted(range(len(errors)), key=lambda place: -errors[place])
    if len(order) <= MOST_HEARD:
        return order
    # The median and the best as well: a listener is to know what is usual.
    return [*order[: MOST_HEARD - 2], order[len(order) // 2], order[-1]]
