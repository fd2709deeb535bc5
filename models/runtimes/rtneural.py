"""An LSTM as RTNeural and AIDA-X read it: one setting, or up to two knobs that stay free.

Both take layers as Keras orders their weights: kernels ``(inputs, 4 units)``, gates input, forget,
candidate, output. Sources: RTNeural's README and its model loader; AIDA-X's and aidadsp-lv2's
loaders (``in_shape``, ``in_skip``, ``in_gain`` and ``out_gain`` in dB, ``samplerate``).
"""

from typing import Any

import numpy as np

from models.live.lstm import LSTMLayer
from models.live.section import Floats, KnobSection
from models.nam.versions import CannotHold

#: The widths that AIDA-X has compiled in, for one layer.
AIDA_UNITS = (8, 12, 16, 20, 24, 32, 40, 64, 80)
MOST_FREE = 2


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
    count = sum(name.endswith(".hidden") for name in t)
    layers = []
    for index in range(count):
        into, back, bias = (t[f"layers.{index}.{n}"] for n in ("input", "hidden", "bias"))
        if index == 0:
            into, bias = _first(read, into, bias, told.drive[0], told.features[0], free)
        kernels = [into.T.tolist(), back.T.tolist(), bias.tolist()]
        shape = [None, None, back.shape[1]]
        layers.append({"type": "lstm", "activation": "", "shape": shape, "weights": kernels})
    head = (t["head.weight"] * told.level[0])[:, None]
    bias = np.atleast_1d(t["head.bias"] * told.level[0])
    dense = [head.tolist(), bias.tolist()]
    layers.append({"type": "dense", "activation": "", "shape": [None, None, 1], "weights": dense})
    return {"in_shape": [None, None, 1 + len(free)], "layers": layers}


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


def aidax_document(
    document: dict[str, Any], sample_rate: int, metadata: dict[str, Any]
) -> dict[str, Any]:
    """Return RTNeural's document as AIDA-X wants it.

    Raises:
        CannotHold: AIDA-X has no such width.
    """
    first, units = document["layers"][0], document["layers"][0]["shape"][-1]
    if len(document["layers"]) != 2 or units not in AIDA_UNITS:
        widths = ", ".join(map(str, AIDA_UNITS))
        raise CannotHold(
            f"AIDA-X plays an LSTM of one layer with {widths} units, not "
            f"{len(document['layers']) - 1}x{first['shape'][-1]}"
        )
    head = {"in_skip": 0, "in_gain": 0, "out_gain": 0, "samplerate": sample_rate}
    return {"in_shape": document["in_shape"], **head, "metadata": metadata, **document}
