"""An LSTM as RTNeural and AIDA-X read it: one setting, or up to two knobs that stay free.

Both take layers as Keras orders their weights: kernels ``(inputs, 4 units)``, gates input, forget,
candidate, output. Source: RTNeural's README and its model loader.
"""

from typing import Any

import numpy as np

from models.live.lstm import LSTMLayer
from models.live.section import Floats, KnobSection
from models.nam.versions import CannotHold

MOST_FREE = 2


# Drive and level have no place in the format: with knobs free, another network would have to be
# trained to be exact, which nobody asked for yet.
def rtneural_document(
    section: dict[str, Any], point: Floats, free: tuple[int, ...] = ()
) -> dict[str, Any]:
    """Return an LSTM at a setting as RTNeural's JSON.

    Drive and level are those of the setting: with knobs that stay free they do not follow, so the
    file is then an approximation, whose distance the caller has to measure.

    Args:
        section: The model as `models.nam.embedded` writes it.
        point: Where the knobs stand, in [0, 1].
        free: Places of knobs that become inputs behind the audio, from 0 to 1.

    Raises:
        CannotHold: It is no LSTM, or the knobs cannot be inputs.
    """
    read = KnobSection.read(section)
    if section["architecture"] != "lstm":
        raise CannotHold("RTNeural's and AIDA-X's files hold an LSTM only")
    if len(free) > MOST_FREE or any(read.switches[place] for place in free):
        raise CannotHold(f"at most {MOST_FREE} knobs that turn can stay free, and no switch")
    t, told = read.tensors, read.conditioning(np.asarray(point, np.float32)[None])
    layers = _cells(read, told.drive[0], told.features[0], free)
    head = (t["head.weight"] * told.level[0])[:, None]
    bias = np.atleast_1d(t["head.bias"] * told.level[0])
    dense = [head.tolist(), bias.tolist()]
    layers.append({"type": "dense", "activation": "", "shape": [None, None, 1], "weights": dense})
    return {"in_shape": [None, None, 1 + len(free)], "layers": layers}


def _cells(
    read: KnobSection, drive: Any, features: Floats, free: tuple[int, ...]
) -> list[dict[str, Any]]:
    """Return the recurrent layers in Keras' order."""
    t, layers = read.tensors, []
    for index in range(sum(name.endswith(".hidden") for name in t)):
        into, back, bias = (t[f"layers.{index}.{n}"] for n in ("input", "hidden", "bias"))
        if index == 0:
            into, bias = _first(read, into, bias, drive, features, free)
        kernels = [into.T.tolist(), back.T.tolist(), bias.tolist()]
        shape = [None, None, back.shape[1]]
        layers.append({"type": "lstm", "activation": "", "shape": shape, "weights": kernels})
    return layers


def _first(
    read: KnobSection,
    into: Floats,
    bias: Floats,
    drive: Any,
    features: Floats,
    free: tuple[int, ...],
) -> tuple[Floats, Floats]:
    """Return the first layer's weights: knobs that stand are a bias, those that are free inputs."""
    columns = [into[:, :1] * drive]
    moved = features.copy()
    widths = [len(knob["labels"]) if "labels" in knob else 1 for knob in read.told["knobs"]]
    starts = np.cumsum([0, *widths])
    for place in free:
        weight = into[:, 1 + starts[place], None]
        # It reads 2 u - 1: twice the weight for u, and once less on the bias.
        columns.append(2.0 * weight)
        moved[starts[place]] = -1.0
    bias = bias + into[:, 1:] @ moved
    return np.concatenate(columns, 1), bias


# In numpy, for the distance only; the tests have a reader that shares nothing with it.
def play_document(document: dict[str, Any], inputs: Floats) -> Floats:
    """Play ``(frames, inputs)`` through an RTNeural document, from silence."""
    for layer in document["layers"]:
        first, *others = (np.array(weight, np.float32) for weight in layer["weights"])
        if layer["type"] == "dense":
            inputs = inputs @ first + others[0]
        else:
            inputs = LSTMLayer(first.T, others[0].T, others[1])(inputs)
    played: Floats = inputs[:, 0]
    return played
