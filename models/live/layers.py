"""The plain tensors of a WaveNet's layers, and where they stand at silence, in numpy."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from models.live.past import Past
from models.live.section import Floats, KnobSection

#: Columns that a past slides by before it is moved back; some more in each layer, so that not all
#: of them are moved in the same block.
ROOM, STAGGER = 1_024, 64


@dataclass(frozen=True)
class Layer:
    """One layer: its tensors as trained, and what it remembers.

    Attributes:
        rows: Where its channels lie among those of all layers.
        conv: All taps beside each other, ``(channels, kernel * channels)``.
        delays: By how many frames each tap is late.
    """

    rows: slice
    conv: Floats
    layer1x1: Floats
    delays: tuple[int, ...]
    past: Past


@dataclass(frozen=True)
class Array:
    """One layer array; the past is that of what its head reads."""

    layers: list[Layer]
    slope: float | None
    rechannel: Floats
    head: list[Floats]
    past: Past


@dataclass(frozen=True)
class Network:
    """All layer arrays, and the tensors of all layers that knobs act on, a row for each channel."""

    arrays: list[Array]
    bias: Floats
    input_mixin: Floats
    rechannel: Floats

    @property
    def rows(self) -> int:
        """How many channels there are in all layers together."""
        return len(self.bias)


# Taps side by side: one wide product takes as long as three, and mixer and bias come along in it.
def _layers(own: dict[str, Floats], shape: dict[str, Any], row: int) -> list[Layer]:
    layers, first, channels = [], 0, shape["channels"]
    for index, kernel in enumerate(shape["kernel_sizes"]):
        taps = own["conv"][first : first + kernel]
        first += kernel
        delays = tuple(shape["dilations"][index] * (kernel - 1 - k) for k in range(kernel))
        start = row + index * channels
        layers.append(
            Layer(
                slice(start, start + channels),
                np.concatenate(list(taps), 1),
                own["layer1x1"][index],
                delays,
                Past(channels, delays[0], ROOM + STAGGER * index),
            )
        )
    return layers


def network(section: KnobSection) -> Network:
    """Return a section's network, with nothing but silence behind it."""
    arrays, bias, mixin, row = [], [], [], 0
    for index, shape in enumerate(section.told["arrays"]):
        prefix = f"arrays.{index}."
        own = {
            n.removeprefix(prefix): t for n, t in section.tensors.items() if n.startswith(prefix)
        }
        head_past = Past(shape["channels"], len(own["head"]) - 1, ROOM)
        layers = _layers(own, shape, row)
        arrays.append(Array(layers, shape["slope"], own["rechannel"], list(own["head"]), head_past))
        bias.append(own["bias"].reshape(-1, 1))
        mixin.append(own["input_mixin"].reshape(-1, 1))
        row += len(layers) * shape["channels"]
    first = section.tensors["arrays.0.rechannel"]
    return Network(arrays, np.concatenate(bias), np.concatenate(mixin), first)


# In place: at these widths memory decides how long a layer takes.
def activate(argument: Floats, slope: float | None) -> Floats:
    """Apply a layer's activation in place: a leaky rectifier's, or a hyperbolic tangent."""
    if slope is None:
        np.tanh(argument, out=argument)
    else:
        np.maximum(argument, argument * np.float32(slope), out=argument)
    return argument


# Not from the folded weights: while knobs turn there is a network for each point, and what they
# have in common would be folded again for each.
def stand(section: KnobSection, net: Network, bias: Floats, scale: Floats) -> tuple[Floats, Floats]:
    """Return where a network stands at silence, for each of several settings.

    Args:
        section: The model.
        net: Its network.
        bias: Of all layers, with the knobs in it, ``(rows, settings)``.
        scale: Of all layers, ``(rows, settings)``.

    Returns:
        The activations' arguments, ``(rows, settings)``, and what comes out, ``(settings,)``.
    """
    t, arguments = section.tensors, bias.copy()
    frames: Floats | None = None
    head: Floats | None = None
    for index, array in enumerate(net.arrays):
        own = f"arrays.{index}."
        frames = None if frames is None else array.rechannel @ frames
        total = head
        for place, layer in enumerate(array.layers):
            at = layer.rows
            if frames is not None:
                # All taps see the same: their weights add up.
                taps = layer.conv.reshape(len(layer.conv), len(layer.delays), -1).sum(1)
                arguments[at] += scale[at] * (taps @ frames)
            hidden = activate(arguments[at].copy(), array.slope)
            total = hidden if total is None else total + hidden
            more = layer.layer1x1 @ hidden + t[own + "layer1x1_bias"][place]
            frames = more if frames is None else frames + more
        assert total is not None
        head = np.sum(array.head, 0) @ total + t.get(own + "head_bias", np.float32(0.0))
    assert head is not None
    return arguments, head[0]
