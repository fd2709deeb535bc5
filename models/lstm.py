"""An LSTM of NAM's shape with the knobs at its input, many members side by side."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from models.knobs import KnobEncoder
from models.recurrent import recurrence


@dataclass(frozen=True)
class FoldedLSTM:
    """Plain weights of one member at one setting.

    Attributes:
        layers: Per layer ``[W_ih | W_hh]`` (4 units, inputs + units), the sum of both biases
            (4 units), and the hidden and cell state after silence (units each).
        head: ``(1, units)``.
        head_bias: ``(1,)``.
    """

    layers: list[tuple[Tensor, Tensor, Tensor, Tensor]]
    head: Tensor
    head_bias: Tensor


class KnobLSTM(nn.Module):
    """An ensemble of LSTMs whose first layer reads the knobs beside every sample.

    Args:
        layers: Layers of each member.
        units: Width of each layer.
        positions: Per knob, 0 if it turns continuously, else how many positions it switches.
        members: How many networks live side by side.
    """

    #: The state settles over this much audio before an output counts.
    history_frames = 1024
    #: The state runs through a whole recording, so it is never cut into chunks.
    chunk_frames: int | None = None

    def __init__(
        self, layers: int, units: int, positions: tuple[int, ...], members: int = 1
    ) -> None:
        super().__init__()
        self.members = members
        self.encoder = KnobEncoder(positions, 2, members, hidden=24)
        inputs = 1 + sum(max(count, 1) for count in positions)
        self.cells = nn.ModuleList(
            nn.LSTM(inputs, units, layers, batch_first=True) for _ in range(members)
        )
        self.heads = nn.ModuleList(nn.Linear(units, 1) for _ in range(members))

    def _read(self, knobs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Gain before and behind the network ``(members, batch, 1)``, and the knobs' features."""
        read = self.encoder(knobs)
        return torch.exp(read[..., :1]), torch.exp(read[..., 1:2]), self.encoder.features(knobs)

    def forward(self, audio: Tensor, knobs: Tensor) -> Tensor:
        """Predict what comes back from the amp; see `KnobWaveNet.forward`."""
        drive, level, features = self._read(knobs)
        driven = audio * drive
        settling = self.history_frames
        if not torch.is_grad_enabled():
            return self._played(driven, features)[..., settling:] * level
        with torch.no_grad():
            states = self._settled(driven[..., :settling], features)
        frames = driven[..., settling:].permute(2, 0, 1)[:, :, None]
        beside: Tensor | None = features
        for index, (hidden, memory) in enumerate(states):
            into, back, bias = self._stacked(index)
            constant = bias[..., None]
            if beside is not None:
                constant = constant + torch.bmm(into[..., 1:], beside.transpose(1, 2))
                into, beside = into[..., :1], None
            frames = recurrence(torch.matmul(into, frames) + constant, back, hidden, memory)
        heads = torch.stack([head.weight[0] for head in self.heads])
        biases = torch.stack([head.bias for head in self.heads])
        out = (frames * heads[:, :, None]).sum(2).permute(1, 2, 0) + biases[:, None]
        return out * level

    def _stacked(self, layer: int) -> tuple[Tensor, Tensor, Tensor]:
        """Input weights, hidden weights and biases of one layer, members first."""
        parts = []
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            parts.append(torch.stack([getattr(cell, f"{name}_l{layer}") for cell in self.cells]))
        return parts[0], parts[1], parts[2] + parts[3]

    def _states(self, driven: Tensor, features: Tensor) -> Iterator[tuple[Tensor, Any]]:
        """Each member's outputs ``(batch, frames, units)`` and last states, without gradients."""
        for member, cell in enumerate(self.cells):
            beside = features[member, :, None, :].expand(-1, driven.shape[-1], -1)
            yield cell(torch.cat([driven[member, ..., None], beside], -1))

    def _played(self, driven: Tensor, features: Tensor) -> Tensor:
        """From silence to the end, with torch's own layers: they are faster at playing."""
        played = self._states(driven, features)
        outputs = [head(out)[..., 0] for (out, _), head in zip(played, self.heads, strict=True)]
        return torch.stack(outputs)

    def _settled(self, driven: Tensor, features: Tensor) -> list[tuple[Tensor, Tensor]]:
        """States behind the history: for each layer hidden and memory, (members, units, batch)."""
        last = [state for _, state in self._states(driven, features)]
        hidden, memory = (torch.stack([s[k] for s in last], 1) for k in (0, 1))
        pairs = zip(hidden.transpose(2, 3), memory.transpose(2, 3), strict=True)
        return [(h.contiguous(), m.contiguous()) for h, m in pairs]

    def fold(self, member: int, knobs: Tensor) -> FoldedLSTM:
        """One member's plain weights at one setting, ``(knobs,)``; the knobs become a bias."""
        with torch.no_grad():
            drive, level, everyone = self._read(knobs.expand(self.members, 1, -1))
            features = everyone[member, 0]
            silence = knobs.new_zeros(self.members, 1, self.history_frames)
            cell, head = self.cells[member], self.heads[member]
            assert isinstance(cell, nn.LSTM)
            assert isinstance(head, nn.Linear)
            _, (hidden, memory) = list(self._states(silence, everyone))[member]
            layers = []
            for index in range(cell.num_layers):
                into, back = (getattr(cell, f"weight_{way}_l{index}") for way in ("ih", "hh"))
                bias = getattr(cell, f"bias_ih_l{index}") + getattr(cell, f"bias_hh_l{index}")
                if index == 0:
                    bias = bias + into[:, 1:] @ features
                    into = into[:, :1] * drive[member, 0]
                weight = torch.cat([into, back], 1)
                layers.append((weight, bias, hidden[index, 0], memory[index, 0]))
            gain = level[member, 0]
            return FoldedLSTM(layers, head.weight * gain, head.bias * gain)
