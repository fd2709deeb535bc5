"""What a model knows of knobs: an encoder from settings to the terms that condition a network."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class KnobEncoder(nn.Module):
    """A small smooth network per member, from [0, 1]^k to conditioning terms.

    It starts at zero, so an untrained model ignores its knobs. Switches enter one-hot.

    Args:
        positions: Per knob, 0 if continuous, else its number of positions.
        terms: How many conditioning terms come out.
        members: Networks side by side.
        hidden: Width of the hidden layer.
    """

    def __init__(self, positions: tuple[int, ...], terms: int, members: int, hidden: int) -> None:
        super().__init__()
        self.positions = positions
        inputs = sum(max(count, 1) for count in positions)
        self.first = nn.Parameter(torch.randn(members, inputs, hidden) * (1.5 / inputs**0.5))
        self.first_bias = nn.Parameter(torch.randn(members, 1, hidden) * 0.3)
        self.second = nn.Parameter(torch.zeros(members, hidden, terms))
        self.direct = nn.Parameter(torch.zeros(members, inputs, terms))

    def features(self, knobs: Tensor) -> Tensor:
        """``(..., knobs)`` in [0, 1] to ``(..., inputs)`` in [-1, 1], switches one-hot."""
        columns = []
        for index, count in enumerate(self.positions):
            value = knobs[..., index]
            if count == 0:
                columns.append(2.0 * value[..., None] - 1.0)
            else:
                position = torch.round(value * (count - 1)).long()
                columns.append(functional.one_hot(position, count).to(knobs.dtype) * 2.0 - 1.0)
        return torch.cat(columns, -1)

    def forward(self, knobs: Tensor) -> Tensor:
        """``(members, batch, knobs)`` to ``(members, batch, terms)``."""
        inputs = self.features(knobs)
        hidden = functional.silu(torch.bmm(inputs, self.first) + self.first_bias)
        return torch.bmm(hidden, self.second) + torch.bmm(inputs, self.direct)
