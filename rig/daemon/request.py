"""What ``rig capture`` was asked to do, and which configuration answers it.

One place decides which file, which session and which flag wins:

- A session that is there goes on with its own ``rig.yaml``. One given beside it must say the same,
  but for what stays with the user and is taken from the given file: whom to tell (``notify``), and
  the foot switch.
- A flag wins over the configuration. A time of day alone means "as much as fits", so it also sets
  the configured number of captures aside.
"""

import argparse
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rig import config as configuration
from rig.capture import LEAST_CAPTURES
from rig.clock import JUMP_S, Clock, next_time_of_day
from rig.config import Config
from rig.config.knobs import hand_step
from rig.daemon.stopping import Goals
from rig.errors import SessionError, UsageError
from rig.printable import pasteable
from rig.session import control, signal
from rig.session.door import Door, begin
from rig.session.edited import refuse_edited
from rig.session.folder import Session, is_running, is_session, stored_config
from rig.session.layout import SESSIONS, is_supervised, no_session, refuse_foreign
from rig.session.lives import RunState
from rig.session.verify import refuse_missing

DEFAULT_CONFIG = Path("rig.yaml")
# Worked out anew, a deadline of 07:30 is tomorrow's as soon as it has passed.
#: A deadline that a run died before or after still holds for so long: then it is another night.
MISSED_S = 6 * 3600.0
#: More changes than these say that it is another configuration altogether.
MOST_CHANGES = 4
#: Finds mistakes in a configuration that only the drivers know of.
Check = Callable[[Config], list[str]]


@dataclass(frozen=True)
class Request:
    """What a capture was asked for.

    Attributes:
        session: The session folder.
        config: The ``rig.yaml`` that was given; None where a session goes on by itself.
        captures: In place of the configured number of captures.
        until: Unix time, in place of the configured time of day. It is worked out once, when
            somebody asks: a daemon that is started again after it has passed is not given a day.
        lockstep: In place of what the device suggests.
        supervised: Whether somebody starts the daemon again when it dies.
        asked_at: Unix time at which somebody asked; a daemon that is started again carries the
            same, and goes on with what the one before was told.
        booted_at: When the machine was started, by the wall clock as it stood then. By what it
            says later, the clock was set: what was asked for by a clock that was wrong holds for
            the right one.
        rehearses: Whether the folder is thrown away in the end, so that no report is made of it,
            and nothing is said of what lies there.
    """

    session: Path
    config: Path | None = None
    captures: int | None = None
    until: float | None = None
    lockstep: bool | None = None
    supervised: bool = False
    asked_at: float | None = None
    booted_at: float | None = None
    rehearses: bool = False

    def arguments(self) -> list[str]:
        """The command line that `parse_request` reads."""
        given = {
            "--config": self.config,
            "--captures": self.captures,
            "--until": self.until,
            # A number, since there are three answers: yes, no, and as the device suggests.
            "--lockstep": None if self.lockstep is None else int(self.lockstep),
            "--supervised": int(self.supervised),
            "--asked-at": self.asked_at,
            "--booted-at": self.booted_at,
            "--rehearses": int(self.rehearses),
        }
        pairs = [[name, str(value)] for name, value in given.items() if value is not None]
        return [str(self.session), *(word for pair in pairs for word in pair)]


def parse_request(arguments: list[str]) -> Request:
    """A request from the command line that `Request.arguments` makes."""
    parser = argparse.ArgumentParser(prog="rig.daemon.service")
    parser.add_argument("session", type=Path)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--captures", type=int)
    parser.add_argument("--until", type=float)
    parser.add_argument("--lockstep", type=int)
    parser.add_argument("--supervised", type=int, default=0)
    parser.add_argument("--asked-at", type=float)
    parser.add_argument("--booted-at", type=float)
    parser.add_argument("--rehearses", type=int, default=0)
    given = parser.parse_args(arguments)
    return Request(
        given.session,
        given.config,
        given.captures,
        given.until,
        None if given.lockstep is None else bool(given.lockstep),
        bool(given.supervised),
        given.asked_at,
        given.booted_at,
        bool(given.rehearses),
    )


@dataclass(frozen=True)
class CommandLine:
    """The flags of ``rig capture`` as they were typed; None where one was left out."""

    config: Path | None = None
    session: Path | None = None
    captures: int | None = None
    until: str | None = None
    lockstep: bool | None = None
    rehearses: bool = False


def decide(typed: CommandLine, check: Check, clock: Clock | None = None) -> tuple[Request, Config]:
    """The session and the configuration that a command line means.

    Args:
        typed: The flags.
        check: Finds mistakes that only the drivers know of.
        clock: Time.

    Raises:
        ConfigError: A configuration cannot be used.
        SessionError: The session is being captured already, or its configuration was changed.
        UsageError: A flag makes no sense, or the session was begun with another configuration.
    """
    if typed.until is not None and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", typed.until):
        raise UsageError(f"--until {typed.until}: a time of day is needed, such as 07:00")
    path, session = typed.config, typed.session or _where_we_are(typed)
    if path is None and (session is None or not is_session(session)):
        # Only a session that is there needs no file: it has its own.
        path = DEFAULT_CONFIG
    given = None if path is None else _given(path, session, check)
    if session is None:
        assert given is not None
        session = SESSIONS / given.name
    _refuse_running(session)
    refuse_foreign(session)
    if is_session(session):
        stored = stored_config(session, check)
        opened = Session.view(session)
        try:
            refuse_edited(opened)
            refuse_missing(opened)
        finally:
            opened.close()
        if given is not None:
            _refuse_changes(stored, given, session)
    clock = clock or Clock()
    now = clock.now()
    until = None if typed.until is None else next_time_of_day(typed.until, now)
    request = Request(
        session,
        path,
        typed.captures,
        until,
        lockstep=typed.lockstep,
        asked_at=now,
        booted_at=clock.booted_at(),
        rehearses=typed.rehearses,
    )
    config = configured(request, check)
    _refuse_too_few(request, config)
    return request, config


def _where_we_are(typed: CommandLine) -> Path | None:
    """Return the session that rig is called in, as every other command means it.

    Raises:
        UsageError: Another one was to be begun inside of it.
    """
    if not is_session(here := Path.cwd()):
        return None
    if typed.config is not None:
        raise UsageError(
            "this folder is a session: 'rig capture' goes on with it; to begin another one, call "
            "rig from the folder that holds your sessions, or name it with --session"
        )
    return here


def _given(path: Path, session: Path | None, check: Check) -> Config:
    """Load the file that is named, and judge its recordings where a session begins by it."""

    def judge(config: Config) -> list[str]:
        """Find what drivers and recordings are wrong about."""
        # A session has its signal: the recordings that it was made of may be gone.
        is_begun = is_session(session or SESSIONS / config.name)
        return [*check(config), *([] if is_begun else signal.problems(config, path.parent))]

    return configuration.load(path, check=judge)


def prepared(request: Request) -> Door:
    """The session's folder, where nothing waits that was asked of an earlier capture.

    Raises:
        SessionError: There is no folder, or something in it is none.
        StorageError: It cannot be made or written to.
    """
    door = begin(request.session)
    control.forget(door)
    return door


def _refuse_running(session: Path) -> None:
    # Before there is a session, it may be on its way: its devices are being opened.
    if is_running(session) or is_supervised(session):
        advice = pasteable("'rig monitor' shows it, and 'rig stop' ends it", session)
        raise SessionError(f"{session}: is being captured already; {advice}")


def _refuse_too_few(request: Request, config: Config) -> None:
    """Refuse before anything is played what could not be learnt from in the end."""
    asked = goals_of(config, request, request.asked_at or 0.0, RunState()).captures
    if asked is None or asked >= LEAST_CAPTURES:
        return
    kept = 0
    if is_session(request.session):
        session = Session.view(request.session)
        kept = session.state.ordered_to_learn()
        session.close()
    if kept < LEAST_CAPTURES:
        raise UsageError(
            f"{asked} setting is too few to learn from: --captures {LEAST_CAPTURES} at the least"
        )


def _refuse_changes(stored: Config, given: Config, session: Path) -> None:
    """A session goes on as it began: other knobs or another signal make another session."""
    # Where learning runs is the user's own, whatever the session's has.
    ours = stored.model_dump()
    theirs = configuration.with_own(_as_begun(given, stored), stored).model_dump()
    # Whom to tell is left out: the session's own copy never has it, since it may be a stranger's.
    # Names for the amp and for settings change nothing that is recorded.
    free = {*configuration.STAYS, "gear", "presets"}
    changed = [
        f"{key}.{inner}" if inner else key
        for key in ours
        if key not in free and ours[key] != theirs[key]
        for inner in _changed_in(ours[key], theirs[key])
    ]
    if changed:
        told = ", ".join(changed[:MOST_CHANGES]) + ", ..." * (len(changed) > MOST_CHANGES)
        raise UsageError(
            f"{session}: was begun with another configuration (changed: {told}); "
            "name another folder with --session, or go on with what was begun: "
            f"rig capture --session {session}"
        )


def _changed_in(ours: Any, theirs: Any) -> list[str]:
    """Return the keys of a section that differ; an empty one where all of it does."""
    if not (isinstance(ours, dict) and isinstance(theirs, dict)):
        return [""]
    return [key for key in {**ours, **theirs} if ours.get(key) != theirs.get(key)]


def _as_begun(given: Config, stored: Config) -> Config:
    """A configuration as a session has it that began before hands were given marks."""
    of_hands = given.knobs.items() if given.knobs.keys() == stored.knobs.keys() else ()
    bare = {
        name: knob.model_copy(update={"step": None})
        for name, knob in of_hands
        if stored.knobs[name].step is None and knob.step == hand_step(*knob.faceplate)
    }
    return given.model_copy(update={"knobs": {**given.knobs, **bare}})


def configured(request: Request, check: Check | None = None) -> Config:
    """The configuration to capture with: the session's own where there is one.

    Raises:
        ConfigError: It cannot be used.
        SessionError: There is neither a session nor a configuration.
    """
    given = None if request.config is None else configuration.load(request.config, check=check)
    if not is_session(request.session):
        if given is None:
            raise SessionError(no_session(request.session))
        return given
    stored = stored_config(request.session, check)
    # A folder may come from a stranger: programs are run, and clusters asked, by the file that the
    # user names.
    return configuration.with_own(stored, given)


def goals_of(
    config: Config, request: Request, now: float, last: RunState, booted_at: float | None = None
) -> Goals:
    """What the run is after: what was asked for, else what is configured.

    Args:
        config: The session's.
        request: What was asked for.
        now: Unix time.
        booted_at: When the machine was started, by the wall clock as it stands now.
        last: The run before. One that died after its deadline had passed, a few hours ago at the
            most, is brought to its end; it is not given another day, unless more is asked for.
    """
    captures, until = request.captures, request.until
    asked_at = request.asked_at if request.asked_at is not None else now
    set_s = _set_s(request, booted_at)
    if captures is None and until is None:
        captures = config.plan.captures
    if until is not None and set_s:
        until = next_time_of_day(f"{datetime.fromtimestamp(until):%H:%M}", asked_at + set_s)
    if until is None and config.plan.until is not None:
        until = next_time_of_day(config.plan.until, asked_at + set_s)
        # Whoever says how many captures asks for something new; a machine that starts does not.
        died = last.started is not None and last.ended is None and captures is None
        missed = last.until if died else None
        if missed is not None and missed <= now < missed + MISSED_S:
            until = missed
    return Goals(captures, until)


def _set_s(request: Request, booted_at: float | None) -> float:
    """By how many seconds the clock was set since somebody asked; 0 where it was not."""
    if booted_at is None or request.booted_at is None:
        return 0.0
    set_s = booted_at - request.booted_at
    return set_s if abs(set_s) > JUMP_S else 0.0
