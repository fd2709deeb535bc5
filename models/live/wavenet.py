"""A WaveNet played live: every layer keeps its past, and what knobs move goes on straight lines.

The arithmetic of `models.networks.moving`, a block at a time. A layer is one product of its weights
with all that its taps see: at these widths a call costs as much as what it computes.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from models.live.layers import Array, Layer, activate, network, stand
from models.live.section import Floats, KnobSection, along


class _Arguments(Protocol):
    """How the argument of a layer's activation comes about, and what it is at silence."""

    drive: Floats
    pedestal: Floats
    level: Floats

    def of(self, layer: Layer, stack: Floats, out: Floats) -> None:
        """Compute a layer's argument; the stack has its taps, then the audio, then ones."""

    def rest(self, layer: Layer) -> Floats:
        """Return a layer's activation at silence."""


# Most of the time nobody turns a knob, and then a layer is one product.
class _Still:
    """Knobs that stand: everything they do is multiplied into the weights."""

    def __init__(self, knobs: "_Knobs", arrays: list[Array]) -> None:
        self.drive, self.pedestal, self.level = knobs.drive, knobs.pedestal, knobs.level
        self._rest = knobs.resting
        self._weights = {
            layer.rows.start: np.concatenate(
                [layer.conv * knobs.scale[at], knobs.mixin[at], knobs.standing[at]], 1
            )
            for array in arrays
            for layer in array.layers
            if (at := layer.rows)
        }

    def of(self, layer: Layer, stack: Floats, out: Floats) -> None:
        """Do as `_Arguments` says."""
        np.matmul(self._weights[layer.rows.start], stack, out=out)

    def rest(self, layer: Layer) -> Floats:
        """Do as `_Arguments` says."""
        return self._rest[layer.rows]


# The weights stay the trunk's; scaling is by row, so it may come behind the product.
class _Turning:
    """Knobs that turn: scales, shifts and gains are lines, the weights are the trunk's."""

    def __init__(self, knobs: "_Knobs", every: int) -> None:
        self.drive = along(knobs.drive, every)
        self.pedestal = along(knobs.pedestal, every)
        self.level = along(knobs.level, every)
        lines = along(np.concatenate([knobs.scale, knobs.mixin, knobs.standing]), every)
        self._scale, self._mixin, self._standing = np.split(lines, 3)
        self._rest = self._standing.copy()
        for rows, slope in knobs.slopes:
            activate(self._rest[rows], slope)

    def of(self, layer: Layer, stack: Floats, out: Floats) -> None:
        """Do as `_Arguments` says."""
        at = layer.rows
        np.matmul(layer.conv, stack[:-2], out=out)
        out *= self._scale[at]
        out += self._standing[at]
        out += self._mixin[at] * stack[-2]

    def rest(self, layer: Layer) -> Floats:
        """Do as `_Arguments` says."""
        return self._rest[layer.rows]


@dataclass(frozen=True)
class _Knobs:
    """What knobs come to at several points: ``(rows, points)``, and ``(1, points)`` for gains."""

    drive: Floats
    level: Floats
    scale: Floats
    mixin: Floats
    standing: Floats
    resting: Floats
    pedestal: Floats
    slopes: list[tuple[slice, float | None]]


class LiveWaveNet:
    """A knob-conditioned WaveNet that goes on from block to block.

    Args:
        section: The model.
        every: Frames between two readings of the knobs.
    """

    def __init__(self, section: KnobSection, every: int) -> None:
        self._section, self._every, self._net = section, every, network(section)
        told = section.told
        self._silent = bool(told["silent"])
        self._scale = np.float32(told["head_scale"] * section.tensors["polarity"].item())
        self._stacks: dict[tuple[int, int], Floats] = {}
        self._still: tuple[Floats, _Still] | None = None

    def play(self, audio: Floats, points: Floats) -> Floats:
        """Play ``(frames,)``, a whole number of ramps, while knobs go from point to point.

        Args:
            audio: What goes in.
            points: ``(ramps + 1, knobs)`` in [0, 1].
        """
        frames, head = audio[None], None
        arguments = self._arguments(points)
        for place, array in enumerate(self._net.arrays):
            entering = array.rechannel @ frames
            if place == 0:
                entering *= arguments.drive
            frames, total = self._layers(array, arguments, entering, audio)
            total = total if head is None else total + head
            head = self._head(array, total)
        assert head is not None
        played: Floats = ((head + arguments.pedestal) * arguments.level)[0]
        return played

    def _layers(
        self, array: Array, arguments: _Arguments, frames: Floats, audio: Floats
    ) -> tuple[Floats, Floats]:
        """Play one array's layers; return what they hand on, and the sum for the head."""
        (channels, count), total, hidden = frames.shape, np.zeros_like(frames), frames.copy()
        for layer in array.layers:
            # A copy: what comes next is written into a view of what this layer will read later.
            layer.past.ahead(count)[:] = frames
            stack = self._stack(len(layer.delays) * channels + 2, count)
            for k, late in enumerate(layer.delays):
                stack[k * channels : (k + 1) * channels] = layer.past.late(late, count)
            stack[-2] = audio
            arguments.of(layer, stack, hidden)
            activate(hidden, array.slope)
            # From where it stands at silence, so that a bias that moves is not heard by itself.
            hidden -= arguments.rest(layer)
            total += hidden
            layer.past.advance(count)
            frames = frames + layer.layer1x1 @ hidden
        return frames, total

    def _head(self, array: Array, total: Floats) -> Floats:
        if len(array.head) == 1:
            return np.asarray(array.head[0] @ total)
        count = total.shape[1]
        array.past.ahead(count)[:] = total
        last = len(array.head) - 1
        taps = [tap @ array.past.late(last - k, count) for k, tap in enumerate(array.head)]
        array.past.advance(count)
        return np.asarray(np.sum(taps, 0))

    # Kept by size: to make it anew in every layer of every block would cost as much as to fill it.
    def _stack(self, rows: int, count: int) -> Floats:
        """Return room for what a layer's product reads; its last row stays ones."""
        if (rows, count) not in self._stacks:
            self._stacks[rows, count] = np.ones((rows, count), np.float32)
        return self._stacks[rows, count]

    def _arguments(self, points: Floats) -> _Arguments:
        if not (points == points[0]).all():
            return _Turning(self._knobs(points), self._every)
        if self._still is None or not np.array_equal(self._still[0], points[0]):
            self._still = points[0].copy(), _Still(self._knobs(points[:1]), self._net.arrays)
        return self._still[1]

    def _knobs(self, points: Floats) -> _Knobs:
        """Return what points ``(points, knobs)`` come to."""
        told, net = self._section.conditioning(points), self._net
        terms = (told.latents @ self._section.tensors["mixture"]).T
        scales, shifts, slopes, row = [], [], [], 0
        for array in net.arrays:
            size = sum(len(layer.conv) for layer in array.layers)
            scales.append(terms[2 * row : 2 * row + size])
            shifts.append(terms[2 * row + size : 2 * row + 2 * size])
            slopes.append((slice(row, row + size), array.slope))
            row += size
        scale = np.exp(np.float32(0.5) * np.concatenate(scales))
        bias = net.bias * scale + np.concatenate(shifts)
        standing, pedestal = stand(self._section, net, bias, scale)
        resting = standing.copy()
        for rows, slope in slopes:
            activate(resting[rows], slope)
        return _Knobs(
            told.drive[None],
            told.level[None] * self._scale,
            scale,
            net.input_mixin * scale * told.drive,
            standing,
            resting,
            pedestal[None] * np.float32(not self._silent),
            slopes,
        )
