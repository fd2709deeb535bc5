"""One dilated WaveNet layer as a single autograd step, batched over items with their own weights.

Every item of a batch has its own folded weights (its member's, at its setting), so a layer is a
batched matrix product per tap. Written out by hand because slicing under autograd pads every tap
with zeros, and grouped convolutions have a slow backward pass on CPUs.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional


def _taps(frames: Tensor, dilation: int, kernel: int, out_frames: int) -> list[Tensor]:
    return [frames[..., k * dilation : k * dilation + out_frames] for k in range(kernel)]


# On its way forward a grouped convolution is as fast, but its way back takes six times as long as
# that. Not in bf16: at these widths it gains little, and is not worth its rounding (decision 2).
class _Layer(torch.autograd.Function):
    """The layer with its hand-written gradients, for all inputs but the audio; see `layer`."""

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
        """Compute the layer, and save only its input and its activation for the way back."""
        kernel = conv.shape[0]
        out_frames = frames.shape[-1] - dilation * (kernel - 1)
        # There is no padding: every layer's output is shorter, and all is aligned at its end.
        aligned = condition[..., -out_frames:]
        hidden = torch.baddbmm(bias, input_mixin, aligned)
        for weight, tap in zip(conv, _taps(frames, dilation, kernel, out_frames), strict=True):
            # Into the same tensor: at these widths memory decides how long a layer takes.
            hidden.baddbmm_(weight, tap)
        # In place: both slopes can be read off the activation, so its argument need not be kept.
        if slope is None:
            hidden.tanh_()
        else:
            functional.leaky_relu_(hidden, slope)
        output = torch.baddbmm(layer1x1_bias, layer1x1, hidden)
        output += frames[..., -out_frames:]
        ctx.save_for_backward(frames, aligned, conv, layer1x1, hidden)
        ctx.dilation, ctx.keep, ctx.slope = dilation, keep, slope
        return output, hidden[..., -keep:]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Apply the chain rule, adding every tap into one zeroed gradient of the input."""
        output_grad, head_grad = gradients
        frames, aligned, conv, layer1x1, hidden = ctx.saved_tensors
        # Two readers of the activation, the 1x1 and the head: their gradients add up.
        hidden_grad = torch.bmm(layer1x1.transpose(1, 2), output_grad)
        hidden_grad[..., -ctx.keep :] += head_grad
        layer1x1_grad = torch.bmm(output_grad, hidden.transpose(1, 2))
        if ctx.slope is None:
            # The slope of tanh is 1 - tanh^2: g - (g h) h.
            hidden_grad.addcmul_(hidden_grad * hidden, hidden, value=-1.0)
        else:
            # The rectifier keeps the sign of its argument, so the activation tells the slope.
            hidden_grad = torch.where(hidden > 0, hidden_grad, ctx.slope * hidden_grad)
        frames_grad = torch.zeros_like(frames)
        # The residual connection passes its gradient on as it is.
        frames_grad[..., -hidden.shape[-1] :] = output_grad
        inputs = _taps(frames, ctx.dilation, len(conv), hidden.shape[-1])
        # A tap has read a shifted view: adding into the same view of the gradient needs no padding.
        targets = _taps(frames_grad, ctx.dilation, len(conv), hidden.shape[-1])
        for weight, target in zip(conv, targets, strict=True):
            target.baddbmm_(weight.transpose(1, 2), hidden_grad)
        conv_grad = torch.stack([torch.bmm(hidden_grad, tap.transpose(1, 2)) for tap in inputs])
        return (
            frames_grad,
            # The audio is given and not learnt: nobody would read its gradient.
            None,
            conv_grad,
            # Every frame has read the bias: their gradients add up.
            hidden_grad.sum(-1, keepdim=True),
            torch.bmm(hidden_grad, aligned.transpose(1, 2)),
            layer1x1_grad,
            output_grad.sum(-1, keepdim=True),
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
    output, kept = _Layer.apply(  # type: ignore[no-untyped-call]
        frames, condition, conv, bias, input_mixin, layer1x1, layer1x1_bias, dilation, keep, slope
    )
    return output, kept
