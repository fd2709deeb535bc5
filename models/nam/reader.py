"""A plain reading of stock ``.nam`` files, to check that what was written plays as it should.

It shares nothing with the code that trains and writes: ordinary convolutions and an ordinary LSTM.
Source: the file format notes of neural-amp-modeler (version 0.7.0).
"""

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional


class _Weights:
    """The flat list, handed out in shapes."""

    def __init__(self, flat: list[float]) -> None:
        self._flat = torch.tensor(flat, dtype=torch.float32)
        self._at = 0

    def take(self, *shape: int) -> Tensor:
        """The next ones."""
        size = math.prod(shape)
        taken = self._flat[self._at : self._at + size]
        if len(taken) < size:
            raise ValueError("the file has too few weights")
        self._at += size
        return taken.reshape(shape)

    def end(self) -> None:
        """There must be none left."""
        if self._at != len(self._flat):
            raise ValueError("the file has too many weights")


def _wavenet(config: dict[str, Any], weights: _Weights, audio: Tensor) -> Tensor:
    condition = audio[None, None]
    frames, head = condition, None
    for array in config["layers"]:
        channels = int(array["channels"])
        frames = functional.conv1d(frames, weights.take(channels, int(array["input_size"]), 1))
        total = head
        for dilation, kernel in zip(array["dilations"], _kernels(array), strict=True):
            padded = functional.pad(frames, (dilation * (kernel - 1), 0))
            conv, bias = weights.take(channels, channels, kernel), weights.take(channels)
            hidden = functional.conv1d(padded, conv, bias, dilation=dilation)
            hidden = hidden + functional.conv1d(condition, weights.take(channels, 1, 1))
            hidden = _activated(array, hidden)
            total = hidden if total is None else total + hidden
            layer1x1, layer1x1_bias = weights.take(channels, channels, 1), weights.take(channels)
            frames = frames + functional.conv1d(hidden, layer1x1, layer1x1_bias)
        assert total is not None
        size = int(array["head"]["out_channels"])
        kernel = int(array["head"]["kernel_size"])
        head_weight = weights.take(size, channels, kernel)
        total = functional.pad(total, (kernel - 1, 0))
        bias = weights.take(size) if array["head"]["bias"] else torch.zeros(size)
        head = functional.conv1d(total, head_weight, bias)
    assert head is not None
    return (head * weights.take(1))[0, 0]


def _activated(array: dict[str, Any], hidden: Tensor) -> Tensor:
    kind = array["activation"][0]
    if kind["type"] == "LeakyReLU":
        return functional.leaky_relu(hidden, float(kind["negative_slope"]))
    return torch.tanh(hidden)


def _kernels(array: dict[str, Any]) -> Iterator[int]:
    several = array.get("kernel_sizes")
    for index in range(len(array["dilations"])):
        yield int(several[index] if several else array["kernel_size"])


def _lstm(config: dict[str, Any], weights: _Weights, audio: Tensor) -> Tensor:
    units, layers = int(config["hidden_size"]), int(config["num_layers"])
    frames = audio[:, None]
    for index in range(layers):
        inputs = int(config["input_size"]) if index == 0 else units
        both, bias = weights.take(4 * units, inputs + units), weights.take(4 * units)
        h, c = weights.take(units), weights.take(units)
        outputs = []
        driven = frames @ both[:, :inputs].T + bias
        for frame in driven:
            i, f, g, o = (frame + both[:, inputs:] @ h).chunk(4)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
            outputs.append(h)
        frames = torch.stack(outputs)
    return (frames @ weights.take(1, units).T + weights.take(1))[:, 0]


def read_and_play(document: dict[str, Any], audio: Tensor) -> Tensor:
    """Play a document from silence.

    Args:
        document: Of a ``.nam`` file, WaveNet or LSTM.
        audio: ``(frames,)``.

    Returns:
        ``(frames,)``.

    Raises:
        ValueError: It has too many weights, or too few.
    """
    weights = _Weights(document["weights"])
    with torch.no_grad():
        kinds = {"WaveNet": _wavenet, "LSTM": _lstm}
        played = kinds[document["architecture"]](document["config"], weights, audio)
    weights.end()
    return played
