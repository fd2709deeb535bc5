"""A device is held by one process at a time: a lock for each, by its driver's name and its own.

Two captures that drive one amp would record each other's settings, and neither would notice. The
locks lie in a folder of the user's own outside of all sessions; a lock dies with its process, which
is the one that has the devices open (`rig.devices.worker`).
"""

import getpass
import hashlib
import json
import os
import stat
import tempfile
from pathlib import Path

import filelock

from rig import waits
from rig.config import Config
from rig.errors import DeviceError

#: How long a lock is waited for.
FREE_S = waits.DEVICES_ARE_FREE.s
#: These need no lock: every session has a virtual amp of its own, hands know what they turn, and
#: recordings can be played back to any number.
FREE = ("virtual", "hand", "replay")


def folder() -> Path:
    """Where this user's locks lie.

    Raises:
        DeviceError: Somebody else's folder lies there, or it cannot be made.
    """
    if os.name == "nt":
        place = Path(os.environ.get("LOCALAPPDATA") or tempfile.gettempdir()) / "rig" / "devices"
    else:
        place = Path(tempfile.gettempdir()) / f"rig-{os.getuid()}"
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = place.lstat()
    except OSError as error:
        raise DeviceError(f"{place}: devices cannot be locked there: {error.strerror}") from None
    # Others may write beside it: what they have put there in its place is not trusted.
    if not stat.S_ISDIR(found.st_mode) or (os.name != "nt" and found.st_uid != os.getuid()):
        raise DeviceError(f"{place}: is not {getpass.getuser()}'s own folder: remove it")
    return place


def names(config: Config) -> list[str]:
    """The devices that a configuration drives, each in the words that tell it from others."""
    found = [
        _named(section.driver, section.model_dump(mode="json"))
        for section in (config.amp, config.interface)
        if section.driver not in FREE
    ]
    return list(dict.fromkeys(found))


def _named(driver: str, section: dict[str, object]) -> str:
    if driver == "midi":
        return f"midi port {section['port']}"
    if driver == "soundcard":
        return f"soundcard {section['host_api']}, {section['output']}"
    # What another package's driver drives, its options say, and only the driver knows which.
    options = json.dumps(section.get("options"), sort_keys=True, default=str)
    return f"{driver} {options}" if section.get("options") else driver


class DeviceLocks:
    """The locks of the devices of one configuration.

    Args:
        config: Names them.
        owner: Who is told of to others: a session.
    """

    def __init__(self, config: Config, owner: str) -> None:
        self._names, self._owner = names(config), owner
        self._held: list[filelock.BaseFileLock] = []

    def take(self) -> None:
        """Hold all of them, if they are not held yet.

        Raises:
            DeviceError: Somebody else holds one.
        """
        if self._held or not self._names:
            return
        try:
            for name in self._names:
                self._take(name)
        except DeviceError:
            # All or none: a device that is held for nothing is kept from everybody else.
            self.release()
            raise

    def _take(self, name: str) -> None:
        # Hashed, since the name of a device may hold what the name of a file cannot.
        place = folder() / hashlib.sha256(name.casefold().encode()).hexdigest()[:24]
        lock = filelock.FileLock(place.with_suffix(".lock"))
        holder = place.with_suffix(".json")
        try:
            # The child of a daemon that died may still be putting the knobs to rest.
            lock.acquire(timeout=FREE_S)
            self._held.append(lock)
            # Not into the lock's own file: whoever tries to take it may empty that.
            unfinished = place.with_suffix(f".{os.getpid()}")
            unfinished.write_text(json.dumps([self._owner, os.getpid()]), encoding="utf-8")
            unfinished.replace(holder)
        except filelock.Timeout:
            raise DeviceError(f"{name}: is being driven by {_holder(holder)}") from None
        except OSError as error:
            raise DeviceError(f"{name}: cannot be locked: {error.strerror}") from None

    def release(self) -> None:
        """Let go of all of them."""
        while self._held:
            self._held.pop().release()


def _holder(path: Path) -> str:
    """Who holds a lock, as far as that was written down."""
    try:
        owner, process = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError):
        # It is written a moment after the lock was taken, and may not be there yet.
        return "another process"
    return f"{owner} (process {process})"
