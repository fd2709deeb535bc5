"""Grow a network into a wider one that plays the same: what was learnt is not learnt again.

The ensemble's network and the final one run through the same dilations and differ in how many
channels they have, and after which layer those become half as many. All that the small one computes
is put into a part of the large one, and the rest, drawn at random, is listened to by nothing yet.
Source: Chen, Goodfellow and Shlens, "Net2Net: Accelerating Learning via Knowledge Transfer", 2016.
"""

from dataclasses import dataclass
from itertools import accumulate

import torch
from torch import Tensor, nn

from models.networks.folded import ArrayShape
from models.networks.wavenet import KnobWaveNet

#: What an array has for each layer, beside its taps.
PER_LAYER = ("bias", "input_mixin", "layer1x1", "layer1x1_bias")


def can_grow(small: tuple[ArrayShape, ...], large: tuple[ArrayShape, ...]) -> bool:
    """Whether a network of one shape can be put into another one's."""
    pair = 2
    if not (len(small) == len(large) == pair) or _layers(small) != _layers(large):
        return False
    if any(shape.head_kernel != 1 or shape.slope is not None for shape in (*small, *large)):
        return False
    wide, half = small[0].channels, small[1].channels
    # Layers of the small one's second array that lie in the large one's first keep the whole of
    # what came before them, and beside it what they add.
    moved = len(large[0].dilations) - len(small[0].dilations)
    room = wide + half * (moved > 0)
    return moved >= 0 and room <= large[0].channels and half <= large[1].channels


def _layers(shapes: tuple[ArrayShape, ...]) -> list[tuple[int, int]]:
    """Return kernel and dilation of every layer, in the order in which audio runs through them."""
    return [pair for s in shapes for pair in zip(s.kernel_sizes, s.dilations, strict=True)]


@dataclass(frozen=True)
class _Layer:
    """One layer's tensors, views into those of its array: to be read, or written into."""

    taps: Tensor
    bias: Tensor
    input_mixin: Tensor
    layer1x1: Tensor
    layer1x1_bias: Tensor
    scale: Tensor
    shift: Tensor

    def still(self, rows: slice) -> None:
        """Have some channels give nothing, whatever they hear and wherever the knobs stand."""
        for tensor in (self.bias, self.input_mixin, self.layer1x1_bias, self.layer1x1):
            tensor[rows] = 0.0
        self.taps[:, rows] = 0.0
        self.shift[:, rows] = 0.0

    def copy(self, other: "_Layer", rows: slice, columns: slice, into: Tensor | None) -> None:
        """Have some channels do what another layer does.

        Args:
            other: The layer.
            rows: The channels.
            columns: Where they find what the other layer reads; all else they do not hear.
            into: What a linear map in front of the other layer was, ``(its channels, columns)``,
                to be read at the first columns; None for none.
        """
        self.still(rows)
        self.taps[:, rows, columns] = other.taps
        if into is not None:
            self.taps[:, rows, : into.shape[1]] = other.taps @ into
        for name in ("bias", "input_mixin", "layer1x1_bias"):
            getattr(self, name)[rows] = getattr(other, name)
        self.layer1x1[rows, columns] = other.layer1x1
        self.scale[:, rows], self.shift[:, rows] = other.scale, other.shift


def _layer_list(model: KnobWaveNet) -> list[_Layer]:
    """Return every layer of a model of one trunk, in the order in which audio runs through them."""
    layers, start = [], 0
    for array, shape in zip(model.arrays, model.shapes, strict=True):
        depth, channels = len(shape.dilations), shape.channels
        bounds = [0, *accumulate(shape.kernel_sizes)]
        size = depth * channels
        scales, shifts = (
            model.mixture[0, :, at : at + size].view(-1, depth, channels)
            for at in (start, start + size)
        )
        start += 2 * size
        own = {name: array.get_parameter(name)[0] for name in PER_LAYER}
        conv = array.get_parameter("conv")[0]
        layers += [
            _Layer(
                conv[bounds[index] : bounds[index + 1]],
                scale=scales[:, index],
                shift=shifts[:, index],
                **{name: tensor[index] for name, tensor in own.items()},
            )
            for index in range(depth)
        ]
    return layers


def _put(tensor: nn.Parameter, *placed: tuple[slice, slice, Tensor], rows: int) -> None:
    """Put blocks into the first rows of a matrix, whose other columns become zero."""
    matrix = tensor[0]
    matrix[:rows] = 0.0
    for at, columns, block in placed:
        matrix[at, columns] = block


def grow(small: KnobWaveNet, large: KnobWaveNet) -> None:
    """Have a larger network play exactly what a small one plays.

    Args:
        small: Of one member.
        large: Of one member, with the same knobs, drawn at random; changed in place. What it does
            about silence is its own affair.
    """
    assert can_grow(small.shapes, large.shapes)
    assert (small.members, large.members) == (1, 1)
    with torch.no_grad():
        large.encoder.load_state_dict(small.encoder.state_dict())
        large.polarity.copy_(small.polarity)
        _grow_layers(small, large)
        _grow_ends(small, large)


def _grow_layers(small: KnobWaveNet, large: KnobWaveNet) -> None:
    wide, half = (shape.channels for shape in small.shapes)
    first, border = len(small.shapes[0].dilations), len(large.shapes[0].dilations)
    whole, added = slice(0, wide), slice(wide, wide + half)
    between = small.arrays[1].get_parameter("rechannel")[0]
    pairs = zip(_layer_list(small), _layer_list(large), strict=True)
    for index, (theirs, ours) in enumerate(pairs):
        if index < first:
            ours.copy(theirs, whole, whole, None)
            if first < border:
                ours.still(added)
        elif index < border:
            # What went into the second array stays as it is; beside it, its layers add to nothing.
            ours.still(whole)
            ours.copy(theirs, added, added, between)
        else:
            ours.copy(theirs, slice(0, half), slice(0, half), None)


def _grow_ends(small: KnobWaveNet, large: KnobWaveNet) -> None:
    """Put in what stands before and behind the layers of each array."""
    wide, half = (shape.channels for shape in small.shapes)
    whole, half_of = slice(0, wide), slice(0, half)
    (one, two), (first, second) = small.arrays, large.arrays
    moved = len(large.shapes[0].dilations) > len(small.shapes[0].dilations)
    start, audio = one.get_parameter("rechannel")[0], slice(0, 1)
    added = [(half_of, slice(wide, wide + half), torch.eye(half).to(start))] if moved else []
    rechannel = two.get_parameter("rechannel")[0]
    rows = wide + half * moved
    _put(first.get_parameter("rechannel"), (whole, audio, start), rows=rows)
    _put(second.get_parameter("rechannel"), (half_of, whole, rechannel), *added, rows=half)
    head, last = one.get_parameter("head")[0, 0], two.get_parameter("head")[0, 0]
    _put(_only(first, "head"), (half_of, whole, head), *added, rows=half)
    _put(_only(second, "head"), (audio, half_of, last), rows=1)
    second.get_parameter("head_bias").copy_(two.get_parameter("head_bias"))


def _only(array: nn.Module, name: str) -> nn.Parameter:
    """Return a head of a single tap without its taps' dimension; a view to be written into."""
    view: nn.Parameter = array.get_parameter(name)[:, 0]  # type: ignore[assignment]
    return view
