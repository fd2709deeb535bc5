"""The ``rig export`` command: files for players, at settings of the knobs."""

import json
from pathlib import Path
from typing import Annotated

import typer

from rig.cli.asking import At, SessionFolder, model_of, setting_of, view
from rig.cli.common import out
from rig.cli.writing import Force, put, refuse_existing
from rig.errors import UsageError


def export(
    session: SessionFolder,
    file: Annotated[Path, typer.Argument(metavar="OUT.nam", help="Where to write it.")],
    at: At = None,
    force: Force = False,
) -> None:
    """Export the model at one setting as a standard .nam file."""
    if file.suffix != ".nam":
        raise UsageError(f"{file}: players look for a name that ends in .nam")
    refuse_existing(file, force)
    opened = view(session)
    try:
        setting = setting_of(opened, at)
        model = model_of(opened)
        from rig.exchange.nam import nam_document

        put(opened, file, json.dumps(nam_document(opened, model, setting)).encode())
        out.print(f"wrote {file}: {opened.config.panel.describe(setting)}")
    finally:
        opened.close()
