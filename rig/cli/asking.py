"""What ``export`` and ``render`` are asked for: a session, its model, a setting of its knobs."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from rig.cli.common import err, find_session
from rig.errors import RigError, UsageError

if TYPE_CHECKING:
    from rig.knobs import Setting
    from rig.session.folder import Session

SessionFolder = Annotated[Path, typer.Argument(help="The session's folder.")]
At = Annotated[
    list[str] | None,
    typer.Option(
        "--at",
        metavar="KNOB=VALUE",
        help="The setting: gain=6,bass=4.5, at once or one by one; what is not named stands at "
        "the reference setting, in the middle of where players set it.",
    ),
]


def view(folder: Path) -> "Session":
    """Open a session for reading.

    Raises:
        SessionError: There is none, it is damaged, or its configuration was changed by hand.
    """
    from rig.session.edited import refuse_edited
    from rig.session.folder import Session

    session = Session.view(find_session(folder))
    try:
        # Other ranges would be read into settings that were recorded with these.
        refuse_edited(session)
    except RigError:
        session.close()
        raise
    return session


def setting_of(session: "Session", at: Sequence[str] | None, option: str = "--at") -> "Setting":
    """Return the setting that was typed, and say loudly what of it could not be had as typed.

    Raises:
        UsageError: A knob or a value is none of the amp's.
    """
    from rig.exchange.asked import asked, closed_pots, recorded_settings

    panel = session.config.panel
    try:
        values = panel.read(*(at or ()))
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None
    found = asked(panel, values, recorded_settings(session), closed_pots(session))
    warn(f"{option}: {remark}" for remark in found.remarks)
    return found.setting


def warn(sentences: Any) -> None:
    """Say on standard error what somebody should know before they trust what comes out."""
    for sentence in sentences:
        # As text, since a name may have signs that would be read as markup.
        err.print(Text(f"note: {sentence}", style="bold yellow"))


def model_of(session: "Session") -> Any:
    """Load the final model; torch comes with it, and takes a second.

    Raises:
        SessionError: There is none, or none that fits the session.
    """
    from rig.exchange.final_model import final_model

    return final_model(session)
