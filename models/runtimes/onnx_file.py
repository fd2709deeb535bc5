"""A knob-conditioned model as ONNX: audio, knobs and state go in, audio and state come out.

The arithmetic of `models.live`: layers hold the difference from where they stand at silence, and
within a block whatever knobs move goes on a straight line from ``knobs_before`` to ``knobs``. A
state of zeros is silence behind it.
"""

import json
from typing import Any

import numpy as np

from models.live.layers import Array, Layer, network
from models.live.section import Floats, KnobSection
from models.runtimes.graph import Graph

FRAMES = "frames"


def _inputs(g: Graph, section: KnobSection, unit: str, turned: str) -> str:
    """Return what a network reads of the knobs: numbers that turn, switches one-hot."""
    columns = []
    for place, knob in enumerate(section.told["knobs"]):
        if "labels" not in knob:
            columns.append(g.part(turned, place, place + 1, 1))
            continue
        count = len(knob["labels"])
        chosen = g.node("Round", g.node("Mul", g.part(unit, place, place + 1, 1), count - 1.0))
        # Equality of floats is no operator of every runtime; their distance is.
        off = g.node("Abs", g.node("Sub", chosen, np.arange(count)[None]))
        columns.append(g.node("Where", g.node("Less", off, 0.5), 1.0, -1.0))
    return str(g.node("Concat", *columns, axis=1))


def _tapered(g: Graph, turned: str, taper: Floats) -> str:
    """Bend what turns as the encoder does; both ends stay where they are."""
    bend = g.node("Sub", 1.0, g.node("Mul", turned, turned))
    bent = g.node("Add", g.node("Mul", turned, taper[1][None]), taper[0][None])
    return str(g.node("Add", turned, g.node("Mul", bend, bent)))


def _conditioning(g: Graph, section: KnobSection) -> tuple[str, str, str, str]:
    """Return drive and level ``(2, 1)``, latents and features, for both ends of a block."""
    t, knobs = section.tensors, section.knobs
    ends = [g.shaped(g.input(n, knobs), 1, -1) for n in ("knobs_before", "knobs")]
    # Beyond their ends nothing was learnt, and a host's automation may overshoot.
    unit = g.node("Clip", g.node("Concat", *ends, axis=0), 0.0, 1.0)
    turned = g.node("Sub", g.node("Mul", unit, 2.0), 1.0)
    read = _inputs(g, section, unit, _tapered(g, turned, t["encoder.taper"][:, 0]))
    hidden = g.node("MatMul", read, t["encoder.first"])
    hidden = g.node("Add", hidden, t["encoder.first_bias"][0][None])
    hidden = g.node("Mul", hidden, g.node("Sigmoid", hidden))
    numbers = g.node("MatMul", hidden, t["encoder.second"])
    numbers = g.node("Add", numbers, g.node("MatMul", read, t["encoder.direct"]))
    numbers = g.node("Add", numbers, t["encoder.constant"])
    total = t["encoder.constant"].shape[-1]
    drive, level = (g.node("Exp", g.part(numbers, place, place + 1, 1)) for place in (0, 1))
    latents = g.part(numbers, 2, total, 1) if total > 2 else ""
    return drive, level, latents, _inputs(g, section, unit, turned)


# By what comes in, since a block may have any length.
class _Lines:
    """Straight lines over a block, from its one end to the other."""

    def __init__(self, g: Graph, audio: str) -> None:
        self._g = g
        count = g.node("Shape", audio)
        frames = g.node("Cast", count, to=1)
        whole = g.node(
            "Range",
            g.constant(0, np.int64),
            g.node("Squeeze", count),
            g.constant(1, np.int64),
        )
        self._share = g.shaped(g.node("Div", g.node("Cast", whole, to=1), frames), 1, -1)

    def __call__(self, ends: str) -> str:
        """Return ``(rows, frames)`` of the values at both ends, ``(rows, 2)``."""
        g = self._g
        left = g.part(ends, 0, 1, 1)
        way = g.node("Sub", g.part(ends, 1, 2, 1), left)
        return str(g.node("Add", left, g.node("Mul", way, self._share)))


def _activated(g: Graph, argument: str, slope: float | None) -> str:
    if slope is None:
        return str(g.node("Tanh", argument))
    return str(g.node("LeakyRelu", argument, alpha=float(slope)))


def _standing(g: Graph, section: KnobSection, bias: str, scale: str) -> tuple[list[str], str]:
    """Return the arguments at silence layer by layer, ``(channels, 2)``, and what comes out."""
    net, t, found = network(section), section.tensors, []
    frames, head = "", ""
    for index, array in enumerate(net.arrays):
        own = f"arrays.{index}."
        frames = g.node("MatMul", array.rechannel, frames) if frames else ""
        total = head
        for place, layer in enumerate(array.layers):
            at = layer.rows
            argument = g.part(bias, at.start, at.stop)
            if frames:
                taps = layer.conv.reshape(len(layer.conv), len(layer.delays), -1).sum(1)
                seen = g.node("MatMul", taps, frames)
                scaled = g.node("Mul", g.part(scale, at.start, at.stop), seen)
                argument = g.node("Add", argument, scaled)
            found.append(argument)
            hidden = _activated(g, argument, array.slope)
            total = g.node("Add", total, hidden) if total else hidden
            more = g.node("MatMul", layer.layer1x1, hidden)
            more = g.node("Add", more, t[own + "layer1x1_bias"][place])
            frames = g.node("Add", frames, more) if frames else more
        head = g.node("MatMul", np.sum(array.head, 0), total)
        head = g.node("Add", head, t.get(own + "head_bias", np.zeros((1, 1), np.float32)))
    return found, head


# One vector instead of a tensor for each layer: a host hands on what it need not understand.
class _State:
    """The state as one vector: each layer takes its past from it, and leaves the next one."""

    def __init__(self, g: Graph, size: int) -> None:
        self._g, self._size, self._at = g, size, 0
        self._given, self._left = g.input("state", size), list[str]()

    def take(self, rows: int, columns: int) -> str:
        """Return the next past, ``(rows, columns)``."""
        start, self._at = self._at, self._at + rows * columns
        return self._g.shaped(self._g.part(self._given, start, self._at), rows, columns)

    def leave(self, past: str) -> None:
        """Keep what the next block begins with."""
        self._left.append(self._g.shaped(past, -1))

    def close(self) -> None:
        """Make the next state an output."""
        self._g.output("state_after", self._g.node("Concat", *self._left, axis=0), self._size)


# What is left behind is the end of what was read: a block shorter than the past keeps some of it.
def _convolved(g: Graph, state: _State, frames: str, taps: Any, layer: Layer | None) -> str:
    """Sum taps ``(kernel, out, in)`` over the past and the block."""
    delays = layer.delays if layer is not None else tuple(range(len(taps) - 1, -1, -1))
    joined = frames
    if delays[0]:
        joined = g.node("Concat", state.take(taps.shape[2], delays[0]), frames, axis=1)
        state.leave(g.last(joined, delays[0], 1))
    kernel = np.moveaxis(taps, 0, 2)
    dilation = delays[0] - delays[1] if len(delays) > 1 else 1
    batch = g.node("Unsqueeze", joined, g.integers(0))
    made = g.node("Conv", batch, kernel, dilations=[dilation])
    return str(g.node("Squeeze", made, g.integers(0)))


def _state_size(arrays: list[Array]) -> int:
    layers = [layer for array in arrays for layer in array.layers]
    heads = sum((len(a.head) - 1) * a.head[0].shape[1] for a in arrays)
    return int(sum(len(layer.conv) * layer.delays[0] for layer in layers) + heads)


def _wavenet(g: Graph, section: KnobSection, audio: str) -> str:
    t, told, net = section.tensors, section.told, network(section)
    state, lines = _State(g, _state_size(net.arrays)), _Lines(g, audio)
    drive, level, latents, _ = _conditioning(g, section)
    drive, level = (g.node("Transpose", each, perm=[1, 0]) for each in (drive, level))
    terms = g.node("Transpose", g.node("MatMul", latents, t["mixture"]), perm=[1, 0])
    scales, shifts, row = [], [], 0
    for array in net.arrays:
        size = sum(len(layer.conv) for layer in array.layers)
        scales.append(g.part(terms, 2 * row, 2 * row + size))
        shifts.append(g.part(terms, 2 * row + size, 2 * row + 2 * size))
        row += size
    scale = g.node("Exp", g.node("Mul", g.node("Concat", *scales, axis=0), 0.5))
    bias = g.node("Add", g.node("Mul", scale, net.bias), g.node("Concat", *shifts, axis=0))
    mixin = g.node("Mul", g.node("Mul", scale, net.input_mixin), drive)
    standing, pedestal = _standing(g, section, bias, scale)
    heard = g.shaped(audio, 1, -1)
    frames, head, place = heard, "", 0
    for index, array in enumerate(net.arrays):
        frames = g.node("MatMul", array.rechannel, frames)
        if index == 0:
            frames = g.node("Mul", frames, lines(drive))
        total = head
        for layer in array.layers:
            at, channels = layer.rows, len(layer.conv)
            taps = layer.conv.reshape(channels, len(layer.delays), channels).transpose(1, 0, 2)
            rest = lines(standing[place])
            argument = _convolved(g, state, frames, taps, layer)
            argument = g.node("Mul", argument, lines(g.part(scale, at.start, at.stop)))
            beside = g.node("Mul", lines(g.part(mixin, at.start, at.stop)), heard)
            argument = g.node("Add", g.node("Add", argument, rest), beside)
            hidden = _activated(g, argument, array.slope)
            hidden = g.node("Sub", hidden, _activated(g, rest, array.slope))
            total = g.node("Add", total, hidden) if total else hidden
            frames = g.node("Add", frames, g.node("MatMul", layer.layer1x1, hidden))
            place += 1
        head = _convolved(g, state, total, np.stack(array.head), None)
    state.close()
    if not told["silent"]:
        head = g.node("Add", head, lines(pedestal))
    gain = g.node("Mul", level, told["head_scale"] * t["polarity"].item())
    return g.shaped(g.node("Mul", head, lines(gain)), -1)


def _lstm(g: Graph, section: KnobSection, audio: str) -> str:
    t, lines = section.tensors, _Lines(g, audio)
    count = sum(name.endswith(".hidden") for name in t)
    units = t["layers.0.hidden"].shape[1]
    state = _State(g, 2 * count * units)
    drive, level, _, features = _conditioning(g, section)
    drive, level, features = (
        g.node("Transpose", each, perm=[1, 0]) for each in (drive, level, features)
    )
    loud = g.node("Mul", g.shaped(audio, 1, -1), lines(drive))
    read = g.node("Transpose", g.node("Concat", loud, lines(features), axis=0), perm=[1, 0])
    read = g.node("Unsqueeze", read, g.integers(1))
    # ONNX has the gates in the order input, output, forget, candidate.
    order = np.r_[0:units, 3 * units : 4 * units, units : 3 * units]
    for index in range(count):
        into, back, bias = (t[f"layers.{index}.{n}"][order] for n in ("input", "hidden", "bias"))
        before = [g.shaped(state.take(1, units), 1, 1, units) for _ in range(2)]
        both = np.concatenate([bias, np.zeros_like(bias)])[None]
        played, hidden, memory = g.node(
            "LSTM", read, into[None], back[None], both, "", *before, outputs=3, hidden_size=units
        )
        state.leave(hidden)
        state.leave(memory)
        read = g.node("Squeeze", played, g.integers(1))
    state.close()
    made = g.node("MatMul", g.shaped(read, -1, units), t["head.weight"][:, None])
    made = g.node("Add", g.shaped(made, 1, -1), t["head.bias"][None])
    return g.shaped(g.node("Mul", made, lines(level)), -1)


# From the section, which leaves out what only training needs, and is what players get as well.
def onnx_bytes(section: dict[str, Any], metadata: dict[str, str]) -> bytes:
    """Return a model as an ONNX file.

    Args:
        section: The model as `models.nam.embedded` writes it.
        metadata: What else the file says of itself.
    """
    read, g = KnobSection.read(section), Graph()
    audio = g.input("audio", FRAMES)
    make = _lstm if section["architecture"] == "lstm" else _wavenet
    g.output("played", make(g, read, audio), FRAMES)
    told = {"knobs": json.dumps(section["knobs"]), "history_frames": str(section["history_frames"])}
    return g.bytes("rig", {**told, **metadata})
