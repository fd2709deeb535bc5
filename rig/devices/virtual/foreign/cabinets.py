"""A loudspeaker in its box behind an amp."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import signal

from rig.devices.virtual.circuit import Audio, Part
from rig.devices.virtual.foreign.controls import Turned
from rig.devices.virtual.foreign.networks import poly
from rig.devices.virtual.foreign.tone_networks import bell


class Sections:
    """Second-order sections one after another, such as a cabinet with a microphone."""

    def __init__(self, sections: Audio) -> None:
        self._sections = sections
        self._state = np.zeros((len(sections), 2))

    def __call__(self, audio: Audio) -> Audio:
        """Filter one block."""
        filtered, self._state = signal.sosfilt(self._sections, audio, zi=self._state)
        return np.asarray(filtered)


@dataclass(frozen=True)
class Cabinet:
    """A loudspeaker in its box, and a microphone in front of it."""

    resonance_hz: float
    box_q: float
    breakup: tuple[tuple[float, float, float], ...]
    top_hz: float
    top_order: int

    def parts(self, turned: Turned, rate_hz: float) -> Iterator[Part]:
        """Build it as second-order sections."""
        del turned
        centre = 2 * np.pi * self.resonance_hz
        box = poly(1.0, 0.0, 0.0), poly(1.0, centre / self.box_q, centre**2)
        rows = [np.concatenate(signal.bilinear(*box, rate_hz))]
        for hz, db, q in self.breakup:
            share = 0.5 + 0.5 * np.sign(db)
            rows.append(
                np.concatenate(signal.bilinear(*bell(float(share), hz, q, abs(db)), rate_hz))
            )
        top = signal.butter(self.top_order, self.top_hz, fs=rate_hz, output="sos")
        yield Sections(np.vstack([*rows, top]))
