"""The constant that takes away what silence comes to: a function of the knobs without a formula.

A few common units read it to some thousandths of the level, which is what would be heard of it. It
is one number, so units of its own cost little where there are as many as an encoder has.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

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
        turned: What the encoder reads at each setting, ``(settings, inputs)``.
        constant: ``(settings,)``.
        seed: Of the units.
    """
    lifted = torch.log(constant + LIFTED * constant.abs().max() + 1e-9)
    mean, width = lifted.mean(), lifted.std() + 1e-12
    wanted, inputs = ((lifted - mean) / width)[:, None], turned.shape[1]
    draw = torch.Generator().manual_seed(seed)
    weight = torch.randn(inputs, UNITS, generator=draw).double() * (1.5 / inputs**0.5)
    bias = torch.randn(UNITS, generator=draw).double()
    read = torch.randn(UNITS + 1, 1, generator=draw).double() * UNITS**-0.5
    parts = [tensor.requires_grad_() for tensor in (weight, bias, read)]
    optimiser = torch.optim.LBFGS(
        parts, max_iter=STEPS, history_size=30, line_search_fn="strong_wolfe",
        tolerance_change=1e-15, tolerance_grad=1e-12,
    )  # fmt: skip

    def loss() -> Tensor:
        optimiser.zero_grad()
        units = functional.silu(turned @ weight + bias)
        off = (units @ read[:-1] + read[-1] - wanted).square().mean()
        off.backward()  # type: ignore[no-untyped-call]
        return off

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    weight, bias, read = (tensor.detach() for tensor in (weight, bias, read))
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
        level: Which of the outputs is the logarithm of the level, that multiplies the constant.

    Returns:
        The layer; what reads the outputs as before and, behind them, that product's logarithm.
    """
    arguments = found.arguments.of(turned)
    wider = Layer(
        torch.cat([layer.weight, arguments.weight], 1), torch.cat([layer.bias, arguments.bias])
    )
    former = torch.cat([read.weight, read.weight[:, level, None]], 1)
    own = torch.cat([read.weight.new_zeros(UNITS, read.weight.shape[1]), found.read.weight], 1)
    bias = torch.cat([read.bias, read.bias[level, None] + found.read.bias])
    return wider, Affine(torch.cat([former, own]), bias)
