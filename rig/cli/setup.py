"""The ``rig devices`` and ``rig check`` commands, before the first take."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rig.cli.common import WIDE, err, out, show
from rig.cli.quiet import Quiet, is_quiet
from rig.errors import UsageError
from rig.printable import command

if TYPE_CHECKING:
    from rig.config import Config
    from rig.devices.survey import Survey
    from rig.knobs import Move
    from rig.preflight import Finding

CONFIG = Path("rig.yaml")


def devices(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """List audio devices and MIDI ports by the names that rig.yaml needs."""
    from dataclasses import asdict

    from rig.devices.survey import survey

    found = survey()
    if as_json:
        typer.echo(json.dumps(asdict(found), ensure_ascii=False))
        return
    for device in found.audio:
        rate = f"{device.sample_rate} Hz"
        out.print(
            f"{device.host_api}: {device.name}: {device.inputs} in, {device.outputs} out, {rate}"
        )
    for port in found.midi:
        out.print(f"MIDI {port.api}: {port.name}")
    for port in found.midi_inputs:
        out.print(f"MIDI input {port.api}: {port.name}")
    for trouble in found.troubles:
        err.print(trouble, style="yellow")
    _say_missing(found)


def _say_missing(found: "Survey") -> None:
    """Say what there is none of: a list that is short by it says nothing."""
    ports = found.midi or found.midi_inputs
    # Where a list could not be had, why was said.
    missing = [] if found.audio else ["no audio device"]
    missing += [] if ports or found.troubles else ["no MIDI port"]
    if missing:
        out.print(
            f"{' and '.join(missing)} is there: plug it in and switch it on; 'rig init' goes "
            "on without"
        )


def check(
    config: Annotated[Path, typer.Argument(help="The configuration.")] = CONFIG,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    no_notify: Annotated[
        bool, typer.Option("--no-notify", help="Do not try the programs under notify.")
    ] = False,
    _quiet: Quiet = False,
) -> None:
    """Tell within two minutes whether the night will work. Exit code 1 where it will not."""
    from rig.cli.loading import loaded
    from rig.devices import drivers
    from rig.preflight import drawn, summary

    given = loaded(config, drivers.problems)
    if given.interface.driver == "replay":
        raise UsageError(
            f"{config}: plays recordings back, which answer to no other signal: there is nothing "
            f"to check before '{command('rig', 'capture', config)}'"
        )
    quiet = as_json or not out.is_terminal
    findings = _findings(given, config.parent, quiet=quiet, notifies=not no_notify)
    passed = all(finding.passed for finding in findings)
    if as_json:
        rows = [finding.as_dict() for finding in findings]
        answer = {"passed": passed, "summary": summary(findings), "checks": rows}
        typer.echo(json.dumps(answer, ensure_ascii=False))
    else:
        # For a pipe a row is a line, however wide.
        show(drawn(findings, out.width if out.is_terminal else WIDE))
        _warn(findings)
        out.print(summary(findings), style=None if passed else "bold red")
    if not passed:
        raise typer.Exit(1)


def _warn(findings: "list[Finding]") -> None:
    """Say what stands in the way of the night, where the table is not shown."""
    for row in findings if is_quiet() else ():
        if not row.passed:
            err.print(f"{row.name}: {row.figure}: {row.advice}", style="red", markup=False)


def _findings(config: "Config", base: Path, *, quiet: bool, notifies: bool) -> "list[Finding]":
    """Run the check; where somebody watches, show what is going on and ask for their hands."""
    from rig.monitor.prompt import ask_in_terminal
    from rig.preflight import preflight

    if quiet:
        return list(preflight(config, base, notifies=notifies))
    with out.status("") as status:

        def say(what: str) -> None:
            """Show what is being looked at."""
            status.update(f"checking: {what}")

        def ask(moves: "Sequence[Move]") -> None:
            """Wait until somebody has turned knobs and pressed Enter."""
            # Its spinner would draw over the prompt.
            status.stop()
            ask_in_terminal(out, config.panel, moves)
            status.start()

        return list(preflight(config, base, ask, say, notifies=notifies))
