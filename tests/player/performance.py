"""A performance on a real audio server: a guitar that plays, controllers that sweep."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from models.nam.embedded import embedded
from models.networks.spec import ModelSpec
from rig import config as configuration
from rig.config import Config
from tests.conftest import TINY
from tests.devices import jack
from tests.models.test_models import made

CARD = "{driver: soundcard, input: system, output: system, host_api: JACK}"
CONFIG = TINY.replace("{driver: virtual, latency_frames: 311.3}", CARD).replace(
    "{driver: virtual, preset: tweed}", "{driver: hand}"
)

#: Sends sweeps of three controllers at 2 ms from one message to the next, until it is killed.
SWEEPER = """
import itertools, time, mido
backend = mido.Backend("mido.backends.rtmidi/UNIX_JACK")
with backend.open_output("the hands", virtual=True, client_name="sweeper") as port:
    print("ready", flush=True)
    due = time.monotonic()
    for step in itertools.count():
        place, at = step % 3, step // 3 * (1 + step % 3)
        value = abs(at % 254 - 127)
        port.send(mido.Message("control_change", control=20 + place, value=value))
        due += 0.002
        time.sleep(max(due - time.monotonic(), 0))
"""

#: Plays loud noise into the audio server without a pause, as a client of its own.
GUITARIST = """
import time, numpy as np, sounddevice as audio
noise = (0.2 * np.random.default_rng(0).standard_normal(1 << 20)).astype("float32")
at = 0
def play(out, frames, _time, _status):
    global at
    out[:, 0] = noise[at : at + frames]
    at = (at + frames) % (1 << 19)
with audio.OutputStream(samplerate=48_000, channels=1, dtype="float32", callback=play):
    print("ready", flush=True)
    time.sleep(3_600)
"""


def config() -> Config:
    """A configuration whose interface is jackd."""
    return configuration.parse(CONFIG)


@contextmanager
def beside(script: str) -> Iterator[None]:
    """Somebody in a process of their own: one who plays, or one who turns three knobs."""
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield
    finally:
        process.kill()
        process.wait()


def section(architecture: str, size: str) -> dict[str, object]:
    """A model of the three knobs of `CONFIG`, as if it had been trained."""
    model = made(ModelSpec(architecture, size, (0, 0, 0), 1, silent=True))
    knobs = [
        {"name": name, "low": 0, "high": 10, "default": 5} for name in ("gain", "tone", "volume")
    ]
    return embedded(model, knobs)


def guitar(seconds: float) -> NDArray[np.float32]:
    """Something loud that never ends: one track."""
    noise = 0.2 * np.random.default_rng(0).standard_normal(round(48_000 * seconds))
    return noise.astype(np.float32)[None]


def patch() -> None:
    """Let the guitarist, who was there first, be heard by the player."""
    jack.connect("PortAudio:out_0", "PortAudio-01:in_0")
