"""One dilated WaveNet layer as a single autograd step, batched over items with their own weights.

Every item of a batch has its own folded weights (its member's, at its setting), so a layer is a
batched matrix product per tap. Written out by hand because slicing under autograd pads every tap
with zeros, and grouped convolutions have a slow backward pass on CPUs.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional


def _shifted(frames: Tensor, dilation: int, kernel: int, out_frames: int) -> list[Tensor]:
    return [frames[..., k * dilation : k * dilation + out_frames] for k in range(kernel)]


class _Layer(torch.autograd.Function):
    """See `layer` for shapes; gradients exist for everything but the audio condition."""

    @staticmethod
    def forward(
        ctx: Any,
        frames: Tensor,
        condition: Tensor,
        conv: Tensor,
        bias: Tensor,
        input_mixin: Tensor,
        layer1x1: Tensor,
        layer1x1_bias: Tensor,
        dilation: int,
        keep: int,
        slope: float | None,
    ) -> tuple[Tensor, Tensor]:
        """Keep only what the way back needs: the input and the activation."""
        kernel = conv.shape[0]
        out_frames = frames.shape[-1] - dilation * (kernel - 1)
        aligned = condition[..., -out_frames:]
        hidden = torch.baddbmm(bias, input_mixin, aligned)
        for weight, tap in zip(conv, _shifted(frames, dilation, kernel, out_frames), strict=True):
            hidden.baddbmm_(weight, tap)
        if slope is None:
            hidden.tanh_()
        else:
            functional.leaky_relu_(hidden, slope)
        onward = torch.baddbmm(layer1x1_bias, layer1x1, hidden)
        onward += frames[..., -out_frames:]
        ctx.save_for_backward(frames, aligned, conv, layer1x1, hidden)
        ctx.dilation, ctx.keep, ctx.slope = dilation, keep, slope
        return onward, hidden[..., -keep:]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """The chain rule, written into one zeroed gradient of the input."""
        onward_grad, kept_grad = gradients
        frames, aligned, conv, layer1x1, hidden = ctx.saved_tensors
        hidden_grad = torch.bmm(layer1x1.transpose(1, 2), onward_grad)
        hidden_grad[..., -ctx.keep :] += kept_grad
        mix_grad = torch.bmm(onward_grad, hidden.transpose(1, 2))
        if ctx.slope is None:
            hidden_grad.addcmul_(hidden_grad * hidden, hidden, value=-1.0)
        else:
            hidden_grad = torch.where(hidden > 0, hidden_grad, ctx.slope * hidden_grad)
        frames_grad = torch.zeros_like(frames)
        frames_grad[..., -hidden.shape[-1] :] = onward_grad
        inputs = _shifted(frames, ctx.dilation, len(conv), hidden.shape[-1])
        targets = _shifted(frames_grad, ctx.dilation, len(conv), hidden.shape[-1])
        for weight, target in zip(conv, targets, strict=True):
            target.baddbmm_(weight.transpose(1, 2), hidden_grad)
        taps_grad = torch.stack([torch.bmm(hidden_grad, tap.transpose(1, 2)) for tap in inputs])
        return (
            frames_grad,
            None,
            taps_grad,
            hidden_grad.sum(-1, keepdim=True),
            torch.bmm(hidden_grad, aligned.transpose(1, 2)),
            mix_grad,
            onward_grad.sum(-1, keepdim=True),
            None,
            None,
            None,
        )


def layer(
    frames: Tensor,
    condition: Tensor,
    conv: Tensor,
    bias: Tensor,
    input_mixin: Tensor,
    layer1x1: Tensor,
    layer1x1_bias: Tensor,
    dilation: int,
    keep: int,
    slope: float | None = None,
) -> tuple[Tensor, Tensor]:
    """Run one layer: dilated taps plus audio condition, activation, 1x1 and residual.

    Args:
        frames: ``(items, channels, frames)``.
        condition: The audio, ``(items, 1, at least frames)``, aligned at its end.
        conv: ``(kernel, items, channels, channels)``.
        bias: ``(items, channels, 1)``.
        input_mixin: ``(items, channels, 1)``, what the audio adds to each channel.
        layer1x1: ``(items, channels, channels)``, the 1x1 behind the activation.
        layer1x1_bias: ``(items, channels, 1)``.
        dilation: Frames between taps.
        keep: How many trailing frames of the activation the head needs.
        slope: Of a leaky rectifier below zero; None for a hyperbolic tangent.

    Returns:
        What the next layer reads, ``(items, channels, frames - dilation * (kernel - 1))``, and
        the activation, ``(items, channels, keep)``.
    """
    onward, kept = _Layer.apply(  # type: ignore[no-untyped-call]
        frames, condition, conv, bias, input_mixin, layer1x1, layer1x1_bias, dilation, keep, slope
    )
    return onward, kept
