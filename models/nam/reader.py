"""Read and play stock ``.nam`` files, to check that what was written plays as it should.

It shares nothing with the code that trains and writes: ordinary convolutions and an ordinary LSTM.
Source: the file format notes of neural-amp-modeler (versions 0.5.4 and 0.7.0).
"""

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional


class _Weights:
    """The file's flat list of weights, handed out in order and in shapes."""

    def __init__(self, flat: list[float]) -> None:
        self._flat = torch.tensor(flat, dtype=torch.float32)
        self._position = 0

    def take(self, *shape: int) -> Tensor:
        """Return the next weights in a shape."""
        size = math.prod(shape)
        weights = self._flat[self._position : self._position + size]
        if len(weights) < size:
            raise ValueError("the file has too few weights")
        self._position += size
        return weights.reshape(shape)

    def end(self) -> None:
        """Refuse a list from which not everything was taken."""
        if self._position != len(self._flat):
            raise ValueError("the file has too many weights")


def _wavenet(config: dict[str, Any], weights: _Weights, audio: Tensor) -> Tensor:
    condition = audio[None, None]
    frames, head = condition, None
    for array in config["layers"]:
        channels = int(array["channels"])
        frames = functional.conv1d(frames, weights.take(channels, int(array["input_size"]), 1))
        # An array adds its layers to what the head of the array before it has given.
        total = head
        for dilation, kernel in zip(array["dilations"], _kernels(array), strict=True):
            # Causal: only the past is padded, so the output is as long as the input.
            padded = functional.pad(frames, (dilation * (kernel - 1), 0))
            conv, bias = weights.take(channels, channels, kernel), weights.take(channels)
            hidden = functional.conv1d(padded, conv, bias, dilation=dilation)
            hidden = hidden + functional.conv1d(condition, weights.take(channels, 1, 1))
            hidden = _activate(array, hidden)
            total = hidden if total is None else total + hidden
            layer1x1, layer1x1_bias = weights.take(channels, channels, 1), weights.take(channels)
            frames = frames + functional.conv1d(hidden, layer1x1, layer1x1_bias)
        assert total is not None
        # Players before A2 have the head's size and bias beside the rest, and one kernel of 1.
        told = array.get("head") or {
            "out_channels": array["head_size"],
            "kernel_size": 1,
            "bias": array["head_bias"],
        }
        size, kernel = int(told["out_channels"]), int(told["kernel_size"])
        head_weight = weights.take(size, channels, kernel)
        total = functional.pad(total, (kernel - 1, 0))
        bias = weights.take(size) if told["bias"] else torch.zeros(size)
        head = functional.conv1d(total, head_weight, bias)
    assert head is not None
    return (head * weights.take(1))[0, 0]


def _activate(array: dict[str, Any], hidden: Tensor) -> Tensor:
    # One for each layer; in what is written here they are all alike.
    kind = array["activation"][0]
    if isinstance(kind, dict) and kind["type"] == "LeakyReLU":
        return functional.leaky_relu(hidden, float(kind["negative_slope"]))
    return torch.tanh(hidden)


def _kernels(array: dict[str, Any]) -> Iterator[int]:
    # Files that others wrote may name one kernel for all layers.
    several = array.get("kernel_sizes")
    for index in range(len(array["dilations"])):
        yield int(several[index] if several else array["kernel_size"])


def _lstm(config: dict[str, Any], weights: _Weights, audio: Tensor) -> Tensor:
    units, layers = int(config["hidden_size"]), int(config["num_layers"])
    frames = audio[:, None]
    for index in range(layers):
        inputs = int(config["input_size"]) if index == 0 else units
        both, bias = weights.take(4 * units, inputs + units), weights.take(4 * units)
        # The state that it starts from, where its writer let it settle on silence.
        h, c = weights.take(units), weights.take(units)
        outputs = []
        # The input's part of all frames at once: only what hangs on the frame before is a loop.
        driven = frames @ both[:, :inputs].T + bias
        for frame in driven:
            # The gates in torch's order, in which the file has them.
            i, f, g, o = (frame + both[:, inputs:] @ h).chunk(4)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
            outputs.append(h)
        frames = torch.stack(outputs)
    return (frames @ weights.take(1, units).T + weights.take(1))[:, 0]


def read_and_play(document: dict[str, Any], audio: Tensor) -> Tensor:
    """Play a document of a ``.nam`` file from silence.

    Args:
        document: Of a ``.nam`` file, WaveNet or LSTM.
        audio: ``(frames,)``.

    Returns:
        ``(frames,)``.

    Raises:
        ValueError: It has too many weights, or too few.
    """
    # The order in which weights are taken is the file format: one too few or many is noticed.
    weights = _Weights(document["weights"])
    with torch.no_grad():
        kinds = {"WaveNet": _wavenet, "LSTM": _lstm}
        played = kinds[document["architecture"]](document["config"], weights, audio)
    weights.end()
    return played
