"""The ``rig capture`` command begins a session, or continues it."""

import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rig.cli.common import err, out
from rig.cli.detached import answered, refusal
from rig.cli.quiet import Quiet, is_quiet
from rig.errors import RigError, SessionError, Stopped, UsageError
from rig.printable import pasteable

if TYPE_CHECKING:
    from rig.config import Config
    from rig.daemon.request import CommandLine, Request

#: How the log's lines begin in front: an ISO time, with its zone.
LINES, DATES = "%(asctime)s %(message)s", "%Y-%m-%dT%H:%M:%S%z"


def capture(
    config: Annotated[
        Path | None, typer.Argument(help="The configuration; ./rig.yaml if left out.")
    ] = None,
    session: Annotated[
        Path | None, typer.Option(help="The session's folder; sessions/NAME if left out.")
    ] = None,
    captures: Annotated[
        int | None, typer.Option(min=1, max=10_000, help="How many settings to learn from.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="HH:MM", help="When to stop.")] = None,
    headless: Annotated[
        bool, typer.Option("--headless", help="Log plain lines, for a service.")
    ] = False,
    detach: Annotated[
        bool, typer.Option("--detach", help="Go on in the background, and return.")
    ] = False,
    rehearse: Annotated[
        bool,
        typer.Option(
            "--rehearse", help="A few takes of the built-in amp in its place; keeps nothing."
        ),
    ] = False,
    lockstep: Annotated[
        bool | None,
        typer.Option(
            "--lockstep/--pipelined",
            help="Train between batches only, or while the amp plays. "
            "Lockstep is the default where the device is faster than time.",
        ),
    ] = None,
    _quiet: Quiet = False,
) -> None:
    """Record, learn, ask, record again; run again on the same session to continue it.

    Ctrl-C once stops after the take, twice abandons it; q leaves the capture alone.
    """
    from rig.cli.rehearse import rehearsed
    from rig.daemon.request import CommandLine

    if detach and (headless or rehearse):
        other = "--headless" if headless else "--rehearse"
        raise UsageError(f"{other} stays in front, --detach does not: choose one of them")
    typed = CommandLine(config, session, captures, until, lockstep)
    if not rehearse:
        raise typer.Exit(_captured(typed, headless=headless, detach=detach))
    with rehearsed(typed) as short:
        code = _captured(short, headless=headless)
    was = "that was a rehearsal" if code == 0 else "the rehearsal did not come to its end"
    out.print(f"{was}: nothing of it was kept")
    raise typer.Exit(code)


def _captured(typed: "CommandLine", *, headless: bool, detach: bool = False) -> int:
    """Capture as it was typed; the exit code."""
    from rig.daemon.request import decide
    from rig.devices import drivers

    # Mistakes are told here, where somebody reads them, and not in the log of a daemon.
    request, loaded = decide(typed, drivers.problems)
    _warn_of_programs(loaded)
    # Without a terminal nobody watches: as headless, even where that was not asked for.
    in_front = headless or not (detach or out.is_terminal)
    if in_front:
        refuse_hands(loaded, rehearses=typed.rehearses)
        return _in_front(request, loaded)
    process = _start(request)
    if detach:
        return answered(request, process)
    code = _watch(request.session, process, rehearses=typed.rehearses)
    if code is None:
        # Nobody else could look at a rehearsal: whoever leaves it ends it.
        if typed.rehearses:
            return Stopped.exit_code
        again = pasteable("'rig monitor' shows it again", request.session)
        out.print(f"the capture goes on; {again}")
    return code or 0


def _warn_of_programs(config: "Config") -> None:
    """Say which programs nobody will be told by, while somebody is still there to mend it."""
    from rig.cli.asking import warn
    from rig.notify import missing

    for key, command in config.notify:
        if (said := missing(command)) is not None:
            warn([f"notify.{key}: {said}"])


def refuse_hands(config: "Config", *, rehearses: bool = False) -> None:
    """Refuse a capture in which nobody would be asked to turn what needs a hand."""
    by_hand = [knob.name for knob in config.panel.knobs if knob.by_hand]
    if by_hand and not config.notify.on_hands:
        behind = "" if rehearses else " --detach and answer in 'rig monitor',"
        raise UsageError(
            f"somebody has to turn {', '.join(by_hand)} by hand, and headless nobody would be "
            f"asked: capture in a terminal,{behind} or name a program that calls somebody in "
            "notify.on_hands"
        )


def _in_front(request: "Request", config: "Config") -> int:
    """Run the daemon in this process, as a service does."""
    from rig.daemon.afterwards import report
    from rig.daemon.request import prepared
    from rig.daemon.service import capture as run
    from rig.printable import log_lines, log_nothing_but_warnings, log_warnings

    log_lines(LINES, DATES, out.file)
    if is_quiet():
        log_warnings(LINES, DATES, sys.stderr)
    door = prepared(request)
    ending = run(request, config)
    if request.rehearses:
        return ending.exit_code
    # How it ended is the last line: where a report lies is no news.
    with log_nothing_but_warnings() if is_quiet() else nullcontext():
        # The lock is free by now, and the ending written down: this can change neither.
        report(door)
    return ending.exit_code


def _start(request: "Request") -> "subprocess.Popen[bytes]":
    """Start the supervisor in a process of its own, which this terminal's end does not touch."""
    from rig.daemon.processes import SUPERVISOR, spawn
    from rig.daemon.request import prepared

    try:
        return spawn(SUPERVISOR, request, prepared(request))
    except OSError as error:
        raise SessionError(f"{request.session}: cannot be written to: {error.strerror}") from None


def _watch(
    session: Path, process: "subprocess.Popen[bytes]", *, rehearses: bool = False
) -> int | None:
    """Show the monitor until the daemon ends, or None where somebody left it before."""
    from rig.cli.session import print_status
    from rig.monitor.show import monitor, wait_for
    from rig.session import control
    from rig.session.folder import is_running

    pressed, ended_early = 0, False

    def alive() -> bool:
        """Whether the daemon still runs, or will be started again."""
        # A supervisor that was killed leaves a daemon that goes on, and starts another one.
        return process.poll() is None or is_running(session)

    def interrupted() -> bool:
        """Pass Ctrl-C on; the monitor stays until the daemon has ended."""
        nonlocal pressed
        pressed += 1
        control.drop(session, "stop" if pressed == 1 else "stop-now")
        return False

    # Composing the signal and opening devices take seconds, in which nothing else is to be seen.
    out.print(f"starting {session}", markup=False)
    try:
        if wait_for(session, alive) and monitor(session, out, lambda: not alive(), interrupted):
            return None
    except KeyboardInterrupt:
        # Before there is a session there is no folder to leave a command in.
        process.terminate()
        ended_early = True
    code = _waited(process)
    # The journal may not exist: a daemon that cannot begin makes no session.
    try:
        print_status(session, rehearses=rehearses)
        if not rehearses:
            _say_where(session)
    except RigError:
        if ended_early:
            err.print("rig: stopped before it had begun")
            return Stopped.exit_code
        err.print(refusal(session), style="red")
    # Below zero it is the signal that ended it, which is no exit code to hand on.
    return code if code >= 0 else 1


def _say_where(session: Path) -> None:
    """Say where the report lies, if one was made."""
    from rig.report.make import REPORT
    from rig.session.door import Door

    if (path := Door(session).file(REPORT)) is not None:
        out.print(f"report: {path}", markup=False)


def _waited(process: "subprocess.Popen[bytes]") -> int:
    """Wait for the capture to end; Ctrl-C ends it."""
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.terminate()
