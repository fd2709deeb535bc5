"""An LSTM of NAM's shape with the knobs at its input, many members side by side."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.networks.knob_encoder import KnobEncoder


@dataclass(frozen=True)
class FoldedLSTM:
    """The plain weights of one member at one setting.

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
        self.encoder = KnobEncoder(positions, 2, members)
        inputs = 1 + sum(max(count, 1) for count in positions)
        # Torch's own layers, a member at a time: a loop of ours over time, with all members at
        # once, was three times slower (decision 16).
        self.cells = nn.ModuleList(
            nn.LSTM(inputs, units, layers, batch_first=True) for _ in range(members)
        )
        self.heads = nn.ModuleList(nn.Linear(units, 1) for _ in range(members))

    def _inputs(self, audio: Tensor, knobs: Tensor) -> tuple[Tensor, Tensor]:
        """Return ``(members, batch, frames, inputs)`` and output gains ``(members, batch, 1)``."""
        terms = self.encoder(knobs)
        # As logarithms, so that no gain becomes negative.
        drive, level = torch.exp(terms[..., :1]), torch.exp(terms[..., 1:2])
        features = self.encoder.features(knobs)
        beside = features[:, :, None, :].expand(-1, -1, audio.shape[-1], -1)
        return torch.cat([(audio * drive)[..., None], beside], -1), level

    def forward(self, audio: Tensor, knobs: Tensor) -> Tensor:
        """Predict what comes back from the amp; see `KnobWaveNet.forward`."""
        inputs, level = self._inputs(audio, knobs)
        outputs = []
        for member, (cell, head) in enumerate(zip(self.cells, self.heads, strict=True)):
            # The state settles on the history; gradients only reach back over what counts.
            with torch.no_grad():
                _, state = cell(inputs[member, :, : self.history_frames].detach())
            hidden, _ = cell(inputs[member, :, self.history_frames :], state)
            outputs.append(head(hidden)[..., 0])
        return torch.stack(outputs) * level

    def fold(self, member: int, knobs: Tensor) -> FoldedLSTM:
        """Return one member's plain weights at one setting, ``(knobs,)``; knobs become a bias."""
        with torch.no_grad():
            everyone = knobs.expand(self.members, 1, -1)
            terms = self.encoder(everyone)[member, 0]
            features = self.encoder.features(everyone)[member, 0]
            silence = knobs.new_zeros(self.members, 1, self.history_frames)
            inputs, _ = self._inputs(silence, everyone)
            cell, head = self.cells[member], self.heads[member]
            assert isinstance(cell, nn.LSTM)
            assert isinstance(head, nn.Linear)
            _, (hidden, memory) = cell(inputs[member])
            layers = []
            for index in range(cell.num_layers):
                into, back = (getattr(cell, f"weight_{way}_l{index}") for way in ("ih", "hh"))
                bias = getattr(cell, f"bias_ih_l{index}") + getattr(cell, f"bias_hh_l{index}")
                if index == 0:
                    # Inputs that never change are a bias; what remains is the audio.
                    bias = bias + into[:, 1:] @ features
                    into = into[:, :1] * torch.exp(terms[0])
                weight = torch.cat([into, back], 1)
                layers.append((weight, bias, hidden[index, 0], memory[index, 0]))
            level = torch.exp(terms[1])
            return FoldedLSTM(layers, head.weight * level, head.bias * level)
