"""Strategies over several amps: how many times the better plan's error, and how sure that is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from rig.bench.results import (
    KINDS,
    PEERS,
    PLACES,
    Row,
    curve,
    markdown_table,
    of_amp,
    ranking,
    strategies,
)

#: How often an interval holds the mean over all amps that could have been drawn.
CONFIDENCE = 0.95


@dataclass(frozen=True)
class GeometricMean:
    """A geometric mean over amps, and where it lies for all amps that could have been drawn.

    Attributes:
        mean: Over the amps that were compared.
        low: Lower end of the interval, none for a single amp.
        high: Its upper end.
    """

    mean: float
    low: float | None
    high: float | None

    def __str__(self) -> str:
        """Return the mean with its interval."""
        if self.low is None or self.high is None:
            return f"{self.mean:.2f}"
        return f"{self.mean:.2f} ({self.low:.2f} to {self.high:.2f})"


def geometric_mean(ratios: Sequence[float]) -> GeometricMean:
    """Return the geometric mean of ratios, one of each amp, with Student's interval.

    Raises:
        ValueError: There is no ratio, or one that is not positive.
    """
    if not ratios or min(ratios) <= 0.0:
        raise ValueError("a geometric mean needs ratios, all of them positive")
    # An amp that is twice as good and one that is half as good cancel: logarithms are averaged.
    logs = np.log(ratios)
    mean, amps = float(logs.mean()), len(logs)
    if amps == 1:
        return GeometricMean(math.exp(mean), None, None)
    error = float(logs.std(ddof=1)) / math.sqrt(amps)
    reach = float(stats.t.ppf((1.0 + CONFIDENCE) / 2.0, amps - 1)) * error
    return GeometricMean(math.exp(mean), math.exp(mean - reach), math.exp(mean + reach))


def amps_of(rows: Sequence[Row], mode: str) -> list[str]:
    """List the amps that were compared in a mode."""
    return list(dict.fromkeys(str(row["amp"]) for row in rows if row["mode"] == mode))


def ratios_to_better_plan(
    rows: Sequence[Row], mode: str, where: str, kind: str
) -> dict[tuple[str, int], list[float]]:
    """Return errors over the better plan's, by strategy and count, one figure for each amp.

    The better plan is chosen anew for every amp and count, which is hard on what is held against
    it: nobody knows beforehand which of two plans will do better.
    """
    found: dict[tuple[str, int], list[float]] = {}
    for amp in amps_of(rows, mode):
        some, figure = of_amp(rows, mode, amp), ranking(mode)
        curves = {name: curve(some, name, where, figure, kind) for name in strategies(some)}
        for name, errors in curves.items():
            for count, error in errors.items():
                plans = [curves[plan][count] for plan in PEERS if count in curves.get(plan, {})]
                if plans:
                    found.setdefault((name, count), []).append(error / min(plans))
    return found


def table(rows: Sequence[Row], mode: str, where: str, kind: str) -> list[list[str]]:
    """Return a header, then a line for each strategy: what it has of the better plan's error."""
    ratios = ratios_to_better_plan(rows, mode, where, kind)
    counts = sorted({count for _, count in ratios})
    names = list(dict.fromkeys(name for name, _ in ratios))
    lines = [["strategy", *map(str, counts)]]
    for name in names:
        known = [ratios.get((name, count)) for count in counts]
        lines.append([name, *("" if each is None else str(geometric_mean(each)) for each in known)])
    return lines


def title(rows: Sequence[Row], mode: str, where: str, kind: str) -> str:
    """Return what a table's figures are."""
    return (
        f"{len(amps_of(rows, mode))} amps, {mode}: {kind} {ranking(mode)} {PLACES[where]} over the "
        f"better plan's, geometric mean ({CONFIDENCE:.0%} interval)"
    )


def modes(rows: Sequence[Row]) -> list[str]:
    """List the modes in which several amps were compared with a plan."""
    return [
        mode
        for mode in dict.fromkeys(str(row["mode"]) for row in rows)
        if len(amps_of(rows, mode)) > 1 and ratios_to_better_plan(rows, mode, "play", "mean")
    ]


def markdown(rows: Sequence[Row]) -> str:
    """Return every table as Markdown; nothing where one amp was compared."""
    return "\n".join(
        markdown_table(title(rows, mode, where, kind), table(rows, mode, where, kind))
        for mode in modes(rows)
        for where in PLACES
        for kind in KINDS
    )
