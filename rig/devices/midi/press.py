"""What a foot switch sends: the first press that is heard on any input."""

import json
import queue
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict

from rig import waits
from rig.devices.midi.inputs import Inputs
from rig.devices.midi.listening import Pressed
from rig.devices.midi.presses import Heard, sent
from rig.errors import DeviceGone


def first_press(inputs: Callable[[Callable[[Heard], None]], Inputs]) -> Pressed | None:
    """Listen until a pedal goes down; None where nothing was heard for too long.

    Raises:
        DeviceGone: There is nothing to listen to.
    """
    heard: queue.SimpleQueue[Heard] = queue.SimpleQueue()
    if not inputs(heard.put).look():
        raise DeviceGone("there is no MIDI input to listen to")
    until_s = time.monotonic() + waits.KNOB_IS_TURNED.s
    with suppress(queue.Empty):
        while (left_s := until_s - time.monotonic()) > 0:
            came = heard.get(timeout=left_s)
            pedal = sent(came.data)
            if pedal is not None and pedal.is_down:
                return Pressed(came.port.partition(" ")[2], f"{pedal.kind} {pedal.number}")
    return None


if __name__ == "__main__":
    try:
        found = first_press(lambda tell: Inputs(None, tell))
        said: dict[str, object] = {"pressed": None if found is None else asdict(found)}
    except DeviceGone as error:
        said = {"trouble": str(error)}
    # Of a child whose parent has gone nobody reads the answer.
    with suppress(KeyboardInterrupt, BrokenPipeError):
        sys.stdout.write(json.dumps(said) + "\n")
