"""A real audio server and a real MIDI receiver for tests: jackd with its dummy driver."""

import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from calibration.checks import Baseline, Limits, judge
from calibration.signals import Signal
from calibration.takes import Aligned, align
from calibration.verdict import Check
from rig.capture import Recording
from rig.devices.client import DevicesClient

JACKD = "jackd {scheduling} --silent -d dummy -r 48000 -p {period} -C 2 -P 2"
ENVIRONMENT = {"JACK_NO_AUDIO_RESERVATION": "1", "JACK_NO_START_SERVER": "1"}


def needs_jack() -> None:
    """Skip where jackd is not installed; in CI it is, and there nothing is skipped."""
    if shutil.which("jackd") is None or shutil.which("jack_connect") is None:
        if os.environ.get("CI"):
            pytest.fail("jackd must be installed in CI")
        pytest.skip("jackd is not installed")


def scheduling() -> str:
    """Real time where the system allows it: then other programs take no block from the server."""
    may = subprocess.run(["chrt", "--fifo", "10", "true"], capture_output=True, check=False)
    return "--realtime --realtime-priority 10" if may.returncode == 0 else "--no-realtime"


def eventually(what: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def tool(*words: str) -> str:
    """Run one of JACK's own programs, and return what it shows; nothing where it fails.

    One that asks just as a client dies may wait for an answer that never comes.
    """
    try:
        shown = subprocess.run(words, capture_output=True, text=True, check=False, timeout=10)
    except subprocess.TimeoutExpired:
        return ""
    return shown.stdout if shown.returncode == 0 else ""


def ports() -> list[str]:
    return tool("jack_lsp").split()


@contextmanager
def server(period: int = 1024) -> Iterator["subprocess.Popen[bytes]"]:
    """A running jackd, and the only one."""
    assert not ports(), "a JACK server is running already"
    command = JACKD.format(scheduling=scheduling(), period=period).split()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: "system:playback_1" in ports())
        yield process
    finally:
        process.kill()
        process.wait()
        clear()


def clear() -> None:
    """Take away what a killed server left behind."""
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree("/dev/shm/jack_db-0")


def disconnect(source: str, target: str) -> None:
    """Pull a cable, if it is there."""
    tool("jack_disconnect", source, target)


def connect(source: str, target: str) -> None:
    """Patch a cable; ports appear late."""
    eventually(lambda: {source, target} <= set(ports()))
    plug(source, target)


def plug(source: str, target: str) -> None:
    """Patch a cable if both its ends are there."""
    tool("jack_connect", source, target)


@contextmanager
def kept_patched(patch: Callable[[], None], stop: threading.Event) -> Iterator[None]:
    """Patches cables again and again while streams come and go, as a person would."""

    def work() -> None:
        while not stop.wait(0.3):
            if {"PortAudio:out_0", "PortAudio:in_1"} <= set(ports()):
                patch()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def good_take(bench: DevicesClient, signal: Signal) -> tuple[Recording, Aligned]:
    """A take that passes its checks; on a busy machine the first ones may have dropouts."""
    for _ in range(6):
        recording = bench.reamp(signal.send.astype(np.float32))
        assert recording.loopback is not None
        returned, loopback = recording.returned.astype(float), recording.loopback.astype(float)
        aligned = align(returned, loopback, signal, recording.dropouts)
        verdict = judge(aligned, signal, Limits(), Baseline())
        # Where a cable stands in for the amp, the return is the send itself, and that is right.
        if {reason.check for reason in verdict.reasons} <= {Check.WIRE}:
            return recording, aligned
    raise AssertionError([reason.sentence for reason in verdict.reasons])


#: Prints every message that a virtual MIDI port receives, a line of hex each.
LISTENER = """
import sys, mido
backend = mido.Backend("mido.backends.rtmidi/UNIX_JACK")
with backend.open_input("the amp", virtual=True, client_name="listener") as port:
    print("ready", flush=True)
    for message in port:
        print(message.hex(), flush=True)
"""


@contextmanager
def listener() -> Iterator["subprocess.Popen[str]"]:
    """A MIDI receiver in a process of its own, which may be killed."""
    process = subprocess.Popen([sys.executable, "-c", LISTENER], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.wait()


def take_cables_for_an_amp(patch: pytest.MonkeyPatch) -> None:
    """Have the judge not see that the amp is a cable, which it would tell from a real one."""
    patch.setattr("calibration.doubts._wire", lambda *_: iter(()))
