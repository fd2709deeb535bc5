"""Processes that are threads, of which one runs at a time, on clocks that only jump ahead.

Whoever sleeps, dials or plays hands over, and the one that wakes first goes on. One that is killed
does nothing any more: not even what stands in its ``finally``; its locks are let go, as a system
does it.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import filelock

from rig.clock import Clock

#: What a process says that was killed.
KILLED = -9


class Dead(BaseException):
    """The process ends here, without a word."""


class Process:
    """Stands in for `subprocess.Popen`: a thread that runs when it has the baton."""

    def __init__(self, world: "World", name: str, pid: int, main: Callable[[], int]) -> None:
        self.world, self.name, self.pid = world, name, pid
        self.code: int | None = None
        self.is_dead = False
        self.wakes_at = world.steady
        self.locks: list[filelock.BaseFileLock] = []
        self.handlers: dict[int, Callable[[int, object], None]] = {}
        self.signals: list[int] = []
        #: Dies after so many more writes; None for never.
        self.writes_left: int | None = None
        self._main, self.go = main, threading.Semaphore(0)
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()

    def poll(self) -> int | None:
        """Its exit code, as `Popen.poll`."""
        return self.code

    def _live(self) -> None:
        self.go.acquire()
        self.world.threads[threading.get_ident()] = self
        code = KILLED
        try:
            if not self.is_dead:
                code = self._main()
        except Dead:
            pass
        except BaseException as error:
            # Told to the machine, which runs in another thread.
            self.world.broken = error
        finally:
            for lock in self.locks:
                lock.release(force=True)
            del self.world.threads[threading.get_ident()]
            self.code = KILLED if self.is_dead else code
            self.world.ended.append(self)
            self.world.back.release()

    def sleep(self, seconds: float) -> None:
        """Hand over until so many seconds later."""
        self.check()
        self.wakes_at = self.world.steady + max(seconds, 0.0)
        self.world.back.release()
        self.go.acquire()
        self.check()
        while self.signals:
            number = self.signals.pop(0)
            if number not in self.handlers:
                self.is_dead = True
                self.check()
            self.handlers[number](number, None)

    def check(self) -> None:
        """The dead do nothing."""
        if self.is_dead:
            raise Dead

    def writes(self, write: Callable[[], object]) -> object:
        """Write something, unless it dies before or after."""
        self.check()
        if self.writes_left is not None:
            self.writes_left -= 1
            if self.writes_left < 0:
                self.is_dead = True
                self.check()
        done = write()
        if self.writes_left == 0:
            self.is_dead = True
            self.check()
        return done


@dataclass
class World:
    """Clocks, and the processes that live by them."""

    at: float = 1_795_000_000.0
    steady: float = 0.0
    slept: float = 0.0
    processes: list[Process] = field(default_factory=list)
    threads: dict[int, Process] = field(default_factory=dict)
    back: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    #: Processes that ended, in this order.
    ended: list[Process] = field(default_factory=list)
    broken: BaseException | None = None

    @property
    def clock(self) -> Clock:
        """The clocks as a process sees them."""
        return Clock(
            lambda: self.at, self.sleep, lambda: self.steady, lambda: self.steady + self.slept
        )

    @property
    def current(self) -> Process | None:
        """The process that runs; None for whoever stands outside."""
        return self.threads.get(threading.get_ident())

    def sleep(self, seconds: float) -> None:
        """Have the process that runs wait."""
        process = self.current
        assert process is not None, "nobody waits outside"
        process.sleep(seconds)

    def living(self, name: str | None = None) -> list[Process]:
        """Processes that have not ended, of one name or of any."""
        return [p for p in self.processes if p.code is None and name in (None, p.name)]

    def start(self, name: str, main: Callable[[], int]) -> Process:
        """Begin a process; it runs when its turn comes."""
        process = Process(self, name, 1000 + len(self.processes), main)
        self.processes.append(process)
        return process

    def turn(self) -> bool:
        """Let the one run that wakes first; False where nobody lives."""
        living = self.living()
        if not living:
            return False
        first = min(living, key=lambda process: (process.wakes_at, process.pid))
        gone = max(first.wakes_at - self.steady, 0.0)
        self.at, self.steady = self.at + gone, self.steady + gone
        self._hand_over(first)
        return True

    def _hand_over(self, process: Process) -> None:
        process.go.release()
        self.back.acquire()
        if self.broken is not None:
            broken, self.broken = self.broken, None
            raise broken

    def kill(self, process: Process) -> None:
        """End a process at once, wherever it waits."""
        process.is_dead = True
        process.wakes_at = self.steady
        # From within, it dies when its turn comes: only one runs at a time.
        if process.code is None and self.current is None:
            self._hand_over(process)

    def term(self, process: Process, number: int) -> None:
        """Send a process a signal, which it hears at once."""
        process.signals.append(number)
        process.wakes_at = self.steady
        self._hand_over(process)

    def suspend(self, seconds: float) -> None:
        """The machine sleeps."""
        self.at, self.slept = self.at + seconds, self.slept + seconds
