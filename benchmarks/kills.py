"""A storm over supervisor, daemon, audio child and learner, and what it cost.

``python benchmarks/kills.py 300`` has 300 things happen: SIGKILL, SIGSTOP and SIGTERM to whoever is
there, commands, and renamed folders, over as many sessions as it takes. About half an hour.
"""

import random
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from rig.session.folder import Session
from rig.session.verify import verify
from tests.faults import victims
from tests.faults.storm import Storm

A_SESSION = 75


def main(count: int, first_seed: int) -> None:
    """Let so many things happen, and say what of."""
    counts: Counter[str] = Counter()
    slowest_s, sessions = 0.0, 0
    while counts.total() < count:
        # Left behind where something is wrong: its journal and its logs say more.
        folder = Path(tempfile.mkdtemp(prefix="storm-"))
        config, session = folder / "rig.yaml", folder / "session"
        config.write_text(victims.configuration_of(96), encoding="utf-8")
        storm = Storm(session, config, random.Random(first_seed + sessions))
        storm.rage(min(A_SESSION, count - counts.total()))
        victims.see_through(session, config, 600.0)
        view = Session.view(session)
        report = verify(view)
        assert report.sound, report.problems
        kept = len(view.state.kept())
        view.close()
        shutil.rmtree(folder)
        sessions, slowest_s = sessions + 1, max(slowest_s, storm.slowest_stop_s)
        counts.update(storm.counts)
        print(
            f"session {sessions}: {storm.counts}, {kept} kept, all as the journal says", flush=True
        )
    print(f"{counts.total()} events {dict(sorted(counts.items()))}: none lost, none corrupt")
    print(f"slowest stop: {slowest_s:.1f} s until no process was left")


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*given, *(300, 0)[len(given) :])
