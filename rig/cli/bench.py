"""The ``rig bench`` command compares strategies."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rig.cli.common import err, out, show
from rig.errors import UsageError

if TYPE_CHECKING:
    from rig.bench.comparison import Comparison


def bench(
    folder: Annotated[Path, typer.Argument(help="Where results and recordings are kept.")],
    amp: Annotated[
        list[str] | None,
        typer.Option(help="A built-in amp, a session's folder, or a rig.yaml; may be repeated."),
    ] = None,
    strategy: Annotated[
        list[str] | None, typer.Option(help="May be repeated; all of them if left out.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, max=1000, help="Runs of each strategy.")] = 5,
    counts: Annotated[str, typer.Option(help="Numbers of captures to measure at.")] = "12,20,28,40",
    first: Annotated[
        int, typer.Option(min=4, max=1000, help="Captures before an ensemble is asked.")
    ] = 12,
    batch: Annotated[int, typer.Option(min=1, max=100, help="Captures of each round.")] = 4,
    tests: Annotated[int, typer.Option(min=4, max=1000, help="Settings to test on.")] = 32,
    audio: Annotated[
        bool, typer.Option("--audio", help="Train audio models: hours instead of minutes.")
    ] = False,
    size: Annotated[str, typer.Option(help="Of the WaveNets.")] = "feather",
    steps: Annotated[int, typer.Option(min=1, help="Training steps of each ensemble.")] = 800,
    prior: Annotated[bool, typer.Option(help="Start from the weights that come with rig.")] = True,
    concat: Annotated[
        bool, typer.Option("--concat", help="The knobs as plain inputs, as in PANAMA.")
    ] = False,
    workers: Annotated[
        int, typer.Option(min=0, max=256, help="Processes; 0 is one for each core.")
    ] = 0,
    on: Annotated[
        str | None,
        typer.Option(help="A Ray cluster to run the trials on: host:port, or ray://host:port."),
    ] = None,
    plots: Annotated[bool, typer.Option("--plots", help="Draw the curves as pictures.")] = False,
) -> None:
    """Compare ways to choose settings, on the same amps and terms.

    Errors are measured on settings, and on guitar, that nothing was trained on. What is written
    down in FOLDER is not measured again, so a run that was broken off goes on.
    """
    from rig.bench import across_amps, results
    from rig.bench.audio import TrainingPlan
    from rig.bench.comparison import Comparison
    from rig.bench.trial import Terms
    from rig.proposals.strategies import STRATEGIES

    _refuse_address(on)
    at = _counts(counts)
    plan = TrainingPlan(size=size, steps=steps, prior=prior, concat=concat) if audio else None
    # The first count is measured too, so there cannot be more seeds than that.
    comparison = Comparison(
        folder=folder,
        amps=tuple(amp or ["british"]),
        strategies=tuple(strategy or STRATEGIES),
        seeds=tuple(range(seeds)),
        terms=Terms(counts=at, seeds_at=min(first, at[0]), batch=batch, tests=tests, plan=plan),
        workers=workers or os.cpu_count() or 1,
    )
    _compare(comparison, on)
    rows = results.Results(folder).rows()
    _show(rows)
    tables = [results.markdown(rows), across_amps.markdown(rows)]
    (folder / "results.md").write_text("\n".join(filter(None, tables)), encoding="utf-8")
    if plots:
        for path in results.plot(rows, folder):
            out.print(str(path))


def _refuse_address(on: str | None) -> None:
    from rig.config.elsewhere import INSTALL, checked_address, has_ray

    if on is None:
        return
    if not has_ray():
        raise UsageError(f"--on {on}: Ray is not installed here: {INSTALL}")
    try:
        checked_address(on)
    except ValueError as error:
        raise UsageError(f"--on {on}: {error}") from None


def _compare(comparison: "Comparison", on: str | None) -> None:
    """Run a comparison and show its progress as a bar."""
    from rich.progress import Progress

    from rig.bench.comparison import compare
    from rig.bench.on_cluster import compare_on

    with Progress(console=err, disable=not err.is_terminal) as progress:
        bar = progress.add_task("comparing", total=None)

        def tell(done: int, total: int, what: str) -> None:
            """Move the bar on, as each trial ends."""
            progress.update(bar, completed=done, total=total, description=what)

        if on is None:
            compare(comparison, tell)
        else:
            compare_on(comparison, on, tell)


def _counts(text: str) -> tuple[int, ...]:
    try:
        found = tuple(int(part) for part in text.split(","))
    except ValueError:
        found = ()
    if len(found) < 1 or list(found) != sorted(set(found)) or found[0] < 4:
        raise UsageError(f"--counts {text}: give rising numbers from 4 on, such as 12,20,28,40")
    return found


def _show(rows: list[dict[str, Any]]) -> None:
    from rig.bench import across_amps, results

    for mode, amp in results.comparisons(rows):
        some = results.of_amp(rows, mode, amp)
        for where, words in results.PLACES.items():
            title = f"{amp}, {mode}: mean {results.ranking(mode)} {words}"
            _show_table(title, results.table(some, mode, where, "mean"))
    for mode in across_amps.modes(rows):
        for where in results.PLACES:
            title = across_amps.title(rows, mode, where, "mean")
            _show_table(title, across_amps.table(rows, mode, where, "mean"))


def _show_table(title: str, lines: list[list[str]]) -> None:
    from rich.table import Table

    # Not the table's own title, which would be folded to the table's width.
    out.print(title)
    shown = Table(box=None)
    for index, word in enumerate(lines[0]):
        shown.add_column(word, justify="left" if index == 0 else "right", no_wrap=True)
    for line in lines[1:]:
        shown.add_row(*line)
    show(shown)
