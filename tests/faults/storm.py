"""A storm over a real capture: kills, stopped processes, signals, commands and renamed folders."""

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from rig.daemon.leftovers import leftovers
from rig.session import control
from rig.session.facts import CommandGiven, TakeBegun, TakeEnded
from rig.session.folder import Session
from rig.session.status import OVER, status
from tests.faults import victims

#: A stop stops within this, on a machine that runs other things too.
STOPS_S = 60.0
#: What may happen, and how often beside the others.
EVENTS = {"kill": 10, "freeze": 6, "pause": 2, "term": 1, "stop": 1, "stop-now": 1, "rename": 1}


@dataclass
class Storm:
    """A session in a storm, and what it came to.

    Attributes:
        counts: How often each thing happened, by its name.
        slowest_stop_s: The longest that a stop took until no process was left.
    """

    folder: Path
    config: Path
    draw: random.Random
    counts: dict[str, int] = field(default_factory=dict)
    slowest_stop_s: float = 0.0
    kept: dict[int, TakeEnded] = field(default_factory=dict)

    def rage(self, events: int) -> None:
        """Let so many things happen, and look after each of them."""
        names, weights = list(EVENTS), list(EVENTS.values())
        while sum(self.counts.values()) < events:
            if not victims.pids(self.folder):
                victims.start(self.folder, self.config)
            time.sleep(self.draw.uniform(0.05, 1.5))
            self._happen(self.draw.choices(names, weights)[0])
            self._look()

    def _happen(self, event: str) -> None:
        there = victims.pids(self.folder)
        if not there or not victims.last_word(self.folder):
            return
        name = self.draw.choice(sorted(there))
        label = f"{event} {name}" if event in ("kill", "freeze", "term") else event
        self.counts[label] = self.counts.get(label, 0) + 1
        if event == "kill":
            _send(there[name], signal.SIGKILL)
        elif event == "freeze":
            _send(there[name], signal.SIGSTOP)
            time.sleep(self.draw.uniform(0.1, 4.0))
            _send(there[name], signal.SIGCONT)
        elif event == "pause":
            self._pause()
        elif event == "rename":
            self._rename()
        elif event == "term":
            # A learner or an audio child that is terminated is as good as killed.
            before = self._stops_told()
            _send(there[name], signal.SIGTERM)
            if name in ("supervisor", "daemon"):
                eventually(
                    lambda: there[name] not in victims.pids(self.folder).values(),
                    STOPS_S,
                    f"{label}: it lives on",
                )
                # Early in its life a process does not hear signals yet: it is as good as killed.
                if not victims.pids(self.folder) or self._stops_told() > before:
                    self._stops(label)
        elif event == "stop":
            control.drop(self.folder, "stop")
            self._stops(label)
        else:
            control.drop(self.folder, "stop-now")
            self._stops(label)

    def _stops_told(self) -> int:
        """How many stops somebody has written down, or waits to."""
        session = Session.view(self.folder)
        try:
            facts = [entry.fact for entry in session.journal.entries()]
        finally:
            session.close()
        told = sum(isinstance(f, CommandGiven) and f.command.startswith("stop") for f in facts)
        return told + control.is_stop_waiting(self.folder)

    def _stops(self, label: str) -> None:
        began = time.monotonic()
        eventually(
            lambda: not victims.pids(self.folder),
            STOPS_S,
            f"{label}: a stop that does not stop {victims.pids(self.folder)}",
        )
        self.slowest_stop_s = max(self.slowest_stop_s, time.monotonic() - began)
        found = status(Session.view(self.folder))
        assert found.state in OVER, found.state

    def _pause(self) -> None:
        control.drop(self.folder, "pause")
        # A take that plays is let come to its end.
        time.sleep(4.0)
        before = self._begun()
        time.sleep(1.5)
        assert self._begun() == before, "a pause that plays"
        control.drop(self.folder, "resume")

    def _begun(self) -> int:
        session = Session.view(self.folder)
        try:
            entries = session.journal.entries()
            return sum(isinstance(entry.fact, TakeBegun) for entry in entries)
        finally:
            session.close()

    def _rename(self) -> None:
        elsewhere = self.folder.with_name("elsewhere")
        self.folder.rename(elsewhere)
        eventually(lambda: not victims.pids(self.folder), STOPS_S, "it goes on without its folder")
        assert not self.folder.exists(), "the old path was made again"
        elsewhere.rename(self.folder)

    def _look(self) -> None:
        if victims.last_word(self.folder):
            now = victims.kept(self.folder)
            assert {take: now.get(take) for take in self.kept} == self.kept, "a kept take was lost"
            self.kept = now
        assert len(leftovers(self.folder)) <= 4, "children pile up"


def _send(pid: int, number: int) -> None:
    # It may have ended since it was seen.
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def eventually(what: Callable[[], object], seconds: float, otherwise: str) -> None:
    """Wait for something that has to come."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.05)
