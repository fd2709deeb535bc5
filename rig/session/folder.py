"""The session folder: made once, opened by one writer and many readers."""

from collections.abc import Callable
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
from rig.errors import NewerSession, RigError, SessionError
from rig.printable import pasteable
from rig.session import facts, staging, store
from rig.session.broken import broken_off
from rig.session.door import Door, begin
from rig.session.edited import refuse_edited_journal
from rig.session.holding import acquire, examine, locked, new_journal, take_repaired
from rig.session.journal import Journal
from rig.session.layout import (
    CONFIG,
    JOURNAL,
    SIGNAL,
    config_of,
    is_running,
    is_session,
    journal_name,
    no_session,
    stored_config,
)
from rig.session.plausible import Plausible
from rig.session.reserve import Reserve
from rig.session.state import State, fold

__all__ = [
    "CONFIG",
    "JOURNAL",
    "SIGNAL",
    "Session",
    "is_running",
    "is_session",
    "locked",
    "stored_config",
]

#: Float32 frames on disk for each frame played: return, loopback, aligned.
STORED_CHANNELS, FRAME_BYTES = 3, 4


def _folded(door: Door, journal: Journal, plausible: Plausible) -> State:
    """Fold the facts, if they can be so.

    Raises:
        SessionError: One of them cannot; where the configuration was changed, that is said.
    """
    try:
        return fold(plausible(journal.entries()))
    except NewerSession:
        raise
    except SessionError:
        # Its facts may be well, and knobs that have other ranges now make them look wrong: whoever
        # repaired such a journal would lose it.
        refuse_edited_journal(door, journal)
        raise


@dataclass
class Session:
    """An open session.

    A reader calls `refresh`; the writer holds the lock and calls everything else. Audio is on
    disk before the journal says so: what the journal calls kept is there.
    """

    door: Door
    journal: Journal
    config: Config
    state: State
    plausible: Plausible
    clock: Callable[[], float] = time
    _lock: filelock.BaseFileLock | None = None

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return self.door.path

    @property
    def reserve(self) -> Reserve:
        """Room on the disk for what is still to be recorded."""
        return Reserve(self.door)

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
        door = begin(folder)
        _refuse_recordings(door)
        lock = acquire(door)
        text = configuration.dump(config).encode()
        audio = store.wav_bytes(signal.send, signal.sample_rate)
        created = facts.SessionCreated(
            rig_version=version("rig-capture"),
            sample_rate=signal.sample_rate,
            signal=store.write(door, SIGNAL, audio),
            segments=tuple(
                facts.SegmentFact(part=s.part, start=s.start, frames=s.frames)
                for s in signal.segments
            ),
            config=store.write(door, CONFIG, text),
        )
        journal = new_journal(door)
        journal.append(created, clock())
        journal.close()
        door.move(journal.path.name, JOURNAL)
        return cls._opened(door, clock, lock)

    @classmethod
    def open(cls, folder: Path, clock: Callable[[], float] = time) -> Self:
        """Open a session for writing.

        Raises:
            SessionError: It is missing, damaged, or another process is capturing into it.
        """
        if not is_session(folder):
            raise SessionError(no_session(folder))
        door = Door.into(folder)
        return cls._opened(door, clock, acquire(door))

    @classmethod
    def view(cls, folder: Path) -> Self:
        """Open a session for reading, whoever else has it open.

        Raises:
            SessionError: It is missing or damaged.
        """
        if not is_session(folder):
            raise SessionError(no_session(folder))
        return cls._opened(Door.into(folder), time, None)

    @classmethod
    def _opened(
        cls, door: Door, clock: Callable[[], float], lock: filelock.BaseFileLock | None
    ) -> Self:
        try:
            if lock is not None:
                # First of all: a repair that was cut short decides which file the journal is.
                take_repaired(door)
                examine(door)
            path = door.path / (journal_name(door) or JOURNAL)
            journal = Journal.open(path, writing=lock is not None)
            return cls._told(door, journal, clock, lock)
        except RigError:
            if lock is not None:
                lock.release()
            raise

    @classmethod
    def _told(
        cls,
        door: Door,
        journal: Journal,
        clock: Callable[[], float],
        lock: filelock.BaseFileLock | None,
    ) -> Self:
        """What a journal tells, with the configuration that bounds it."""
        try:
            config = config_of(door, journal)
            plausible = Plausible(config.panel)
            # Bounded before it is folded: nothing behind this expects a journal that no rig wrote.
            state = _folded(door, journal, plausible)
            if state.created is None:
                raise SessionError(f"{door.path}: the journal does not say how the session began")
        except RigError:
            journal.close()
            raise
        if lock is not None and state.learning.model is not None:
            staging.put_in_place(door, state.learning.model)
        return cls(door, journal, config, state, plausible, clock, lock)

    def refresh(self) -> None:
        """Take in what was written since."""
        fold(self.plausible(self.journal.entries(after=self.state.seq)), onto=self.state)

    def record(self, fact: facts.Fact) -> None:
        """Write a fact down, then act as if it were so.

        Raises:
            StorageError: The disk did not take it, or the folder is gone, or another one.
        """
        # The journal is open and would follow a folder that was renamed; nothing else would.
        self.door.check()
        self.state.apply(self.journal.append(fact, self.clock()))
        if isinstance(fact, facts.ModelTrained):
            staging.put_in_place(self.door, fact)

    def signal(self) -> signals.Signal:
        """What is played, as it was stored when the session was made."""
        created = self.state.created
        assert created is not None
        if self.door.file(created.signal.path) is None:
            advice = pasteable("'rig verify' says what else is not as it was", self.folder)
            path = self.folder / created.signal.path
            lost = "is missing, and without it the recordings mean nothing"
            raise SessionError(f"{path}: {lost}: put it back from a copy; {advice}")
        _, send = store.read_stored(self.door, created.signal)
        segments = tuple(
            signals.Segment(signals.Part(s.part), s.start, s.frames) for s in created.segments
        )
        # The journal and the file may be a stranger's, and each by itself in good order.
        if send.ndim != 1 or not segments or segments[-1].stop != len(send):
            path = self.folder / created.signal.path
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
        # Of a rejected take as well: a later one is believed where it says the same as this one.
        stored_raw = store.write(self.door, f"takes/{name}", raw)
        stored = None
        figures = dict(verdict.figures)
        if verdict.kept:
            audio = store.wav_bytes(aligned.returned, rate)
            stored = store.write(self.door, f"captures/{name}", audio)
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
        self.record(broken_off(take.number, take.capture.number, check, why, died))

    def _created(self) -> facts.SessionCreated:
        assert self.state.created is not None
        return self.state.created

    def stored(self, file: facts.StoredFile) -> str:
        """The path of a stored file that somebody else opens by its name.

        Raises:
            SessionError: It is missing, no plain file, or not as long as it was.
        """
        path = self.door.file(staging.place(self.door, file))
        if path is None or path.stat().st_size != file.size:
            raise SessionError(
                f"{self.folder / file.path}: is not what was kept; 'rig verify' says more"
            )
        return str(path)

    def kept_audio(self, take: facts.TakeEnded) -> NDArray[np.float64]:
        """What was kept of a take, ``(frames,)``, in step with the signal."""
        return store.read_stored(self.door, _named(take, take.aligned))[1]

    def raw_audio(
        self, take: facts.TakeEnded
    ) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
        """Return and loopback of a take as recorded, ``(frames,)`` each; None for no loopback."""
        _, audio = store.read_stored(self.door, _named(take, take.raw))
        channels = audio[:, None] if audio.ndim == 1 else audio
        return channels[:, 0], channels[:, 1] if channels.shape[1] > 1 else None

    def close(self) -> None:
        """Let go of the session."""
        self.journal.close()
        if self._lock is not None:
            # While the lock is held: afterwards the file may be the next capture's.
            self.reserve.drop()
        if self._lock is not None:
            self._lock.release()


def _refuse_recordings(door: Door) -> None:
    """Refuse to begin where recordings are: takes are numbered, and would be written over."""
    if any(door.names(name) for name in ("takes", "captures")):
        raise SessionError(
            f"{door.path}: holds recordings, but no {JOURNAL}: it was lost, or the copy is not "
            f"whole. Bring {JOURNAL} back, or begin elsewhere: 'rig capture --session ANOTHER'"
        )


def _named(take: facts.TakeEnded, file: facts.StoredFile | None) -> facts.StoredFile:
    if file is None:
        raise SessionError(f"take {take.take}: the journal names no recording of it")
    return file
