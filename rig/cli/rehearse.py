"""``rig capture --rehearse``: the night before the night, which leaves nothing behind."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rig.cli.asking import warn
from rig.cli.common import PREFIX, REHEARSED
from rig.errors import DeviceError, UsageError

if TYPE_CHECKING:
    from rig.config import Config
    from rig.daemon.request import CommandLine

#: A capture that was left with 'q' ends within this.
ENDS_S, LOOK_S = 60.0, 0.1


@contextmanager
def rehearsed(typed: "CommandLine") -> Iterator["CommandLine"]:
    """Lay out a rehearsal in a folder that is gone afterwards, and give the command line for it.

    Raises:
        ConfigError: The configuration cannot be used.
        UsageError: The flags name a session.
    """
    from rig.cli.loading import loaded
    from rig.config.rehearsal import rehearsal
    from rig.daemon.request import DEFAULT_CONFIG
    from rig.devices import drivers

    if typed.session is not None:
        raise UsageError(
            "--rehearse keeps nothing, so there is no --session: leave one of them out"
        )
    path = typed.config or DEFAULT_CONFIG
    given = loaded(path, drivers.amp_problems)
    if (absent := _absent(given)) is not None:
        warn([f"the amp is not set along with the built-in one: {absent}"])
    # Windows lets nobody remove a file that a process which is just ending has open.
    with tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as folder:
        short, session = Path(folder) / "rig.yaml", Path(folder) / f"{given.name} {REHEARSED}"
        short.write_text(rehearsal(given, path.parent, along=absent is None), encoding="utf-8")
        try:
            yield replace(typed, config=short, session=session, rehearses=True)
        finally:
            _end(session)


# A rehearsal is there before anything is plugged in, so what is not there is no mistake.
def _absent(config: "Config") -> str | None:
    """Return why an amp over MIDI cannot be set; None where it can, or there is none."""
    from rig.config.devices import MidiAmpConfig
    from rig.devices.midi.named import places_of
    from rig.devices.survey import midi_survey

    if not isinstance(config.amp, MidiAmpConfig):
        return None
    try:
        found = midi_survey()
    except DeviceError as error:
        return str(error)
    if not found.midi and found.troubles:
        return found.troubles[0]
    for api in {port.api for port in found.midi if config.amp.api in ("auto", port.api)}:
        if places_of(config.amp.port, [p.name for p in found.midi if p.api == api], api):
            return None
    return f"there is no MIDI port '{config.amp.port}'"


def _end(session: Path) -> None:
    """End a capture that somebody has left alone."""
    from rig.session import control
    from rig.session.layout import is_running, is_supervised

    deadline = time.monotonic() + ENDS_S
    while (is_running(session) or is_supervised(session)) and time.monotonic() < deadline:
        control.drop(session, "stop-now")
        time.sleep(LOOK_S)
