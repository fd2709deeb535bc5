"""Potentiometers: tapers, whether they close, and the bright capacitor over their upper half."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import signal

from rig.devices.virtual.circuit import Filter, Part

Taper = Literal["audio", "linear", "reverse"]
#: Of an audio taper: a tenth of the track's resistance lies below its middle.
AUDIO_BASE = 81.0


def linear(gain_db: float) -> float:
    """Return a gain in decibels as a factor."""
    return float(10.0 ** (gain_db / 20.0))


def log_between(random: np.random.Generator, low: float, high: float) -> float:
    """Draw a component value: every octave of the range is as likely."""
    return float(np.exp(random.uniform(np.log(low), np.log(high))))


def _audio(position: float) -> float:
    return float((AUDIO_BASE**position - 1.0) / (AUDIO_BASE - 1.0))


@dataclass(frozen=True)
class Pot:
    """A volume or gain pot.

    Attributes:
        taper: How the wiper's share of the track follows the knob.
        closed: What is left with the knob at 0; nothing where the wiper reaches the ground.
        bright_s: Time constant of the track with the bright capacitor, 0 without one.
    """

    taper: Taper
    closed: float = 0.0
    bright_s: float = 0.0

    def gain(self, position: float) -> float:
        """Return the gain at low frequencies, in [0, 1]."""
        match self.taper:
            case "audio":
                share = _audio(position)
            case "linear":
                share = position
            case "reverse":
                share = 1.0 - _audio(1.0 - position)
        return self.closed + (1.0 - self.closed) * share

    def part(self, position: float, rate_hz: float, lift: float = 1.0) -> Part:
        """Return the pot as a filter, with a fixed gain behind it."""
        share = self.gain(position)
        pole_s = self.bright_s * share * (1.0 - share)
        # A capacitor that is short-circuited, or reaches no signal, is none.
        if pole_s * rate_hz < 0.05:
            return Scale(share * lift)
        zero_s = self.bright_s * (1.0 - share)
        above = [lift * share * zero_s, lift * share]
        return Filter(*signal.bilinear(above, [pole_s, 1.0], rate_hz))


class Scale:
    """A gain as a part of a circuit."""

    def __init__(self, gain: float) -> None:
        self._gain = gain

    def __call__(self, audio: np.ndarray) -> np.ndarray:
        """Scale one block."""
        return self._gain * audio


def draw_pot(random: np.random.Generator, bright: float = 0.0) -> Pot:
    """Draw a pot; ``bright`` is the chance that it has a bright capacitor."""
    tapers: tuple[Taper, ...] = ("audio", "linear", "reverse")
    taper = tapers[int(random.choice(3, p=(0.65, 0.27, 0.08)))]
    # Half of them close for good, of the others a stage before or a resistor lets something by.
    closed = 0.0 if random.random() < 0.5 else linear(random.uniform(-55.0, -20.0))
    has_bright = random.random() < bright
    # A megohm with 47 pF to 1 nF.
    return Pot(taper, closed, log_between(random, 47e-6, 1e-3) if has_bright else 0.0)
