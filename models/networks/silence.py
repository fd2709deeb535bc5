"""What a folded network does with silence, and how to take it away.

Biases give a network an output without any input: a DC that differs from setting to setting, and
so thumps when a knob turns. At silence every layer stands still, and where it stands needs no time
to compute: it is one frame, whatever the dilations.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from models.networks.folded import FoldedArray, FoldedWaveNet


@dataclass(frozen=True)
class Resting:
    """Where a network stands at silence, per item.

    Attributes:
        arguments: Per array and layer, the argument of the activation, ``(items, channels, 1)``.
        head: What comes out in front of the scale, ``(items, 1, 1)``.
    """

    arguments: list[list[Tensor]]
    head: Tensor


def activate(argument: Tensor, slope: float | None) -> Tensor:
    """Return a layer's activation: a leaky rectifier's, or a hyperbolic tangent."""
    if slope is None:
        return torch.tanh(argument)
    return functional.leaky_relu(argument, slope)


def resting(folded: FoldedWaveNet) -> Resting:
    """Return where a network stands once silence has filled its history."""
    arguments, frames, head = [], None, None
    for array in folded.arrays:
        # The first array reads the audio, which is nothing.
        frames = array.rechannel.new_zeros(1) if frames is None else array.rechannel @ frames
        standing, total = [], head
        for index in range(len(array.conv)):
            argument = array.bias[index]
            if frames.dim() > 1:
                # All taps see the same: their weights add up.
                argument = argument + array.conv[index].sum(0) @ frames
            hidden = activate(argument, array.shape.slope)
            standing.append(argument)
            total = hidden if total is None else total + hidden
            frames = frames + array.layer1x1[index] @ hidden + array.layer1x1_bias[index]
        arguments.append(standing)
        assert total is not None
        head = torch.stack(array.head).sum(0) @ total
        if array.head_bias is not None:
            head = head + array.head_bias
    assert head is not None
    return Resting(arguments, head)


def without_pedestal(folded: FoldedWaveNet) -> FoldedWaveNet:
    """Return a network that is the same but for a constant, and gives nothing for silence.

    The constant goes into the last head's bias, so a stock file has it at no cost.
    """
    last = folded.arrays[-1]
    bias = -resting(folded).head
    if last.head_bias is not None:
        bias = last.head_bias + bias
    arrays: list[FoldedArray] = [*folded.arrays[:-1], replace(last, head_bias=bias)]
    return replace(folded, arrays=arrays)
