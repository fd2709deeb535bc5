"""Kill supervisor, daemon, devices and learner at random instants, and count what it cost.

``python benchmarks/kills.py 300`` runs for about twenty minutes, over as many sessions as it takes.
"""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from rig.session.folder import Session
from rig.session.verify import verify
from tests.faults import victims

A_SESSION = 100


def main(count: int) -> None:
    kills, longest_s, sessions = dict.fromkeys(victims.PROCESSES, 0), 0.0, 0
    while sum(kills.values()) < count:
        with tempfile.TemporaryDirectory() as folder:
            config, session = Path(folder) / "rig.yaml", Path(folder) / "session"
            config.write_text(victims.configuration_of(48), encoding="utf-8")
            wanted = min(A_SESSION, count - sum(kills.values()))
            toll = victims.rampage(session, config, wanted, seed=sessions)
            victims.see_through(session, config)
            view = Session.view(session)
            report = verify(view)
            assert report.sound, report.problems
            kept = len(view.state.kept())
            view.close()
        sessions += 1
        longest_s = max(longest_s, toll.longest_s)
        for name, number in toll.kills.items():
            kills[name] += number
        print(f"session {sessions}: {toll.kills}, {kept} kept, all as the journal says", flush=True)
    print(f"{sum(kills.values())} kills {kills}: no kept take lost, none corrupt")
    print(f"longest until the journal had a new word: {longest_s:.1f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
