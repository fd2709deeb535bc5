"""Files that came over a network once, by their hash: a folder on the machine that learns."""

import contextlib
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from rig.elsewhere.parts import digest_of
from rig.errors import SessionError
from rig.session.door import Door, begin
from rig.session.facts import StoredFile

#: Where a machine keeps them, in place of its user's own cache.
VARIABLE = "RIG_ELSEWHERE"
FILES, ANSWERS = "files", "answers"
#: A night of 200 settings comes to about 1.3 GB; what was used longest ago goes first.
MOST_BYTES = 20_000_000_000
#: An answer is a fact and some names.
MOST_ANSWER_BYTES = 50_000_000
#: An answer is for whoever asks again at once, since the first one was lost on its way.
ANSWER_LASTS_S = 24 * 3600.0


def usual_folder() -> Path:
    """Return where this machine's user keeps what came from elsewhere."""
    if VARIABLE in os.environ:
        return Path(os.environ[VARIABLE])
    local = os.environ.get("LOCALAPPDATA") if os.name == "nt" else None
    return (Path(local) if local else Path.home() / ".cache") / "rig" / "elsewhere"


@dataclass(frozen=True)
class Cache:
    """Content by its hash; several processes of one machine may use one folder."""

    door: Door
    most_bytes: int = MOST_BYTES

    @classmethod
    def at(cls, folder: Path, most_bytes: int = MOST_BYTES) -> Self:
        """Open a cache, made where there is none.

        Raises:
            StorageError: It cannot be made.
        """
        return cls(begin(folder), most_bytes)

    def get(self, file: StoredFile) -> bytes | None:
        """Return content that is what its hash says, None where there is none."""
        name = f"{FILES}/{file.sha256}"
        try:
            content = self.door.read(name, max(file.size, 1))
        except SessionError:
            return None
        # Read each time: a disk that rots under a long-lived cache would teach models noise.
        if digest_of(content) != file.sha256:
            self.door.remove(name)
            return None
        # Another process may have made room in this very moment.
        with contextlib.suppress(OSError):
            os.utime(self.door.path / name)
        return content

    def put(self, digest: str, content: bytes) -> None:
        """Keep content; what was used longest ago makes room for it.

        Raises:
            StorageError: The disk did not take it.
        """
        self._make_room(len(content))
        # Not for good: what a power cut takes is sent again.
        self.door.put(f"{FILES}/{digest}", content, durable=False)

    def _make_room(self, size: int) -> None:
        there = []
        for name in self.door.names(FILES):
            with contextlib.suppress(OSError):
                found = (self.door.path / FILES / name).stat()
                there.append((found.st_mtime, found.st_size, name))
        room = self.most_bytes - size - sum(each[1] for each in there)
        for _, freed, name in sorted(there):
            if room >= 0:
                return
            room += freed if self.door.remove(f"{FILES}/{name}") else 0

    def answer(self, key: str) -> dict[str, Any] | None:
        """Return what a job came to, where it was done here a short while ago."""
        name = f"{ANSWERS}/{key}.json"
        try:
            place = self.door.file(name)
            if place is None or time.time() - place.stat().st_mtime > ANSWER_LASTS_S:
                return None
            found: dict[str, Any] = json.loads(self.door.read(name, MOST_ANSWER_BYTES))
        except (SessionError, OSError, ValueError):
            return None
        return found

    def keep_answer(self, key: str, answer: dict[str, Any]) -> None:
        """Note what a job came to.

        Raises:
            StorageError: The disk did not take it.
        """
        for name in self.door.names(ANSWERS):
            with contextlib.suppress(OSError):
                age_s = time.time() - (self.door.path / ANSWERS / name).stat().st_mtime
                if age_s > ANSWER_LASTS_S:
                    self.door.remove(f"{ANSWERS}/{name}")
        self.door.put(f"{ANSWERS}/{key}.json", json.dumps(answer).encode(), durable=False)
