"""The ``rig report`` command: one page that shows, sounds and plays a session."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rig.cli.common import SessionArgument, err, find_session, out, refuse_missing
from rig.cli.quiet import Quiet

if TYPE_CHECKING:
    from rig.report.page import Content

#: While a capture runs, the page is made anew this often, if something has happened.
WATCH_S = 20.0


def report(
    session: SessionArgument = None,
    results: Annotated[
        list[Path] | None,
        typer.Option("--results", metavar="FILE", help="What a listener has saved in the page."),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Make it anew until the capture has ended.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Write report.html into the session's folder: verdict, pictures, listening test, the amp.

    It is made at the end of every capture; nothing in it needs a network.
    """
    folder, files = find_session(session), results or []
    for path in files:
        refuse_missing(path, "file of results")
    if watch:
        _watch(folder, files, says=not quiet)
    _said(folder, _made(folder, files, refreshes=False))


def _made(folder: Path, results: list[Path], *, refreshes: bool) -> "Content":
    from rig.report.make import make

    return make(folder, results, refreshes=refreshes)


def _watch(folder: Path, results: list[Path], *, says: bool) -> None:
    """Make the page anew while a capture runs; Ctrl-C ends the watching, not the capture."""
    from rig.session.layout import is_running, is_supervised

    made_of = None
    try:
        while is_running(folder) or is_supervised(folder):
            # A page is a good second of work: without news there is none to make.
            if (last := _last_word(folder)) != made_of:
                made_of = last
                found = _made(folder, results, refreshes=True)
                if says:
                    err.print(f"{time.strftime('%H:%M:%S')} {found.report.verdict.sentence}")
            time.sleep(WATCH_S)
    except KeyboardInterrupt:
        err.print("the capture goes on")


def _last_word(folder: Path) -> int:
    """The number of the journal's last fact."""
    from rig.session.folder import Session

    session = Session.view(folder)
    try:
        return session.state.seq
    finally:
        session.close()


def _said(folder: Path, found: "Content") -> None:
    from rig.report.make import REPORT

    verdict = found.report.verdict
    out.print(f"{verdict.word}: {verdict.sentence}", markup=False)
    out.print(f"{verdict.advice} {verdict.command}", markup=False)
    for sentence in found.listened.sentences if found.listened else ():
        out.print(sentence, markup=False)
    if found.note:
        err.print(f"note: {found.note}", markup=False)
    out.print(f"wrote {folder / REPORT}", markup=False)
