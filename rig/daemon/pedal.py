"""The foot switch's process: what is pressed becomes a file in ``control/``, as by ``rig done``.

MIDI may hang or crash here, and takes nobody along.
"""

import logging
import queue
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from rig import waits
from rig.child import Parent
from rig.config import FootSwitchConfig
from rig.devices.midi.presses import Heard, Presses
from rig.errors import RigError
from rig.printable import log_lines
from rig.session import control, live
from rig.session.door import Door

log = logging.getLogger("rig")

MISSING = "MIDI needs python-rtmidi: pip install python-rtmidi"
#: Ports are looked for so often; nobody plugs a cable out and in again faster.
LOOK_S = waits.PEDAL_IS_THERE.s


class Ears(Protocol):
    """What listens to the ports."""

    listed: list[str]

    def look(self) -> list[str]:
        """Open what came, close what is gone; return the names of what is listened to."""


def say(door: Door, answer: Any) -> bool:
    """Drop an answer where somebody is asked; whether somebody was."""
    snapshot = live.read(door)
    # Nobody is asked: an answer that waited would be taken for the next question's.
    if snapshot is None or not snapshot.prompt:
        return False
    control.drop(door, answer)
    return True


def absent(config: FootSwitchConfig, listed: list[str]) -> str:
    """Say what is not there, and what is."""
    if not listed:
        return "no MIDI input is there"
    there = ", ".join(f"'{name}'" for name in dict.fromkeys(listed))
    return f"no MIDI input is called '{config.port}'; there are: {there}"


def serve(
    parent: Parent,
    ears: Callable[[Callable[[Heard], None]], Ears],
    config: FootSwitchConfig,
    door: Door,
) -> None:
    """Listen until the daemon ends, and tell it at each look what is listened to."""
    heard: queue.SimpleQueue[Heard] = queue.SimpleQueue()
    listening, presses = ears(heard.put), Presses(config.answers())
    while True:
        names = listening.look()
        why = "" if names else absent(config, listening.listed)
        parent.send({"there": names, "why": why})
        again_s = time.monotonic() + LOOK_S
        while (left_s := again_s - time.monotonic()) > 0:
            try:
                answer = presses.answer(heard.get(timeout=left_s))
            except queue.Empty:
                break
            if answer is not None:
                _dropped(door, answer)


def _dropped(door: Door, answer: str) -> None:
    try:
        say(door, answer)
    except RigError as error:
        # Whoever pressed will press again; the daemon says itself that the disk is full.
        log.warning("%s: %s", answer, error)


def main() -> None:
    """Hear what to listen to, and for whom."""
    parent = Parent()
    log_lines("%(asctime)s %(message)s")
    message, _ = parent.receive()
    config = FootSwitchConfig.model_validate(message["foot_switch"])
    try:
        from rig.devices.midi.inputs import Inputs
    except ImportError:
        parent.send({"there": [], "why": MISSING})
        # Started again now and then: somebody may install it.
        return
    serve(parent, partial(Inputs, config.port), config, Door.into(Path(message["session"])))


if __name__ == "__main__":
    main()
