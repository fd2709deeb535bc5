"""A session whose own configuration is not the one that it began with."""

from contextlib import suppress
from typing import Protocol

from rig.errors import ConfigChanged, SessionError
from rig.session import facts, store
from rig.session.door import Door
from rig.session.journal import Journal
from rig.session.state import State


class Opened(Protocol):
    """A session that is open, for whoever opens it."""

    @property
    def door(self) -> Door:
        """Where its files are."""

    @property
    def state(self) -> State:
        """What its journal comes to."""


def refuse_edited(session: Opened) -> None:
    """Refuse a session whose own configuration is not the one it began with.

    Raises:
        ConfigChanged: Somebody has changed it since.
    """
    if session.state.created is not None:
        _refuse(session.door, session.state.created)


def refuse_edited_journal(door: Door, journal: Journal) -> None:
    """Refuse a session whose journal cannot be what its configuration, changed since, allows.

    Raises:
        ConfigChanged: Somebody has changed the configuration.
    """
    created: object = None
    # A journal that cannot be read at all says so itself.
    with suppress(SessionError):
        created = next((entry.fact for entry in journal.entries()), None)
    if isinstance(created, facts.SessionCreated):
        _refuse(door, created)


def _refuse(door: Door, created: facts.SessionCreated) -> None:
    if store.problem(door, created.config) is not None:
        raise ConfigChanged(
            f"{door.path / created.config.path}: was changed since the session began, and its "
            "recordings are of what it said then: put it back as it was, or begin another session "
            "with it: rig capture rig.yaml --session NAME"
        )
