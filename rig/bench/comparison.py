"""Run all trials of a comparison, a process for each core, continued where they were left."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from pathlib import Path

from rig import config as configuration
from rig.bench.results import Results
from rig.bench.subjects import (
    BRIEF,
    GUITAR,
    LiveSubject,
    ReplayedSubject,
    Subject,
    VirtualSubject,
)
from rig.bench.trial import Terms, Trial, settings_to_test, trial_rows
from rig.errors import UsageError
from rig.learner.client import ENVIRONMENT
from rig.proposals import designs
from rig.proposals.strategies import STRATEGIES
from rig.session.folder import Session, is_session

#: Told of each trial that is done: how many, of how many, and which.
Tell = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Comparison:
    """What is compared: amps, strategies and seeds, on which terms.

    Attributes:
        folder: For results and recordings.
        amps: Names of built-in amps, session folders, or ``rig.yaml`` files of rigs.
        strategies: By name.
        seeds: Each strategy runs once from each.
        terms: The same for all.
        workers: Processes, each on one core; one where a live rig is among the amps.
    """

    folder: Path
    amps: tuple[str, ...]
    strategies: tuple[str, ...]
    seeds: tuple[int, ...]
    terms: Terms
    workers: int


@contextmanager
def open_subject(amp: str, folder: Path, brief: bool = False) -> Iterator[Subject]:
    """Open the subject behind a name; with ``brief`` a built-in amp plays no more than it must.

    Raises:
        UsageError: There is none.
    """
    path = Path(amp)
    if is_session(path):
        session = Session.view(path)
        try:
            yield ReplayedSubject(session)
        finally:
            session.close()
    elif path.suffix in (".yaml", ".yml"):
        with LiveSubject(configuration.load(path), path.parent, folder) as live:
            yield live
    else:
        yield VirtualSubject(amp, folder, BRIEF if brief else GUITAR)


def _is_live(amp: str) -> bool:
    return Path(amp).suffix in (".yaml", ".yml")


def _trial(comparison: Comparison, amp: str, strategy: str, seed: int) -> str:
    """Run one trial in this process, on one core where there are several workers."""
    import torch

    if comparison.workers > 1:
        # As many workers as cores: more threads would only wait for each other.
        torch.set_num_threads(1)
    results = Results(comparison.folder)
    with open_subject(amp, comparison.folder, brief=comparison.terms.plan is None) as subject:
        known = results.known(comparison.terms.mode, subject.name, strategy, seed)
        for row in trial_rows(Trial(subject, strategy, seed), comparison.terms, known.get):
            results.add(row)
            _end_with_parent()
    return f"{amp}, {strategy}, seed {seed}"


def _end_with_parent() -> None:
    """End this worker where its parent was killed, instead of going on for hours.

    It leaves at once: an exception would only end one of the trials that wait for it.
    """
    # A pool's workers are not told that their parent was killed.
    parent = parent_process()
    if parent is not None and not parent.is_alive():
        os._exit(1)


def _require_enough(subject: Subject, amp: str, terms: Terms) -> None:
    """Refuse a session with too few settings to learn from beside those tested on."""
    if subject.pool is None:
        return
    play, anywhere = settings_to_test(subject, terms.tests)
    left = len(subject.pool) - len(play) - len(anywhere)
    if left < terms.counts[-1]:
        raise UsageError(
            f"--amp {amp}: of its {len(subject.pool)} kept settings, {left} are left to learn from "
            "beside those tested on: choose --counts up to that, or fewer --tests"
        )


def refuse_impossible(comparison: Comparison) -> None:
    """Refuse unknown amps and strategies, and sessions with too few settings, before hours pass.

    Raises:
        UsageError: There is something of that.
    """
    for strategy in comparison.strategies:
        if strategy not in STRATEGIES:
            names = ", ".join(STRATEGIES)
            raise UsageError(f"--strategy {strategy}: there is no such strategy, only {names}")
        if not designs.is_design(strategy) and comparison.terms.is_single:
            raise UsageError(
                f"--concat: has one member, and --strategy {strategy} asks an ensemble"
            )
    for amp in comparison.amps:
        if not _is_live(amp):
            with open_subject(amp, comparison.folder) as subject:
                _require_enough(subject, amp, comparison.terms)


def compare(comparison: Comparison, tell: Tell) -> None:
    """Run every trial that is not written down yet.

    Raises:
        UsageError: There is no such amp or strategy, or a session with too few settings.
        RigError: A live rig failed.
    """
    refuse_impossible(comparison)
    trials = [
        (comparison, amp, strategy, seed)
        # Outermost: a comparison that is broken off has run every strategy as often as any other.
        for seed in comparison.seeds
        for amp in comparison.amps
        for strategy in comparison.strategies
    ]
    # Two processes cannot play one live amp, and a single worker needs no process.
    if comparison.workers == 1 or any(map(_is_live, comparison.amps)):
        for done, trial in enumerate(trials, 1):
            tell(done, len(trials), _trial(*trial))
        return
    # Read when a worker starts.
    os.environ.update(ENVIRONMENT)
    # Spawned, since a fork of a process in which torch has threads may hang.
    spawn = get_context("spawn")
    with ProcessPoolExecutor(comparison.workers, mp_context=spawn) as pool:
        try:
            waiting = [pool.submit(_trial, *trial) for trial in trials]
            for done, future in enumerate(as_completed(waiting), 1):
                tell(done, len(trials), future.result())
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
