"""A drawn amp: its modules, its faceplate, and the sound that comes of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rig.devices.virtual.chain import Chain
from rig.devices.virtual.circuit import Filter, Part
from rig.devices.virtual.foreign.controls import Turned
from rig.devices.virtual.foreign.modules import Module, linear

#: Four times are enough beside curves that average over each step (tests listen for aliases).
OVERSAMPLING = 4
#: Filters are joined up to this order: beyond it, poles this close to 1 lose their places.
HIGHEST_ORDER = 4


@dataclass(frozen=True)
class ForeignCircuit:
    """An amp as it was drawn.

    Attributes:
        kind: In a few words, what it is.
        front: What works at the interface's rate in front, such as a gate.
        modules: What clips, at a higher rate.
        back: What works at the interface's rate behind, such as a cabinet.
        knobs: Controls on the faceplate that turn.
        switches: Controls on the faceplate that have two positions.
        inside: Where the controls stand that are no knobs of it.
        output_db: Gain of the interface's input.
    """

    kind: str
    front: tuple[Module, ...]
    modules: tuple[Module, ...]
    back: tuple[Module, ...]
    knobs: tuple[str, ...]
    switches: tuple[str, ...]
    inside: Mapping[str, float] = field(default_factory=dict)
    output_db: float = 0.0

    @property
    def reference(self) -> dict[str, float]:
        """Where the controls stand that nobody has named."""
        return {
            **self.inside,
            **dict.fromkeys(self.knobs, 0.5),
            **dict.fromkeys(self.switches, 0.0),
        }


def _built(modules: tuple[Module, ...], turned: Turned, rate_hz: float) -> list[Part]:
    built: list[Part] = []
    for part in (part for module in modules for part in module.parts(turned, rate_hz)):
        last = built[-1] if built else None
        if (
            isinstance(part, Filter)
            and isinstance(last, Filter)
            and last.order + part.order <= HIGHEST_ORDER
        ):
            # A pass costs little more at order 4 than at order 1.
            built[-1] = last.then(part)
        else:
            built.append(part)
    return built


class ForeignAmplifier(Chain):
    """A drawn amp that is switched on, with its controls where they stand.

    Args:
        circuit: As it was drawn.
        positions: Control positions in [0, 1]; what is missing stands in the middle.
        rate_hz: Sample rate of what goes in and comes out.
    """

    def __init__(
        self, circuit: ForeignCircuit, positions: Mapping[str, float], rate_hz: float
    ) -> None:
        turned = {**circuit.reference, **positions}
        front = _built(circuit.front, turned, rate_hz)
        bending = _built(circuit.modules, turned, rate_hz * OVERSAMPLING)
        back = _built(circuit.back, turned, rate_hz)
        super().__init__(OVERSAMPLING, bending, linear(circuit.output_db), front, back)
