"""A HyperWaveNet's file: a stock WaveNet's, with a hypernetwork behind its weights.

Source: the parametric forks of neural-amp-modeler and NeuralAmpModelerCore, format 1.0.0.
"""

from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from models.hyper.fit import Fitted
from models.hyper.moved import Moved, Target, functions
from models.nam.versions import CURRENT, CannotHold, array_config
from models.nam.writer import document
from models.networks.concat import ConcatWaveNet
from models.networks.wavenet import KnobWaveNet
from models.training.dataset import Model

ARCHITECTURE, VERSION = "HyperWaveNet", "1.0.0"
#: A hidden layer's activation: no player has a faster one that is a little otherwise, as of tanh.
ACTIVATION = "SiLU"
#: How the trainer package knows which tensors are meant.
SELECTOR = {
    "include_suffixes": ["_conv.weight", "_conv.bias", "_input_mixer.weight"],
}


def refuse_other(model: Model) -> KnobWaveNet:
    """Return a model if it is one that a hypernetwork can be written for.

    Raises:
        CannotHold: It is none.
    """
    if not isinstance(model, KnobWaveNet) or isinstance(model, ConcatWaveNet):
        raise CannotHold("a HyperWaveNet holds WaveNets only, and this model is an LSTM")
    if model.members != 1:
        raise CannotHold("a HyperWaveNet holds a final model, not an ensemble")
    return model


def hyper_document(
    model: KnobWaveNet,
    moved: Moved,
    fitted: Fitted,
    knobs: Tensor,
    params: list[dict[str, Any]],
    sample_rate: int,
) -> dict[str, Any]:
    """Return the document of a HyperWaveNet.

    Args:
        model: What was fitted.
        moved: Which of its numbers move.
        fitted: The hypernetwork.
        knobs: The setting of its stock weights, ``(knobs,)`` in [0, 1].
        params: How each knob's faceplate counts, in the format's words.
        sample_rate: Hz.
    """
    stock = document(model, knobs, sample_rate, {})
    standing = functions(model, knobs[None])[0]
    base = torch.tensor(stock["weights"], dtype=torch.float64)
    # What a scale at the end would do is done by the last head.
    base[-1] = model.head_scale
    _put(base, moved.targets, moved.factor * standing[moved.function])
    # The hypernetwork says how far each number is from where it stands.
    rows = fitted.weight[:, moved.function] * moved.factor
    bias = (fitted.bias - standing)[moved.function] * moved.factor
    hidden = [part for layer in fitted.layers for part in (layer.weight.T, layer.bias)]
    # Anchors are for low ranks: here they are read, and change nothing.
    parts = [base, *hidden, rows.T, bias, torch.zeros_like(bias)]
    sizes = [1, *(shape.channels for shape in model.shapes)]
    pairs = zip(sizes, model.shapes, strict=False)
    return {
        "version": VERSION,
        "metadata": stock["metadata"],
        "architecture": ARCHITECTURE,
        "config": {
            "layers": [array_config(shape, size, CURRENT) for size, shape in pairs],
            "head": None,
            "head_scale": model.head_scale,
            "params": params,
            "hypernet": {
                "hidden_sizes": [len(layer.bias) for layer in fitted.layers],
                "activation": ACTIVATION,
                "mode": "full",
                "selector": {**SELECTOR, "include_names": _names(moved.targets)},
                "delta_map": [
                    {
                        "name": target.name,
                        "mode": "full",
                        "numel": target.numbers,
                        "export_offset": target.offset,
                    }
                    for target in moved.targets
                ],
            },
        },
        "weights": _shortest(torch.cat([part.reshape(-1) for part in parts])),
        "sample_rate": sample_rate,
    }


def _names(targets: list[Target]) -> list[str]:
    endings = tuple(SELECTOR["include_suffixes"])
    return [target.name for target in targets if not target.name.endswith(endings)]


def _put(weights: Tensor, targets: list[Target], numbers: Tensor) -> None:
    first = 0
    for target in targets:
        last = first + target.numbers
        weights[target.offset : target.offset + target.numbers] = numbers[first:last]
        first = last


def _shortest(numbers: Tensor) -> list[float]:
    """Return numbers with as many digits as single precision has: the file is half as long."""
    return [float(text) for text in numbers.numpy().astype("<f4").astype(str)]


def stock_at(found: dict[str, Any], inputs: Tensor) -> dict[str, Any]:
    """Return the stock document that a HyperWaveNet is at one setting, as a player makes it.

    Args:
        found: Of a HyperWaveNet with full deltas.
        inputs: The setting as `models.hyper.trunk.inputs_of` encodes it, ``(inputs,)``.
    """
    config, hidden = found["config"], inputs.float()
    targets = config["hypernet"]["delta_map"]
    count = sum(target["numel"] for target in targets)
    sizes = [len(hidden), *config["hypernet"]["hidden_sizes"]]
    layers = sum((before + 1) * after for before, after in pairwise(sizes))
    behind = layers + (sizes[-1] + 2) * count
    # Once as an array: a list of a million numbers is slow in every step.
    weights = torch.from_numpy(np.asarray(found["weights"], np.float32))
    stock, rest = weights[:-behind].clone(), weights[-behind:]
    for before, after in pairwise(sizes):
        matrix, bias = rest[: before * after].view(after, before), rest[before * after :][:after]
        hidden = torch.nn.functional.silu(matrix @ hidden + bias)
        rest = rest[(before + 1) * after :]
    matrix, bias = rest[: count * sizes[-1]].view(count, -1), rest[count * sizes[-1] :][:count]
    delta, first = matrix @ hidden + bias, 0
    for target in targets:
        place, last = target["export_offset"], first + target["numel"]
        stock[place : place + target["numel"]] += delta[first:last]
        first = last
    kept = {key: config[key] for key in ("layers", "head", "head_scale")}
    return {
        "version": CURRENT,
        "architecture": "WaveNet",
        "config": kept,
        "weights": stock.tolist(),
        "sample_rate": found["sample_rate"],
    }
