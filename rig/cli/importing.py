"""The ``rig import`` command: recordings that others made, as a session."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rig.cli.asking import warn
from rig.cli.common import out
from rig.cli.writing import new_folder, progress
from rig.errors import SessionError, UsageError
from rig.printable import count_of, pasteable

if TYPE_CHECKING:
    from rig.daemon.importing import Imported

#: More sentences than this say nothing new.
MOST_TOLD = 12
#: Of the recordings that were looked at, so many have to agree on which way round they are.
CLEARLY = 0.5


# The session is made even where some are refused: what is wrong with them is in its journal.
def import_data(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE", help="A data set's folder, a parametric data.json, or PANAMA's."
        ),
    ],
    session: Annotated[Path, typer.Argument(help="The session's folder, which is made.")],
    config: Annotated[
        Path | None, typer.Option("--config", help="A rig.yaml with its knobs and names.")
    ] = None,
    believe: Annotated[
        bool,
        typer.Option("--believe", help="Keep what may be the amp itself, such as silence."),
    ] = False,
) -> None:
    """Make a session of recordings that others made; each is judged like rig's own."""
    from rig import config as configuration
    from rig.daemon.importing import import_session

    if not source.exists():
        raise UsageError(f"{source}: there is no such file or folder")
    made = new_folder(session)
    given = None if config is None else configuration.load(config)
    with progress(f"importing {source.name}") as tell:
        found = import_session(source, session, given, believe, tell)
    _tell(found)
    if not found.kept:
        raise SessionError(f"{session}: not one recording passed its checks")
    told = count_of(found.kept, "recording")
    advice = pasteable("'rig train' learns from them", session)
    out.print(f"wrote {session}{made}: {told}; {advice}")


def _tell(found: "Imported") -> None:
    """Say what was measured, and what was wrong with what was refused."""
    way = "upright" if found.upright > CLEARLY else "upside down"
    if abs(found.upright) <= CLEARLY:
        way = "neither clearly upright nor upside down"
    out.print(f"round trip: {found.latency_frames} frames; polarity: {way}")
    notes = [f"{name} is refused: {why}" for name, why in found.refused.items()]
    more = len(notes) - MOST_TOLD
    notes[MOST_TOLD:] = [f"{more} more are refused"] if more > 0 else []
    if found.left_out:
        notes.append(f"{count_of(found.left_out, 'recording')} of another input left out")
    warn(notes)
