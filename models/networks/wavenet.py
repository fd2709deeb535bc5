"""A WaveNet of NAM's shapes whose weights follow the knobs, many members side by side.

At one setting the model *is* a stock NAM WaveNet: `KnobWaveNet.fold` multiplies the knob terms
into plain weights, and both training and export run on what it returns.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.networks.folded import ArrayShape, FoldedArray, FoldedWaveNet
from models.networks.knob_encoder import KnobEncoder
from models.networks.layer import layer
from models.networks.silence import without_pedestal

__all__ = ["SHAPES", "ArrayShape", "FoldedArray", "FoldedWaveNet", "KnobWaveNet", "play_folded"]


def _pair(channels: int, first: tuple[int, ...], second: tuple[int, ...]) -> tuple[ArrayShape, ...]:
    half, kernels = channels // 2, (3,) * len(first)
    return (
        ArrayShape(channels, kernels, first, half, False),
        ArrayShape(half, (3,) * len(second), second, 1, True),
    )


def _a2(channels: int) -> tuple[ArrayShape, ...]:
    stack = (1, 3, 7, 17, 41, 101, 239)
    kernels = (6,) * 14 + (15, 15) + (6,) * 7
    dilations = (*stack, *stack, 1, 13, *stack)
    return (ArrayShape(channels, kernels, dilations, 1, True, 16, 0.01),)


_FULL = tuple(2**i for i in range(10))
_SHORT, _REST = tuple(2**i for i in range(7)), (128, 256, 512)

#: The A1 family of neural-amp-modeler by the names its trainer gives them, and its newer A2 in
#: both widths (source: neural-amp-modeler 0.13.0, its packed default).
SHAPES = {
    "standard": _pair(16, _FULL, _FULL),
    "lite": _pair(12, _SHORT, _REST + _FULL),
    "feather": _pair(8, _SHORT, _REST + _FULL),
    "nano": _pair(4, _SHORT, _REST + _FULL),
    "a2": _a2(8),
    "a2-slim": _a2(3),
}


# Training plays these very tensors, and export writes them: one cannot differ from the other, and
# weights of its own for each item cost nothing here (decision 1).
def play_folded(folded: FoldedWaveNet, audio: Tensor) -> Tensor:
    """Play audio through folded networks.

    Args:
        folded: One network per item.
        audio: ``(items, frames)``.

    Returns:
        ``(items, frames - history_frames)``: the network has no padding of its own.
    """
    condition = audio[:, None, :]
    frames, head = condition, None
    for array in folded.arrays:
        frames = torch.bmm(array.rechannel, frames)
        # Layers shorten what they hand on: the head adds up what all of them have in common.
        keep = frames.shape[-1] - array.shape.layers_history_frames
        total = None if head is None else head[..., -keep:]
        for index, dilation in enumerate(array.shape.dilations):
            frames, kept = layer(
                frames,
                condition,
                array.conv[index],
                array.bias[index],
                array.input_mixin[index],
                array.layer1x1[index],
                array.layer1x1_bias[index],
                dilation,
                keep,
                array.shape.slope,
            )
            total = kept if total is None else total + kept
        assert total is not None
        # A head of several taps shortens what it reads, too.
        keep -= array.shape.head_kernel - 1
        taps = (torch.bmm(tap, total[..., k : k + keep]) for k, tap in enumerate(array.head))
        head = sum(taps, start=total.new_zeros(()))
        if array.head_bias is not None:
            head = head + array.head_bias
    assert head is not None
    return (head * folded.head_scale)[:, 0]


class _Array(nn.Module):
    """The trained tensors of one layer array, each with a leading trunk dimension."""

    def __init__(self, shape: ArrayShape, input_size: int, trunks: int) -> None:
        super().__init__()
        self.shape = shape
        channels, depth = shape.channels, len(shape.dilations)

        def weight(*size: int, fan_in: int) -> nn.Parameter:
            """Draw a tensor per trunk, as torch draws a convolution's."""
            bound = fan_in**-0.5
            return nn.Parameter(torch.empty(trunks, *size).uniform_(-bound, bound))

        fan_in = channels * max(shape.kernel_sizes)
        self.rechannel = weight(channels, input_size, fan_in=input_size)
        # The taps of all layers in one stack: they are folded in one product, and the optimiser
        # turns a stack of matrices at once.
        self.conv = weight(sum(shape.kernel_sizes), channels, channels, fan_in=fan_in)
        self.bias = weight(depth, channels, 1, fan_in=fan_in)
        self.input_mixin = weight(depth, channels, 1, fan_in=1)
        self.layer1x1 = weight(depth, channels, channels, fan_in=channels)
        self.layer1x1_bias = weight(depth, channels, 1, fan_in=channels)
        head_fan_in = channels * shape.head_kernel
        self.head = weight(shape.head_kernel, shape.head_size, channels, fan_in=head_fan_in)
        self.head_bias = weight(shape.head_size, 1, fan_in=channels) if shape.head_bias else None

    def fold(
        self, trunk: Tensor, scale: Tensor, shift: Tensor, gain: Tensor | None, drive: Tensor
    ) -> FoldedArray:
        """Return plain weights; ``scale`` and ``shift`` are ``(items, depth, channels, 1)``."""
        depth, kernels = range(len(self.shape.dilations)), self.shape.kernel_sizes
        layer_of_tap = [index for index in depth for _ in range(kernels[index])]
        # Scaling conv, bias and mixin alike scales the argument of the activation as a whole.
        conv = (self.conv[trunk] * scale[:, layer_of_tap]).transpose(0, 1)
        bias = self.bias[trunk] * scale + shift
        # Drive is a gain on the audio, which enters here too and not only at the rechannel.
        input_mixin = self.input_mixin[trunk] * scale * drive[:, None]
        rechannel = self.rechannel[trunk]
        return FoldedArray(
            self.shape,
            rechannel if gain is None else rechannel * gain,
            list(torch.split(conv, list(kernels))),
            [bias[:, i] for i in depth],
            [input_mixin[:, i] for i in depth],
            [self.layer1x1[trunk][:, i] for i in depth],
            [self.layer1x1_bias[trunk][:, i] for i in depth],
            list(self.head[trunk].unbind(1)),
            None if self.head_bias is None else self.head_bias[trunk],
        )


@dataclass(frozen=True)
class Terms:
    """What settings come to, per item: gains ``(items, 1, 1)``; scales and shifts per array."""

    drive: Tensor
    level: Tensor
    scales: list[Tensor]
    shifts: list[Tensor]


class KnobWaveNet(nn.Module):
    """An ensemble of WaveNets conditioned on knobs by channel scales, shifts and two gains.

    Every channel's scale and shift is a mixture of a few latent numbers, which an encoder reads off
    the knobs: what a trunk can sound like is learnt from all captures, and where in that the knobs
    lead is all that has to be found out between them.

    Args:
        shapes: The layer arrays, as in `SHAPES`.
        positions: Per knob, 0 if it turns continuously, else how many positions it switches.
        members: How many readings of the knobs live side by side.
        shared: Whether the members share one trunk and differ in how they read the knobs; else
            they share nothing but the code.
        latents: How many numbers a setting comes to.
        silent: Whether it gives nothing for silence, wherever the knobs stand.
        has_pots: Whether units of its encoder hear a single pot each.
    """

    #: Recordings are played in chunks of this length, each with its history in front.
    chunk_frames: int | None = 48_000
    #: Scale of the untrained output: small, so that training starts near silence.
    head_scale = 0.1

    def __init__(
        self,
        shapes: tuple[ArrayShape, ...],
        positions: tuple[int, ...],
        members: int = 1,
        shared: bool = False,
        latents: int = 16,
        silent: bool = False,
        has_pots: bool = False,
    ) -> None:
        super().__init__()
        self.members = members
        self.silent = silent
        self.shapes = shapes
        # At equal time one trunk for all had an ESR of 0.082, one for each 0.190 (decision 13).
        self.trunks = 1 if shared else members
        sizes = [1, *(shape.channels for shape in shapes)]
        self.arrays = nn.ModuleList(
            _Array(s, size, self.trunks) for s, size in zip(shapes, sizes, strict=False)
        )
        self._channels = [len(s.dilations) * s.channels for s in shapes]
        # Two for each channel: a scale and a shift.
        terms = 2 * sum(self._channels)
        # Over the root, so that what a channel gets does not grow with the number of latents.
        self.mixture = nn.Parameter(torch.randn(self.trunks, latents, terms).mul_(latents**-0.5))
        self.encoder = KnobEncoder(positions, 2 + latents, members, has_pots=has_pots)
        # A buffer: it is stored along but not trained, since no small step turns a sign over.
        self.polarity: Tensor
        self.register_buffer("polarity", torch.ones(members, 1, 1))

    @property
    def history_frames(self) -> int:
        """The frames of the past that one output frame sees."""
        return sum(shape.history_frames for shape in self.shapes)

    def fold(self, knobs: Tensor) -> FoldedWaveNet:
        """Return plain weights for settings ``(members, batch, knobs)``, member by member."""
        folded = self._fold(knobs)
        # In training, too: taken away afterwards only, a constant would be missed (decision 28).
        return without_pedestal(folded) if self.silent else folded

    def terms(self, knobs: Tensor) -> Terms:
        """Return what settings ``(members, batch, knobs)`` come to, member by member."""
        conditioning = self.encoder(knobs)
        # As logarithms: a pot's travel is straighter in decibels, and no gain becomes negative.
        gains = torch.exp(conditioning[..., :2]).flatten(0, 1)
        terms = torch.matmul(conditioning[..., 2:], self.mixture).flatten(0, 1)
        scales, shifts, start = [], [], 0
        for module, size in zip(self.shapes, self._channels, strict=True):
            shape = (len(terms), len(module.dilations), module.channels, 1)
            # An exponential never changes a sign, and leaves the trunk as it is where a term is 0.
            scales.append(torch.exp(0.5 * terms[:, start : start + size].reshape(shape)))
            shifts.append(terms[:, start + size : start + 2 * size].reshape(shape))
            start += 2 * size
        return Terms(gains[:, 0, None, None], gains[:, 1, None, None], scales, shifts)

    def _fold(self, knobs: Tensor) -> FoldedWaveNet:
        members, batch = knobs.shape[:2]
        terms = self.terms(knobs)
        member = torch.arange(members, device=knobs.device).repeat_interleave(batch)
        # With one trunk this is 0 for all members, else each has its own.
        trunk = member % self.trunks
        arrays = []
        for index, module in enumerate(self.arrays):
            assert isinstance(module, _Array)
            # Of the rechannels only the first reads audio; the others read the array before them.
            gain = terms.drive if index == 0 else None
            arrays.append(
                module.fold(trunk, terms.scales[index], terms.shifts[index], gain, terms.drive)
            )
        level = terms.level * self.polarity.repeat_interleave(batch, 0)
        return FoldedWaveNet(arrays, level * self.head_scale)

    def forward(self, audio: Tensor, knobs: Tensor) -> Tensor:
        """Predict what comes back from the amp.

        Args:
            audio: ``(members, batch, frames)``.
            knobs: ``(members, batch, knobs)``, each in [0, 1].

        Returns:
            ``(members, batch, frames - history_frames)``.
        """
        members, batch = audio.shape[:2]
        return play_folded(self.fold(knobs), audio.flatten(0, 1)).view(members, batch, -1)
