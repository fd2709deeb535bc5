"""``rig init`` and ``rig check``: before the first take."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rig.cli.common import out
from rig.errors import UsageError

if TYPE_CHECKING:
    from rig.config import Config
    from rig.preflight import Finding
    from rig.proposals.hands import Move

CONFIG = Path("rig.yaml")
SCHEMA = "rig.schema.json"


def init(
    config: Annotated[Path, typer.Argument(help="Where to write the configuration.")] = CONFIG,
    force: Annotated[bool, typer.Option("--force", help="Overwrite what is there.")] = False,
) -> None:
    """Write a commented rig.yaml that runs as it is, and its JSON Schema for editors."""
    from rig import config as configuration
    from rig import data

    if config.exists() and not force:
        raise UsageError(f"{config}: is there already; --force overwrites it")
    schema = config.with_name(SCHEMA)
    try:
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text(data.default_config(), encoding="utf-8")
        schema.write_text(json.dumps(configuration.json_schema(), indent=1), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{config}: cannot be written: {error.strerror}") from None
    out.print(f"{config} and {schema} are written; next: rig check, then rig capture")


def check(
    config: Annotated[Path, typer.Argument(help="The configuration.")] = CONFIG,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Tell within two minutes whether the night will work. Exit code 1 where it will not."""
    from rig import config as configuration
    from rig.devices import drivers
    from rig.preflight import table

    loaded = configuration.load(config, check=drivers.problems)
    findings = _checked(loaded, config.parent, quiet=as_json or not out.is_terminal)
    passed = all(finding.passed for finding in findings)
    if as_json:
        rows = [finding.as_dict() for finding in findings]
        typer.echo(json.dumps({"passed": passed, "checks": rows}, ensure_ascii=False))
    else:
        out.print(table(findings), soft_wrap=False)
    if not passed:
        raise typer.Exit(1)


def _checked(config: "Config", base: Path, *, quiet: bool) -> "list[Finding]":
    """Run the check; where somebody watches, say what is going on and ask for their hands."""
    from rig.monitor.prompt import ask_in_terminal
    from rig.preflight import preflight

    if quiet:
        return list(preflight(config, base))
    with out.status("") as status:

        def say(what: str) -> None:
            """What is being looked at."""
            status.update(f"checking: {what}")

        def ask(moves: "Sequence[Move]") -> None:
            """Somebody turns knobs and presses Enter."""
            status.stop()
            ask_in_terminal(out, config.panel, moves)
            status.start()

        return list(preflight(config, base, ask, say))
