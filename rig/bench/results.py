"""Results of a comparison: JSON lines, one for each measured count; tables and curves of them."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import filelock
import numpy as np

from rig.errors import StorageError, UsageError
from rig.knobs import Setting
from rig.ordinary import why_not_made

Row = dict[str, Any]

LINES = "results.jsonl"
#: Of these plans the better one is what others are held against, and the count at which.
PEERS, PEER_COUNT = ("lhs", "lhs+corners"), 40
#: Where settings are tested, by the key of a row, in words.
PLACES = {"play": "where players set the knobs", "anywhere": "anywhere"}
#: What is made of the errors of a trial's settings.
KINDS = ("median", "mean", "p90")


def ranking(mode: str) -> str:
    """Return the name of the figure that ranks strategies in a mode."""
    return "network_db" if mode == "features" else "esr"


class Results:
    """The results file of a comparison's folder; several processes may add to it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / LINES
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = why_not_made(folder, error)
            raise StorageError(f"{folder}: cannot be written to: {reason}") from None

    def rows(self) -> list[Row]:
        """Return all rows; a line that a kill has cut short is left out.

        Raises:
            UsageError: A whole line is none of ours.
        """
        if not self.path.exists():
            return []
        lines = self.path.read_text(encoding="utf-8").split("\n")
        found = []
        for number, line in enumerate(lines, 1):
            if not line:
                continue
            try:
                row = json.loads(line)
                found.append({"amp": row["amp"], "strategy": row["strategy"], **row})
            except (ValueError, KeyError, TypeError):
                # A kill can cut the last line short; every other one was written whole.
                if number < len(lines):
                    message = f"{self.path}: line {number} is no result; take it out"
                    raise UsageError(message) from None
        return found

    def add(self, row: Row) -> None:
        """Append a row to the file."""
        # Workers write at the same time: without a lock their lines could mix.
        with filelock.FileLock(self.path.with_suffix(".lock")), self.path.open("a") as stream:
            stream.write(json.dumps(row) + "\n")

    def known(self, mode: str, amp: str, strategy: str, seed: int) -> dict[int, list[Setting]]:
        """Return the settings of a trial's rows, by count."""
        wanted = (mode, amp, strategy, seed)
        return {
            int(row["captures"]): [Setting(tuple(values)) for values in row["settings"]]
            for row in self.rows()
            if (row["mode"], row["amp"], row["strategy"], row["seed"]) == wanted
        }


def curve(
    rows: Iterable[Row], strategy: str, where: str, figure: str, kind: str
) -> dict[int, float]:
    """Return the mean over seeds of a figure, by count."""
    found: dict[int, list[float]] = defaultdict(list)
    for row in rows:
        if row["strategy"] == strategy and figure in row[where]:
            found[int(row["captures"])].append(float(row[where][figure][kind]))
    return {count: float(np.mean(values)) for count, values in sorted(found.items())}


def captures_needed(of: dict[int, float], goal: float) -> float | None:
    """Return where a curve first gets down to ``goal``, between counts by its logarithm."""
    points = sorted(of.items())
    for index, (count, error) in enumerate(points):
        if error <= goal:
            if index == 0:
                return float(count)
            before, worse = points[index - 1]
            # Errors fall by factors, so on a logarithm the way between two counts is straight.
            share = np.log(worse / goal) / max(np.log(worse / error), 1e-12)
            return float(before + share * (count - before))
    return None


def peer(rows: Sequence[Row], where: str, figure: str, kind: str) -> tuple[str, float] | None:
    """Return the better design at `PEER_COUNT` captures and its error there, None if unmeasured."""
    found = [(curve(rows, plan, where, figure, kind).get(PEER_COUNT), plan) for plan in PEERS]
    measured = [(error, plan) for error, plan in found if error is not None]
    if not measured:
        return None
    error, plan = min(measured)
    return plan, error


def strategies(rows: Iterable[Row]) -> list[str]:
    """List the strategies that appear, in order of appearance."""
    return list(dict.fromkeys(str(row["strategy"]) for row in rows))


def of_amp(rows: Iterable[Row], mode: str, amp: str) -> list[Row]:
    """Return the rows of one amp in one mode."""
    return [row for row in rows if row["mode"] == mode and row["amp"] == amp]


def comparisons(rows: Iterable[Row]) -> list[tuple[str, str]]:
    """List every mode and amp that appear."""
    return list(dict.fromkeys((str(row["mode"]), str(row["amp"])) for row in rows))


def table(rows: Sequence[Row], mode: str, where: str, kind: str) -> list[list[str]]:
    """Return a header, then a line for each strategy: error at each count, captures needed."""
    figure = ranking(mode)
    counts = sorted({int(row["captures"]) for row in rows})
    best = peer(rows, where, figure, kind)
    needed = [f"for {best[0]} at {PEER_COUNT}"] if best else []
    lines = [["strategy", *map(str, counts), *needed]]
    for strategy in strategies(rows):
        found = curve(rows, strategy, where, figure, kind)
        cells = [f"{found[count]:.4g}" if count in found else "" for count in counts]
        if best is not None:
            reached = captures_needed(found, best[1])
            cells.append("" if reached is None else f"{reached:.0f}")
        lines.append([strategy, *cells])
    return lines


def markdown(rows: Sequence[Row]) -> str:
    """Return every table as Markdown."""
    parts = []
    for mode, amp in comparisons(rows):
        some = of_amp(rows, mode, amp)
        seeds = len({row["seed"] for row in some})
        for where, words in PLACES.items():
            for kind in KINDS:
                title = f"{amp}, {mode}: {kind} {ranking(mode)} {words}, {seeds} seeds"
                parts.append(markdown_table(title, table(some, mode, where, kind)))
    return "\n".join(parts)


def markdown_table(title: str, lines: Sequence[Sequence[str]]) -> str:
    """Return a table, whose first line is its header, as Markdown under a heading."""
    header, *rest = ("| " + " | ".join(line) + " |" for line in lines)
    return "\n".join([f"### {title}\n", header, "|" + "---|" * len(lines[0]), *rest, ""])


def plot(rows: Sequence[Row], folder: Path) -> list[Path]:
    """Draw a picture of each amp's curves.

    Raises:
        UsageError: Matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise UsageError("pictures need matplotlib: pip install 'rig-capture[bench]'") from None
    made = []
    for mode, amp in comparisons(rows):
        some = of_amp(rows, mode, amp)
        figure = Figure(figsize=(9, 4), layout="constrained")
        for axes, where in zip(figure.subplots(1, 2), PLACES, strict=True):
            for strategy in strategies(some):
                found = curve(some, strategy, where, ranking(mode), "mean")
                axes.plot(list(found), list(found.values()), marker="o", label=strategy)
            axes.set_yscale("log")
            axes.set_xlabel("captures")
            axes.set_title(PLACES[where])
        axes.legend()
        figure.supylabel(f"mean {ranking(mode)}")
        figure.suptitle(f"{amp}, {mode}")
        path = folder / f"{amp}-{mode}.png"
        figure.savefig(path, dpi=120)
        made.append(path)
    return made
