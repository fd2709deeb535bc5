"""The numbers of a stock WaveNet that knobs move, and the few functions of the knobs behind them.

A convolution has as many numbers as taps times channels times channels, and all of a row follow
one scale. So a thousand numbers hang on some hundred functions: scales, those times the drive,
biases, drive, level, and the last head's bias.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from models.networks.wavenet import ArrayShape, KnobWaveNet

#: The last functions, counted from the end.
DRIVE, LEVEL, CONSTANT = -3, -2, -1
#: Settings that are folded at once: each has weights of its own.
AT_ONCE = 128


@dataclass(frozen=True)
class Target:
    """A tensor that knobs move: its name in the trainer package, and its place in the weights."""

    name: str
    offset: int
    numbers: int


@dataclass(frozen=True)
class Moved:
    """Every number that knobs move.

    Attributes:
        targets: Their tensors, in the order of the weights.
        function: Of each number, which function it follows, ``(numbers,)``.
        factor: And by what factor, ``(numbers,)``.
    """

    targets: list[Target]
    function: Tensor
    factor: Tensor


class _Collector:
    """Walks over the weights in the file's order, and notes what moves."""

    def __init__(self) -> None:
        self.targets: list[Target] = []
        self.function: list[Tensor] = []
        self.factor: list[Tensor] = []
        self._offset = 0

    def still(self, numbers: int) -> None:
        """Pass over numbers that no knob moves."""
        self._offset += numbers

    def moves(self, name: str, function: Tensor, factor: Tensor) -> None:
        """Note a tensor, the function of each of its numbers, and their factors."""
        self.targets.append(Target(name, self._offset, factor.numel()))
        self.function.append(function.expand_as(factor).reshape(-1))
        self.factor.append(factor.detach().reshape(-1).double())
        self._offset += factor.numel()


def moved(model: KnobWaveNet) -> Moved:
    """Return which numbers of a final model's stock weights the knobs move, and how."""
    found, first = _Collector(), 0
    ends = torch.tensor([DRIVE, LEVEL, CONSTANT])
    for number, (shape, array) in enumerate(zip(model.shapes, model.arrays, strict=True)):
        name = f"_layer_arrays.{number}"
        weights = {key: tensor.detach()[0] for key, tensor in array.named_parameters()}
        if number == 0:
            found.moves(f"{name}._rechannel.weight", ends[0], weights["rechannel"])
        else:
            found.still(weights["rechannel"].numel())
        _layers(found, f"{name}._layers", shape, weights, first)
        first += 3 * len(shape.dilations) * shape.channels
        if number + 1 < len(model.shapes):
            found.still(sum(t.numel() for key, t in weights.items() if key.startswith("head")))
    # The scale at the end is no tensor that a hypernetwork reaches: the level goes to the head.
    head = weights["head"].permute(1, 2, 0) * model.polarity[0]
    found.moves(f"{name}._head_rechannel.weight", ends[1], head)
    found.moves(f"{name}._head_rechannel.bias", ends[2], torch.ones(1))
    return Moved(found.targets, torch.cat(found.function), torch.cat(found.factor))


def _layers(
    found: _Collector, name: str, shape: ArrayShape, weights: dict[str, Tensor], first: int
) -> None:
    channels, depth = shape.channels, len(shape.dilations)
    row, taps = torch.arange(channels), iter(weights["conv"])
    for layer, kernel in enumerate(shape.kernel_sizes):
        scale = first + layer * channels + row
        conv = torch.stack([next(taps) for _ in range(kernel)], -1)
        found.moves(f"{name}.{layer}._conv.weight", scale[:, None, None], conv)
        bias = scale + 2 * depth * channels
        found.moves(f"{name}.{layer}._conv.bias", bias, torch.ones(channels))
        mixer = weights["input_mixin"][layer, :, 0]
        found.moves(f"{name}.{layer}._input_mixer.weight", scale + depth * channels, mixer)
        found.still(channels * channels + channels)


def functions(model: KnobWaveNet, knobs: Tensor) -> Tensor:
    """Return the functions at settings ``(settings, knobs)``, as ``(settings, functions)``."""
    with torch.no_grad():
        return torch.cat([_functions(model, part) for part in torch.split(knobs, AT_ONCE)]).double()


def _functions(model: KnobWaveNet, knobs: Tensor) -> Tensor:
    terms, folded = model.terms(knobs[None]), model.fold(knobs[None])
    columns = []
    for index, array in enumerate(folded.arrays):
        scale = terms.scales[index][..., 0]
        bias = torch.stack(array.bias, 1)[..., 0]
        columns += [part.flatten(1) for part in (scale, scale * terms.drive, bias)]
    drive, level = terms.drive[:, 0], terms.level[:, 0]
    constant = folded.arrays[-1].head_bias
    assert constant is not None
    return torch.cat([*columns, drive, level, constant[:, 0] * level * model.polarity[0, 0]], 1)
