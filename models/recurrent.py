"""One LSTM layer of many members as a single autograd step.

What depends on one instant only is done for all instants at once; what is left in the loop over
time is one product and a few element-wise passes, seven on the way forward and five on the way
back. A sigmoid is half a hyperbolic tangent and a half, so each instant needs one of these for all
four gates. Batches lie innermost: every pass runs over contiguous memory.
"""

from typing import Any

import torch
from torch import Tensor

#: Of tanh(x / 2) for the gates i, f, o, and of tanh(x) for g: what makes them gates.
_SCALE, _SHIFT = (0.5, 0.5, 1.0, 0.5), (0.5, 0.5, 0.0, 0.5)


def _per_gate(values: tuple[float, ...], units: int, like: Tensor) -> Tensor:
    return torch.tensor(values, dtype=like.dtype, device=like.device).repeat_interleave(units)[:, None]


class _Recurrence(torch.autograd.Function):
    """See `recurrence`; ``driven`` and ``weight`` come with their sigmoid rows halved."""

    @staticmethod
    def forward(
        ctx: Any, driven: Tensor, weight: Tensor, hidden: Tensor, memory: Tensor
    ) -> Tensor:
        """Keeps gates, memories and their tanh of every instant."""
        frames, members, rows, batch = driven.shape
        units = rows // 4
        scale, shift = _per_gate(_SCALE, units, driven), _per_gate(_SHIFT, units, driven)
        gates = torch.empty_like(driven)
        memories = driven.new_empty(frames, members, units, batch)
        bent, outputs = torch.empty_like(memories), torch.empty_like(memories)
        h, c = hidden, memory
        for t in range(frames):
            now = gates[t]
            torch.baddbmm(driven[t], weight, h, out=now)
            now.tanh_()
            torch.addcmul(shift, now, scale, out=now)
            torch.mul(now[:, units : 2 * units], c, out=memories[t])
            c = memories[t]
            c.addcmul_(now[:, :units], now[:, 2 * units : 3 * units])
            torch.tanh(c, out=bent[t])
            torch.mul(now[:, 3 * units :], bent[t], out=outputs[t])
            h = outputs[t]
        ctx.save_for_backward(weight, hidden, memory, gates, memories, bent, outputs)
        return outputs

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Back through time; local slopes are known before the loop begins."""
        (outputs_grad,) = gradients
        weight, hidden, memory, gates, memories, bent, outputs = ctx.saved_tensors
        frames, members, units, batch = outputs.shape
        i, f, g, o = gates.view(frames, members, 4, units, batch).unbind(2)
        before = torch.cat([memory[None], memories[:-1]])
        slopes = torch.stack(
            [2.0 * g * i * (1.0 - i), 2.0 * before * f * (1.0 - f), i * (1.0 - g * g)], 2
        )
        out_slope = 2.0 * bent * o * (1.0 - o)
        through = o * (1.0 - bent * bent)
        kept = torch.cat([f[1:], torch.zeros_like(f[:1])])
        driven_grad = torch.empty_like(gates)
        by_gate = driven_grad.view(frames, members, 4, units, batch)
        back = weight.transpose(1, 2).contiguous()
        memory_grad = torch.zeros_like(memory)
        hidden_grad = outputs_grad[-1]
        for t in range(frames - 1, -1, -1):
            if t < frames - 1:
                hidden_grad = torch.baddbmm(outputs_grad[t], back, driven_grad[t + 1])
            memory_grad.mul_(kept[t]).addcmul_(hidden_grad, through[t])
            torch.mul(memory_grad[:, None], slopes[t], out=by_gate[t][:, :3])
            torch.mul(hidden_grad, out_slope[t], out=by_gate[t][:, 3])
        earlier = torch.cat([hidden[None], outputs[:-1]])
        flat = driven_grad.permute(1, 2, 0, 3).reshape(members, 4 * units, -1)
        past = earlier.permute(1, 2, 0, 3).reshape(members, units, -1)
        return driven_grad, torch.bmm(flat, past.transpose(1, 2)), None, None


def recurrence(driven: Tensor, weight: Tensor, hidden: Tensor, memory: Tensor) -> Tensor:
    """Run one layer over time.

    Args:
        driven: What the input adds to each gate, biases included, ``(frames, members, 4 * units,
            batch)``, gates in the order i, f, g, o.
        weight: Of the hidden state, ``(members, 4 * units, units)``.
        hidden: State before the first frame, ``(members, units, batch)``; no gradient flows there.
        memory: As ``hidden``.

    Returns:
        ``(frames, members, units, batch)``.
    """
    units = weight.shape[-1]
    halved = _per_gate((0.5, 0.5, 1.0, 0.5), units, weight)
    out: Tensor = _Recurrence.apply(  # type: ignore[no-untyped-call]
        driven * halved, weight * halved, hidden, memory
    )
    return out
