"""The session folder: made once, opened by one writer and many readers."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from time import time
from typing import Self

import filelock
import numpy as np
from numpy.typing import NDArray

from calibration import signals
from calibration.takes import Aligned
from calibration.verdict import Check, Verdict
from rig import config as configuration
from rig.capture import Capture, Outcome, Take
from rig.config import Config
from rig.errors import SessionError
from rig.session import facts, store
from rig.session.journal import Journal
from rig.session.reserve import Reserve
from rig.session.state import State, fold

JOURNAL = "journal.db"
CONFIG = "rig.yaml"
LOCK = ".lock"
#: How long a daemon waits for the lock: longer than a viewer's probe holds it.
LOCK_S = 2.0
#: Float32 frames on disk for each frame played: return, loopback, aligned.
STORED_CHANNELS, FRAME_BYTES = 3, 4


def is_session(folder: Path) -> bool:
    """Whether a folder holds a session."""
    return (folder / JOURNAL).is_file()


def is_running(folder: Path) -> bool:
    """Whether some process holds the session's writer lock (its death lets go of it)."""
    if not (folder / LOCK).exists():
        return False
    lock = filelock.FileLock(folder / LOCK)
    try:
        with lock.acquire(timeout=0):
            return False
    except filelock.Timeout:
        return True
    except OSError:
        return False


@dataclass
class Session:
    """An open session.

    A reader calls `refresh`; the writer holds the lock and calls everything else. Audio is on
    disk before the journal says so: what the journal calls kept is there.
    """

    folder: Path
    journal: Journal
    config: Config
    state: State
    clock: Callable[[], float] = time
    _lock: filelock.BaseFileLock | None = None

    @property
    def reserve(self) -> Reserve:
        """Room on the disk for what is still to be recorded."""
        return Reserve(self.folder)

    def reserve_round(self) -> None:
        """Take room on the disk for everything that is ordered, and for a canary.

        Raises:
            StorageError: There is none.
        """
        self.reserve.take((len(self.state.pending) + 1) * self.take_bytes)

    @property
    def take_bytes(self) -> int:
        """What one take comes to on the disk: return and loopback as recorded, and aligned."""
        return STORED_CHANNELS * FRAME_BYTES * self._created().segments[-1].stop

    @classmethod
    def create(
        cls, folder: Path, config: Config, signal: signals.Signal, clock: Callable[[], float] = time
    ) -> Self:
        """Make the folder of a new session and open it for writing.

        The journal comes last: a folder without one is no session yet, and is made again.

        Raises:
            SessionError: There is a session already, or another process is making it.
            StorageError: The disk did not take it.
        """
        if is_session(folder):
            raise SessionError(f"{folder}: there is a session already")
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
        lock = _acquire(folder)
        text = configuration.dump(config).encode()
        audio = store.wav_bytes(signal.send, signal.sample_rate)
        created = facts.SessionCreated(
            rig_version=version("rig-capture"),
            sample_rate=signal.sample_rate,
            signal=store.write(folder, "signal/send.wav", audio),
            segments=tuple(
                facts.SegmentFact(part=s.part, start=s.start, frames=s.frames)
                for s in signal.segments
            ),
            config=store.write(folder, CONFIG, text),
        )
        unfinished = folder / f"{JOURNAL}{store.UNFINISHED}"
        for leftover in folder.glob(f"{unfinished.name}*"):
            leftover.unlink()
        journal = Journal.create(unfinished)
        journal.append(created, clock())
        journal.close()
        unfinished.replace(folder / JOURNAL)
        store.sync_folder(folder)
        return cls._opened(folder, clock, lock)

    @classmethod
    def open(cls, folder: Path, clock: Callable[[], float] = time) -> Self:
        """Open a session for writing.

        Raises:
            SessionError: It is missing, damaged, or another process is capturing into it.
        """
        if not is_session(folder):
            raise SessionError(f"{folder}: this is no session folder (it has no {JOURNAL})")
        return cls._opened(folder, clock, _acquire(folder))

    @classmethod
    def view(cls, folder: Path) -> Self:
        """Open a session for reading, whoever else has it open."""
        return cls._opened(folder, time, None)

    @classmethod
    def _opened(
        cls, folder: Path, clock: Callable[[], float], lock: filelock.BaseFileLock | None
    ) -> Self:
        journal = Journal.open(folder / JOURNAL, writing=lock is not None)
        state = fold(journal.entries())
        if state.created is None:
            raise SessionError(f"{folder}: the journal does not say how the session began")
        config = configuration.load(folder / CONFIG)
        return cls(folder, journal, config, state, clock, lock)

    def refresh(self) -> None:
        """Take in what was written since."""
        fold(self.journal.entries(after=self.state.seq), onto=self.state)

    def record(self, fact: facts.Fact) -> None:
        """Write a fact down, then act as if it were so."""
        self.state.apply(self.journal.append(fact, self.clock()))

    def signal(self) -> signals.Signal:
        """What is played, as it was stored when the session was made."""
        created = self.state.created
        assert created is not None
        path = store.inside(self.folder, created.signal.path)
        _, send = store.read_wav(path, created.signal.size)
        segments = tuple(
            signals.Segment(signals.Part(s.part), s.start, s.frames) for s in created.segments
        )
        if send.ndim != 1 or not segments or segments[-1].stop != len(send):
            raise SessionError(f"{path}: is not the signal that the journal describes")
        return signals.Signal(send, created.sample_rate, segments)

    def order(self, capture: Capture) -> None:
        """Ask for a setting."""
        self.record(
            facts.CaptureOrdered(
                capture=capture.number,
                role=capture.role,
                values=capture.setting.values,
                round=capture.round,
            )
        )

    def begin(self, capture: Capture) -> Take:
        """Open a take: from here on it can only be kept, rejected or failed."""
        take = Take(self.state.takes.last + 1, capture)
        self.record(facts.TakeBegun(take=take.number, capture=capture.number))
        return take

    def finish(self, take: Take, aligned: Aligned, verdict: Verdict) -> None:
        """Close a take by its verdict: audio durable first, journal last."""
        rate = self._created().sample_rate
        channels = [aligned.raw_returned]
        if aligned.raw_loopback is not None:
            channels.append(aligned.raw_loopback)
        raw = store.wav_bytes(np.stack(channels, axis=1), rate)
        self.reserve.give(self.take_bytes)
        name = f"{take.number:05d}.wav"
        stored_raw = store.write(self.folder, f"takes/{name}", raw)
        stored = None
        figures = dict(verdict.figures)
        if verdict.kept:
            audio = store.wav_bytes(aligned.returned, rate)
            stored = store.write(self.folder, f"captures/{name}", audio)
        self.record(
            facts.TakeEnded(
                take=take.number,
                capture=take.capture.number,
                outcome=Outcome.KEPT if verdict.kept else Outcome.REJECTED,
                figures={name: float(value) for name, value in figures.items()},
                reasons=tuple(facts.ReasonFact(**vars(reason)) for reason in verdict.reasons),
                raw=stored_raw,
                aligned=stored,
                played_s=len(aligned.raw_returned) / rate,
            )
        )

    def fail(
        self, take: Take, why: str, check: Check = Check.DEVICE, *, died: bool = False
    ) -> None:
        """Close a take that brought nothing back."""
        self.record(facts.broken_off(take.number, take.capture.number, check, why, died))

    def _created(self) -> facts.SessionCreated:
        assert self.state.created is not None
        return self.state.created

    def kept_audio(self, take: facts.TakeEnded) -> NDArray[np.float64]:
        """What was kept of a take, ``(frames,)``, in step with the signal."""
        assert take.aligned is not None
        path = store.inside(self.folder, take.aligned.path)
        return store.read_wav(path, take.aligned.size)[1]

    def raw_audio(
        self, take: facts.TakeEnded
    ) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
        """Return and loopback of a take as recorded, ``(frames,)`` each; None for no loopback."""
        assert take.raw is not None
        path = store.inside(self.folder, take.raw.path)
        _, audio = store.read_wav(path, take.raw.size)
        channels = audio[:, None] if audio.ndim == 1 else audio
        return channels[:, 0], channels[:, 1] if channels.shape[1] > 1 else None

    def close(self) -> None:
        """Let go of the session."""
        self.journal.close()
        if self._lock is not None:
            self.reserve.drop()
        if self._lock is not None:
            self._lock.release()


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Be the only one who writes into a session.

    Raises:
        SessionError: Somebody else does.
    """
    lock = _acquire(folder)
    try:
        yield
    finally:
        lock.release()


def _acquire(folder: Path) -> filelock.BaseFileLock:
    lock = filelock.FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=LOCK_S)
    except filelock.Timeout:
        raise SessionError(
            f"{folder}: another capture is running here; 'rig monitor {folder}' shows it"
        ) from None
    except OSError as error:
        raise SessionError(f"{folder}: cannot be written to: {error.strerror}") from None
    return lock
