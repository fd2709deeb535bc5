"""What does the state machine of nights find? Mends taken out of a copy, one at a time.

``python benchmarks/night_mutants.py 200 60`` lets every one of them have up to 200 nights of 60
steps, and says how soon a promise was broken; after the numbers, parts of names choose some.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("rig", "models", "calibration", "tests", "benchmarks")
#: A night that hangs is found as well.
HANGS_S = 1_800.0


@dataclass(frozen=True)
class Mutant:
    """A mend, and the code without it."""

    fault: str
    file: str
    mended: str
    spoilt: str


MUTANTS = (
    Mutant(
        "a deadline is worked out anew at each start",
        "rig/daemon/service.py",
        "asked_at = self.request.asked_at if self.request.asked_at is not None else now\n",
        "asked_at = now\n",
    ),
    Mutant(
        "a set clock moves no deadline",
        "rig/daemon/service.py",
        "    run.deadline = lambda: work_out().until\n",
        "",
    ),
    Mutant(
        "something is played past the deadline",
        "rig/daemon/stopping.py",
        "plays_on = now.at < goals.until and not state.run.paused",
        "plays_on = True",
    ),
    Mutant(
        "a command is taken away before it is written down",
        "rig/session/control.py",
        """        if is_plain:
            yield from (known for known in get_args(Command) if name.endswith(f".{known}"))
        if not is_plain or not door.remove(path):
""",
        """        gone = is_plain and door.remove(path)
        if is_plain:
            yield from (known for known in get_args(Command) if name.endswith(f".{known}"))
        if not gone:
""",
    ),
    Mutant(
        "a restart forgets a pause and a stop",
        "rig/session/lives.py",
        "return replace(same_run, paused=self.paused, stopping=self.stopping)",
        "return same_run",
    ),
    Mutant(
        "what was said while the devices opened is thrown away",
        "rig/daemon/service.py",
        "        if request.asked_at is None:\n            control.forget(session.door)\n",
        "        control.forget(session.door)\n",
    ),
    Mutant(
        "a supervisor that is told to stop keeps it to itself",
        "rig/daemon/supervisor.py",
        'control.drop(self._door, "stop-now")',
        "pass",
    ),
    Mutant(
        "a supervisor does not look for a stop while it waits",
        "rig/daemon/supervisor.py",
        "self._stopping = self._stopping or control.is_stop_waiting(self._door)",
        "pass",
    ),
    Mutant(
        "a supervisor that comes after the end starts another daemon",
        "rig/daemon/supervisor.py",
        "        return next(starts, len(facts))\n",
        "        return len(facts)\n",
    ),
    Mutant(
        "the end is not written down where no daemon lives",
        "rig/daemon/supervisor.py",
        "        lay_down(self._folder, ending, self._clock)\n",
        "",
    ),
    Mutant(
        "a daemon that cannot begin leaves nobody behind",
        "rig/daemon/service.py",
        "            _left_alone(request, error, clock)\n",
        "            pass\n",
    ),
    Mutant(
        "a capture begins beside a supervisor",
        "rig/daemon/request.py",
        "if is_running(session) or is_supervised(session):",
        "if is_running(session):",
    ),
    Mutant(
        "more is ordered than was asked for",
        "rig/daemon/orders.py",
        "return goal is None or state.ordered_to_learn() < goal",
        "return True",
    ),
    Mutant(
        "a final model is written in place",
        "rig/session/staging.py",
        "written = store.write(door, staged(path), content)",
        "written = store.write(door, path, content)",
    ),
    Mutant(
        "a broken-off take lasts until it is written down",
        "rig/session/lives.py",
        "self.last_at = self.last_at if take.died else at",
        "self.last_at = at",
    ),
    Mutant(
        "a pause is only looked at between rounds",
        "rig/daemon/loop.py",
        "    if state.run.paused:\n        return Wait()\n",
        "",
    ),
)


def spoil(root: Path, mutant: Mutant) -> None:
    """Take the mend out.

    Raises:
        ValueError: It is not there, or not once.
    """
    path = root / mutant.file
    text = path.read_text(encoding="utf-8")
    if text.count(mutant.mended) != 1:
        raise ValueError(f"{mutant.file}: {mutant.fault}: the mend stands there no more")
    path.write_text(text.replace(mutant.mended, mutant.spoilt), encoding="utf-8")


def tried(mutant: Mutant, nights: int, steps: int) -> str:
    """Let nights pass in a copy without the mend; what was found."""
    with tempfile.TemporaryDirectory() as folder:
        for package in PACKAGES:
            leave_out = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / package, Path(folder) / package, ignore=leave_out)
        spoil(Path(folder), mutant)
        command = [sys.executable, "benchmarks/night_machine.py", str(nights), str(steps), "0"]
        command.append("walks")
        try:
            done = subprocess.run(
                command,
                cwd=folder,
                env={**os.environ, "PYTHONPATH": folder},
                capture_output=True,
                text=True,
                timeout=HANGS_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return "found: a night hangs"
    said = [line for line in done.stderr.splitlines() if "Error" in line]
    return f"found: {said[-1][:100]}" if done.returncode else "NOT FOUND"


def main(nights: int, steps: int, names: list[str]) -> None:
    """Try all of them, or those that are named."""
    for mutant in MUTANTS:
        if names and not any(name in mutant.fault for name in names):
            continue
        began = time.monotonic()
        found = tried(mutant, nights, steps)
        print(f"{mutant.fault}: {found} ({time.monotonic() - began:.0f} s)", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
