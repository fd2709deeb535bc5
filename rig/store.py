"""Files that are whole or absent: written beside their place, synced, renamed, hashed."""

import contextlib
import hashlib
import io
import os
import struct
from pathlib import Path

import numpy as np
import scipy  # its parts load when they are first used: 'rig status' needs none
from numpy.typing import ArrayLike, NDArray

from rig.errors import SessionError, StorageError
from rig.facts import StoredFile

#: What a file is called until it is whole.
UNFINISHED = ".part"


def sync_folder(folder: Path) -> None:
    """Make a rename durable where the system can sync folders (Windows cannot and need not)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def put(target: Path, content: bytes) -> None:
    """Write a file so that after this it is there, whole, whatever happens.

    On macOS ``fsync`` hands the data to the disk, which may still lose it with the power.

    Raises:
        StorageError: The disk did not take it; nothing is left under the file's own name.
    """
    unfinished = target.with_name(target.name + UNFINISHED)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
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


def write(folder: Path, path: str, content: bytes) -> StoredFile:
    """Put a file into a session folder, and say what the journal must know of it; see `put`."""
    put(folder / path, content)
    return StoredFile(path=path, sha256=hashlib.sha256(content).hexdigest(), size=len(content))


def problem(folder: Path, file: StoredFile) -> str | None:
    """What is wrong with a stored file, in words; None where it is as the journal says."""
    target = folder / file.path
    try:
        if target.is_symlink() or not target.is_file():
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


def read_wav(path: Path) -> tuple[int, NDArray[np.float64]]:
    """Sample rate and samples of a WAV, full scale at 1, ``(frames,)`` or ``(frames, channels)``.

    Raises:
        SessionError: It is missing or not a WAV that can be read.
    """
    try:
        sample_rate, samples = scipy.io.wavfile.read(path)
    except FileNotFoundError:
        raise SessionError(f"{path}: there is no such file") from None
    except (OSError, ValueError, EOFError, struct.error) as error:
        raise SessionError(f"{path}: not a WAV file that can be read: {error}") from None
    if samples.dtype.kind == "f":
        return int(sample_rate), samples.astype(np.float64)
    if samples.dtype == np.uint8:
        return int(sample_rate), samples / 128.0 - 1.0
    return int(sample_rate), samples / float(np.iinfo(samples.dtype).max + 1)
