"""The trials of a comparison on a Ray cluster: a processor for each, the same rows as here."""

import json
import shutil
import time
import uuid
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rig.bench.audio import TrainingPlan
from rig.bench.comparison import Comparison, Tell, open_subject, refuse_impossible
from rig.bench.results import Results
from rig.bench.trial import Terms, Trial, trial_rows
from rig.elsewhere.cache import usual_folder
from rig.elsewhere.cluster import connect
from rig.elsewhere.probe import answers
from rig.elsewhere.trouble import Trouble
from rig.errors import RigError, UsageError
from rig.knobs import Setting
from rig.learner.client import ENVIRONMENT
from rig.session.folder import is_session

#: Recordings of comparisons that nobody goes on with are let go of after so long.
FORGOTTEN_S = 24 * 3600.0


def compare_on(comparison: Comparison, address: str, tell: Tell) -> None:
    """Run every trial that is not written down yet on a cluster.

    Raises:
        UsageError: What is compared stays on this machine, or the cluster does not answer.
        RigError: A trial broke off on the cluster, again and again.
    """
    _refuse_what_stays(comparison)
    refuse_impossible(comparison)
    try:
        answers(address)
        ray = connect(address)
    except Trouble as trouble:
        raise UsageError(f"--on {trouble}") from None
    try:
        _run_all(ray, comparison, tell)
    # Whatever Ray says of a task that failed: a traceback of another machine helps nobody here.
    except ray.exceptions.RayError as error:
        said = str(error).strip().splitlines()[-1]
        raise RigError(
            f"--on {address}: a trial broke off: {said}; say it again to go on"
        ) from None
    finally:
        ray.shutdown()


def _refuse_what_stays(comparison: Comparison) -> None:
    for amp in comparison.amps:
        if is_session(Path(amp)) or Path(amp).suffix in (".yaml", ".yml"):
            raise UsageError(
                f"--on: {amp} stays on this machine; on a cluster, only built-in amps are compared"
            )


def _run_all(ray: Any, comparison: Comparison, tell: Tell) -> None:
    results, run = Results(comparison.folder), uuid.uuid4().hex
    options = {"num_cpus": 1, "runtime_env": {"env_vars": ENVIRONMENT}}
    # A worker that dies costs a trial; Ray begins it anew elsewhere, three times by itself.
    remote = ray.remote(run_trial).options(**options)
    waiting: dict[Any, str] = {}
    for seed in comparison.seeds:
        for amp in comparison.amps:
            for strategy in comparison.strategies:
                order = _order(comparison, results, run, (amp, strategy, seed))
                waiting[remote.remote(order)] = f"{amp}, {strategy}, seed {seed}"
    total = len(waiting)
    while waiting:
        done, _ = ray.wait(list(waiting), num_returns=1)
        for row in json.loads(ray.get(done[0])):
            results.add(row)
        what = waiting.pop(done[0])
        tell(total - len(waiting), total, what)


def _order(
    comparison: Comparison, results: Results, run: str, trial: tuple[str, str, int]
) -> bytes:
    """Return what a trial is told, what is written down of it included: it goes on from there."""
    amp, strategy, seed = trial
    known = results.known(comparison.terms.mode, amp, strategy, seed)
    order = {
        "run": run,
        "amp": amp,
        "strategy": strategy,
        "seed": seed,
        "terms": asdict(comparison.terms),
        "known": [[count, [each.values for each in found]] for count, found in known.items()],
    }
    return json.dumps(order).encode()


def run_trial(order: bytes) -> bytes:
    """Run one trial in this process, and return its new rows: JSON both ways."""
    import torch

    # As many trials as processors: more threads would only wait for each other.
    torch.set_num_threads(1)
    told = json.loads(order)
    folder = _recordings(str(told["run"]))
    terms = _terms(told["terms"])
    known = {
        int(count): [Setting(tuple(values)) for values in settings]
        for count, settings in told["known"]
    }
    with open_subject(told["amp"], folder, brief=terms.plan is None) as subject:
        trial = Trial(subject, told["strategy"], told["seed"])
        return json.dumps([*trial_rows(trial, terms, known.get)]).encode()


def _terms(told: dict[str, Any]) -> Terms:
    plan = None if told["plan"] is None else TrainingPlan(**told["plan"])
    return Terms(**{**told, "counts": tuple(told["counts"]), "plan": plan})


def _recordings(run: str) -> Path:
    """Return where the trials of one comparison share recordings; those of old ones go."""
    here = usual_folder() / "bench"
    folder = here / run
    folder.mkdir(parents=True, exist_ok=True)
    for other in here.iterdir():
        # Another comparison may be at work beside this one, and another trial clean up as well.
        if time.time() - other.stat().st_mtime > FORGOTTEN_S and other != folder:
            shutil.rmtree(other, ignore_errors=True)
    return folder
