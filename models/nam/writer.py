"""Write stock ``.nam`` files: one member at one setting, the knobs folded away.

Source: the file format notes and loaders of neural-amp-modeler and NeuralAmpModelerCore.
"""

from datetime import UTC, datetime
from typing import Any

import torch
from torch import Tensor

from models.nam.versions import CURRENT, array_config
from models.networks.lstm import KnobLSTM
from models.networks.wavenet import FoldedArray, KnobWaveNet
from models.training.dataset import Model


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


def _wavenet(model: KnobWaveNet, member: int, knobs: Tensor, version: str) -> dict[str, Any]:
    with torch.no_grad():
        folded = model.fold(knobs.expand(model.members, 1, -1))
    weights = [value for array in folded.arrays for value in _array_weights(array, member)]
    scale = float(folded.head_scale[member])
    sizes = [1, *(shape.channels for shape in model.shapes)]
    # Each array reads what the one before it has: nobody reads the last size.
    pairs = zip(sizes, model.shapes, strict=False)
    layers = [array_config(shape, size, version) for size, shape in pairs]
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
    model: Model,
    knobs: Tensor,
    sample_rate: int,
    metadata: dict[str, Any],
    member: int = 0,
    version: str = CURRENT,
) -> dict[str, Any]:
    """Return the JSON document of a stock ``.nam`` file.

    Args:
        model: Any of ours.
        knobs: The setting, ``(knobs,)`` in [0, 1].
        sample_rate: Hz.
        metadata: Added to the file's metadata.
        member: Which member to export.
        version: Of the format, one of `models.nam.versions.VERSIONS`; the weights are the same.

    Raises:
        CannotHold: The version has no words for the model's shape.
    """
    if isinstance(model, KnobWaveNet):
        body = _wavenet(model, member, knobs, version)
    else:
        body = _lstm(model, member, knobs)
    now = datetime.now(UTC)
    date = {
        part: getattr(now, part) for part in ("year", "month", "day", "hour", "minute", "second")
    }
    return {
        "version": version,
        "metadata": {"date": date, **metadata},
        **body,
        "sample_rate": sample_rate,
    }
