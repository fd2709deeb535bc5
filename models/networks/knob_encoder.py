"""Encode settings of the knobs as the few numbers that condition a network."""

import torch
from torch import Tensor, nn
from torch.nn import functional

#: Width of the hidden layer.
HIDDEN = 24


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
    hidden layer's; it starts at its constant, so an untrained model ignores its knobs.

    Args:
        positions: Per knob, 0 if continuous, else its number of positions.
        outputs: How many numbers come out.
        members: Networks side by side.
        hidden: Width of the hidden layer.
    """

    def __init__(
        self, positions: tuple[int, ...], outputs: int, members: int, hidden: int = HIDDEN
    ) -> None:
        super().__init__()
        self.positions = positions
        inputs = sum(max(count, 1) for count in positions)
        # Zeros: a pot counts as linear until captures say otherwise.
        self.taper = nn.Parameter(torch.zeros(members, 2, 1, len(positions)))
        # Over the root, so that a unit's argument does not grow with the number of knobs.
        # In place: on the meta device, where a file's size is judged, any other product loads
        # torch's compiler, for seconds.
        self.first = nn.Parameter(torch.randn(members, inputs, hidden).mul_(1.5 / inputs**0.5))
        self.first_bias = nn.Parameter(torch.randn(members, 1, hidden).mul_(0.3))
        # Zeros: an untrained model ignores its knobs.
        self.second = nn.Parameter(torch.zeros(members, hidden, outputs))
        self.direct = nn.Parameter(torch.zeros(members, inputs, outputs))
        self.constant = nn.Parameter(torch.zeros(members, 1, outputs))

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
        return self.constant + torch.bmm(inputs, self.direct) + torch.bmm(hidden, self.second)
