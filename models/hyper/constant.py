"""The constant that takes away what silence comes to: a function of the knobs without a formula.

A few common units read it to some thousandths of the level, which is what would be heard of it. It
is one number, so units of its own cost little where there are as many as an encoder has.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from models.hyper.minimise import minimise
from models.hyper.trunk import Affine, Layer

#: Units, and steps of the optimiser.
UNITS, STEPS = 256, 300
#: Above its largest value, in shares of that, the constant is lifted, so that it has a logarithm.
LIFTED = 2.0


@dataclass(frozen=True)
class ConstantUnits:
    """Units on what the encoder reads; ``read`` makes the lifted constant's logarithm of them."""

    arguments: Affine
    read: Affine


def constant_units(turned: Tensor, constant: Tensor, seed: int) -> ConstantUnits:
    """Fit units to the constant over the level.

    Args:
        turned: What the encoder reads, ``(settings, inputs)``.
        constant: ``(settings,)``.
        seed: Of the units.
    """
    lifted = torch.log(constant + LIFTED * constant.abs().max() + 1e-9)
    mean, width = lifted.mean(), lifted.std() + 1e-12
    wanted = ((lifted - mean) / width)[:, None]
    inputs, draw = turned.shape[1], torch.Generator().manual_seed(seed)
    weight = torch.randn(inputs, UNITS, generator=draw).double() * (1.5 / inputs**0.5)
    bias = torch.randn(UNITS, generator=draw).double()
    read = torch.randn(UNITS + 1, 1, generator=draw).double() * UNITS**-0.5

    def error() -> Tensor:
        """Return by how much the units miss the constant."""
        off: Tensor = functional.silu(turned @ weight + bias) @ read[:-1] + read[-1] - wanted
        return off.square().mean()

    minimise([weight, bias, read], error, STEPS)
    return ConstantUnits(Affine(weight, bias), Affine(read[:-1] * width, read[-1] * width + mean))


def beside(
    layer: Layer, read: Affine, turned: Affine, found: ConstantUnits, level: int
) -> tuple[Layer, Affine]:
    """Return a layer with the constant's units beside its own, and what reads it.

    Args:
        layer: The encoder's.
        read: What reads it.
        turned: What the layer reads off the one before.
        found: The constant's units.
        level: Which output is the logarithm of the level, that multiplies the constant.

    Returns: The layer; what reads the outputs and, behind them, that product's logarithm.
    """
    more = found.arguments.of(turned)
    weight, bias = torch.cat([layer.weight, more.weight], 1), torch.cat([layer.bias, more.bias])
    former = torch.cat([read.weight, read.weight[:, level, None]], 1)
    own = torch.cat([read.weight.new_zeros(UNITS, read.weight.shape[1]), found.read.weight], 1)
    constant = torch.cat([read.bias, read.bias[level, None] + found.read.bias])
    return Layer(weight, bias), Affine(torch.cat([former, own]), constant)
