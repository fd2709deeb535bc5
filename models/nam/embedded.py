"""The whole knob-conditioned model as a section of a ``.nam`` file; `docs/knob-file.md` has it."""

import base64
from dataclasses import asdict
from typing import Any

from torch import Tensor, nn

from models.nam.versions import CannotHold
from models.networks.concat import ConcatWaveNet
from models.networks.lstm import KnobLSTM
from models.networks.turning import RAMP_FRAMES
from models.networks.wavenet import KnobWaveNet
from models.training.dataset import Model

FORMAT, FORMAT_VERSION = "rig-knobs", 1


def _told(tensor: Tensor) -> dict[str, Any]:
    # Little-endian, whatever machine writes it.
    numbers = tensor.detach().cpu().float().contiguous().numpy().astype("<f4")
    return {"shape": list(numbers.shape), "data": base64.b64encode(numbers.tobytes()).decode()}


def _encoder(model: Model, member: int) -> dict[str, Tensor]:
    encoder = model.encoder
    tensors = {f"encoder.{name}": tensor[member] for name, tensor in encoder.named_parameters()}
    # Units that hear one pot are units like all others to who reads them.
    tensors.pop("encoder.pots", None)
    layers = zip(("first", "first_bias", "second"), encoder.layers, strict=True)
    return {**tensors, **{f"encoder.{name}": tensor[member] for name, tensor in layers}}


def _wavenet(model: KnobWaveNet, member: int) -> dict[str, Any]:
    # With one trunk it is everybody's, else each has its own.
    trunk = member % model.trunks
    tensors = {**_encoder(model, member), "mixture": model.mixture[trunk]}
    tensors["polarity"] = model.polarity[member]
    for index, array in enumerate(model.arrays):
        tensors |= {f"arrays.{index}.{name}": t[trunk] for name, t in array.named_parameters()}
    return {
        "architecture": "wavenet",
        "silent": model.silent,
        "head_scale": model.head_scale,
        "arrays": [asdict(shape) for shape in model.shapes],
        "tensors": {name: _told(tensor) for name, tensor in tensors.items()},
    }


def _lstm(model: KnobLSTM, member: int) -> dict[str, Any]:
    head, tensors = model.heads[member], _encoder(model, member)
    assert isinstance(head, nn.Linear)
    # As they are played: what a silent cell has not got is zeros in the file.
    weights = model.weights(member)
    for layer in range(len(weights) // 4):
        into, back, *biases = weights[4 * layer : 4 * layer + 4]
        tensors |= {f"layers.{layer}.input": into, f"layers.{layer}.hidden": back}
        tensors[f"layers.{layer}.bias"] = biases[0] + biases[1]
    bias = head.bias * 0.0 if model.silent else head.bias
    tensors |= {"head.weight": head.weight[0], "head.bias": bias}
    return {
        "architecture": "lstm",
        "silent": model.silent,
        "tensors": {name: _told(tensor) for name, tensor in tensors.items()},
    }


def embedded(
    model: Model, knobs: list[dict[str, Any]], member: int | None = None
) -> dict[str, Any]:
    """Return a model's section: everything that a reader needs to play it at any setting.

    Args:
        model: A final model; or an ensemble, of which one member is taken.
        knobs: What each knob is called and how its faceplate counts, in the model's order.
        member: Which of them, counted from 0.

    Raises:
        CannotHold: The section has no words for it.
    """
    if (member is None and model.members != 1) or isinstance(model, ConcatWaveNet):
        raise CannotHold("only a final model can be embedded, or one member of an ensemble")
    one = member or 0
    body = _lstm(model, one) if isinstance(model, KnobLSTM) else _wavenet(model, one)
    return {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "knobs": knobs,
        "history_frames": model.history_frames,
        "ramp_frames": RAMP_FRAMES,
        **body,
    }
