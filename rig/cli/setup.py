"""The ``rig init``, ``rig devices`` and ``rig check`` commands, before the first take."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rig.cli.common import err, out, show
from rig.errors import UsageError

if TYPE_CHECKING:
    from rig.config import Config
    from rig.knobs import Move
    from rig.preflight import Finding

CONFIG = Path("rig.yaml")
SCHEMA = "rig.schema.json"


def init(
    config: Annotated[Path, typer.Argument(help="Where to write the configuration.")] = CONFIG,
    force: Annotated[bool, typer.Option("--force", help="Overwrite what is there.")] = False,
    default: Annotated[
        bool, typer.Option("--default", help="Ask nothing: the built-in virtual amp.")
    ] = False,
) -> None:
    """Look for devices, ask a few questions, and write a commented rig.yaml.

    Its JSON Schema for editors goes beside it. Nothing is asked where nobody sits at a terminal.
    """
    from rig import config as configuration
    from rig import data

    if config.exists() and not force:
        raise UsageError(f"{config}: is there already; --force overwrites it")
    schema = config.with_name(SCHEMA)
    asks = out.is_terminal and sys.stdin.isatty() and not default
    text = _ask_configuration() if asks else data.default_config()
    # Before it is written: whatever was answered, the file has to load.
    configuration.parse(text, str(config))
    try:
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text(text, encoding="utf-8")
        schema.write_text(json.dumps(configuration.json_schema(), indent=1), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{config}: cannot be written: {error.strerror}") from None
    out.print(f"{config} and {schema} are written; next: rig check, then rig capture")


def _ask_configuration() -> str:
    """Return the configuration that somebody at the terminal describes."""
    from rig.cli import questions
    from rig.devices.survey import Survey, survey
    from rig.errors import DeviceError

    with out.status("looking for devices"):
        try:
            found = survey()
        except DeviceError as error:
            found = Survey((), (), (str(error),))
    for trouble in found.troubles:
        err.print(trouble, style="yellow")

    def ask(question: str, default: str) -> str:
        """Ask one question at the terminal."""
        return str(typer.prompt(question, default=default))

    return questions.configuration(found, ask, out.print)


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
    for trouble in found.troubles:
        err.print(trouble, style="yellow")
    if not (found.audio or found.midi or found.troubles):
        out.print("there are no audio devices and no MIDI ports")


def check(
    config: Annotated[Path, typer.Argument(help="The configuration.")] = CONFIG,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    no_notify: Annotated[
        bool, typer.Option("--no-notify", help="Do not try the programs under notify.")
    ] = False,
) -> None:
    """Tell within two minutes whether the night will work. Exit code 1 where it will not."""
    from rig import config as configuration
    from rig.devices import drivers
    from rig.preflight import summary, table

    loaded = configuration.load(config, check=drivers.problems)
    if loaded.interface.driver == "replay":
        raise UsageError(
            f"{config}: plays recordings back, which answer to no other signal: there is nothing "
            f"to check before 'rig capture {config}'"
        )
    quiet = as_json or not out.is_terminal
    findings = _findings(loaded, config.parent, quiet=quiet, notifies=not no_notify)
    passed = all(finding.passed for finding in findings)
    if as_json:
        rows = [finding.as_dict() for finding in findings]
        answer = {"passed": passed, "summary": summary(findings), "checks": rows}
        typer.echo(json.dumps(answer, ensure_ascii=False))
    else:
        show(table(findings))
        out.print(summary(findings), style=None if passed else "bold red")
    if not passed:
        raise typer.Exit(1)


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
