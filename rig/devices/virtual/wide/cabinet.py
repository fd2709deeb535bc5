"""A loudspeaker in its cabinet before a microphone: resonances, a steep end, a reflection."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import signal

from rig.devices.virtual.circuit import Filter, Part, resonance
from rig.devices.virtual.wide.pots import log_between


@dataclass(frozen=True)
class Cabinet:
    """A loudspeaker, its cabinet and the microphone.

    Attributes:
        low_hz: What lies below is not radiated.
        high_hz: Where the cone gives up.
        order: Of that low-pass.
        peaks: Break-ups of the cone, each with frequency, decibels and Q.
        reflection_s: How much later than the cone the floor is heard.
        reflection: How loud, against the cone.
    """

    low_hz: float
    high_hz: float
    order: int
    peaks: tuple[tuple[float, float, float], ...]
    reflection_s: float
    reflection: float

    def parts(self, rate_hz: float) -> Iterator[Part]:
        """Build it; linear throughout, so the rate of the recording is enough."""
        yield Filter(*signal.butter(2, self.low_hz, "high", fs=rate_hz))
        yield Filter(*signal.butter(self.order, self.high_hz, fs=rate_hz))
        for centre_hz, gain_db, q in self.peaks:
            yield resonance(centre_hz, gain_db, q, rate_hz)
        taps = np.zeros(round(self.reflection_s * rate_hz) + 1)
        taps[0], taps[-1] = 1.0, self.reflection
        yield Filter(taps, np.ones(1))


def draw_cabinet(random: np.random.Generator) -> Cabinet:
    """Draw a cabinet with its microphone."""
    count = int(random.integers(2, 6))
    peaks = tuple(
        (log_between(random, 150.0, 4_000.0), random.uniform(-8.0, 7.0), random.uniform(0.8, 4.0))
        for _ in range(count)
    )
    return Cabinet(
        low_hz=log_between(random, 55.0, 110.0),
        high_hz=log_between(random, 3_800.0, 5_800.0),
        order=int(random.integers(2, 5)),
        # The presence of a cone just below its end is what a guitar loudspeaker is known by.
        peaks=(*peaks, (log_between(random, 2_000.0, 3_500.0), random.uniform(0.0, 7.0), 1.5)),
        reflection_s=random.uniform(0.0002, 0.0012),
        reflection=random.uniform(-0.35, 0.35),
    )
