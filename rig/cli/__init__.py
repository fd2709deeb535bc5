"""The ``rig`` command; each command imports what it needs when it runs, so all answer at once."""

import errno
import re
import sys
import tempfile
import traceback
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer

from rig.cli import (
    bench,
    capture,
    export,
    importing,
    init,
    listen,
    model,
    play,
    render,
    report,
    selftest,
    session,
    setup,
    unit,
)
from rig.cli.common import BROKEN_OFF, about
from rig.errors import RigError, UsageError
from rig.printable import pasteable, print_plainly

app = typer.Typer(
    name="rig",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    init.init,
    setup.devices,
    setup.check,
    selftest.selftest,
    capture.capture,
    session.monitor,
    session.status,
    session.pause,
    session.resume,
    session.stop,
    session.done,
    session.redo,
    session.skip,
    session.verify,
    model.train,
    export.export,
    render.render,
    play.play,
    listen.listen,
    report.report,
    bench.bench,
    unit.unit,
):
    app.command()(command)
# A word of Python's own, which no function can be called.
app.command("import")(importing.import_data)


def _tell_version(asked: bool) -> None:
    if asked:
        typer.echo(f"rig {version('rig-capture')}")
        raise typer.Exit


@app.callback()
def options(
    _: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_tell_version, help="Tell the version, and exit."
        ),
    ] = False,
) -> None:
    """Captures a guitar amp, with all its knobs, while its owner sleeps."""


#: Packages of ours whose names others have too.
COMMON_NAMES = ("calibration", "models")


def refuse_strangers() -> None:
    """Look where our packages with common names would come from, without importing any.

    Raises:
        UsageError: Another package of that name is found first.
    """
    ours = Path(__file__).parents[2]
    for name in COMMON_NAMES:
        spec = find_spec(name)
        # A folder without __init__.py has no origin, and hides an editable install all the same.
        found = Path(spec.origin).parent if spec and spec.origin else None
        if found is None or found.resolve() != (ours / name).resolve():
            where = found or next(iter(spec.submodule_search_locations or ()), "?") if spec else "?"
            raise UsageError(
                f"'{name}' would be loaded from {where}, which is not rig's own: call rig from "
                "another folder, without PYTHONPATH, or install it in an environment of its own"
            )


#: What typer raises on words that it does not know; by this way, as its own name for it moved.
NotUnderstood: type[Exception] = typer.BadParameter.__base__  # type: ignore[assignment]


def _not_understood(error: Any) -> int:
    """Say in one line which word of the command is wrong, and where the right ones are listed."""
    path = error.ctx.command_path if error.ctx else "rig"
    if not sys.argv[1:]:
        # To call rig alone is to ask what it can do.
        error.show()
    else:
        said = " ".join(error.format_message().split()).rstrip(".")
        sys.stderr.write(f"rig: {said}; '{path} --help' lists what there is\n")
    return UsageError.exit_code


#: What a system refuses for reasons that its user can see and mend.
REFUSED = (errno.ENAMETOOLONG, errno.EACCES, errno.EPERM, errno.ENOSPC, errno.EROFS)


def _at_home(words: list[str]) -> list[str]:
    """Put the home folder for ``~`` where no shell did: behind ``=``, in quotes, or on Windows."""
    parts = (re.fullmatch(r"(--[\w-]+=)?(~(?:[/\\].*)?)", word, re.DOTALL) for word in words)
    return [
        f"{found[1] or ''}{Path(found[2]).expanduser()}" if found else word
        for word, found in zip(words, parts, strict=True)
    ]


def main() -> None:
    """Run the command line; a mistake is one line on standard error and an exit code."""
    # Without a console, as under pythonw, there are none.
    print_plainly(stream for stream in (sys.stdout, sys.stderr) if stream is not None)
    try:
        refuse_strangers()
        # Not left to typer, whose sentences about mistakes are boxes of several lines.
        code = app(_at_home(sys.argv[1:]), prog_name="rig", standalone_mode=False)
        if code == BROKEN_OFF:
            sys.stderr.write("rig: broken off\n")
        sys.exit(code)
    except NotUnderstood as error:
        sys.exit(_not_understood(error))
    except RigError as error:
        said = pasteable(str(error), about.session) if about.session else str(error)
        sys.stderr.write(f"rig: {said}\n")
        sys.exit(error.exit_code)
    except typer.Abort:
        # Ctrl-C or the end of the input, where something was asked.
        sys.exit("rig: broken off")
    except BrokenPipeError:
        # Whoever read the output, such as head, has seen enough.
        sys.exit(1)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in REFUSED:
            sys.exit(f"rig: {error.filename or 'a file'}: {error.strerror}")
        sys.stderr.write(
            f"rig: an error that rig did not expect ({type(error).__name__}: {error}); "
            f"please report it with {_traceback_file()}\n"
        )
        sys.exit(1)


def _traceback_file() -> str:
    """Write the traceback of what is being handled into a file of its own; returns its path."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="rig-error-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        traceback.print_exc(file=file)
    return file.name
