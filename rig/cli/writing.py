"""What every command that makes a file does: ask before it writes over one, show how far it is."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from rig.cli.common import err
from rig.cli.quiet import is_quiet
from rig.errors import UsageError

if TYPE_CHECKING:
    from rig.session.folder import Session

Force = Annotated[bool, typer.Option("--force", help="Write over a file that is there already.")]
#: Told how many are done, and of how many.
Tell = Callable[[int, int], None]


def refuse_existing(target: Path, force: bool) -> None:
    """Refuse to write over what is there, unless somebody said so.

    Raises:
        UsageError: Something is there, or what is there is a folder, or a session's own.
    """
    refuse_own(target)
    if target.is_dir():
        raise UsageError(f"{target}: is a folder; give the name of a file")
    if target.exists() and not force:
        raise UsageError(f"{target}: is there already; --force writes over it")


def new_folder(target: Path) -> str:
    """Say that the folder of a file is going to be made; empty where it is there.

    Asked before anything is written, said behind the name of what was: a typing mistake in a path
    makes a folder that nobody looks for.
    """
    return "" if target.parent.is_dir() else f" (the folder {target.parent} is new)"


def refuse_own(target: Path) -> None:
    """Refuse to write where a session keeps what it has recorded and learnt, even with --force.

    Raises:
        UsageError: It is a file of a session's own, or would lie among them.
    """
    from rig.session.layout import JOURNAL, OWN, is_session

    absolute = target.absolute()
    for folder in absolute.parents:
        first = absolute.relative_to(folder).parts[0]
        # SQLite keeps more beside its file, by names that begin with its own.
        if (first in OWN or first.startswith(JOURNAL)) and is_session(folder):
            raise UsageError(
                f"{target}: is where the session {folder.name} keeps what it has recorded and "
                "learnt; choose another name"
            )


def refuse_full_folder(target: Path, force: bool) -> None:
    """Refuse to write into a folder that holds something, unless somebody said so.

    Raises:
        UsageError: It holds something, or is a file, or a session's own.
    """
    refuse_own(target)
    if target.is_file():
        raise UsageError(f"{target}: is a file and no folder")
    if target.is_dir() and any(target.iterdir()) and not force:
        raise UsageError(f"{target}: is not empty; --force writes into it")


def refuse_mixing(target: Path, names: list[str]) -> None:
    """Refuse to put a pack among models that its text would not speak of.

    Raises:
        UsageError: There are some in the folder.
    """
    there = {path.name for path in target.glob("*.nam")} if target.is_dir() else set()
    if others := sorted(there - {*names}):
        raise UsageError(
            f"{target}: holds other models ({others[0]}), and nobody could tell them from these; "
            "choose another folder"
        )


def put(session: "Session", target: Path, content: bytes) -> None:
    """Write what a user asked for, whole or not at all; in the session's folder follow no link.

    Raises:
        StorageError: The disk did not take it.
    """
    from rig.session import store

    root, absolute = session.folder.absolute(), target.absolute()
    if ".." not in absolute.parts and absolute.is_relative_to(root):
        session.door.put(absolute.relative_to(root).as_posix(), content)
    else:
        store.put(target, content)


@contextmanager
def progress(what: str) -> Iterator[Tell]:
    """Show on standard error how far something is, and the time that is left."""
    from rich.progress import Progress

    # In a log there is nothing to move: what was written is said in the end.
    with Progress(console=err, transient=True, disable=not err.is_terminal or is_quiet()) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def stopped_between_steps() -> Iterator[Callable[[], None]]:
    """Keep Ctrl-C until it can do no harm: what is yielded raises it, called between steps.

    A model and what the journal says of it are written one after the other; in between, nobody
    should be able to stop.
    """
    asked = []

    def note(_number: int, _frame: FrameType | None) -> None:
        """Remember that somebody wants to stop."""
        asked.append(True)
        err.print("stopping after this step")

    def check() -> None:
        """Stop, if somebody wants to."""
        if asked:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, note)
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, before)
