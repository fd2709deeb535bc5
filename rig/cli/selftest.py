"""The ``rig selftest`` command tries whether this machine has what rig relies on."""

import json
import sys
from typing import Annotated

import typer

from rig.cli.common import err, out


def selftest(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Try in a minute what rig relies on, for an issue. Exit code 1 where something fails.

    Files, locks, sleep, devices, keys, and a night of a few takes of the built-in amp; needs no
    hardware and leaves nothing behind.
    """
    from rig.selftest import paste
    from rig.selftest import selftest as run

    def say(what: str) -> None:
        """Tell on standard error, so that what is pasted stays clean."""
        err.print(f"trying: {what}", markup=False)

    asks = sys.stdin.isatty() and not as_json
    rows = list(run(say, asks=asks))
    passed = all(row.works is not False for row in rows)
    if as_json:
        answer = {"passed": passed, "rows": [row.as_dict() for row in rows]}
        typer.echo(json.dumps(answer, ensure_ascii=False))
    else:
        out.print(paste(rows), markup=False)
    if not passed:
        raise typer.Exit(1)
