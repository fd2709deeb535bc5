"""A WaveNet whose knobs move while it plays: its weights are lines in time."""

import torch
from torch import Tensor
from torch.nn import functional

from models.networks.folded import FoldedArray
from models.networks.silence import activate, resting
from models.networks.wavenet import KnobWaveNet


def along(points: Tensor, every: int) -> Tensor:
    """Return straight lines through points: ``(..., points, n)`` to ``(..., frames, n)``."""
    share = torch.arange(every, device=points.device, dtype=points.dtype) / every
    left, right = points[..., :-1, None, :], points[..., 1:, None, :]
    return (left + (right - left) * share[:, None]).flatten(-3, -2)


class MovingWaveNet:
    """A WaveNet along a path of its knobs.

    Every layer holds the difference from where it stands at silence. At silence that is nothing,
    and it stays nothing while biases move.

    Args:
        model: Its trunk's weights are taken as they are.
        path: ``(points, knobs)`` in [0, 1].
        every: Frames between two points.
    """

    def __init__(self, model: KnobWaveNet, path: Tensor, every: int) -> None:
        self._members, self._every = model.members, every
        points = path.expand(model.members, -1, -1)
        self._terms = model.terms(points)
        self._folded = model.fold(points)
        self._rest = resting(self._folded)
        self._count = len(path)

    def _line(self, values: Tensor) -> Tensor:
        """Return ``(members, channels, frames)`` of ``(members * points, channels, 1)``."""
        points = values.view(self._members, self._count, -1)
        return along(points, self._every).transpose(1, 2)

    def __call__(self, audio: Tensor) -> Tensor:
        """Play ``(frames,)`` from silence, and return ``(members, frames)``."""
        heard = audio.expand(self._members, 1, -1)
        frames, head = heard, None
        for place, array in enumerate(self._folded.arrays):
            if place == 0:
                frames = self._line(array.rechannel) * heard
            else:
                frames = self._still(array.rechannel) @ frames
            frames, total = self._layers(place, array, frames, heard)
            total = total if head is None else total + head
            total = functional.pad(total, (array.shape.head_kernel - 1, 0))
            length, head = frames.shape[-1], None
            for k, tap in enumerate(array.head):
                part = self._still(tap) @ total[..., k : k + length]
                head = part if head is None else head + part
        assert head is not None
        # What is left of a pedestal (models from before there were none) moves on a line, too.
        pedestal = self._line(self._rest.head)
        return ((head + pedestal) * self._line(self._folded.head_scale))[:, 0]

    def _still(self, weights: Tensor) -> Tensor:
        """Return weights that no knob moves, ``(members, out, in)``."""
        return weights.view(self._members, self._count, *weights.shape[1:])[:, 0]

    def _layers(
        self, place: int, array: FoldedArray, frames: Tensor, heard: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Play one array's layers; return what they hand on, and the sum for the head."""
        total = torch.zeros_like(frames)
        for index, dilation in enumerate(array.shape.dilations):
            scales = self._terms.scales[place][:, index]
            # Scaling is by row, so it may as well come behind the product, where it can move.
            conv = self._still((array.conv[index] / scales).transpose(0, 1))
            argument = torch.zeros_like(frames)
            for k, tap in enumerate(conv.unbind(1)):
                late = dilation * (conv.shape[1] - 1 - k)
                past = functional.pad(frames, (late, 0))[..., : frames.shape[-1]]
                argument = argument + tap @ past
            standing = self._line(self._rest.arguments[place][index])
            argument = argument * self._line(scales) + standing
            argument = argument + self._line(array.input_mixin[index]) * heard
            hidden = activate(argument, array.shape.slope)
            hidden = hidden - activate(standing, array.shape.slope)
            total = total + hidden
            frames = frames + self._still(array.layer1x1[index]) @ hidden
        return frames, total
