"""A third-party amp for tests: guitarix without a window, its knobs mapped to MIDI controllers."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.devices.jack import connect, disconnect, eventually, kept_patched, plug, ports

PORT = 7000
#: Controller, guitarix's parameter, and its value at both ends of the knob.
KNOBS = {
    "gain": (20, "gxdistortion.drive", 0.0, 1.0),
    "bass": (21, "amp.tonestack.Bass", 0.0, 1.0),
    "treble": (22, "amp.tonestack.Treble", 0.0, 1.0),
    "volume": (23, "amp.out_master", -30.0, 0.0),
}
SWITCHES = ("ui.amp.tonestack", "amp.tonestack.on_off", "gxdistortion.on_off")


def needs_guitarix() -> None:
    """Skip where guitarix is not installed; in CI it is."""
    if shutil.which("guitarix") is None:
        if os.environ.get("CI"):
            pytest.fail("guitarix must be installed in CI")
        pytest.skip("guitarix is not installed")


class Remote:
    """Guitarix's JSON-RPC: a JSON object a line."""

    def __init__(self) -> None:
        self._socket = socket.create_connection(("127.0.0.1", PORT), timeout=10)
        self._lines = self._socket.makefile("r", encoding="utf-8")

    def _say(self, document: dict[str, Any]) -> None:
        line = json.dumps({"jsonrpc": "2.0", **document}) + "\n"
        self._socket.sendall(line.encode())

    def notify(self, method: str, *parameters: object) -> None:
        self._say({"method": method, "params": list(parameters)})

    def call(self, method: str, *parameters: object) -> Any:
        self._say({"method": method, "params": list(parameters), "id": "1"})
        for line in self._lines:
            answer = json.loads(line)
            if answer.get("id") == "1":
                return answer.get("result")
        raise ConnectionError

    def close(self) -> None:
        self._socket.close()


def listens() -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", PORT), timeout=1):
        return True
    return False


def map_knobs() -> None:
    """Give every knob its controller."""
    remote = Remote()
    for switch in SWITCHES:
        remote.notify("set", switch, 1)
    for controller, parameter, low, high in KNOBS.values():
        remote.notify("midi_set_config_mode", 1, controller)
        remote.notify("midi_modifyCurrent", parameter, low, high, 0, 0)
    remote.notify("midi_set_config_mode", 0, -1)
    mapped = remote.call("get_midi_controller_map")
    assert mapped[::2] == [controller for controller, *_ in KNOBS.values()]
    remote.close()


@contextmanager
def amp(home: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A running guitarix with its knobs mapped."""
    (home / ".config").mkdir(parents=True, exist_ok=True)
    environment = {k: v for k, v in os.environ.items() if k != "DISPLAY"} | {"HOME": str(home)}
    process = subprocess.Popen(
        ["guitarix", "-N", "-p", str(PORT)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        eventually(lambda: "gx_head_amp:in_0" in ports() and listens(), 60)
        map_knobs()
        yield process
    finally:
        process.kill()
        process.wait()


def patch_loopback() -> None:
    """Take the amp's second channel off the second input and put the send there instead."""
    connect("PortAudio:out_0", "PortAudio:in_1")
    disconnect("gx_head_fx:out_1", "PortAudio:in_1")


def replug_loopback() -> None:
    """The same without waiting for anything."""
    plug("PortAudio:out_0", "PortAudio:in_1")
    disconnect("gx_head_fx:out_1", "PortAudio:in_1")


def loopback() -> AbstractContextManager[None]:
    """Keeps the loopback patched."""
    return kept_patched(replug_loopback, threading.Event())
