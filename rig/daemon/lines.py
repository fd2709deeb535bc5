"""What the log says of a take, a round and a final model, in one line each."""

import math

from calibration.verdict import Verdict
from rig.capture import Role, Take
from rig.daemon.run import Run
from rig.session.worth import worth


def take_line(run: Run, take: Take, verdict: Verdict) -> str:
    """Return which take it was, how loud it came back, and whether it was kept or why not."""
    setting = run.session.config.panel.describe(take.capture.setting)
    level_dbfs = verdict.figures.get("return_rms_dbfs", -math.inf)
    about = f"take {take.number}, {take.capture.role}, {setting}: {level_dbfs:.1f} dBFS"
    if not verdict.kept:
        return f"{about}, rejected: {'; '.join(reason.sentence for reason in verdict.reasons)}"
    done, goal = len(run.session.state.kept(Role.SEED, Role.ACTIVE)), run.goals.captures
    return (
        f"{about}, kept; {done} of {goal} captures" if goal else f"{about}, kept; {done} captures"
    )


def error_words(esr: float | None) -> str:
    """Return a holdout error in words, in dB and as the field writes it."""
    if esr is None:
        return worth(esr).words
    in_db = f"{10 * math.log10(esr):.1f} dB, " if 0 < esr < math.inf else ""
    return f"{worth(esr).words} ({in_db}holdout ESR {esr:.2g})"
