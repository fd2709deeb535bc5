"""Commands about a session: watch it, steer it, check it."""

import json
import math
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rig.cli.common import SessionArgument, err, find_begun, find_session, out, show
from rig.errors import SessionError
from rig.printable import count_of, pasteable

if TYPE_CHECKING:
    from rig.session.verify import Report


NO_SKIP = (
    "the reference setting is asked for, which everything else is held against, so it cannot be "
    "left out: turn the knobs and say 'rig done', or end the capture: 'rig stop'"
)


def status(
    session: SessionArgument = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Tell how a session is going."""
    folder = find_session(session)
    if not as_json:
        print_status(folder)
        return
    told = _status(folder)
    # A program that shows it may be anywhere: what it advises has to hold there, too.
    reason = told.finish_reason and pasteable(told.finish_reason, folder)
    document = replace(told, finish_reason=reason).as_dict()
    typer.echo(json.dumps(_finite(document), ensure_ascii=False))


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


def print_status(folder: Path, *, rehearses: bool = False) -> None:
    """Print a session's status for a person; of a rehearsal nothing that will be gone."""
    from rig.session.summary import summary

    told = _status(folder)
    if rehearses:
        # What goes on from there, or lies there, is about a folder that nobody will find.
        reason, _, _ = (told.finish_reason or "").partition("; ")
        told = replace(told, finish_reason=reason or None, model=None, export=None)
    show(summary(told, folder))


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
    from rig.session.layout import is_running, is_session, is_supervised

    folder = find_begun(session)
    # A supervisor between two daemons is listening, too: a stop keeps it from starting the next.
    if not (is_running(folder) or is_supervised(folder)):
        raise SessionError(
            f"{folder}: nothing is being captured here; 'rig capture' goes on with it"
        )
    control.drop(Door(folder), command)
    # Its devices are only being opened: then there is no take yet.
    told = outcome if is_session(folder) else f"'{command}' holds as soon as its capture has begun"
    out.print(f"{folder.name}: {pasteable(told, folder)}")


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
        SessionError: Nobody is asked: an answer that waited would be taken for the next question's;
            or it would change nothing.
    """
    from rig.session.status import OVER

    folder = find_session(session)
    told = _status(folder)
    if told.asked is None:
        over = "; nothing is being captured here" if told.state in OVER else ""
        raise SessionError(f"{folder}: nobody is asked to turn anything just now{over}")
    if command == "redo" and not told.takes["kept"]:
        raise SessionError(f"{folder}: nothing is recorded yet that could be recorded once more")
    if command == "skip" and _asks_reference(folder):
        raise SessionError(pasteable(NO_SKIP, folder))
    _command(folder, command, outcome)


def _asks_reference(folder: Path) -> bool:
    """Whether it is the reference setting that is asked for."""
    from rig.capture import Role
    from rig.session.folder import Session

    session = Session.view(folder)
    try:
        # Canaries stand first among what is pending.
        return any(about.capture.role is Role.CANARY for about in session.state.pending[:1])
    finally:
        session.close()


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
        out.print(
            f"{folder.name}: {count_of(report.checked, 'file is', 'files are')} as the journal says"
        )
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
        out.print(
            f"{folder.name}: the journal was damaged; what holds is its beginning, "
            f"{count_of(done.facts_kept, 'fact')}"
        )
    for path in done.set_aside:
        anew = "'rig capture' makes it anew"
        # An ensemble is the last round's, or nobody asks for it again.
        advice = pasteable(
            "the next round makes one" if path.startswith("rounds/") else anew, folder
        )
        is_there = Door(folder).is_there(f"{FOLDER}/{path}")
        where = f"lies in {FOLDER}/ now" if is_there else "was missing"
        out.print(f"{folder.name}: {path} {where}; {advice}")
