"""Talking to a child process of ours: JSON lines with an optional block of bytes behind each.

A child is one of our own modules under our own interpreter, started anew (never forked). It may
hang, crash or be killed without taking its parent along, and ends when its parent does.
"""

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

from rig import waits

Message = dict[str, Any]
#: A message as it arrives; None once the other side is gone.
Parcel = tuple[Message, bytes] | None

#: Where a child's complaints go: a file, or something that opens one.
Log = Path | Callable[[], IO[bytes]]

#: A line longer than this, or a block larger than this, is no message of ours.
MAX_LINE = 16_000_000
MAX_BLOCK = 4_000_000_000


def own_module(module: str, *arguments: str) -> list[str]:
    """Return the command that runs one of our own modules under our own interpreter.

    What lies in the folder that somebody works in is never run in its place: that may be a
    stranger's session, or an older copy of this program.
    """
    return [sys.executable, "-P", "-m", module, *arguments]


class ChildGone(Exception):
    """The child process ended."""


class ChildSilent(Exception):
    """The child process is there but said nothing in time."""


def _send(stream: IO[bytes], message: Message, block: bytes) -> None:
    line = json.dumps({**message, "bytes": len(block)}).encode()
    stream.write(line + b"\n" + block)
    stream.flush()


def _read(stream: IO[bytes]) -> Parcel:
    line = stream.readline(MAX_LINE)
    # What does not end is cut off by the end of the pipe, or too long to be ours.
    if not line.endswith(b"\n"):
        return None
    message: Message = json.loads(line)
    size = int(message.pop("bytes", 0))
    block = stream.read(size) if 0 < size <= MAX_BLOCK else b""
    return (message, block) if len(block) == size else None


def _pump(stream: IO[bytes], inbox: "queue.SimpleQueue[Parcel]", ended: Callable[[], None]) -> None:
    """Move messages from a pipe into a queue until the pipe ends."""
    parcel: Parcel = ({}, b"")
    while parcel is not None:
        try:
            parcel = _read(stream)
        except (OSError, ValueError):
            # A pipe that breaks and a line that is no JSON end the conversation alike.
            parcel = None
        inbox.put(parcel)
    ended()


def _nothing() -> None:
    return None


def _opened(log: Log) -> IO[bytes]:
    if not isinstance(log, Path):
        return log()
    log.parent.mkdir(parents=True, exist_ok=True)
    return log.open("ab")


@dataclass(frozen=True)
class _Letter:
    """A message on its way to the child; what came of it is told once, False if nobody listens."""

    message: Message
    block: bytes
    taken: "queue.SimpleQueue[bool]"


def _post(stream: IO[bytes], outbox: "queue.SimpleQueue[_Letter | None]") -> None:
    """Write one message after another until there is to be no more.

    In a thread of its own: a child that was stopped reads nothing, and what is longer than the
    pipe would hold up whoever writes it.
    """
    while (letter := outbox.get()) is not None:
        try:
            _send(stream, letter.message, letter.block)
        except (OSError, ValueError):
            letter.taken.put(False)
        else:
            letter.taken.put(True)
    with contextlib.suppress(OSError, ValueError):
        stream.close()


class Child:
    """The parent's end.

    Args:
        module: What to run (``python -m module``).
        log: Where its standard error goes.
        environment: Variables to set on top of ours.
        owner: Whose it is, said on its command line: what a dead parent left behind is known by it.
    """

    def __init__(
        self,
        module: str,
        log: Log,
        environment: dict[str, str] | None = None,
        owner: str | None = None,
    ) -> None:
        # A group of its own, a session elsewhere: Ctrl-C in the terminal is the parent's to handle.
        flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
        with _opened(log) as stderr:
            self._process = subprocess.Popen(
                own_module(module, *([] if owner is None else [owner])),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env={**os.environ, **(environment or {})},
                start_new_session=os.name != "nt",
                creationflags=flags,
            )
        self._inbox: queue.SimpleQueue[Parcel] = queue.SimpleQueue()
        self._outbox: queue.SimpleQueue[_Letter | None] = queue.SimpleQueue()
        assert self._process.stdout is not None
        assert self._process.stdin is not None
        # Threads read and write, since Windows cannot wait for a pipe and no longer than a time.
        for work in (
            partial(_pump, self._process.stdout, self._inbox, _nothing),
            partial(_post, self._process.stdin, self._outbox),
        ):
            threading.Thread(target=work, daemon=True).start()

    @property
    def pid(self) -> int:
        """The child's process number."""
        return self._process.pid

    def send(self, message: Message, block: bytes, timeout_s: float) -> None:
        """Send a message, with a block of bytes behind it.

        Raises:
            ChildGone: Nobody listens any more.
            ChildSilent: It was not taken in time; nothing else can be sent any more.
        """
        letter = _Letter(message, block, queue.SimpleQueue())
        self._outbox.put(letter)
        try:
            taken = letter.taken.get(timeout=timeout_s)
        except queue.Empty:
            raise ChildSilent from None
        if not taken:
            raise ChildGone

    def receive(self, timeout_s: float) -> tuple[Message, bytes]:
        """Hear the next message.

        Raises:
            ChildGone: There will be none.
            ChildSilent: There was none in time.
        """
        try:
            # A deadline that has passed: the queue refuses to wait for less than no time.
            parcel = self._inbox.get(timeout=max(timeout_s, 0.0))
        except queue.Empty:
            raise ChildSilent from None
        if parcel is None:
            # Put back, so that whoever asks next is told the same instead of waiting for nothing.
            self._inbox.put(None)
            raise ChildGone
        return parcel

    def kill(self) -> None:
        """End the child at once."""
        # It may have ended by itself in the meantime.
        with contextlib.suppress(OSError):
            self._process.kill()
        self._outbox.put(None)
        # Waited for, since a child that nobody has asked about stays behind as a zombie; but one
        # that is stuck in a driver outlives even this for as long as the driver likes.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(waits.CHILD_IS_GONE.s)

    def close(self, timeout_s: float = waits.CHILD_ENDS.s) -> None:
        """Let the child end by itself, but not for longer than ``timeout_s``."""
        self._outbox.put(None)
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()


class Parent:
    """The child's end; make one first of all, before anything can print.

    Args:
        gone: Called from another thread when the parent has ended; the process ends after it.
    """

    def __init__(self, gone: Callable[[], None] = _nothing) -> None:
        # Only messages may come out of the pipe: whatever prints from here on goes to the log.
        self._out = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)
        self._gone = gone
        self._inbox: queue.SimpleQueue[Parcel] = queue.SimpleQueue()
        self._writing = threading.Lock()
        threading.Thread(
            target=_pump, args=(sys.stdin.buffer, self._inbox, self._end), daemon=True
        ).start()

    def _end(self) -> None:
        try:
            self._gone()
        finally:
            # An exception would end this thread only, and the rest would go on without a parent.
            os._exit(0)

    def send(self, message: Message, block: bytes = b"") -> None:
        """Say something; a parent that no longer listens is about to end this process anyway."""
        with self._writing, contextlib.suppress(OSError):
            _send(self._out, message, block)

    def receive(self) -> tuple[Message, bytes]:
        """Wait for the next message."""
        parcel = self._inbox.get()
        if parcel is None:
            # Another thread puts things to rest and ends the process: nothing may go on in here.
            threading.Event().wait()
            raise SystemExit
        return parcel

    def peek(self) -> tuple[Message, bytes] | None:
        """The next message, if it is there already."""
        with contextlib.suppress(queue.Empty):
            return self._inbox.get_nowait()
        return None
