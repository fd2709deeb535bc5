"""What is written beside the controls of drawn amps: makers have many words for one thing."""

from dataclasses import dataclass, field

import numpy as np

from rig.devices.virtual.foreign.controls import Dial, Taper

#: What a knob may be called, by what it does.
KNOBS: dict[str, tuple[str, ...]] = {
    "gain": ("gain", "drive", "volume", "preamp", "crunch", "input"),
    "second": ("lead", "overdrive", "gain2", "bite"),
    "bass": ("bass", "low", "bottom"),
    "middle": ("middle", "mid", "body"),
    "treble": ("treble", "high", "brilliance"),
    "tone": ("tone", "colour", "filter"),
    "scoop": ("contour", "shape", "scoop"),
    "master": ("master", "level", "volume", "post"),
    "output": ("output", "level", "power"),
    "presence": ("presence", "edge", "air"),
    "resonance": ("resonance", "depth", "thump"),
    "sag": ("sag", "bounce"),
    "pedal-gain": ("dist", "fuzz", "overdrive", "sustain"),
    "pedal-tone": ("cut", "filter", "tone"),
    "pedal-level": ("blend", "level", "send"),
    "gate": ("gate", "threshold"),
}
#: What a switch may be called.
SWITCHES: dict[str, tuple[str, ...]] = {
    "bright": ("bright", "sparkle"),
    "boost": ("boost", "fat"),
    "channel": ("channel", "mode"),
    "pedal": ("pedal", "stomp"),
}
#: Whoever leaves a knob away leaves this one away first: higher goes sooner.
_IMPORTANCE = {"gain": 0.0, "master": 0.2, "bass": 1.0, "treble": 0.8, "tone": 0.6}
_LESS_IMPORTANT = 1.2


@dataclass
class Drawing:
    """What has been drawn of one amp so far: its controls, by importance.

    Attributes:
        random: Everything is drawn from it.
        knobs: Names of what turns, in the signal's order, with how gladly each is left away.
        switches: Names of what switches.
    """

    random: np.random.Generator
    knobs: dict[str, float] = field(default_factory=dict)
    switches: list[str] = field(default_factory=list)

    def chance(self, probability: float) -> bool:
        """Draw whether something is there."""
        return bool(self.random.random() < probability)

    def between(self, low: float, high: float) -> float:
        """Draw a number, any of them as likely."""
        return float(self.random.uniform(low, high))

    def octaves(self, low: float, high: float) -> float:
        """Draw a value that comes in factors, such as a frequency."""
        return float(np.exp(self.random.uniform(np.log(low), np.log(high))))

    def one_of(self, *choices: str) -> str:
        """Draw one of several."""
        return choices[int(self.random.integers(len(choices)))]

    def _name(self, names: tuple[str, ...]) -> str:
        taken = {*self.knobs, *self.switches}
        # Two controls of one amp never share a name: rig.yaml has each once.
        free = [name for name in names if name not in taken]
        return self.one_of(*free) if free else f"{names[0]}{len(taken)}"

    def knob(self, role: str, *tapers: Taper) -> Dial:
        """Draw a knob with one of some tapers, a linear one where none are given."""
        name = self._name(KNOBS[role])
        self.knobs[name] = _IMPORTANCE.get(role, _LESS_IMPORTANT) + self.between(0.0, 1.0)
        some = tapers or (Taper.LINEAR,)
        return Dial(name, some[int(self.random.integers(len(some)))])

    def switch(self, role: str) -> Dial:
        """Draw a switch."""
        name = self._name(SWITCHES[role])
        self.switches.append(name)
        return Dial(name)
