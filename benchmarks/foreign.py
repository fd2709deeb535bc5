"""What a night is worth on amps that rig has never met, by sessions as they are.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/foreign.py --work FOLDER

Each amp is drawn from a seed (`foreign-N`, 3 to 8 controls) and captured by `rig capture
--headless` with 40 captures and little training. Truth is what the circuit gives without converter
and hiss, on guitar that was only tested on, at settings drawn where players set the knobs. Rows
are lines of JSON in FOLDER; said again with the same folder, it goes on, or sums up what is there.
"""

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import torch

from benchmarks.foreign_rows import AUDIBLE_DB, LINES, rows, show, show_amp
from benchmarks.truth import Truth, tested
from rig.capture import Outcome, Role
from rig.child import own_module
from rig.devices.virtual.presets import preset
from rig.errors import RigError
from rig.session.folder import Session, is_session

#: RMS of the hiss of every session.
NOISE_DBFS = -92.0
#: A session that has not ended by then is counted as one that does not end.
LONGEST_S = 3_600

RIG = """
name: foreign-{number}
seed: {number}
amp: {{driver: virtual, preset: foreign-{number}}}
interface: {{driver: virtual, noise_dbfs: {noise_dbfs}}}
knobs:
{knobs}
signal:
  train: {{file: "builtin:guitar-train", length_s: {train_s:g}}}
  holdout: {{file: "builtin:guitar-holdout", start_s: 3, length_s: 2}}
  tone_s: 0.3
plan: {{captures: {captures}, seeds: 10, batch: {batch}, holdouts: 4, strategy: {strategy}}}
learner: {{steps: {steps}, final_steps: {final_steps}, final_size: {final_size}, threads: 1}}
"""


@dataclass(frozen=True)
class Terms:
    """What every amp is captured with."""

    strategy: str
    captures: int
    batch: int
    steps: int
    final_steps: int
    final_size: str
    train_s: float

    @property
    def name(self) -> str:
        """What results are filed under."""
        return (
            f"{self.strategy}-{self.captures}x{self.batch}-{self.steps}-"
            f"{self.final_size}-{self.final_steps}-{self.train_s:g}s"
        )


def write_config(path: Path, number: int, terms: Terms) -> None:
    """Write an amp's ``rig.yaml``, with every knob from 0 to 10."""
    built_in = preset(f"foreign-{number}")
    lines = [
        f"  {name}: "
        + (
            "{switch: ['off', 'on']}"
            if name in built_in.switches
            else "{range: [0, 10], step: 0.1, rest: 0}"
        )
        for name in built_in.controls
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    known = {"number": number, "knobs": "\n".join(lines), "noise_dbfs": NOISE_DBFS}
    path.write_text(RIG.format(**known, **vars(terms)), encoding="utf-8")


def capture(folder: Path, number: int, terms: Terms) -> float:
    """Run a session to its end, as somebody would type it; the processor seconds that it took."""
    path = folder.with_suffix(".yaml")
    write_config(path, number, terms)
    one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    # The rig that this benchmark belongs to, whichever one is installed.
    one["PYTHONPATH"] = str(Path(__file__).parents[1])
    typed = own_module("rig", "capture", str(path), "--session", str(folder), "--headless")
    began = os.times()
    with folder.with_suffix(".log").open("ab") as log:
        try:
            subprocess.run(
                typed,
                env={**os.environ, **one},
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                timeout=LONGEST_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            log.write(b"the benchmark waited no longer\n")
    ended = os.times()
    # By the processor: what else the machine does is no figure of an amp's.
    return ended.children_user - began.children_user + ended.children_system - began.children_system


def asked(truth: Truth, session: Session, loudest: float) -> dict[str, Any]:
    """Count what was asked for that cannot be heard, and levels of all that was recorded."""
    floor = max(loudest * 10 ** (-AUDIBLE_DB / 10), 10 ** (NOISE_DBFS / 10))
    captures = session.state.captures.values()

    def inaudible(role: Role) -> list[dict[str, float]]:
        """Return what nobody hears of a role."""
        settings = [c.capture.setting for c in captures if c.capture.role is role]
        return [truth.panel.named(s) for s in settings if truth.power(s) < floor]

    audible = [truth.power(c.capture.setting) for c in captures if c.kept is not None]
    levels = [10 * np.log10(power / loudest) for power in audible if power >= 1e-12]
    return {
        "inaudible_active": inaudible(Role.ACTIVE),
        "inaudible_seeds": len(inaudible(Role.SEED)),
        "quietest_kept_db": round(min(levels, default=0.0), 1),
    }


def doubted(session: Session) -> dict[str, Any]:
    """Count what became of takes, all of which are healthy."""
    roles = {number: about.capture.role for number, about in session.state.captures.items()}
    reasons: Counter[str] = Counter()
    rejected, suspected, given_up = 0, set[int](), []
    for entry in session.journal.entries():
        fact = entry.fact
        if fact.kind == "take-ended" and fact.outcome is Outcome.REJECTED:
            rejected += 1
            reasons.update(f"{roles[fact.capture]}: {reason.check}" for reason in fact.reasons)
        elif fact.kind == "captures-suspected":
            suspected |= set(fact.captures)
        elif fact.kind == "capture-abandoned":
            given_up.append(fact.why)
    return {
        "takes": session.state.takes.last,
        "rejected": rejected,
        "reasons": dict(reasons),
        "suspected": len(suspected),
        "given_up": given_up,
    }


def expectations(truth: Truth, session: Session, loudest: float) -> list[dict[str, float]]:
    """Pair what each round expected of its settings with what was found there."""
    rounds = session.state.learning.rounds
    return [
        {
            "round": before.round,
            "expected": before.expects(pair.disagreement, pair.level_error),
            "found": pair.found,
            "level_db": round(
                10
                * float(
                    np.log10(
                        truth.power(session.state.captures[pair.capture].capture.setting) / loudest
                        + 1e-20
                    )
                ),
                1,
            ),
        }
        for before, after in pairwise(rounds)
        for pair in after.found
    ]


def measured(number: int, terms: Terms, folder: Path, seconds: float) -> dict[str, Any]:
    """Return the row of a session that has ended, however it ended."""
    built_in = preset(f"foreign-{number}")
    row: dict[str, Any] = {
        "amp": number,
        "terms": terms.name,
        "strategy": terms.strategy,
        "kind": getattr(built_in.circuit, "kind", ""),
        "controls": list(built_in.controls),
        "seconds": round(seconds, 1),
    }
    if not is_session(folder):
        return {**row, "ended": "failed", "reason": "no session", "has_model": False}
    session = Session.view(folder)
    try:
        truth = Truth(session)
        state, loudest = session.state, truth.loudest()
        ended = state.run.ended
        row |= {
            "ended": ended.state if ended else "died",
            "reason": ended.reason if ended else "",
            "has_model": state.learning.model is not None,
            "kept": len(state.kept(Role.SEED, Role.ACTIVE)),
            "round_seconds": [round(learnt.seconds, 1) for learnt in state.learning.rounds],
            "final_seconds": state.learning.model.seconds if state.learning.model else None,
            "loudest_dbfs": round(10 * float(np.log10(loudest)), 1),
        }
        row |= asked(truth, session, loudest) | doubted(session)
        row["expectations"] = expectations(truth, session, loudest)
        row |= tested(truth, session, loudest)
    finally:
        session.close()
    return row


def main() -> None:
    """Capture the amps that are not captured yet, and sum up."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True, help="sessions and results")
    parser.add_argument("--amps", type=int, default=24)
    parser.add_argument("--first", type=int, default=0, help="the first amp's number")
    parser.add_argument("--only", type=int, action="append", help="these amps' numbers")
    parser.add_argument("--strategy", action="append")
    parser.add_argument("--captures", type=int, default=40)
    parser.add_argument("--batch", type=int, default=10)
    parser.add_argument("--steps", type=int, default=120, help="of a round; twice in the first")
    parser.add_argument("--final-steps", type=int, default=600)
    parser.add_argument("--final-size", default="standard")
    parser.add_argument("--train-s", type=float, default=5, help="seconds of guitar to learn from")
    parser.add_argument("--retry", action="store_true", help="go on where there is no model")
    parser.add_argument("--again", action="store_true", help="measure ended sessions anew")
    typed = parser.parse_args()
    torch.set_num_threads(1)
    known = {(row["amp"], row["terms"]): row for row in rows(typed.work)}
    for number in typed.only or range(typed.first, typed.first + typed.amps):
        for strategy in typed.strategy or ["integrated-variance"]:
            numbers = (typed.captures, typed.batch, typed.steps, typed.final_steps)
            terms = Terms(strategy, *numbers, typed.final_size, typed.train_s)
            row = known.get((number, terms.name))
            if row is not None and not typed.again and (row["has_model"] or not typed.retry):
                continue
            folder = typed.work / terms.name / f"foreign-{number}"
            before = row["seconds"] if row else 0.0
            is_over = row is not None and not (typed.retry and not row["has_model"])
            spent = before + (0.0 if is_over else capture(folder, number, terms))
            try:
                row = measured(number, terms, folder, spent)
            except RigError as error:
                print(f"{folder}: {error}", file=sys.stderr)
                continue
            with (typed.work / LINES).open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(row) + "\n")
            show_amp(row)
            sys.stdout.flush()
    show(rows(typed.work))


if __name__ == "__main__":
    main()
