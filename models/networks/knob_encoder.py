"""Encode settings of the knobs as the few numbers that condition a network."""

import torch
from torch import Tensor, nn
from torch.nn import functional

#: Width of the hidden layer.
HIDDEN = 24
#: The first two outputs are the logarithms of the gains before and behind the network.
GAINS = 2
#: Units that hear a single pot: where along its travel each begins to bend, and how gently. Closely
#: at its beginning, since what a volume does there is most of what it does.
POT_UNITS = (
    (0.02, 0.02),
    (0.06, 0.04),
    (0.13, 0.08),
    (0.25, 0.12),
    (0.4, 0.15),
    (0.6, 0.2),
    (0.8, 0.2),
)


def one_hot(turned: Tensor, knobs: Tensor, positions: tuple[int, ...]) -> Tensor:
    """Turn knobs into inputs: ``turned`` where a knob turns, -1 or 1 for each switch position.

    Args:
        turned: ``(..., knobs)``.
        knobs: The same before any taper, in [0, 1].
        positions: Per knob, 0 if it turns.
    """
    columns = []
    for index, count in enumerate(positions):
        if count == 0:
            columns.append(turned[..., index, None])
        else:
            position = torch.round(knobs[..., index] * (count - 1)).long()
            # As far from zero as the ends of a knob, so that a switch counts as much as a turn.
            columns.append(functional.one_hot(position, count).to(knobs.dtype) * 2.0 - 1.0)
    return torch.cat(columns, -1)


# Without a penalty on its curvature: a weak one was of no use, and with a strong one errors were a
# fifth larger (decision 18).
class KnobEncoder(nn.Module):
    """A small smooth network per member, from [0, 1]^k to conditioning numbers.

    Each turning knob first runs through a taper, a cubic that keeps both ends where they are: pots
    are seldom linear. Switches enter one-hot. What comes out is a constant, a linear part and a
    hidden layer's; it starts at its constant, so an untrained model ignores its knobs. Units that
    hear a single pot may stand beside the hidden ones; they speak to the two gains only.

    Args:
        positions: Per knob, 0 if continuous, else its number of positions.
        outputs: How many numbers come out; the first two are gains.
        members: Networks side by side.
        hidden: Width of the hidden layer.
        pot_units: How many units hear a pot each, beside it.
    """

    def __init__(
        self,
        positions: tuple[int, ...],
        outputs: int,
        members: int,
        hidden: int = HIDDEN,
        pot_units: int = 0,
    ) -> None:
        super().__init__()
        self.positions = positions
        self.hidden, self.outputs = hidden, outputs
        inputs, units = sum(max(count, 1) for count in positions), hidden + pot_units
        # Zeros: a pot counts as linear until captures say otherwise.
        self.taper = nn.Parameter(torch.zeros(members, 2, 1, len(positions)))
        # Over the root, so that a unit's argument does not grow with the number of knobs.
        # In place: on the meta device, where a file's size is judged, any other product loads
        # torch's compiler, for seconds.
        self.first = nn.Parameter(torch.randn(members, inputs, units).mul_(1.5 / inputs**0.5))
        self.first_bias = nn.Parameter(torch.randn(members, 1, units).mul_(0.3))
        # Zeros: an untrained model ignores its knobs.
        self.second = nn.Parameter(torch.zeros(members, hidden, outputs))
        self.direct = nn.Parameter(torch.zeros(members, inputs, outputs))
        self.constant = nn.Parameter(torch.zeros(members, 1, outputs))
        self.pots = nn.Parameter(torch.zeros(members, pot_units, GAINS)) if pot_units else None

    @property
    def whole_second(self) -> Tensor:
        """What is read off all units, those that hear one pot behind the others."""
        if self.pots is None:
            return self.second
        silent = self.pots.new_zeros(*self.pots.shape[:2], self.outputs - GAINS)
        return torch.cat([self.second, torch.cat([self.pots, silent], -1)], 1)

    def features(self, knobs: Tensor) -> Tensor:
        """Map ``(..., knobs)`` in [0, 1] to ``(..., inputs)`` in [-1, 1], switches one-hot."""
        return one_hot(2.0 * knobs - 1.0, knobs, self.positions)

    def forward(self, knobs: Tensor) -> Tensor:
        """Map knobs ``(members, batch, knobs)`` to numbers ``(members, batch, outputs)``."""
        turned = 2.0 * knobs - 1.0
        # 0 at both ends: whatever the taper's coefficients, a knob's ends stay where they are.
        bend = 1.0 - turned**2
        turned = turned + bend * (self.taper[:, 0] + self.taper[:, 1] * turned)
        inputs = one_hot(turned, knobs, self.positions)
        hidden = functional.silu(torch.bmm(inputs, self.first) + self.first_bias)
        return self.constant + torch.bmm(inputs, self.direct) + torch.bmm(hidden, self.whole_second)


def pot_units_for(positions: tuple[int, ...]) -> int:
    """Return how many units hear a pot each, where every knob that turns has `POT_UNITS`."""
    return len(POT_UNITS) * positions.count(0)


# Beside all other outputs, too, they were no better for tones, and worse for levels (decision 40).
def with_pot_units(encoder: KnobEncoder) -> KnobEncoder:
    """Return an encoder that says the same, with units that hear one pot each beside its own.

    A hidden layer of a few units that hear all knobs at once cannot follow what each of many pots
    does by itself, and what an amp's level does is mostly that.

    Args:
        encoder: One without them.
    """
    assert encoder.pots is None
    members, positions, own = len(encoder.first), encoder.positions, encoder.hidden
    wider = KnobEncoder(positions, encoder.outputs, members, own, pot_units_for(positions))
    wider.to(encoder.first.device)
    with torch.no_grad():
        for name, tensor in encoder.named_parameters():
            # The hidden layer's own units come first; nothing listens to the new ones yet.
            wider.get_parameter(name)[..., : tensor.shape[-1]] = tensor
        _set_pots(wider)
    return wider


def _set_pots(encoder: KnobEncoder) -> None:
    """Set the units behind the hidden ones: each reads one pot, from its beginning to a bend."""
    encoder.first[..., encoder.hidden :] = 0.0
    column, unit = 0, encoder.hidden
    for count in encoder.positions:
        for bend, width in POT_UNITS if count == 0 else ():
            # In inputs from -1 to 1, of which a travel from 0 to 1 is half as long.
            encoder.first[:, column, unit] = -1.0 / width
            encoder.first_bias[:, 0, unit] = (2.0 * bend - 1.0) / width
            unit += 1
        column += max(count, 1)
