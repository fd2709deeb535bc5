"""Write stock ``.nam`` files (version 0.7.0): one member at one setting, the knobs folded away.

Source: the file format notes and loaders of neural-amp-modeler and NeuralAmpModelerCore.
"""

from datetime import UTC, datetime
from typing import Any

import torch
from torch import Tensor

from models.networks.lstm import KnobLSTM
from models.networks.wavenet import ArrayShape, FoldedArray, KnobWaveNet
from models.training.dataset import Model

VERSION = "0.7.0"

#: What stock layers may have and ours do not; the format names it all the same.
_FILM_PLACES = (
    "conv_pre_film",
    "conv_post_film",
    "input_mixin_pre_film",
    "input_mixin_post_film",
    "activation_pre_film",
    "activation_post_film",
    "layer1x1_post_film",
    "head1x1_post_film",
)


def _flat(tensors: list[Tensor]) -> list[float]:
    return [float(value) for tensor in tensors for value in tensor.flatten().tolist()]


def _array_weights(array: FoldedArray, item: int) -> list[float]:
    """List one layer array's weights in the file's order; taps are stored (out, in, kernel)."""
    weights = _flat([array.rechannel[item]])
    for i in range(len(array.shape.dilations)):
        weights += _flat(
            [
                array.conv[i][:, item].permute(1, 2, 0),
                array.bias[i][item],
                array.input_mixin[i][item],
                array.layer1x1[i][item],
                array.layer1x1_bias[i][item],
            ]
        )
    heads = [torch.stack([tap[item] for tap in array.head], -1)]
    if array.head_bias is not None:
        heads.append(array.head_bias[item])
    return weights + _flat(heads)


def _activation(shape: ArrayShape) -> dict[str, Any]:
    if shape.slope is None:
        return {"type": "Tanh"}
    return {"type": "LeakyReLU", "negative_slope": shape.slope}


def _array_config(shape: ArrayShape, input_size: int) -> dict[str, Any]:
    depth = len(shape.dilations)
    return {
        "input_size": input_size,
        "condition_size": 1,
        "head": {
            "out_channels": shape.head_size,
            "kernel_size": shape.head_kernel,
            "bias": shape.head_bias,
        },
        "channels": shape.channels,
        "kernel_sizes": list(shape.kernel_sizes),
        "dilations": list(shape.dilations),
        "activation": [_activation(shape)] * depth,
        "bottleneck": shape.channels,
        "head1x1": {"active": False, "out_channels": 1, "groups": 1},
        "layer1x1": {"active": True, "groups": 1},
        "groups_input": 1,
        "groups_input_mixin": 1,
        **{place: {"active": False, "shift": True, "groups": 1} for place in _FILM_PLACES},
        "gating_mode": ["none"] * depth,
        "secondary_activation": [None] * depth,
        "slimmable": None,
    }


def _wavenet(model: KnobWaveNet, member: int, knobs: Tensor) -> dict[str, Any]:
    with torch.no_grad():
        folded = model.fold(knobs.expand(model.members, 1, -1))
    weights = [value for array in folded.arrays for value in _array_weights(array, member)]
    scale = float(folded.head_scale[member])
    sizes = [1, *(shape.channels for shape in model.shapes)]
    # Each array reads what the one before it has: nobody reads the last size.
    layers = [_array_config(shape, size) for size, shape in zip(sizes, model.shapes, strict=False)]
    return {
        "architecture": "WaveNet",
        "config": {"layers": layers, "head": None, "head_scale": scale},
        # Loaders take the scale from the end of the weights; the configuration repeats it.
        "weights": [*weights, scale],
    }


def _lstm(model: KnobLSTM, member: int, knobs: Tensor) -> dict[str, Any]:
    folded = model.fold(member, knobs)
    # The state that silence leads to is among the weights: a player starts from it.
    weights = [value for layer in folded.layers for value in _flat(list(layer))]
    cell = model.cells[member]
    return {
        "architecture": "LSTM",
        "config": {
            "input_size": 1,
            "hidden_size": cell.hidden_size,
            "num_layers": cell.num_layers,
        },
        "weights": weights + _flat([folded.head, folded.head_bias]),
    }


def document(
    model: Model, knobs: Tensor, sample_rate: int, metadata: dict[str, Any], member: int = 0
) -> dict[str, Any]:
    """Return the JSON document of a stock ``.nam`` file.

    Args:
        model: Any of ours.
        knobs: The setting, ``(knobs,)`` in [0, 1].
        sample_rate: Hz.
        metadata: Added to the file's metadata.
        member: Which member to export.
    """
    if isinstance(model, KnobWaveNet):
        body = _wavenet(model, member, knobs)
    else:
        body = _lstm(model, member, knobs)
    now = datetime.now(UTC)
    date = {
        part: getattr(now, part) for part in ("year", "month", "day", "hour", "minute", "second")
    }
    return {
        "version": VERSION,
        "metadata": {"date": date, **metadata},
        **body,
        "sample_rate": sample_rate,
    }
