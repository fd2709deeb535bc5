"""Commands about a session: watch it, steer it, check it."""

import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rig.cli.common import SessionArgument, err, find_session, out, show
from rig.errors import SessionError
from rig.printable import pasteable

if TYPE_CHECKING:
    from rig.session.verify import Report


def status(
    session: SessionArgument = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Tell how a session is going."""
    folder = find_session(session)
    if not as_json:
        print_status(folder)
        return
    typer.echo(json.dumps(_finite(_status(folder).as_dict()), ensure_ascii=False))


def _finite(value: Any) -> Any:
    """Replace NaN and infinities, which JSON does not know, by None."""
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _status(folder: Path) -> Any:
    from rig.session.folder import Session
    from rig.session.status import status as status_of

    session = Session.view(folder)
    try:
        return status_of(session)
    finally:
        session.close()


def print_status(folder: Path) -> None:
    """Print a session's status for a person."""
    from rig.session.summary import summary

    show(summary(_status(folder), folder))


def monitor(session: SessionArgument = None) -> None:
    """Watch and steer a session from any terminal; q or Ctrl-C leaves, and the capture goes on.

    One that is over can be looked through; where only lines can be printed, it ends by itself.
    """
    from rig.monitor.show import is_drawn_on
    from rig.monitor.show import monitor as show
    from rig.session.folder import is_running

    folder = find_session(session)
    # With no keyboard nobody could leave.
    stays = is_drawn_on(out) and sys.stdin is not None and sys.stdin.isatty()
    show(folder, out, lambda: not stays and not is_running(folder), lambda: True)
    print_status(folder)


def _command(session: Path | None, command: Any, outcome: str) -> None:
    from rig.session import control
    from rig.session.door import Door
    from rig.session.layout import is_running, is_supervised

    folder = find_session(session)
    # A supervisor between two daemons is listening, too: a stop keeps it from starting the next.
    if not (is_running(folder) or is_supervised(folder)):
        raise SessionError(
            f"{folder}: nothing is being captured here; 'rig capture' goes on with it"
        )
    control.drop(Door(folder), command)
    out.print(f"{folder.name}: {pasteable(outcome, folder)}")


def pause(session: SessionArgument = None) -> None:
    """Pause after the take."""
    _command(session, "pause", "pauses after this take; 'rig resume' goes on")


def resume(session: SessionArgument = None) -> None:
    """Go on after a pause."""
    _command(session, "resume", "goes on")


def stop(
    session: SessionArgument = None,
    now: Annotated[bool, typer.Option("--now", help="Abandon the take.")] = False,
) -> None:
    """Stop after the take; 'rig capture' continues the session later."""
    outcome = "stops now" if now else "stops after this take"
    _command(session, "stop-now" if now else "stop", outcome)


def _answer(session: Path | None, command: Any, outcome: str) -> None:
    """Answer what is asked at the knobs.

    Raises:
        SessionError: Nobody is asked: an answer that waited would be taken for the next question's.
    """
    folder = find_session(session)
    if _status(folder).asked is None:
        raise SessionError(f"{folder}: nobody is asked to turn anything just now")
    _command(folder, command, outcome)


def done(session: SessionArgument = None) -> None:
    """Say that the knobs are turned as was asked ('rig status' says what is asked)."""
    _answer(session, "done", "the knobs are turned: it records")


def redo(session: SessionArgument = None) -> None:
    """Have the last setting recorded once more: a knob stood wrong."""
    _answer(session, "redo", "the last setting is recorded once more")


def skip(session: SessionArgument = None) -> None:
    """Leave out the setting that is asked for."""
    _answer(session, "skip", "this setting is left out")


def verify(
    session: SessionArgument = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Set aside what is damaged; it is recorded anew.")
    ] = False,
) -> None:
    """Check every file of a session against its journal. Exit code 1 where something is wrong."""
    from rig.session.folder import Session
    from rig.session.verify import verify as check

    folder = find_session(session)
    # Repaired first, so that what is said below is what holds now.
    if repair:
        _repair(folder)
    opened = Session.view(folder)
    try:
        report = check(opened)
    finally:
        opened.close()
    _tell(report, folder)
    if not report.sound:
        raise typer.Exit(1)


def _tell(report: "Report", folder: Path) -> None:
    """Print what was found, and what can be done about it."""
    from rig.session.folder import CONFIG, SIGNAL

    for problem in report.problems:
        err.print(f"{folder.name}: {problem}", style="red")
    for stray in report.strays:
        out.print(f"{folder.name}: {stray} belongs to no take (left by an interruption; harmless)")
    if report.sound:
        out.print(f"{folder.name}: {report.checked} files are as the journal says")
    elif {problem.path for problem in report.problems} & {CONFIG, SIGNAL}:
        meant = f"without its own {CONFIG} and {SIGNAL} the recordings mean nothing"
        err.print(f"{meant}: put them back from a copy, as they were")
    else:
        advice = "'rig verify --repair' sets this aside, and 'rig capture' records it anew"
        err.print(pasteable(advice, folder))


def _repair(folder: Path) -> None:
    from rig.session.door import Door
    from rig.session.repair import FOLDER, repair

    done = repair(folder)
    if done.facts_kept is not None:
        out.print(f"{folder.name}: the journal was damaged; its first {done.facts_kept} facts hold")
    for path in done.set_aside:
        anew = "'rig capture' makes it anew"
        # An ensemble is the last round's, or nobody asks for it again.
        advice = pasteable(
            "the next round makes one" if path.startswith("rounds/") else anew, folder
        )
        is_there = Door(folder).is_there(f"{FOLDER}/{path}")
        where = f"lies in {FOLDER}/ now" if is_there else "was missing"
        out.print(f"{folder.name}: {path} {where}; {advice}")
