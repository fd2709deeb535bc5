"""A HyperWaveNet's file: a stock WaveNet's, with a hypernetwork behind its weights.

Source: the parametric forks of neural-amp-modeler and NeuralAmpModelerCore, format 1.0.0.
"""

from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from models.hyper.fit import Fitted
from models.hyper.moved import Moved, Target, functions, moved
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
    fitted: Fitted,
    knobs: Tensor,
    params: list[dict[str, Any]],
    sample_rate: int,
) -> dict[str, Any]:
    """Return the document of a HyperWaveNet.

    Args:
        model: What was fitted.
        fitted: The hypernetwork.
        knobs: The setting of its stock weights, ``(knobs,)`` in [0, 1].
        params: How each knob's faceplate counts, in the format's words.
        sample_rate: Hz.
    """
    stock, moving = document(model, knobs, sample_rate, {}), moved(model)
    sizes = [1, *(shape.channels for shape in model.shapes)]
    pairs = zip(sizes, model.shapes, strict=False)
    config = {
        "layers": [array_config(shape, size, CURRENT) for size, shape in pairs],
        "head": None,
        "head_scale": model.head_scale,
        "params": params,
        "hypernet": _hypernet(fitted, moving.targets),
    }
    base = torch.tensor(stock["weights"], dtype=torch.float64)
    standing = functions(model, knobs[None])[0]
    return {
        "version": VERSION,
        "metadata": stock["metadata"],
        "architecture": ARCHITECTURE,
        "config": config,
        "weights": _shortest(_weights(model, fitted, moving, base, standing)),
        "sample_rate": sample_rate,
    }


def _hypernet(fitted: Fitted, targets: list[Target]) -> dict[str, Any]:
    return {
        "hidden_sizes": [len(layer.bias) for layer in fitted.layers],
        "activation": ACTIVATION,
        "mode": "full",
        "selector": {**SELECTOR, "include_names": _names(targets)},
        "delta_map": [
            {"name": t.name, "mode": "full", "numel": t.numbers, "export_offset": t.offset}
            for t in targets
        ],
    }


def _weights(
    model: KnobWaveNet, fitted: Fitted, moving: Moved, base: Tensor, standing: Tensor
) -> Tensor:
    """Return everything in the file's order, ``(numbers,)``: stock weights, then the network."""
    # What a scale at the end would do is done by the last head.
    base[-1] = model.head_scale
    _put(base, moving.targets, moving.factor * standing[moving.function])
    # The hypernetwork says how far each number is from where it stands.
    rows = fitted.weight[:, moving.function] * moving.factor
    bias = (fitted.bias - standing)[moving.function] * moving.factor
    hidden = [part for layer in fitted.layers for part in (layer.weight.T, layer.bias)]
    # Anchors are for low ranks: here they are read, and change nothing.
    parts = [base, *hidden, rows.T, bias, torch.zeros_like(bias)]
    return torch.cat([part.reshape(-1) for part in parts])


def _names(targets: list[Target]) -> list[str]:
    endings = tuple(SELECTOR["include_suffixes"])
    return [target.name for target in targets if not target.name.endswith(endings)]


def _put(weights: Tensor, targets: list[Target], numbers: Tensor, add: bool = False) -> None:
    parts = torch.split(numbers, [target.numbers for target in targets])
    for target, part in zip(targets, parts, strict=True):
        place = weights[target.offset : target.offset + target.numbers]
        place.copy_(place + part if add else part)


def _shortest(numbers: Tensor) -> list[float]:
    """Return numbers with as many digits as single precision has: the file is half as long."""
    return [float(text) for text in numbers.numpy().astype("<f4").astype(str)]


def stock_at(found: dict[str, Any], inputs: Tensor) -> dict[str, Any]:
    """Return the stock document that a HyperWaveNet is at one setting, as a player makes it.

    Args:
        found: Of a HyperWaveNet with full deltas.
        inputs: The setting as `models.hyper.trunk.inputs_of` encodes it, ``(inputs,)``.
    """
    config = found["config"]
    targets, hidden_sizes = config["hypernet"]["delta_map"], config["hypernet"]["hidden_sizes"]
    count = sum(target["numel"] for target in targets)
    sizes = [len(inputs), *hidden_sizes, count]
    # Behind the stock weights: a matrix and a bias for each step, and the anchors.
    behind = sum((before + 1) * after for before, after in pairwise(sizes)) + count
    # Once as an array: a list of a million numbers is slow in every step.
    weights = torch.from_numpy(np.asarray(found["weights"], np.float32))
    stock = weights[:-behind].clone()
    delta = _deltas(weights[-behind:], sizes, inputs.float())
    places = [Target(t["name"], t["export_offset"], t["numel"]) for t in targets]
    _put(stock, places, delta, add=True)
    return {
        "version": CURRENT,
        "architecture": "WaveNet",
        "config": {key: config[key] for key in ("layers", "head", "head_scale")},
        "weights": stock.tolist(),
        "sample_rate": found["sample_rate"],
    }


def _deltas(numbers: Tensor, sizes: list[int], hidden: Tensor) -> Tensor:
    for step, (before, after) in enumerate(pairwise(sizes), 1):
        matrix, rest = numbers[: before * after].view(after, before), numbers[before * after :]
        hidden = matrix @ hidden + rest[:after]
        if step < len(sizes) - 1:
            hidden = functional.silu(hidden)
        numbers = rest[after:]
    return hidden
