"""The hidden layers of a hypernetwork: the model's own encoder, written with one activation.

With ``silu(x) = x / (1 + exp(-x))`` much is exact: it is what the encoder's hidden layer has,
``silu(x) - silu(-x)`` is ``x``, and far below zero it is ``x exp(x)``, so that two of it, shifted
differently, make an exponential.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from models.networks.knob_encoder import KnobEncoder

#: Of each knob that turns: units that bend it as its taper does, and their steepest slope.
BENDING, STEEPEST = 12, 2.0
#: How far below zero an exponential's argument is kept. Nearer, the unit is none; farther,
#: single precision has no digits left for it.
BELOW = (9.0, 11.0)


@dataclass(frozen=True)
class Layer:
    """One hidden layer: ``weight`` is ``(inputs, outputs)``, ``bias`` is ``(outputs,)``."""

    weight: Tensor
    bias: Tensor

    def __call__(self, inputs: Tensor) -> Tensor:
        """Return its outputs, ``(settings, outputs)``."""
        return functional.silu(inputs @ self.weight + self.bias)


@dataclass(frozen=True)
class Affine:
    """A linear map with a constant, read off a layer."""

    weight: Tensor
    bias: Tensor

    def __call__(self, inputs: Tensor) -> Tensor:
        """Return what it makes of a layer's outputs."""
        return inputs @ self.weight + self.bias

    def of(self, before: "Affine") -> "Affine":
        """Return this map of what another one gives."""
        return Affine(before.weight @ self.weight, before.bias @ self.weight + self.bias)


def inputs_of(knobs: Tensor, positions: tuple[int, ...]) -> Tensor:
    """Encode settings as the format does: knobs from -1 to 1, a switch 1 where it stands, else 0.

    Args:
        knobs: ``(settings, knobs)`` in [0, 1].
        positions: Per knob, 0 if it turns.
    """
    columns = []
    for index, count in enumerate(positions):
        place = knobs[:, index].double()
        if count == 0:
            columns.append(2.0 * place[:, None] - 1.0)
        else:
            columns.append(functional.one_hot(torch.round(place * (count - 1)).long(), count))
    return torch.cat([column.double() for column in columns], 1)


def bent(encoder: KnobEncoder) -> tuple[Layer, Affine]:
    """Return a layer on the inputs, and how to read off it what the encoder reads."""
    taper = encoder.taper.detach()[0, :, 0].double()
    columns, reads = [], []
    for index, count in enumerate(encoder.positions):
        for _ in range(max(count, 1)):
            column, read = _column(taper[:, index] if count == 0 else None)
            columns.append(column)
            reads.append(read)
    weight = torch.block_diag(*(c.weight for c in columns))  # type: ignore[no-untyped-call]
    bias = torch.cat([column.bias for column in columns])
    read = torch.block_diag(*(r[:-1, None] for r in reads))  # type: ignore[no-untyped-call]
    return Layer(weight, bias), Affine(read, torch.stack([read[-1] for read in reads]))


def _column(taper: Tensor | None) -> tuple[Layer, Tensor]:
    """Return units on one input, and what of each and of 1 makes the encoder's input."""
    if taper is None:
        # A switch has two values, so one unit tells them apart, whatever its shape.
        layer = Layer(torch.ones(1, 1).double(), torch.zeros(1).double())
        at, wanted = torch.tensor([[0.0], [1.0]]).double(), torch.tensor([-1.0, 1.0]).double()
    else:
        slopes = torch.linspace(-STEEPEST, STEEPEST, BENDING).double()
        shifts = torch.linspace(-1.5, 1.5, BENDING).double()[torch.arange(BENDING) * 5 % BENDING]
        layer, at = Layer(slopes[None], shifts), torch.linspace(-1, 1, 201).double()[:, None]
        turned = at[:, 0]
        wanted = turned + (1.0 - turned**2) * (taper[0] + taper[1] * turned)
    design = torch.cat([layer(at), torch.ones(len(at), 1).double()], 1)
    return layer, torch.linalg.lstsq(design, wanted, driver="gelsd").solution


def encoding(encoder: KnobEncoder, before: Affine) -> tuple[Layer, Affine]:
    """Return the encoder's hidden layer with its inputs beside, and how its outputs are read.

    Args:
        encoder: Of a final model.
        before: What reads its inputs off the layer before.

    Returns: The layer; what reads off it the encoder's outputs and, behind them, its inputs.
    """
    first, first_bias, second, direct, constant = (
        tensor.detach()[0].double()
        for tensor in (*encoder.layers, encoder.direct, encoder.constant)
    )
    here, none = torch.eye(len(first)).double(), torch.zeros(2 * len(first)).double()
    spread = torch.cat([first, here, -here], 1)
    made = Affine(spread, torch.cat([first_bias[0], none])).of(before)
    # What was handed on in two halves is their difference.
    outputs = torch.cat([second, direct, -direct])
    inputs = torch.cat([torch.zeros(len(second), len(first)).double(), here, -here])
    bias = torch.cat([constant[0], none[: len(first)]])
    return Layer(made.weight, made.bias), Affine(torch.cat([outputs, inputs], 1), bias)


def exponentials(read: Affine, outputs: list[int], highest: Tensor) -> Layer:
    """Return two units for each of some outputs, of which its exponential is made.

    Args:
        read: What reads the outputs.
        outputs: Which of them.
        highest: Their largest values.
    """
    chosen = read.weight[:, outputs].repeat_interleave(len(BELOW), 1)
    below = torch.tensor(BELOW).double().repeat(len(outputs))
    biases = (read.bias[outputs] - highest).repeat_interleave(len(BELOW)) - below
    # Its coefficients are large instead: scaled here, the shape would be another.
    return Layer(chosen, biases)


def magnitude() -> float:
    """Return how small an exponential's units are, so that a fit can have all features alike."""
    return math.exp(-BELOW[0])
