"""The ``rig`` command; each command imports what it needs when it runs, so all answer at once."""

import sys
import tempfile
import traceback

import typer

from rig.cli import bench, capture, model, session, setup, unit
from rig.errors import RigError

app = typer.Typer(
    name="rig",
    help="Captures a guitar amp, with all its knobs, while its owner sleeps.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    setup.init,
    setup.devices,
    setup.check,
    capture.capture,
    session.monitor,
    session.status,
    session.pause,
    session.resume,
    session.stop,
    session.verify,
    model.train,
    model.export,
    model.render,
    bench.bench,
    unit.unit,
):
    app.command()(command)


def main() -> None:
    """Run the command line; a mistake is one line on standard error and an exit code."""
    try:
        app()
    except RigError as error:
        sys.stderr.write(f"rig: {error}\n")
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # Whoever read the output, such as head, has seen enough.
        sys.exit(1)
    except Exception as error:
        with tempfile.NamedTemporaryFile(
            "w", prefix="rig-error-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            traceback.print_exc(file=file)
        sys.stderr.write(
            f"rig: an error that rig did not expect ({type(error).__name__}: {error}); "
            f"please report it with {file.name}\n"
        )
        sys.exit(1)
