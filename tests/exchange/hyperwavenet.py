"""A reader of HyperWaveNet files in numpy, from the format's description alone.

Version 1.0.0: a stock WaveNet's configuration and weights; ``params``, the knobs; ``hypernet``, a
network that reads the encoded knobs and adds to the weights. Behind the stock weights come the
hidden layers, each a matrix and a bias, then the last matrix and bias, with a row for every number
that moves, then as many anchors, which full deltas do not use.
"""

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float32]


def encode(params: list[dict[str, Any]], values: dict[str, float]) -> Numbers:
    """Knobs go from -1 to 1 over their range; a switch is 1 at its position, else 0."""
    encoded: list[float] = []
    for param in params:
        value = values.get(param["name"], param["default"])
        if param["type"] == "switch":
            encoded += [float(place == value) for place in range(len(param["enum_names"]))]
        else:
            encoded.append(2 * (value - param["min"]) / (param["max"] - param["min"]) - 1)
    return np.array(encoded, np.float32)


def conditioned(document: dict[str, Any], values: dict[str, float]) -> Numbers:
    """The stock weights at a setting."""
    config, weights = document["config"], np.array(document["weights"], np.float32)
    hypernet = config["hypernet"]
    assert (hypernet["mode"], hypernet["activation"]) == ("full", "SiLU")
    hidden = encode(config["params"], values)
    rows = sum(target["numel"] for target in hypernet["delta_map"])
    sizes = [len(hidden), *hypernet["hidden_sizes"], rows]
    state = sum((before + 1) * after for before, after in pairwise(sizes)) + rows
    stock, rest = weights[: len(weights) - state].copy(), weights[len(weights) - state :]
    for step, (before, after) in enumerate(pairwise(sizes)):
        if step:
            hidden = (hidden / (1 + np.exp(-hidden))).astype(np.float32)
        matrix, rest = rest[: before * after].reshape(after, before), rest[before * after :]
        hidden, rest = matrix @ hidden + rest[:after], rest[after:]
    assert len(rest) == rows
    assert not rest.any()
    for target in hypernet["delta_map"]:
        place, count = target["export_offset"], target["numel"]
        stock[place : place + count] += hidden[:count]
        hidden = hidden[count:]
    assert not len(hidden)
    return stock


class Flat:
    """Weights in the file's order."""

    def __init__(self, weights: Numbers) -> None:
        self.left = weights

    def take(self, *shape: int) -> Numbers:
        """The next of them, in a shape."""
        size = int(np.prod(shape))
        found, self.left = self.left[:size].reshape(shape), self.left[size:]
        return found


def convolved(frames: Any, taps: Any, dilation: int) -> Any:
    """Causal: ``frames`` are ``(channels, frames)``, ``taps`` ``(out, in, kernel)``."""
    kernel, count = taps.shape[2], frames.shape[1]
    padded = np.pad(frames, ((0, 0), (dilation * (kernel - 1), 0)))
    return sum(
        taps[:, :, k] @ padded[:, k * dilation : k * dilation + count] for k in range(kernel)
    )


def play(document: dict[str, Any], audio: Any, values: dict[str, float]) -> Any:
    """Play audio at a setting, silence in front."""
    flat = Flat(conditioned(document, values))
    frames, total = audio[None].astype(float), None
    for array in document["config"]["layers"]:
        channels, head = array["channels"], array["head"]
        frames = flat.take(channels, array["input_size"]) @ frames
        layers = zip(array["kernel_sizes"], array["dilations"], array["activation"], strict=True)
        for kernel, dilation, activation in layers:
            taps, bias = flat.take(channels, channels, kernel), flat.take(channels, 1)
            arguments = convolved(frames, taps, dilation) + bias
            arguments = arguments + flat.take(channels, 1) * audio
            if activation["type"] == "Tanh":
                hidden = np.tanh(arguments)
            else:
                assert activation["type"] == "LeakyReLU"
                below = activation["negative_slope"] * arguments
                hidden = np.where(arguments > 0, arguments, below)
            total = hidden if total is None else total + hidden
            frames = frames + flat.take(channels, channels) @ hidden + flat.take(channels, 1)
        total = convolved(total, flat.take(head["out_channels"], channels, head["kernel_size"]), 1)
        if head["bias"]:
            total = total + flat.take(head["out_channels"], 1)
    (scale,) = flat.left
    assert total is not None
    return scale * total[0]
