"""Record a thousand captures in one run: the daemon's memory, handles, threads and status.

Real processes on the virtual amp at 8 kHz, which plays far faster than time; Linux only, as it
reads ``/proc``. About ten minutes.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from rig.session.folder import Session
from rig.session.status import status

RIG = """
name: long
amp: {driver: virtual, preset: tweed}
interface: {driver: virtual, sample_rate: 8000, paced: true, speed: 1000}
knobs: {gain: {}, tone: {}, volume: {limits: [3, 10]}}
plan: {captures: 1000, seeds: 1000, batch: 1, holdouts: 4, canary_every: 10}
learner: {size: nano, members: 2, steps: 1, final_size: nano, final_steps: 1}
"""


def measure_process(pid: int) -> tuple[float, int, int]:
    """Return a process's resident MiB, file handles and threads."""
    fields = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
    )
    resident = int(fields["VmRSS"].split()[0]) / 1024
    return resident, len(list(Path(f"/proc/{pid}/fd").iterdir())), int(fields["Threads"])


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        config, session = Path(folder) / "rig.yaml", Path(folder) / "session"
        config.write_text(RIG, encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "rig.daemon.service",
            str(session),
            "--config",
            str(config),
        ]
        daemon = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        seen: list[tuple[int, float, int, int]] = []
        while daemon.poll() is None:
            time.sleep(2)
            if not (session / "journal.db").exists():
                continue
            view = Session.view(session)
            kept = len(view.state.kept())
            view.close()
            if kept // 50 > (seen[-1][0] // 50 if seen else 0):
                seen.append((kept, *measure_process(daemon.pid)))
                _, resident, handles, threads = seen[-1]
                print(f"{kept} kept: {resident:.0f} MiB, {handles} handles, {threads} threads")
        rows = np.array(seen[2:])
        slope = 100 * np.polyfit(rows[:, 0], rows[:, 1], 1)[0]
        print(f"slope {slope:+.2f} MiB per 100 captures, most {rows[:, 1].max():.0f} MiB")
        view = Session.view(session)
        played_h = sum(view.state.takes.counts.values()) * view.signal().duration_s / 3600
        view.close()
        times = []
        for _ in range(5):
            began = time.perf_counter()
            view = Session.view(session)
            status(view)
            times.append(time.perf_counter() - began)
            view.close()
        print(f"{played_h:.1f} hours of signal; status in {1000 * sorted(times)[2]:.0f} ms")


if __name__ == "__main__":
    main()
