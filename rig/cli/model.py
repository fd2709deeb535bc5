"""The ``rig train`` command: a session's final model, anew."""

from pathlib import Path
from statistics import geometric_mean
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from rig.cli.asking import SessionFolder
from rig.cli.common import BROKEN_OFF, err, find_session, out
from rig.cli.quiet import Quiet
from rig.cli.writing import progress, stopped_between_steps
from rig.errors import LearnerError, UsageError
from rig.printable import command

if TYPE_CHECKING:
    from rig.session.facts import ModelTrained
    from rig.session.folder import Session


#: So many times the error of the model that it replaces, and that one is worth having again.
REGRETTED = 1.05

Size = Annotated[
    str | None,
    typer.Option("--size", help="Another than learner.final_size: a2 has both of its widths."),
]
Steps = Annotated[
    int | None,
    # As many as rig.yaml takes.
    typer.Option(
        "--steps", min=1, max=10_000_000, help="Training steps, instead of learner.final_steps."
    ),
]


def train(
    session: SessionFolder, size: Size = None, steps: Steps = None, _quiet: Quiet = False
) -> None:
    """Train the final model anew on everything that is kept, on this machine."""
    from rig.session.edited import refuse_edited
    from rig.session.folder import Session

    opened = Session.open(find_session(session))
    try:
        refuse_edited(opened)
        _refuse_size(opened, size)
        before = opened.state.learning.model
        with stopped_between_steps() as stop_if_asked:
            trained = _train(opened, stop_if_asked, size, steps)
            opened.record(trained)
        out.print(_said(session, trained, opened.state.learning.worst_esr))
        if before is not None and (regret := _regret(session, before, trained)):
            err.print(f"rig: {regret}", markup=False)
        # One piece of advice: where the model that was there is the better one, that is it.
        elif opened.state.learning.trails_ensemble:
            err.print(f"rig: {_too_short(opened)}", markup=False)
    except KeyboardInterrupt:
        err.print(f"rig: {_broken_off(session, size, steps)}", markup=False)
        raise typer.Exit(BROKEN_OFF) from None
    finally:
        opened.close()


def _regret(session: Path, before: "ModelTrained", trained: "ModelTrained") -> str | None:
    """Say that the model which was replaced was better, and how to have it again; None if not."""
    times = _times_worse(before, trained)
    if times is None or times < REGRETTED:
        return None
    # Models of before their size was kept are of the configured one.
    typed = _typed(session, before.size, before.steps)
    return (
        f"{session}: the model that this one replaces was nearer to the amp (errors at the holdout "
        f"settings are {times:.2g} times as large now); '{typed}' makes such a one again"
    )


def _times_worse(before: "ModelTrained", trained: "ModelTrained") -> float | None:
    """Return how many times the replaced model's error a new one has; None where nothing tells.

    By the geometric mean over settings: of the mean of a poor model, one quiet setting decides.
    """
    both = [(esr, trained.by_setting.get(name)) for name, esr in before.by_setting.items()]
    ratios = [new / old for old, new in both if new is not None and min(old, new) > 0]
    return geometric_mean(ratios) if ratios else None


def _too_short(session: "Session") -> str:
    """Say that the ensemble is better than the final model, and how to train that for longer."""
    from rig.session.verdict import longer_training

    ensemble_esr = session.state.learning.rounds[-1].holdout_esr
    return (
        f"{session.folder}: the ensemble that chose the settings is nearer to the amp (holdout ESR "
        f"{ensemble_esr:.2g}); '{longer_training(session)}' trains the model for longer"
    )


def _typed(session: Path, size: str | None, steps: int | None) -> str:
    """Return the command that trains a model of a size for some steps."""
    asked = [] if size is None else ["--size", size]
    asked += [] if steps is None else ["--steps", str(steps)]
    return command("rig", "train", session, *asked)


def _broken_off(session: Path, size: str | None, steps: int | None) -> str:
    typed = _typed(session, size, steps)
    return (
        f"{session}: training was broken off; the model is the one it was, and '{typed}' goes on "
        "from the last minute's checkpoint"
    )


# Before anything is loaded: a typing mistake is not worth the seconds.
def _refuse_size(session: "Session", size: str | None) -> None:
    from rig.config.types import check_size

    try:
        if size is not None:
            check_size(session.config.learner.architecture, "--size", size)
    except ValueError as error:
        raise UsageError(str(error)) from None


def _train(
    session: "Session", stop_if_asked: Any, size: str | None, steps: int | None
) -> "ModelTrained":
    from models.training.loop import Diverged
    from rig.learner.final import train_final

    with progress("training") as tell:

        def told(at: Any) -> None:
            """Show a step; nothing has been written yet, so it may be the last one."""
            stop_if_asked()
            tell(at.done, at.total)

        try:
            return train_final(session, told, size, steps)
        except Diverged as error:
            raise LearnerError(f"training broke down: {error}") from None


def _said(folder: Path, trained: "ModelTrained", worst_esr: float | None) -> Text:
    """Say what the model is worth, in a colour that is no better than it is."""
    from rig.session.worth import worth

    found, esr = worth(worst_esr), trained.holdout_esr
    shown, worst = (None if each is None else f"{each:.2g}" for each in (esr, worst_esr))
    more = "" if worst == shown else f", {worst} expected elsewhere"
    figure = "" if esr is None else f" (holdout ESR {shown}{more})"
    sounds = f", {trained.verdict}" if trained.verdict else ""
    caveat = f"; {trained.caveat}" if trained.caveat else ""
    said = Text.assemble((found.words, found.style), f"{figure}{sounds}{caveat}\n")
    return said.append(f"wrote {folder / trained.model.path} and {folder / trained.export.path}")
