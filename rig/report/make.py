"""Make a session's report, in a process of its own at the end of a capture."""

import sys
from collections.abc import Sequence
from pathlib import Path

from rig.errors import RigError
from rig.report.gather import gather
from rig.report.page import Content, page
from rig.report.results import Listened, read, summed
from rig.session.door import Door
from rig.session.edited import refuse_edited
from rig.session.folder import Session

#: Where it lies in the session's folder.
REPORT = "report.html"


def content(session: Session, results: Sequence[Path] = (), *, refreshes: bool = False) -> Content:
    """Return what a session's page is made of.

    Raises:
        UsageError: A file holds no results, or those of another model.
        RigError: The session cannot be read.
    """
    trained = session.state.learning.model
    report = gather(session)
    digest = trained.model.sha256 if trained else None
    listened = _listened(results, digest or "")
    if trained is None:
        return Content(report, listened=listened, refreshes=refreshes)
    # Torch takes a second to import, and without a model there is no need of it.
    from rig.report.modelled import modelled

    try:
        return Content(report, modelled(session), listened, digest, refreshes=refreshes)
    except RigError as error:
        # Its figures are worth having all the same.
        return Content(report, None, listened, digest, str(error), refreshes)


def _listened(results: Sequence[Path], digest: str) -> Listened | None:
    return summed([read(path, digest) for path in results]) if results else None


def make(place: Path | Door, results: Sequence[Path] = (), *, refreshes: bool = False) -> Content:
    """Write a session's report into its folder, and return what it was made of.

    Raises:
        UsageError: A file holds no results, or those of another model.
        RigError: The session cannot be read, is another one than it was, or was changed by hand;
            or the disk did not take it.
    """
    door = Door.at(place)
    door.check()
    session = Session.view(door.path)
    try:
        refuse_edited(session)
        found = content(session, results, refreshes=refreshes)
        # Not synced: it can be made again at any time.
        session.door.put(REPORT, page(found).encode(), durable=False)
    finally:
        session.close()
    return found


def main(arguments: list[str]) -> int:
    """Make the report of the folder that is named; one line says why where that fails."""
    try:
        place, *identity = arguments
        # Told the folder that was recorded into: another may have come to lie at its place.
        known = (int(identity[0]), int(identity[1])) if identity else None
        make(Door(Path(place), known))
    except RigError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
