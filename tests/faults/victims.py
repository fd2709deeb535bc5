"""A supervised capture whose processes are killed: who they are, and whether it goes on."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from rig.capture import Outcome
from rig.session import live
from rig.session.facts import TakeEnded
from rig.session.folder import Session
from rig.session.status import OVER, status
from rig.session.verify import verify
from tests.conftest import TINY

PROCESSES = ("supervisor", "daemon", "audio", "learner")
#: A capture is back within this, whoever was killed, on a machine that runs other tests too;
#: `benchmarks/kills.py` measures how long it really takes.
BACK_S = 30.0


def configuration_of(captures: int) -> str:
    """Many short takes, and rounds that train for a second or so."""
    text = TINY.replace(
        "captures: 8, seeds: 4, batch: 2", f"captures: {captures}, seeds: 12, batch: 8"
    )
    text = text.replace("steps: 2, final_size", "steps: 25, final_size")
    text = text.replace("final_steps: 2", "final_steps: 60")
    return text.replace("latency_frames: 311.3", "latency_frames: 311.3, paced: true, speed: 8")


def _command_lines() -> dict[int, str]:
    shown = subprocess.run(
        ["ps", "-eww", "-o", "pid=,args="], capture_output=True, text=True, check=True
    )
    rows = (line.strip().split(" ", 1) for line in shown.stdout.splitlines())
    return {int(row[0]): row[1] for row in rows if len(row) == 2}


def pids(folder: Path) -> dict[str, int]:
    """The session's processes that run now, by name."""
    found = {}
    for pid, line in _command_lines().items():
        for name, module in (
            ("supervisor", "rig.daemon.supervisor"),
            ("daemon", "rig.daemon.service"),
        ):
            if f"-m {module} " in line and folder.parent.name in line:
                found[name] = pid
    snapshot = live.read(folder)
    if snapshot is not None and "daemon" in found:
        found |= snapshot.processes
    return found


def start(folder: Path, config: Path) -> None:
    """``rig capture --detach``."""
    command = [sys.executable, "-m", "rig", "capture", str(config), "--detach"]
    subprocess.run([*command, "--session", str(folder)], check=True, stdout=subprocess.DEVNULL)


def last_word(folder: Path) -> int:
    """How long the journal is; 0 before there is one."""
    if not (folder / "journal.db").exists():
        return 0
    session = Session.view(folder)
    try:
        return session.state.seq
    finally:
        session.close()


def kept(folder: Path) -> dict[int, TakeEnded]:
    """Every take that the journal calls kept."""
    session = Session.view(folder)
    try:
        ended = (entry.fact for entry in session.journal.entries())
        takes = [fact for fact in ended if isinstance(fact, TakeEnded)]
        return {fact.take: fact for fact in takes if fact.outcome is Outcome.KEPT}
    finally:
        session.close()


def is_over(folder: Path) -> bool:
    """Whether the session came to its end and nobody works on it any more."""
    return status(Session.view(folder)).state in OVER and not pids(folder)


@dataclass
class Toll:
    """What a series of kills came to."""

    kills: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PROCESSES, 0))
    longest_s: float = 0.0

    @property
    def total(self) -> int:
        """How many processes were killed."""
        return sum(self.kills.values())


def rampage(folder: Path, config: Path, count: int, seed: int) -> Toll:
    """Kill processes at random instants, until so many were killed; check after each kill."""
    draw, toll = random.Random(seed), Toll()
    start(folder, config)
    before: dict[int, TakeEnded] = {}
    while toll.total < count:
        time.sleep(draw.choice((0.02, 0.1, 0.3, 0.6, 1.0, 2.0)) * draw.uniform(0.3, 1.0))
        there = pids(folder)
        if not there:
            start(folder, config)
            continue
        fewest = min(toll.kills[name] for name in there)
        name = draw.choice(sorted(name for name in there if toll.kills[name] == fewest))
        seq = last_word(folder)
        with contextlib.suppress(ProcessLookupError):
            os.kill(there[name], signal.SIGKILL)
            toll.kills[name] += 1
        toll.longest_s = max(toll.longest_s, wait_until_it_goes_on(folder, config, seq))
        if name == "supervisor" and toll.kills[name] % 2:
            wait_for_a_new_supervisor(folder)
        now = kept(folder)
        assert {take: now.get(take) for take in before} == before, "a kept take was lost"
        before = now
    check(folder)
    return toll


def wait_until_it_goes_on(folder: Path, config: Path, seq: int) -> float:
    """Seconds until the journal has a new word, or the session is over."""
    began = time.monotonic()
    while last_word(folder) <= seq and not is_training(folder):
        gone = time.monotonic() - began
        assert gone < BACK_S, f"nothing happened for {gone:.0f} s: {pids(folder)}"
        if not pids(folder):
            if last_word(folder) and is_over(folder):
                break
            start(folder, config)
        time.sleep(0.05)
    return time.monotonic() - began


def wait_for_a_new_supervisor(folder: Path) -> None:
    """Let the daemon notice: it looks every few seconds, and two kills may come before that."""
    deadline = time.monotonic() + BACK_S
    while "daemon" in (there := pids(folder)) and "supervisor" not in there:
        assert time.monotonic() < deadline, f"no new supervisor: {there}"
        time.sleep(0.05)


def is_training(folder: Path) -> bool:
    """Whether a learner is at work, which may say nothing new to the journal for a while."""
    snapshot = live.read(folder)
    fresh = snapshot is not None and time.time() - snapshot.at < 1.0
    return fresh and snapshot is not None and snapshot.learner is not None


def check(folder: Path) -> None:
    """Everything that the journal speaks of is on the disk."""
    session = Session.view(folder)
    report = verify(session)
    session.close()
    assert report.sound, [str(problem) for problem in report.problems]


def see_through(folder: Path, config: Path, seconds: float = 300.0) -> None:
    """Let the session come to its end."""
    deadline = time.monotonic() + seconds
    while True:
        assert time.monotonic() < deadline, pids(folder)
        if not pids(folder):
            if status(Session.view(folder)).state == "finished":
                return
            start(folder, config)
        time.sleep(0.05)
