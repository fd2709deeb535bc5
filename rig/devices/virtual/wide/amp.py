"""A drawn amp of any kind, at the level that an engineer would record it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from rig.devices.virtual.chain import Chain
from rig.devices.virtual.circuit import Audio, Part
from rig.devices.virtual.wide.cabinet import Cabinet, draw_cabinet
from rig.devices.virtual.wide.pedal import Pedal, draw_pedal
from rig.devices.virtual.wide.pots import linear
from rig.devices.virtual.wide.power import Power, draw_power
from rig.devices.virtual.wide.preamp import Preamp, draw_preamp
from rig.devices.virtual.wide.rates import OVERSAMPLING
from rig.devices.virtual.wide.tone import Tone, draw_tone

#: These amps are told apart from everything else that is drawn.
_STREAM = 83
#: An engineer leaves so much room above the loudest setting.
LOUDEST_DBFS = -8.0
#: Settings at which the loudest is looked for, and what is played there.
LEVEL_SETTINGS, LEVEL_RATE_HZ, LEVEL_S, LEVEL_PEAK = 10, 48_000.0, 0.35, 0.5
#: Switched on, capacitors charge: so long until nothing comes out of nothing.
WARM_UP_S = 0.2


@dataclass(frozen=True)
class WideAmp:
    """An amp of the wide population.

    Attributes:
        pedal: In front of it, None for none.
        preamp: With its gain pots.
        tone: Behind the preamp.
        power: With the master.
        cabinet: Before a microphone, None where a load box records the amp directly.
        output: Of the recording interface.
    """

    pedal: Pedal | None
    preamp: Preamp
    tone: Tone
    power: Power
    cabinet: Cabinet | None
    output: float = 1.0

    @property
    def controls(self) -> tuple[str, ...]:
        """The knobs on its faceplate, by the words that stand there."""
        pedal = () if self.pedal is None else self.pedal.controls
        return (*pedal, *self.preamp.controls, *self.tone.controls, *self.power.controls)

    def amplifier(self, positions: Mapping[str, float], rate_hz: float) -> "WideAmplifier":
        """Switch it on, with its controls at ``positions``, each in [0, 1]."""
        return WideAmplifier(self, positions, rate_hz)

    def parts(self, positions: Mapping[str, float], rate_hz: float) -> Iterator[Part]:
        """Build all that may clip, at the oversampled rate."""
        if self.pedal is not None:
            yield from self.pedal.parts(positions, rate_hz)
        yield from self.preamp.parts(positions, rate_hz)
        yield from self.tone.parts(positions, rate_hz)
        yield from self.power.parts(positions, rate_hz)


class WideAmplifier(Chain):
    """A drawn amp that is switched on and warm, with its controls where they stand.

    Args:
        amp: What it is made of.
        positions: Of all of its controls, in [0, 1].
        rate_hz: Sample rate of what goes in and comes out.
    """

    def __init__(self, amp: WideAmp, positions: Mapping[str, float], rate_hz: float) -> None:
        bending = list(amp.parts(positions, rate_hz * OVERSAMPLING))
        cabinet = [] if amp.cabinet is None else list(amp.cabinet.parts(rate_hz))
        super().__init__(OVERSAMPLING, bending, amp.output, back=cabinet)
        self(np.zeros(round(WARM_UP_S * rate_hz)))


def _chord() -> Audio:
    """Return a chord struck hard, as loud as guitar gets."""
    seconds = np.arange(round(LEVEL_S * LEVEL_RATE_HZ)) / LEVEL_RATE_HZ
    chord = np.zeros(len(seconds))
    for string, hz in enumerate((82.4, 123.5, 164.8, 207.7, 246.9, 329.6)):
        for overtone in range(1, 9):
            # Strings are struck one after the other, and overtones die first.
            fading = np.exp(-seconds * (2.0 + overtone))
            chord += fading * np.sin(2 * np.pi * hz * overtone * seconds + string) / overtone
    return np.asarray(chord * (LEVEL_PEAK / np.abs(chord).max()))


def _loudest_peak(amp: WideAmp, random: np.random.Generator) -> float:
    """Return the peak over settings that make it loud, its gains open and its tone anywhere."""
    open_ones = {"gain", "gain 2", "volume", "master"}
    chord, loudest = _chord(), 0.0
    for _ in range(LEVEL_SETTINGS):
        at = {c: 1.0 if c in open_ones else float(random.random()) for c in amp.controls}
        loudest = max(loudest, float(np.abs(amp.amplifier(at, LEVEL_RATE_HZ)(chord)).max()))
    return loudest


@lru_cache(maxsize=256)
def draw_amp(number: int) -> WideAmp:
    """Draw amp ``number`` of the wide population; the same one every time."""
    random = np.random.default_rng([_STREAM, number])
    pedal = draw_pedal(random) if random.random() < 0.35 else None
    power = draw_power(random)
    # Without a master its one volume is called so more often than not.
    is_volume = power.master is None and random.random() < 0.7
    preamp = draw_preamp(random, "volume" if is_volume else "gain")
    tone = draw_tone(random)
    cabinet = draw_cabinet(random) if random.random() < 0.5 else None
    amp = WideAmp(pedal, preamp, tone, power, cabinet)
    output = linear(LOUDEST_DBFS) / _loudest_peak(amp, random)
    return WideAmp(pedal, preamp, tone, power, cabinet, output)
