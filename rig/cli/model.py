"""The ``rig train`` command: a session's final model, anew."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text

from rig.cli.asking import SessionFolder
from rig.cli.common import find_session, out
from rig.cli.writing import progress, stopped_between_steps
from rig.errors import LearnerError

if TYPE_CHECKING:
    from rig.session.facts import ModelTrained
    from rig.session.folder import Session


def train(session: SessionFolder) -> None:
    """Train the final model anew on everything that is kept."""
    from rig.session.folder import Session

    opened = Session.open(find_session(session))
    try:
        with stopped_between_steps() as stop_if_asked:
            trained = _train(opened, stop_if_asked)
            opened.record(trained)
        out.print(_said(session, trained))
    except KeyboardInterrupt:
        raise LearnerError(
            f"{session}: training was broken off; the model is the one it was, and "
            f"'rig train {session}' goes on from the last minute's checkpoint"
        ) from None
    finally:
        opened.close()


def _train(session: "Session", stop_if_asked: Any) -> "ModelTrained":
    from models.training.loop import Diverged
    from rig.learner.final import train_final

    with progress("training") as tell:

        def told(at: Any) -> None:
            """Show a step; nothing has been written yet, so it may be the last one."""
            stop_if_asked()
            tell(at.done, at.total)

        try:
            return train_final(session, told)
        except Diverged as error:
            raise LearnerError(f"training broke down: {error}") from None


def _said(folder: Path, trained: "ModelTrained") -> Text:
    """Say what the model is worth, in a colour that is no better than it is."""
    from rig.session.worth import worth

    found, esr = worth(trained.holdout_esr), trained.holdout_esr
    figure = "" if esr is None else f" (holdout ESR {esr:.2g})"
    sounds = f", {trained.verdict}" if trained.verdict else ""
    said = Text.assemble((found.words, found.style), f"{figure}{sounds}\n")
    return said.append(f"wrote {folder / trained.model.path} and {folder / trained.export.path}")
