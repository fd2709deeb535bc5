"""Files that are whole or absent: written beside their place, synced, renamed, hashed."""

import hashlib
import io
import re
import struct
import warnings
from pathlib import Path
from typing import BinaryIO

import numpy as np
import scipy  # its parts load when they are first used: 'rig status' needs none
from numpy.typing import ArrayLike, NDArray

from rig.errors import SessionError, StorageError
from rig.ordinary import size_bytes, why_not_made
from rig.session.door import Door
from rig.session.facts import StoredFile
from rig.session.plain import write_beside

#: No recording of anybody's comes near this; a larger file is somebody's mistake, or worse.
MOST_WAV_BYTES = 4_000_000_000
#: Of a session's own files: two channels of an hour and a quarter at 48 kHz.
MOST_STORED_BYTES = 2_000_000_000
MOST_RATE = 10_000_000
#: A header that promises so much was written before its audio was.
UNKNOWN_BYTES = 0x7FFF0000
#: What reading a WAV of any content may raise.
READING_FAILED = (
    OSError,
    ValueError,
    EOFError,
    struct.error,
    TypeError,
    MemoryError,
    OverflowError,
    ZeroDivisionError,
    UnboundLocalError,
    KeyError,
    IndexError,
)


def put(target: Path, content: bytes) -> None:
    """Write a file that a user has named, so that it is there whole, or not at all.

    Raises:
        StorageError: The disk did not take it.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_beside(target, content)
    except OSError as error:
        reason = why_not_made(target.parent, error)
        raise StorageError(f"{target}: cannot be written: {reason}") from None


def write(place: Path | Door, path: str, content: bytes) -> StoredFile:
    """Put a file into a session folder, and say what the journal must know of it.

    Raises:
        SessionError: Something lies there that is no plain file.
        StorageError: The disk did not take it, or the folder is gone with its disk.
    """
    Door.at(place).put(path, content)
    return StoredFile(path=path, sha256=hashlib.sha256(content).hexdigest(), size=len(content))


def problem(place: Path | Door, file: StoredFile) -> str | None:
    """What is wrong with a stored file, in words; None where it is as the journal says."""
    door = Door.at(place)
    try:
        there = door.file(file.path)
        size = None if there is None else there.stat().st_size
        if size is None:
            return f"{file.path} is missing"
        # The size is at hand: a file that was cut short need not be read to be told.
        if size != file.size:
            return f"{file.path} has {size} bytes, not {file.size}"
        with door.reading(file.path, MOST_STORED_BYTES) as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except SessionError as error:
        return str(error)
    except OSError as error:
        return f"{file.path} cannot be read: {error.strerror}"
    return None if digest == file.sha256 else f"{file.path} is not what was kept (hash differs)"


def wav_bytes(audio: ArrayLike, sample_rate: int) -> bytes:
    """Float32 WAV of ``(frames,)`` or ``(frames, channels)``; the same bytes every time."""
    buffer = io.BytesIO()
    scipy.io.wavfile.write(buffer, sample_rate, np.asarray(audio, dtype=np.float32))
    return buffer.getvalue()


def read_wav(path: Path, most_bytes: int = MOST_WAV_BYTES) -> tuple[int, NDArray[np.float64]]:
    """Sample rate and samples of a user's WAV, full scale at 1, ``(frames,)`` or with channels.

    Args:
        path: The file.
        most_bytes: A file that is larger is not read.

    Raises:
        SessionError: It is missing, too large, or not a WAV that can be read.
    """
    try:
        if path.is_dir():
            raise SessionError(f"{path}: is a folder, and a WAV file is asked for: name one in it")
        size = size_bytes(path)
        if size > most_bytes:
            raise SessionError(f"{path}: {size} bytes are more than it can have; it is not opened")
        with path.open("rb") as stream:
            return _decoded(stream, path)
    except FileNotFoundError:
        raise SessionError(f"{path}: there is no such file") from None
    except OSError as error:
        raise SessionError(f"{path}: not a WAV file that can be read: {error}") from None


def read_stored(
    door: Door, file: StoredFile, most_bytes: int = MOST_STORED_BYTES
) -> tuple[int, NDArray[np.float64]]:
    """Sample rate and samples of a session's own WAV; see `read_wav`."""
    # What the journal says of its size is the bound: a file that has grown since is not loaded.
    with door.reading(file.path, min(file.size, most_bytes)) as stream:
        return _decoded(stream, door.path / file.path)


# Other parts of a WAV that scipy does not know hold no audio, and need not worry anybody.
def _is_cut_short(warning: str) -> bool:
    found = re.search(r"finished at \d+ bytes, expected (\d+)", warning)
    # Whoever writes into a pipe does not know how long it will be.
    return found is not None and int(found[1]) < UNKNOWN_BYTES


def _decoded(stream: BinaryIO, path: Path) -> tuple[int, NDArray[np.float64]]:
    try:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always", scipy.io.wavfile.WavFileWarning)
            sample_rate, samples = scipy.io.wavfile.read(stream)
    except READING_FAILED:
        raise SessionError(
            f"{path}: not a WAV file that can be read: export it anew as PCM or float WAV"
        ) from None
    if any(_is_cut_short(str(each.message)) for each in told):
        raise SessionError(f"{path}: ends before its header says it does: copy or export it anew")
    if not samples.size or samples.ndim > 2 or not 1 <= sample_rate < MOST_RATE:
        raise SessionError(f"{path}: it holds no audio: export it anew as WAV")
    if samples.dtype.kind == "f":
        if not np.all(np.isfinite(samples)):
            raise SessionError(f"{path}: holds samples that are not numbers: export it anew")
        return int(sample_rate), samples.astype(np.float64)
    if samples.dtype == np.uint8:
        # 8-bit WAV is unsigned: silence stands at 128.
        return int(sample_rate), samples / 128.0 - 1.0
    # Full scale is the lowest number, which is one step further from zero than the highest.
    return int(sample_rate), samples / float(np.iinfo(samples.dtype).max + 1)
