"""The audio of a data set: read, brought in step, and as the signal that a session plays."""

import hashlib
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import scipy  # its parts load when they are first used
from numpy.typing import NDArray

from calibration.latency import delay_between
from calibration.signals import Part, Segment, Signal
from rig.dataset.types import DataSet, DataTake
from rig.errors import UsageError
from rig.ordinary import size_bytes

Single = NDArray[np.float32]

#: A round trip that nobody has taken off is looked for within this, in so much of loud input.
REACH_S, LISTENED_S = 0.5, 4.0
#: Quieter than this at the beginning of an input is silence.
SILENT = 1e-4
#: Of an input that nobody has described, its last tenth is held out, half a second at least.
HELD_OUT_SHARE, LEAST_HELD_OUT_S = 0.1, 0.5
#: A recording with so much of the input is not cut short, only late.
NEARLY_WHOLE = 0.9
#: So many recordings are looked at for the round trip.
LOOKED_AT = 9


def load(path: Path, sha256: str | None = None) -> tuple[int, Single]:
    """Read a mono recording, ``(frames,)`` float32, with its sample rate.

    Raises:
        UsageError: It is missing, another one than the data set says, or not mono audio.
    """
    try:
        size_bytes(path)
        if sha256 is not None and hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
            raise UsageError(f"{path}: is not the file that the data set names (hash differs)")
        rate, audio = _flac(path) if path.suffix.lower() == ".flac" else _wav(path)
    except FileNotFoundError:
        raise UsageError(f"{path}: the data set names it, and it is not there") from None
    # Whatever is in a stranger's file: a reader of audio may raise anything about it.
    except (OSError, ValueError, TypeError, RuntimeError, EOFError) as error:
        raise UsageError(f"{path}: holds no audio that can be read: {error}") from None
    audio = audio[:, 0] if audio.ndim == 2 and audio.shape[1] == 1 else audio
    if audio.ndim != 1 or not len(audio) or not np.isfinite(audio).all():
        raise UsageError(f"{path}: is not a mono recording with numbers in it")
    return rate, audio


def _wav(path: Path) -> tuple[int, Single]:
    rate, audio = scipy.io.wavfile.read(path)
    if audio.dtype.kind == "f":
        return int(rate), np.asarray(audio, np.float32)
    if audio.dtype == np.uint8:
        raise ValueError("8 bits are too few")
    # 24 bits fit into a float32 exactly, and come in the upper bytes of 32.
    return int(rate), (audio / float(np.iinfo(audio.dtype).max + 1)).astype(np.float32)


def _flac(path: Path) -> tuple[int, Single]:
    try:
        # An extra: WAV needs nothing that is not there anyway.
        import soundfile
    except ImportError:
        raise UsageError(
            f"{path}: FLAC needs the package soundfile: pip install 'rig-capture[flac]' adds it"
        ) from None
    audio, rate = soundfile.read(str(path), dtype="float32")
    return int(rate), np.asarray(audio, np.float32)


def signal_of(data: DataSet) -> Signal:
    """Return what was played, with what its stretches are for.

    Raises:
        UsageError: The input cannot be read, or is too short.
    """
    rate, heard = load(data.input)
    send = np.concatenate([heard, np.zeros(data.tail_frames, np.float32)]).astype(np.float64)
    if data.segments:
        segments = tuple(Segment(Part(part), start, count) for part, start, count in data.segments)
    else:
        whole = Signal(send, rate, _segments(data, heard, rate))
        # What came too late to be recorded leaves no silence that would count as lost audio.
        heard = heard[: _recorded_frames(data, latency_of(data, whole)[0], len(heard))]
        send, segments = heard.astype(np.float64), _segments(data, heard, rate)
    if segments[-1].stop != len(send):
        raise UsageError(f"{data.input}: is not as long as the data set says")
    return Signal(send, rate, segments)


# Each is read for its length; a header could lie, and what is read here is cached by the system.
def _recorded_frames(data: DataSet, latency_frames: int, frames: int) -> int:
    """Return how much of the input came back in every recording that is nearly whole."""
    found = [frames]
    for take in data.takes:
        late = latency_frames if take.delay_frames is None else take.delay_frames
        found.append(len(load(take.path)[1]) - late)
    # One that was cut short must not cut the others short: the checks will refuse it.
    return min(count for count in found if count >= NEARLY_WHOLE * frames)


def _segments(data: DataSet, heard: Single, rate: int) -> tuple[Segment, ...]:
    """Return what is what in an input that nobody has described.

    It has no preamble, which is said by one of no length: what is recorded is in step already.
    """
    loud = np.flatnonzero(np.abs(heard) > SILENT)
    lead = int(loud[0]) if len(loud) else 0
    least = round(LEAST_HELD_OUT_S * rate)
    # At its end, so that what is learnt from stays in one piece.
    held_out = len(heard) - max(round(HELD_OUT_SHARE * len(heard)), least)
    if held_out - lead < least or len(heard) - held_out < least // 2:
        raise UsageError(f"{data.input}: is too short to learn from a part and test on another")
    return (
        Segment(Part.LEAD, 0, lead),
        Segment(Part.PREAMBLE, lead, 0),
        Segment(Part.TONES, lead, 0),
        Segment(Part.TRAIN, lead, held_out - lead),
        Segment(Part.HOLDOUT, held_out, len(heard) - held_out),
        Segment(Part.TAIL, len(heard), 0),
    )


# By GCC-PHAT, in which an amp's tone matters little; a peer's blips may or may not be there.
def latency_of(data: DataSet, signal: Signal) -> tuple[int, float]:
    """Return by how many frames the recordings are late, and which way round they are.

    Returns:
        Frames, the same for all: a round trip is the interface's, and what knobs do to the amp's
        own delay belongs to the amp; and a number from -1 (all upside down) to 1 (all upright).
    """
    takes = data.takes[:: max(len(data.takes) // LOOKED_AT, 1)][:LOOKED_AT]
    start, stop = _loudest(signal)
    played, delays, upright = signal.send[start:stop], [], []
    for take in takes:
        _, audio = load(take.path)
        # Described by rig, they are in step to a fraction of a frame.
        known = 0 if data.segments else take.delay_frames
        heard = audio[start:stop].astype(np.float64)
        frames = _delay(played, heard, signal.sample_rate) if known is None else known
        upright.append(_sign(played, audio[start + frames :][: stop - start]))
        delays.append(frames)
    return round(median(delays)), float(np.mean(upright))


def _loudest(signal: Signal) -> tuple[int, int]:
    guitar = signal.segment(Part.TRAIN)
    frames = min(round(LISTENED_S * signal.sample_rate), guitar.frames)
    energy = np.cumsum(signal.send[guitar.start : guitar.stop] ** 2)
    gained = energy[frames - 1 :] - np.concatenate([[0.0], energy[: len(energy) - frames]])
    start = guitar.start + int(np.argmax(gained))
    return start, start + frames


def _delay(played: Any, heard: Any, rate: int) -> int:
    return max(round(delay_between(played[: len(heard)], heard, round(REACH_S * rate))), 0)


def _sign(played: Any, heard: Any) -> float:
    return float(np.sign(np.dot(played[: len(heard)], heard)))


# By whole frames, so that every sample stays what it was.
def cut_to_input(data: DataSet, take: DataTake, latency_frames: int, frames: int) -> Single:
    """Return a take in step with the input, ``(frames,)``: late frames cut, what lacks is silence.

    Raises:
        UsageError: It cannot be read.
    """
    _, audio = load(take.path, take.sha256)
    own = 0 if data.segments else take.delay_frames
    late = latency_frames if own is None else own
    # A recording that began early is late by less than nothing.
    audio = audio[late:] if late >= 0 else np.concatenate([np.zeros(-late, np.float32), audio])
    return np.pad(audio[:frames], (0, max(frames - len(audio), 0)))
