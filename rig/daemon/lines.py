"""What the log says of a take, a round and a final model, in one line each."""

import math

from calibration.verdict import Verdict
from rig.capture import Role, Take
from rig.daemon.run import Run
from rig.session.worth import of_goal, worth


def take_line(run: Run, take: Take, verdict: Verdict) -> str:
    """Return which take it was, how loud it came back, and whether it was kept or why not."""
    setting = run.session.config.panel.describe(take.capture.setting)
    level_dbfs = verdict.figures.get("return_rms_dbfs", -math.inf)
    about = f"take {take.number}, {take.capture.role}, {setting}: {level_dbfs:.1f} dBFS RMS"
    if not verdict.kept:
        return f"{about}, rejected: {'; '.join(reason.sentence for reason in verdict.reasons)}"
    done, goal = len(run.session.state.kept(Role.SEED, Role.ACTIVE)), run.goals.captures
    return f"{about}, kept; {of_goal(done, goal)}"


def error_words(esr: float | None, worst_esr: float | None = None) -> str:
    """Return a holdout error in words, and as the field writes it.

    Args:
        esr: On settings that were held back.
        worst_esr: What is expected elsewhere, where that is worse: the word follows from it.
    """
    if esr is None:
        return worth(esr).words
    word, more = worth(esr), ""
    if worst_esr is not None and f"{worst_esr:.2g}" != f"{esr:.2g}":
        word, more = worth(worst_esr), f", {worst_esr:.2g} expected elsewhere"
    return f"{word.words} (holdout ESR {esr:.2g}{more})"
