"""Can a take be trusted? Nights in drawn studios: healthy but awkward ones, and spoilt takes.

    python benchmarks/trust.py --healthy 200            # does the night complete?
    python benchmarks/trust.py --check 50               # does 'rig check' accuse the healthy?
    python benchmarks/trust.py --spoilt 50              # every kind of fault, so many draws each
    python benchmarks/trust.py --spoilt 50 --kinds knob_stuck,polarity_turned

The studios are `rig.devices.virtual.studio`: physics, which knows nothing of the judge. A fault
counts where it is off by an ESR of more than 1e-3 and ten times what the setting repeats itself; it
is found if no take that it spoilt stands for a setting in the end.
"""

import argparse
import logging
import multiprocessing
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from rig.capture import Role
from rig.devices.virtual.studio import FAULT_KINDS, draw_studio, fault_names
from tests.studios.checked import accusations, check
from tests.studios.night import Spoiling, StudioNight, night

Row = TypeVar("Row")

#: Captures of a night, and faults in it, well apart.
CAPTURES, FAULTS_A_NIGHT = 18, 5
#: What counts.
LEAST_ESR, FLOORS = 1e-3, 10.0
#: What is told of a row at once.
_WRONG = ("kept", "failed", "given_up")
#: Faults that last: so many takes.
LASTING = {"knob_stuck": 3, "knob_stuck_at_middle": 3}


def rejections(found: StudioNight) -> Counter[str]:
    """How often each check refused a take."""
    counted: Counter[str] = Counter()
    for entry in found.session.journal.entries():
        if entry.fact.kind == "take-ended":
            counted.update(reason.check for reason in entry.fact.reasons)
    return counted


def healthy(job: tuple[int, bool]) -> dict[str, object]:
    """One night in a healthy studio."""
    logging.disable(logging.CRITICAL)
    seed, loopback = job
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        found = night(Path(folder), draw_studio(seed, loopback=loopback), seed, 12)
        row = {
            "seed": seed,
            "loopback": loopback,
            "failed": found.failed,
            "reason": found.reason,
            "given_up": len(found.given_up()),
            "takes": found.session.state.takes.last,
            "rejections": dict(rejections(found)),
            "seconds": time.monotonic() - began,
        }
        found.session.close()
    return row


def checked(job: tuple[int, bool]) -> tuple[int, bool, list[tuple[str, str, str]]]:
    """What ``rig check`` accuses a healthy studio of: each row with its figure and advice."""
    logging.disable(logging.CRITICAL)
    seed, loopback = job
    bad = accusations(check(draw_studio(seed, loopback=loopback), seed))
    return seed, loopback, [(row.name, row.figure, row.advice) for row in bad]


def spoilt(job: tuple[int, tuple[str, ...]]) -> list[dict[str, object]]:
    """One night with some faults in it."""
    logging.disable(logging.CRITICAL)
    seed, kinds = job
    draw = np.random.default_rng([seed, 11])
    # The amp warms up over the first takes; faults fall on what is recorded afterwards.
    places = [10 + 7 * i + int(draw.integers(0, 4)) for i in range(len(kinds))]
    at = {
        place: (kind, int(draw.integers(2**31)), LASTING.get(kind, 1))
        for place, kind in zip(places, kinds, strict=True)
    }
    with tempfile.TemporaryDirectory() as folder:
        found = night(Path(folder), draw_studio(seed), seed, CAPTURES, Spoiling(at))
        rows = [_row(found, seed, place, kind) for place, (kind, _, _) in at.items()]
        found.session.close()
    return rows


def _row(found: StudioNight, seed: int, place: int, kind: str) -> dict[str, object]:
    """What became of one fault."""
    state, takes = found.session.state, found.happened
    hit = [i for i in range(place, place + LASTING.get(kind, 1)) if i <= len(takes)]
    hit = [i for i in hit if takes[i - 1].kind == kind]
    errors = [takes[i - 1].error_esr for i in hit]
    kept = {about.kept.take for about in state.kept() if about.kept is not None}
    of_role = {
        entry.fact.take: state.captures[entry.fact.capture].capture.role
        for entry in found.session.journal.entries()
        if entry.fact.kind == "take-begun"
    }
    # Canaries and looks stand for no setting: nothing is learnt from them.
    standing = [i for i in hit if i in kept and of_role[i] not in (Role.CANARY, Role.LOOK)]
    floor = state.amp.repeatability_esr or 0.0
    counted = [i for i in standing if takes[i - 1].error_esr > max(LEAST_ESR, FLOORS * floor)]
    return {
        "kind": kind,
        "seed": seed,
        "happened": bool(hit),
        "error_esr": max(errors, default=0.0),
        "counts": max(errors, default=0.0) > max(LEAST_ESR, FLOORS * floor),
        "kept": bool(counted),
        "kept_at_all": bool(standing),
        "ended": "failed" if found.failed else "finished",
        "reason": found.reason,
    }


def _spoilt_jobs(kinds: Sequence[str], draws: int, first: int) -> list[tuple[int, tuple[str, ...]]]:
    draw = np.random.default_rng(first)
    deck = [kind for kind in kinds for _ in range(draws)]
    draw.shuffle(deck)
    hands = [deck[i : i + FAULTS_A_NIGHT] for i in range(0, len(deck), FAULTS_A_NIGHT)]
    return [(first + number, tuple(hand)) for number, hand in enumerate(hands)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--healthy", type=int, default=0)
    parser.add_argument("--check", type=int, default=0)
    parser.add_argument("--spoilt", type=int, default=0)
    parser.add_argument("--kinds", default="")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(asked.workers) as pool:
        if asked.check:
            jobs = _pairs(asked.first, asked.check)
            _show_checked(_counted(pool.imap_unordered(checked, jobs), len(jobs)))
        if asked.healthy:
            jobs = _pairs(asked.first, asked.healthy)
            _show_healthy(_counted(pool.imap_unordered(healthy, jobs), len(jobs)))
        if asked.spoilt:
            names = asked.kinds.split(",") if asked.kinds else fault_names()
            plan = _spoilt_jobs(names, asked.spoilt, asked.first)
            nights = _counted(pool.imap_unordered(spoilt, plan), len(plan))
            _show_spoilt([row for rows in nights for row in rows])


def _counted(done: Iterable[Row], of: int) -> list[Row]:
    """Collect results, and tell now and then how many there are."""
    found: list[Row] = []
    for row in done:
        found.append(row)
        # A run takes hours: what has gone wrong so far is seen before it ends.
        for each in row if isinstance(row, list) else [row]:
            if isinstance(each, dict) and any(each.get(what) for what in _WRONG):
                print(each, file=sys.stderr, flush=True)
        if len(found) % 10 == 0:
            print(f"{len(found)} of {of}", file=sys.stderr, flush=True)
    return found


def _pairs(first: int, count: int) -> list[tuple[int, bool]]:
    """Each studio with a loopback, and without."""
    return [(seed, loopback) for seed in range(first, first + count) for loopback in (True, False)]


def _show_checked(rows: list[tuple[int, bool, list[tuple[str, str, str]]]]) -> None:
    accused = [row for row in rows if row[2]]
    print(f"\nrig check accuses {len(accused)} of {len(rows)} healthy studios")
    for seed, loopback, bad in sorted(accused):
        for name, figure, advice in bad:
            print(f"  seed {seed}, loopback {loopback}: {name}: {figure}: {advice}")


def _show_healthy(rows: list[dict[str, object]]) -> None:
    for loopback in (True, False):
        some = [row for row in rows if row["loopback"] is loopback]
        lost = [row for row in some if row["failed"] or row["given_up"]]
        takes = float(np.mean([int(str(row["takes"])) for row in some]))
        print(f"\nloopback {loopback}: {len(some) - len(lost)} of {len(some)} nights complete,")
        print(f"{takes:.1f} takes a night, rejections:")
        total: Counter[str] = Counter()
        for row in some:
            total.update(Counter(row["rejections"]))  # type: ignore[call-overload]
        print(dict(total.most_common()))
        for row in lost:
            print("  seed", row["seed"], row["given_up"], "given up:", row["reason"])


def _show_spoilt(rows: list[dict[str, object]]) -> None:
    by_kind: dict[str, list[dict[str, object]]] = defaultdict(list)
    for row in rows:
        by_kind[str(row["kind"])].append(row)
    print("\n| fault | must never pass | drawn | counts | kept | kept though small |")
    print("|---|---|---|---|---|---|")
    for kind in sorted(by_kind):
        some = [row for row in by_kind[kind] if row["happened"]]
        counts = [row for row in some if row["counts"]]
        kept = [row for row in counts if row["kept"]]
        small = [row for row in some if row["kept_at_all"] and not row["kept"]]
        never = "yes" if FAULT_KINDS[kind].must_never_pass else ""
        print(f"| {kind} | {never} | {len(some)} | {len(counts)} | {len(kept)} | {len(small)} |")
    counts = [row for row in rows if row["happened"] and row["counts"]]
    kept = [row for row in counts if row["kept"]]
    failed = sum(row["ended"] == "failed" for row in rows)
    share = 1.0 - len(kept) / max(len(counts), 1)
    print(f"\nfound: {100 * share:.2f} % of {len(counts)}; in nights that failed: {failed}")
    for row in kept:
        print("  kept:", row["kind"], "seed", row["seed"], f"ESR {row['error_esr']:.2e}")
    for reason, count in Counter(str(r["reason"]) for r in rows if r["ended"] == "failed").items():
        print("  failed:", count, reason)


if __name__ == "__main__":
    main()
