"""What ``rig capture`` was asked to do, and which configuration answers it.

One place decides which file, which session and which flag wins:

- A session that is there goes on with its own ``rig.yaml``. One given beside it must say the same,
  but for whom to tell: what ``notify`` names stays with the user and is taken from the given file.
- A flag wins over the configuration. A time of day alone means "as much as fits", so it also sets
  the configured number of captures aside.
"""

import argparse
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rig import config as configuration
from rig.clock import next_time_of_day
from rig.config import Config
from rig.daemon.stopping import Goals
from rig.errors import SessionError, UsageError
from rig.session.folder import is_running, is_session, stored_config

#: Sessions lie here, below the folder that rig is called in.
SESSIONS = Path("sessions")
DEFAULT_CONFIG = Path("rig.yaml")
#: Finds mistakes in a configuration that only the drivers know of.
Check = Callable[[Config], list[str]]


@dataclass(frozen=True)
class Request:
    """What a capture was asked for.

    Attributes:
        session: The session folder.
        config: The ``rig.yaml`` that was given; None where a session goes on by itself.
        captures: In place of the configured number of captures.
        until: ``HH:MM``, in place of the configured time of day.
        lockstep: In place of what the device suggests.
        supervised: Whether somebody starts the daemon again when it dies.
    """

    session: Path
    config: Path | None = None
    captures: int | None = None
    until: str | None = None
    lockstep: bool | None = None
    supervised: bool = False

    def arguments(self) -> list[str]:
        """The command line that `parse_request` reads."""
        given = {
            "--config": self.config,
            "--captures": self.captures,
            "--until": self.until,
            "--lockstep": None if self.lockstep is None else int(self.lockstep),
            "--supervised": int(self.supervised),
        }
        pairs = [[name, str(value)] for name, value in given.items() if value is not None]
        return [str(self.session), *(word for pair in pairs for word in pair)]


def parse_request(arguments: list[str]) -> Request:
    """A request from the command line that `Request.arguments` makes."""
    parser = argparse.ArgumentParser(prog="rig.daemon.service")
    parser.add_argument("session", type=Path)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--captures", type=int)
    parser.add_argument("--until")
    parser.add_argument("--lockstep", type=int)
    parser.add_argument("--supervised", type=int, default=0)
    given = parser.parse_args(arguments)
    lockstep = None if given.lockstep is None else bool(given.lockstep)
    supervised = bool(given.supervised)
    return Request(given.session, given.config, given.captures, given.until, lockstep, supervised)


@dataclass(frozen=True)
class CommandLine:
    """The flags of ``rig capture`` as they were typed; None where one was left out."""

    config: Path | None = None
    session: Path | None = None
    captures: int | None = None
    until: str | None = None
    lockstep: bool | None = None


def decide(typed: CommandLine, check: Check) -> tuple[Request, Config]:
    """The session and the configuration that a command line means.

    Args:
        typed: The flags.
        check: Finds mistakes that only the drivers know of.

    Raises:
        ConfigError: A configuration cannot be used.
        SessionError: The session is being captured already.
        UsageError: A flag makes no sense, or the session was begun with another configuration.
    """
    if typed.until is not None and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", typed.until):
        raise UsageError(f"--until {typed.until}: a time of day is needed, such as 07:00")
    path, session = typed.config, typed.session
    if path is None and (session is None or not is_session(session)):
        path = DEFAULT_CONFIG
    given = None if path is None else configuration.load(path, check=check)
    if session is None:
        assert given is not None
        session = SESSIONS / given.name
    if is_session(session):
        _refuse_running(session)
        if given is not None:
            _refuse_changes(stored_config(session, check), given, session)
    request = Request(session, path, typed.captures, typed.until, typed.lockstep)
    return request, configured(request, check)


def _refuse_running(session: Path) -> None:
    if is_running(session):
        raise SessionError(
            f"{session}: is being captured already; 'rig monitor {session}' shows it"
        )


def _refuse_changes(stored: Config, given: Config, session: Path) -> None:
    """A session goes on as it began: other knobs or another signal make another session."""
    ours, theirs = stored.model_dump(), given.model_dump()
    changed = [key for key in ours if key != "notify" and ours[key] != theirs[key]]
    if changed:
        raise UsageError(
            f"{session}: was begun with another configuration (changed: {', '.join(changed)}); "
            "name another folder with --session, or go on with what was begun: "
            f"rig capture --session {session}"
        )


def configured(request: Request, check: Check | None = None) -> Config:
    """The configuration to capture with: the session's own where there is one.

    Raises:
        ConfigError: It cannot be used.
        SessionError: There is neither a session nor a configuration.
    """
    given = None if request.config is None else configuration.load(request.config, check=check)
    if not is_session(request.session):
        if given is None:
            raise SessionError(f"{request.session}: this is no session folder")
        return given
    stored = stored_config(request.session, check)
    return stored if given is None else stored.model_copy(update={"notify": given.notify})


def goals_of(config: Config, request: Request, now: float) -> Goals:
    """What the run is after: what was asked for, else what is configured."""
    until = request.until or config.plan.until
    captures = request.captures
    if captures is None and request.until is None:
        captures = config.plan.captures
    return Goals(captures, next_time_of_day(until, now) if until else None)
