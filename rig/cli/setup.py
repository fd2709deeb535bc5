"""``rig init`` and ``rig check``: before the first take."""

import json
from pathlib import Path
from typing import Annotated

import typer

from rig.cli.common import out
from rig.errors import UsageError

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
    """Tell within a minute whether the night will work. Exit code 1 where it will not."""
    from rig import config as configuration
    from rig.devices import drivers
    from rig.preflight import preflight, table

    loaded = configuration.load(config, check=drivers.problems)
    findings = preflight(loaded, config.parent)
    if as_json:
        passed = all(finding.passed for finding in findings)
        rows = [vars(finding) for finding in findings]
        typer.echo(json.dumps({"passed": passed, "checks": rows}))
    else:
        out.print(table(findings), soft_wrap=False)
    if not all(finding.passed for finding in findings):
        raise typer.Exit(1)
