"""A rig on the bench without processes, which plays each effective setting only once."""

from dataclasses import replace

import numpy as np

from rig import config as configuration
from rig.capture import Frames, Recording
from rig.config import Config
from rig.devices.protocols import DriverContext
from rig.devices.virtual.amp import VirtualAmp
from rig.devices.virtual.interface import VirtualInterface
from rig.knobs import Setting

KNOBS = ("gain", "bass", "middle", "treble", "presence", "master", "boost")
NOISE_DBFS = -90.0
#: A take costs half of what it does at 48 kHz; the highest tone that the check plays is 4 kHz.
RATE = 24_000


def random_rig(number: int, miswiring: str = "[]") -> Config:
    """A rig with one of the population's amps."""
    return configuration.parse(
        f"""
name: random
amp: {{driver: virtual, preset: random-{number}, miswiring: {miswiring}}}
interface: {{driver: virtual, sample_rate: {RATE}, noise_dbfs: -200, latency_frames: 100}}
knobs:
  gain: {{rest: 5}}
  bass: {{rest: 5}}
  middle: {{rest: 5}}
  treble: {{rest: 5}}
  presence: {{rest: 5}}
  master: {{rest: 5}}
  boost: {{switch: [off, on]}}
"""
    )


class Memory(dict[tuple[object, ...], Recording]):
    """What an amp sounds like, by where its controls really stand and what is played."""


class Rehearsal:
    """Stands in for `rig.devices.client.DevicesClient`: hiss is new every time, the amp is not."""

    def __init__(self, config: Config, memory: Memory, seed: int) -> None:
        self._config, self._memory = config, memory
        self._amp = VirtualAmp(DriverContext(config))
        self._interface = VirtualInterface(DriverContext(config, amp=self._amp))
        self._random = np.random.default_rng(seed)
        self._panel = config.panel
        self._amp.open()

    def dial(self, setting: Setting, last: str | None = None) -> None:
        named = self._panel.named(setting)
        if last is not None:
            named[last] = named.pop(last)
        self._amp.dial(named)

    def reamp(self, send: Frames) -> Recording:
        controls = tuple(sorted(self._amp.positions.items()))
        key = (controls, len(send), float(np.max(np.abs(send))))
        if key not in self._memory:
            self._memory[key] = self._interface.reamp(send, lambda _: None)
        clean = self._memory[key]
        hiss = 10 ** (NOISE_DBFS / 20) * self._random.standard_normal(len(send))
        return replace(clean, returned=(clean.returned + hiss).astype(np.float32))
