"""A user's audio files: dry guitar in, any rate and either side of it; what was played out."""

import io
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np
import soxr
from numpy.typing import NDArray

from calibration import levels
from rig.errors import SessionError, UsageError
from rig.ordinary import size_bytes
from rig.session import store
from rig.session.recording import SAME_DB

Audio = NDArray[np.float64]
Channel = Literal["left", "right", "mix"]

WAV, FLAC = ".wav", ".flac"
INSTALL = "pip install 'rig-capture[flac]' adds it"


def refuse_format(target: Path) -> None:
    """Refuse a name whose ending promises what cannot be written.

    Raises:
        UsageError: It is neither WAV nor FLAC, or FLAC cannot be written here.
    """
    if target.suffix.lower() not in (WAV, FLAC):
        raise UsageError(f"{target}: rig writes WAV and FLAC: choose a name that ends in .wav")
    if target.suffix.lower() == FLAC and find_spec("soundfile") is None:
        raise UsageError(f"{target}: FLAC needs the package soundfile: {INSTALL}")


def _soundfile() -> Any:
    # An extra: WAV needs nothing that is not there anyway.
    import soundfile

    return soundfile


def _read(source: Path) -> tuple[int, Audio]:
    if source.suffix.lower() != FLAC:
        try:
            return store.read_wav(source)
        except SessionError as error:
            raise UsageError(str(error)) from None
    if find_spec("soundfile") is None:
        raise UsageError(f"{source}: FLAC needs the package soundfile: {INSTALL}")
    try:
        size_bytes(source)
        audio, rate = _soundfile().read(str(source))
    except (OSError, RuntimeError) as error:
        raise UsageError(f"{source}: not a FLAC file that can be read: {error}") from None
    return int(rate), np.asarray(audio, np.float64)


def read_guitar(source: Path, channel: Channel | None) -> tuple[int, Audio]:
    """Read a dry guitar; stereo has to say which side, but where both are the same.

    Returns:
        The rate in Hz, and ``(frames,)``.

    Raises:
        UsageError: It cannot be read, or nobody said which channel.
    """
    rate, audio = _read(source)
    if audio.ndim == 1 or audio.shape[1] == 1:
        return rate, audio.reshape(-1)
    if audio.shape[1] > 2:
        raise UsageError(f"{source}: has {audio.shape[1]} channels; export the guitar's alone")
    left, right = audio.T
    if channel is not None:
        sides = {"left": left, "right": right, "mix": (left + right) / 2}
        return rate, np.ascontiguousarray(sides[channel])
    louder = max(levels.rms_dbfs(left), levels.rms_dbfs(right))
    # One recording twice leaves nothing to choose.
    if levels.rms_dbfs(left - right) <= louder + SAME_DB:
        return rate, np.ascontiguousarray(left)
    raise UsageError(f"{source}: is stereo and its sides differ; say --channel left, right or mix")


def at_rate(audio: Audio, rate: int, wanted: int) -> Audio:
    """Convert ``(frames,)`` from one rate to another; not touched where they are the same."""
    if rate == wanted:
        return audio
    return np.asarray(soxr.resample(audio, rate, wanted, "VHQ"), np.float64)


def audio_bytes(target: Path, audio: Audio, rate: int) -> bytes:
    """Return the content of a file in the format that its name promises.

    Raises:
        UsageError: FLAC has no room above full scale, and the audio goes there.
    """
    if target.suffix.lower() != FLAC:
        return store.wav_bytes(audio, rate)
    peak = levels.peak_dbfs(audio)
    if peak > 0.0:
        name = target.with_suffix(WAV).name
        raise UsageError(
            f"{target}: the loudest sample is {peak:+.1f} dBFS, which FLAC would clip; "
            f"write {name} instead, which holds it"
        )
    buffer = io.BytesIO()
    _soundfile().write(buffer, audio, rate, format="FLAC", subtype="PCM_24")
    return buffer.getvalue()
