"""Files that are whole or absent: written beside their place, synced, renamed, hashed."""

import contextlib
import hashlib
import io
import os
import struct
import warnings
from pathlib import Path

import numpy as np
import scipy  # its parts load when they are first used: 'rig status' needs none
from numpy.typing import ArrayLike, NDArray

from rig.errors import SessionError, StorageError
from rig.session.facts import StoredFile

#: What a file is called until it is whole.
UNFINISHED = ".part"
#: No recording of ours comes near this; a larger file is somebody's mistake, or worse.
MOST_WAV_BYTES = 4_000_000_000
MOST_RATE = 10_000_000
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


def sync_folder(folder: Path) -> None:
    """Make a rename durable where the system can sync folders (Windows cannot and need not)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _make_parents(target: Path, root: Path | None) -> None:
    """Make the folders of a file, but never the root: where that is gone, so is its disk."""
    if root is None:
        target.parent.mkdir(parents=True, exist_ok=True)
        return
    for parent in reversed(target.relative_to(root).parents):
        if parent.parts:
            (root / parent).mkdir(exist_ok=True)


def put(target: Path, content: bytes, root: Path | None = None) -> None:
    """Write a file so that after this it is there, whole, whatever happens.

    On macOS ``fsync`` hands the data to the disk, which may still lose it with the power.

    Args:
        target: The file; its folders are made.
        content: All of it.
        root: A folder above it that has to be there already.

    Raises:
        StorageError: The disk did not take it; nothing is left under the file's own name.
    """
    unfinished = target.with_name(target.name + UNFINISHED)
    try:
        _make_parents(target, root)
        with unfinished.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise StorageError(f"{target}: cannot be written: {error.strerror}") from None


def inside(folder: Path, path: str) -> Path:
    """A stored file's place, which a link must not lead out of the session folder.

    Raises:
        SessionError: It leads outside.
    """
    target = folder / path
    if not target.resolve().is_relative_to(folder.resolve()):
        raise SessionError(f"{target}: leads out of the session folder; it is not opened")
    return target


def write(folder: Path, path: str, content: bytes) -> StoredFile:
    """Put a file into a session folder, and say what the journal must know of it; see `put`.

    Raises:
        StorageError: The disk did not take it, or the folder is gone with its disk.
    """
    target = inside(folder, path)
    try:
        put(target, content, folder)
    except StorageError:
        if not folder.is_dir():
            raise StorageError(f"{folder}: is gone: was its disk pulled out?") from None
        raise
    return StoredFile(path=path, sha256=hashlib.sha256(content).hexdigest(), size=len(content))


def problem(folder: Path, file: StoredFile) -> str | None:
    """What is wrong with a stored file, in words; None where it is as the journal says."""
    target = folder / file.path
    try:
        outside = not target.resolve().is_relative_to(folder.resolve())
        if outside or target.is_symlink() or not target.is_file():
            return f"{file.path} is missing"
        size = target.stat().st_size
        if size != file.size:
            return f"{file.path} has {size} bytes, not {file.size}"
        with target.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        return f"{file.path} cannot be read: {error.strerror}"
    return None if digest == file.sha256 else f"{file.path} is not what was kept (hash differs)"


def wav_bytes(audio: ArrayLike, sample_rate: int) -> bytes:
    """Float32 WAV of ``(frames,)`` or ``(frames, channels)``; the same bytes every time."""
    buffer = io.BytesIO()
    scipy.io.wavfile.write(buffer, sample_rate, np.asarray(audio, dtype=np.float32))
    return buffer.getvalue()


def read_wav(path: Path, most_bytes: int = MOST_WAV_BYTES) -> tuple[int, NDArray[np.float64]]:
    """Sample rate and samples of a WAV, full scale at 1, ``(frames,)`` or ``(frames, channels)``.

    Args:
        path: The file.
        most_bytes: A file that is larger is not read.

    Raises:
        SessionError: It is missing, too large, or not a WAV that can be read.
    """
    try:
        size = path.stat().st_size
        if size > most_bytes:
            raise SessionError(f"{path}: {size} bytes are more than it can have; it is not opened")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", scipy.io.wavfile.WavFileWarning)
            sample_rate, samples = scipy.io.wavfile.read(path)
    except FileNotFoundError:
        raise SessionError(f"{path}: there is no such file") from None
    except READING_FAILED as error:
        raise SessionError(f"{path}: not a WAV file that can be read: {error}") from None
    if not samples.size or samples.ndim > 2 or not 1 <= sample_rate < MOST_RATE:
        raise SessionError(f"{path}: not a WAV file that can be read: it holds no audio")
    if samples.dtype.kind == "f":
        if not np.all(np.isfinite(samples)):
            raise SessionError(f"{path}: holds samples that are not numbers")
        return int(sample_rate), samples.astype(np.float64)
    if samples.dtype == np.uint8:
        return int(sample_rate), samples / 128.0 - 1.0
    return int(sample_rate), samples / float(np.iinfo(samples.dtype).max + 1)
