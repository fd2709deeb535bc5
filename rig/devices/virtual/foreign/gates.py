"""A noise gate in front of an amp."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import signal

from rig.devices.virtual.circuit import Audio, Filter, Part
from rig.devices.virtual.foreign.controls import Dial, Turned
from rig.devices.virtual.foreign.modules import linear

#: A gate closes this far below where it opens, so that it does not chatter.
HYSTERESIS = 0.5


class Gate:
    """A noise gate: open above a threshold, shut below half of it, and in between as it was."""

    def __init__(self, threshold: float, floor: float, rate_hz: float) -> None:
        self._threshold, self._floor, self._open = threshold, floor, False
        self._envelope = Filter(*signal.butter(1, 12.0, fs=rate_hz))
        self._fade = Filter(*signal.butter(1, 40.0, fs=rate_hz))

    def __call__(self, audio: Audio) -> Audio:
        """Let one block through, or not."""
        heard = self._envelope(np.abs(audio))
        said = np.where(heard > self._threshold, 1, -1)
        said[(heard <= self._threshold) & (heard >= HYSTERESIS * self._threshold)] = 0
        said = np.concatenate(([1 if self._open else -1], said))
        # Where nothing was said, what was said last holds.
        last = np.maximum.accumulate(np.where(said != 0, np.arange(len(said)), 0))
        is_open = said[last] > 0
        self._open = bool(is_open[-1])
        gain = self._fade(is_open[1:].astype(float))
        gain *= 1.0 - self._floor
        gain += self._floor
        gain *= audio
        return gain


@dataclass(frozen=True)
class NoiseGate:
    """A gate at the input; its dial moves the threshold by 30 dB."""

    threshold_dbfs: float
    floor_db: float
    dial: Dial | None

    def parts(self, turned: Turned, rate_hz: float) -> Iterator[Part]:
        """Build the gate."""
        moved_db = 30.0 * (self.dial.at(turned) - 0.5) if self.dial else 0.0
        threshold = linear(self.threshold_dbfs + moved_db)
        yield Gate(threshold, linear(self.floor_db), rate_hz)
