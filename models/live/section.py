"""The section of a model that is played live: its tensors, and what its knobs come to."""

import base64
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

FORMAT, FORMAT_VERSION = "rig-knobs", 1
#: Below it a hidden unit gives nothing.
LEAST_ARGUMENT = -80.0


@dataclass(frozen=True)
class Conditioning:
    """What points on a path of the knobs come to, one row for each point.

    Attributes:
        drive: Gain of what goes in, ``(points,)``.
        level: Gain of what comes out, ``(points,)``.
        latents: The numbers behind these two, ``(points, latents)``.
        features: The knobs as a network reads them beside the audio, ``(points, inputs)``.
    """

    drive: Floats
    level: Floats
    latents: Floats
    features: Floats


@dataclass(frozen=True)
class KnobSection:
    """A knob-conditioned model as `models.nam.embedded` writes it.

    Attributes:
        told: What the section says beside its tensors.
        tensors: By name.
    """

    told: dict[str, Any]
    tensors: dict[str, Floats]

    @classmethod
    def read(cls, section: dict[str, Any]) -> Self:
        """Take the tensors out of a section.

        Raises:
            ValueError: It is none that this version knows, or it is damaged.
        """
        if (section.get("format"), section.get("version")) != (FORMAT, FORMAT_VERSION):
            raise ValueError("the model's section is of a format that this rig does not know")
        tensors = {
            name: np.frombuffer(base64.b64decode(told["data"]), "<f4")
            .reshape(told["shape"])
            .astype(np.float32)
            for name, told in section["tensors"].items()
        }
        return cls(section, tensors)

    def within(self, prefix: str) -> dict[str, Floats]:
        """Return the tensors whose names begin so, by the rest of their names."""
        found = self.tensors.items()
        return {name.removeprefix(prefix): t for name, t in found if name.startswith(prefix)}

    @property
    def knobs(self) -> int:
        """How many knobs it has."""
        return len(self.told["knobs"])

    @property
    def switches(self) -> tuple[bool, ...]:
        """Whether each knob is a switch."""
        return tuple("labels" in knob for knob in self.told["knobs"])

    def _inputs(self, unit: Floats, turned: Floats) -> Floats:
        columns = []
        for place, knob in enumerate(self.told["knobs"]):
            if "labels" not in knob:
                columns.append(turned[:, place, None])
                continue
            count = len(knob["labels"])
            chosen = np.rint(unit[:, place, None] * (count - 1))
            columns.append(np.where(chosen == np.arange(count), 1.0, -1.0))
        return np.concatenate(columns, 1).astype(np.float32)

    def conditioning(self, points: Floats) -> Conditioning:
        """Return what points ``(points, knobs)`` in [0, 1] come to."""
        t, turned = self.tensors, 2.0 * points - 1.0
        taper = t["encoder.taper"][:, 0]
        bent = turned + (1.0 - turned**2) * (taper[0] + taper[1] * turned)
        read = self._inputs(points, bent)
        hidden = read @ t["encoder.first"] + t["encoder.first_bias"][0]
        # A unit that hears a hundredth of a travel is far down elsewhere, where exp has no number.
        hidden = hidden / (1.0 + np.exp(-hidden.clip(min=LEAST_ARGUMENT)))
        numbers = t["encoder.constant"][0] + read @ t["encoder.direct"]
        numbers = numbers + hidden @ t["encoder.second"]
        gains = np.exp(numbers[:, :2])
        return Conditioning(gains[:, 0], gains[:, 1], numbers[:, 2:], self._inputs(points, turned))


# With the share in single precision, like everything else: a double in one place would make
# doubles of all that it touches, at twice the time.
def along(points: Floats, every: int) -> Floats:
    """Return straight lines through points: ``(rows, points)`` to ``(rows, frames)``."""
    share = (np.arange(every) / every).astype(np.float32)
    left = points[:, :-1, None]
    lines = (points[:, 1:, None] - left) * share
    lines += left
    return lines.reshape(len(points), -1)
