"""Plain weights: what a network is at one setting, with the knobs multiplied into it."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class ArrayShape:
    """The shape of one layer array.

    Attributes:
        channels: Its width.
        kernel_sizes: Taps of each layer.
        dilations: Frames between the taps of each layer.
        head_size: Channels that its head passes on.
        head_bias: Whether the head adds a constant.
        head_kernel: Taps of the head.
        slope: Below zero, of the leaky rectifier; None where the activation is a tanh.
    """

    channels: int
    kernel_sizes: tuple[int, ...]
    dilations: tuple[int, ...]
    head_size: int
    head_bias: bool
    head_kernel: int = 1
    slope: float | None = None

    @property
    def layers_history_frames(self) -> int:
        """The frames of the past that one frame of the last layer sees."""
        pairs = zip(self.kernel_sizes, self.dilations, strict=True)
        return sum((kernel - 1) * dilation for kernel, dilation in pairs)

    @property
    def history_frames(self) -> int:
        """The frames of the past that one frame behind the head sees."""
        return self.layers_history_frames + self.head_kernel - 1


@dataclass(frozen=True)
class FoldedArray:
    """The plain weights of one layer array for a batch of items, in `layer`'s shapes."""

    shape: ArrayShape
    rechannel: Tensor
    conv: list[Tensor]
    bias: list[Tensor]
    input_mixin: list[Tensor]
    layer1x1: list[Tensor]
    layer1x1_bias: list[Tensor]
    head: list[Tensor]
    head_bias: Tensor | None


@dataclass(frozen=True)
class FoldedWaveNet:
    """The plain weights of whole networks, one per item: ``head_scale`` is ``(items, 1, 1)``."""

    arrays: list[FoldedArray]
    head_scale: Tensor
