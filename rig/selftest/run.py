"""Everything that is tried, in its order: what is quick first, the whole night last."""

import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from rig.selftest import files, machine, night
from rig.selftest.row import Row, tried

Say = Callable[[str], None]


def _silent(_what: str) -> None:
    return None


def selftest(say: Say = _silent, *, asks: bool) -> Iterator[Row]:
    """Try one thing after another, a row each; takes a minute, and leaves nothing behind.

    Args:
        say: Told what is being tried.
        asks: Whether somebody is there who can press a key.
    """
    # Blanks and letters beyond ASCII in a path are where systems differ first.
    with tempfile.TemporaryDirectory(prefix="rig prüft ", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        for what, attempt in (
            ("system", machine.system),
            ("packages", machine.packages),
            ("files", partial(files.replaces, folder)),
            ("locks", partial(files.locks, folder)),
            ("journal", partial(files.journals, folder)),
            ("sleep", machine.sleep),
            ("devices", machine.audio),
        ):
            say(what)
            yield tried(what, attempt)
        yield _keys(say) if asks else Row("keys", works=None, told="no terminal")
        say("a night of a few takes, in the background")
        yield tried("night", partial(night.captures, folder))


def _keys(say: Say) -> Row:
    say("keys: press one")
    sys.stdout.flush()
    return tried("keys", machine.keys)
