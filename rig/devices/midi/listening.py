"""MIDI learn from another process: drivers that hang, or print what they like, do so there."""

import json
import subprocess
from dataclasses import dataclass
from typing import Any

from rig import waits
from rig.child import own_module
from rig.errors import DeviceError

#: Beyond the time that somebody has for turning a knob: for a slow MIDI server to answer.
PATIENCE_S = 15.0


@dataclass(frozen=True)
class Learnt:
    """A controller that moved: how ``rig.yaml`` calls it, its number, and the values seen."""

    port: str
    channel: int
    wire: str
    number: int
    lowest: int
    highest: int


@dataclass(frozen=True)
class Pressed:
    """A pedal that was pressed: on which port, and what it sent, as ``rig.yaml`` has it."""

    port: str
    sent: str


def listened() -> Learnt | None:
    """Listen until somebody has turned one knob; None where nothing was heard.

    Raises:
        DeviceError: There is nothing to listen to, or MIDI does not work here.
    """
    said = _asked("rig.devices.midi.learn")["learnt"]
    return None if said is None else Learnt(**said)


def pressed() -> Pressed | None:
    """Listen until somebody has pressed a pedal; None where nothing was heard.

    Raises:
        DeviceError: There is nothing to listen to, or MIDI does not work here.
    """
    said = _asked("rig.devices.midi.press")["pressed"]
    return None if said is None else Pressed(**said)


def _asked(module: str) -> dict[str, Any]:
    try:
        done = subprocess.run(
            own_module(module),
            capture_output=True,
            timeout=waits.KNOB_IS_TURNED.s + PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DeviceError("MIDI does not answer on this machine") from None
    lines = done.stdout.splitlines()
    # The last line is ours: drivers may print what they like before it.
    if not lines:
        missing = b"No module named 'rtmidi'" in done.stderr
        why = "needs python-rtmidi: pip install python-rtmidi" if missing else "does not work here"
        raise DeviceError(f"MIDI {why}")
    said: dict[str, Any] = json.loads(lines[-1])
    if "trouble" in said:
        raise DeviceError(said["trouble"])
    return said
