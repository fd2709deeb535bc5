"""``--quiet``: of what a command prints, its last line alone; warnings and errors stay."""

import io
from typing import Annotated

import typer

from rig.cli.common import out


class _Held(io.StringIO):
    """What would have been printed."""


def is_quiet() -> bool:
    """Whether lines are held back, so that nothing needs to be drawn either."""
    return isinstance(out.file, _Held)


def _hold(context: typer.Context, asked: bool) -> bool:
    """Hold back what is printed until the command has ended, however it does."""
    if asked:
        # Not its `file`, which is the stream of this moment and not whatever it will be.
        held, before = _Held(), out._file
        out.file = held

        def release() -> None:
            """Print the last line."""
            out._file = before
            lines = held.getvalue().rstrip().splitlines()
            if lines:
                out.print(lines[-1], markup=False)

        context.call_on_close(release)
    return asked


# Taken up as it is read: a command that has it needs not do anything about it.
Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet", callback=_hold, help="Print warnings, errors and the last line, nothing else."
    ),
]
