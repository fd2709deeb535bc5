"""The pieces that drawn amps are put together from, and the plain ones among them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from rig.devices.virtual.circuit import Audio, Part
from rig.devices.virtual.foreign import networks
from rig.devices.virtual.foreign.controls import Dial, Turned


class Module(Protocol):
    """A piece of an amp."""

    def parts(self, turned: Turned, rate_hz: float) -> Iterator[Part]:
        """Build its parts, in order, where its dials stand."""


def linear(gain_db: float) -> float:
    """Return the factor that a gain stands for."""
    return float(10.0 ** (gain_db / 20.0))


class Gain:
    """A plain factor."""

    def __init__(self, factor: float) -> None:
        self._factor = factor

    def __call__(self, audio: Audio) -> Audio:
        """Multiply one block."""
        return self._factor * audio


@dataclass(frozen=True)
class Makeup:
    """A plain gain between two pieces."""

    gain_db: float

    def parts(self, turned: Turned, rate_hz: float) -> Iterator[Part]:
        """Build the factor."""
        del turned, rate_hz
        yield Gain(linear(self.gain_db))


@dataclass(frozen=True)
class Band:
    """A coupling capacitor and a roll-off, and a plain gain beside them."""

    low_hz: float
    high_hz: float
    gain_db: float = 0.0

    def parts(self, turned: Turned, rate_hz: float) -> Iterator[Part]:
        """Build its filter."""
        del turned
        b, a = networks.cascade(networks.coupling(self.low_hz), networks.roll_off(self.high_hz))
        yield networks.digital((linear(self.gain_db) * b, a), rate_hz)


@dataclass(frozen=True)
class Volume:
    """A volume pot, which closes completely, with its bright capacitor."""

    dial: Dial
    bright_hz: float = 0.0
    bright: Dial | None = None
    gain_db: float = 0.0

    def parts(self, turned: Turned, rate_hz: float) -> Iterator[Part]:
        """Build the divider."""
        is_bright = self.bright_hz > 0.0 and (self.bright is None or self.bright.at(turned) > 0.5)
        bright_s = 1.0 / (2 * np.pi * self.bright_hz) if is_bright else 0.0
        b, a = networks.volume(self.dial.at(turned), bright_s)
        yield networks.digital((linear(self.gain_db) * b, a), rate_hz)


@dataclass(frozen=True)
class Bypassed:
    """Modules that a switch takes out of the way, such as a pedal."""

    switch: Dial
    modules: tuple[Module, ...] = ()

    def parts(self, turned: Turned, rate_hz: float) -> Iterator[Part]:
        """Build what is switched on."""
        if self.switch.at(turned) > 0.5:
            for module in self.modules:
                yield from module.parts(turned, rate_hz)
