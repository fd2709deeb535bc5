"""Rows of `benchmarks/foreign.py`: read, and summed up over amps."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

#: Whoever listens at the loudest setting's level does not hear what is so far below it.
AUDIBLE_DB = 50.0
LINES = "results.jsonl"
Row = dict[str, Any]


def rows(work: Path) -> list[Row]:
    """Read every row that is written down; the last of those about one amp and terms holds."""
    path = work / LINES
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    found = {}
    for line in lines:
        row = json.loads(line)
        found[row["amp"], row["terms"]] = row
    return list(found.values())


def _geometric(ratios: Iterable[float]) -> str:
    logs = np.log([ratio for ratio in ratios if ratio > 0])
    return f"{np.exp(logs.mean()):.2f} ({len(logs)})" if len(logs) else "-"


def _ratios(some: list[Row], number: int | None) -> list[float]:
    return [
        pair["expected"] / pair["found"]
        for row in some
        for pair in row.get("expectations", [])
        if pair["level_db"] > -AUDIBLE_DB and number in (None, pair["round"]) and pair["found"] > 0
    ]


def _over_amps(some: list[Row], key: str) -> str:
    medians = [float(np.median(row[key])) for row in some if row.get(key)]
    worst = [float(np.quantile(row[key], 0.9)) for row in some if row.get(key)]
    if not medians:
        return "-"
    return (
        f"median {np.median(medians):.4f}, p90 over amps {np.quantile(medians, 0.9):.4f}; "
        f"of each amp's p90: median {np.median(worst):.4f}"
    )


def show(found: list[Row]) -> None:
    """Print a line for each amp, then the summary, for each set of terms."""
    by_terms: dict[str, list[Row]] = defaultdict(list)
    for row in found:
        by_terms[row["terms"]].append(row)
    for terms, some in sorted(by_terms.items()):
        print(f"\n{terms}")
        for row in sorted(some, key=lambda each: each["amp"]):
            show_amp(row)
        print(f"  final model in {sum(row['has_model'] for row in some)} of {len(some)}")
        for name in ("model", "ensemble"):
            print(f"  {name}, as heard: {_over_amps(some, f'{name}_heard')}")
            print(f"  {name}, plain ESR: {_over_amps(some, f'{name}_plain')}")
        asked_for = sum(len(row.get("inaudible_active", [])) for row in some)
        print(f"  asked for and cannot be heard: {asked_for}")
        told = {
            key: sum(row.get(key, 0) for row in some) for key in ("takes", "rejected", "suspected")
        }
        given_up = sum(len(row.get("given_up", [])) for row in some)
        print(f"  of {told['takes']} healthy takes: {told}, given up: {given_up}")
        reasons: Counter[str] = Counter()
        for row in some:
            reasons.update(row.get("reasons", {}))
        print(f"  reasons: {dict(reasons.most_common())}")
        numbers = sorted({pair["round"] for row in some for pair in row.get("expectations", [])})
        by_round = ", ".join(f"{n}: {_geometric(_ratios(some, n))}" for n in numbers)
        print(
            f"  expected over found, where audible: {_geometric(_ratios(some, None))}; {by_round}"
        )
        seconds = np.median([row["seconds"] for row in some])
        print(f"  processor seconds an amp: {seconds:.0f} (median)")


def show_amp(row: Row) -> None:
    """Print an amp's line."""
    heard, plain = row.get("model_heard"), row.get("model_plain")
    told = f"{np.median(heard):.4f} plain {np.median(plain):.4f}" if heard and plain else "no model"
    quiet = len(row.get("inaudible_active", []))
    print(
        f"  {row['amp']:3} {len(row['controls'])} controls, {row['kind']}: {told}; "
        f"{quiet} unheard asked, {row.get('rejected', 0)} rejected, {row.get('suspected', 0)} "
        f"suspected, {len(row.get('given_up', []))} given up; {row['seconds']:.0f} s; "
        f"{row.get('reason', '')[:90]}"
    )
