"""Measure what a take costs besides playing: dial, judge, store, journal, at no settle time.

On the paced virtual amp; with ``jack`` as an argument, on a jackd that runs already and whose
ports ``PortAudio:out_1/2`` are patched to ``PortAudio:in_1/2`` by hand or by a script.
"""

import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from statistics import median

from rig import config as configuration
from rig.daemon.request import Request
from rig.daemon.service import capture
from rig.session.facts import TakeBegun, TakeEnded
from rig.session.folder import Session

DEVICES = {
    "virtual": "amp: {driver: virtual, preset: british}\ninterface: {driver: virtual, paced: true}",
    "jack": """amp: {driver: midi, port: the amp, api: UNIX_JACK, settle_s: 0, sends: 2}
interface: {driver: soundcard, input: system, output: system, host_api: JACK,
  loopback_channel: 2, loopback_send_channel: 2}""",
}
KNOBS = {
    "virtual": "gain: {}, bass: {}, middle: {}, treble: {}, volume: {}",
    "jack": ", ".join(f"k{i}: {{cc: {20 + i}}}" for i in range(5)),
}
REST = """
signal:
  train: {file: "builtin:guitar-train", length_s: 13.4}
  holdout: {file: "builtin:guitar-holdout", start_s: 3, length_s: 3}
plan: {captures: 8, seeds: 8, holdouts: 1}
learner: {size: nano, members: 2, steps: 1, final_size: nano, final_steps: 1}
"""


def main(where: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rig.yaml"
        path.write_text(f"{DEVICES[where]}\nknobs: {{{KNOBS[where]}}}\n{REST}", encoding="utf-8")
        ending = capture(Request(Path(folder) / "session", path), configuration.load(path))
        print(ending.reason)
        session = Session.view(Path(folder) / "session")
        signal_s = session.signal().duration_s
        entries = [
            e for e in session.journal.entries() if isinstance(e.fact, TakeBegun | TakeEnded)
        ]
        begun = [e.at for e in entries if isinstance(e.fact, TakeBegun)]
        costs = [after - before - signal_s for before, after in pairwise(begun)]
        share = 100 * median(costs) / signal_s
        print(f"{where}: {len(costs)} takes of {signal_s:.1f} s")
        middle = f"median {median(costs):.2f} s ({share:.1f} %)"
        print(f"besides playing: {middle}, most {max(costs):.2f} s")
        session.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "virtual")
