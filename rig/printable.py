"""Text from elsewhere in one line that a terminal and a log can show, whatever is in it."""

import codecs
import logging
import os
import re
import shlex
import subprocess
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated

from pydantic import AfterValidator

#: Control characters, line breaks, halves of characters, and what turns the direction of writing:
#: with these a text can pretend to be another line, or tell a terminal what to do.
_UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
#: A sentence has a few hundred characters; nobody reads more of one.
MOST_CHARACTERS = 2_000


def is_printable(text: str) -> bool:
    """Whether a text can be shown as it is, in one line."""
    return _UNPRINTABLE.search(text) is None


def printable(text: str) -> str:
    r"""A text in one line, what cannot be printed as ``\x1b`` or a space, not endlessly long."""
    shown = re.sub(r"\r?\n|\t", " ", text)
    shown = _spelled(shown)
    return shown if len(shown) <= MOST_CHARACTERS else f"{shown[: MOST_CHARACTERS - 1]}…"


def printable_lines(text: str) -> str:
    r"""A text of several lines, all else that cannot be printed as ``\x1b``."""
    return "\n".join(_spelled(line) for line in text.split("\n"))


def _spelled(text: str) -> str:
    return _UNPRINTABLE.sub(lambda found: ascii(found[0])[1:-1], text)


#: What stands for a sign where a terminal's encoding lacks it, each as wide as what it stands for.
PLAIN = {"█": "#", "░": ".", "━": "=", "─": "-", "…": "~", "→": ">", "←": "<", "↑": "^", "↓": "v",
         "▶": ">", "±": "+", "·": "."}  # fmt: skip
#: The name under which Python's streams know that.
PLAINLY = "rig-plainly"
#: Braille, of which charts are made, by how many of the eight dots are set.
_BRAILLE, _DOTS = range(0x2800, 0x2900), " ..:::###"


def _plain(sign: str) -> str:
    if ord(sign) in _BRAILLE:
        return _DOTS[(ord(sign) & 0xFF).bit_count()]
    # An umlaut as its letter.
    letter = unicodedata.normalize("NFKD", sign)[0]
    if letter.isascii() and letter.isprintable():
        return letter
    # As wide as the sign was: what was laid out stays in its place.
    return PLAIN.get(sign) or "?" * (1 + (unicodedata.east_asian_width(sign) in "WF"))


def plainly(error: UnicodeError) -> tuple[str, int]:
    """Stand in for what an encoding lacks; Python calls it for streams that name `PLAINLY`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(map(_plain, lacking)), error.end


def print_plainly(streams: Iterable[IO[str]]) -> None:
    """Have nothing that is printed fail for the terminal's encoding: what it lacks is stood for."""
    codecs.register_error(PLAINLY, plainly)
    for stream in streams:
        # Not every stream that stands in for a terminal's can be changed, nor needs to be.
        if (reconfigure := getattr(stream, "reconfigure", None)) is not None:
            reconfigure(errors=PLAINLY)


#: Commands that sentences advise, in the journal too, where no session knows where it will lie.
_ADVISED = re.compile(
    r"'rig (capture|verify --repair|verify|resume|monitor|report|train|stop|done)'"
)


def command(*words: str | Path) -> str:
    """Return a command as it can be pasted into a terminal of this system."""
    texts = [str(word) for word in words]
    return subprocess.list2cmdline(texts) if os.name == "nt" else shlex.join(texts)


def pasteable(text: str, session: Path) -> str:
    """Name the session in every command that a text advises, so that it can be pasted."""
    quoted = command(session)

    def named(found: re.Match[str]) -> str:
        """Return the command with the session in it."""
        option = "--session " if found[1] == "capture" else ""
        return f"'rig {found[1]} {option}{quoted}'"

    return _ADVISED.sub(named, text)


def count_of(number: int, noun: str, plural: str = "") -> str:
    """Return a number with what is counted: ``1 file``, ``2 files``."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


#: The type of a text that comes from a file, and is made printable as it is read.
Words = Annotated[str, AfterValidator(printable)]


class LogFormatter(logging.Formatter):
    """Writes each record as one line; a traceback follows, indented, and looks like no record."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and the traceback where there is one."""
        # A copy: whoever else handles the record gets it as it was.
        told = logging.makeLogRecord(vars(record))
        told.msg, told.args = printable(record.getMessage()), None
        told.exc_info = told.exc_text = told.stack_info = None
        line = super().format(told)
        if record.exc_info is None:
            return line
        rows = self.formatException(record.exc_info).splitlines()
        return "\n".join([line, *(f"    {printable(row.expandtabs())}" for row in rows)])


def log_lines(pattern: str, dates: str | None = None, stream: IO[str] | None = None) -> None:
    """Have everything that is logged written as lines that carry no control characters.

    Args:
        pattern: As `logging.Formatter` takes it.
        dates: How times look.
        stream: Where to; standard error where left out.
    """
    logging.basicConfig(level=logging.INFO, handlers=[_handler(pattern, dates, stream)])


def log_warnings(pattern: str, dates: str | None, stream: IO[str]) -> None:
    """Have warnings and errors written to another stream as well; see `log_lines`."""
    handler = _handler(pattern, dates, stream)
    handler.setLevel(logging.WARNING)
    logging.getLogger().addHandler(handler)


@contextmanager
def log_nothing_but_warnings() -> Iterator[None]:
    """Keep news out of every log for a while."""
    logging.disable(logging.INFO)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def _handler(pattern: str, dates: str | None, stream: IO[str] | None) -> logging.Handler:
    handler = logging.StreamHandler(stream)
    handler.setFormatter(LogFormatter(pattern, dates))
    return handler
