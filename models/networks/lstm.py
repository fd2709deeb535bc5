"""An LSTM of NAM's shape with the knobs at its input, many members side by side."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

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
        silent: Whether it gives nothing for silence, wherever the knobs stand.
        has_pots: Whether units of its encoder hear a single pot each.
    """

    #: The state settles over this much audio before an output counts.
    history_frames = 1024
    #: The state runs through a whole recording, so it is never cut into chunks.
    chunk_frames: int | None = None

    def __init__(
        self,
        layers: int,
        units: int,
        positions: tuple[int, ...],
        members: int = 1,
        silent: bool = False,
        has_pots: bool = False,
    ) -> None:
        super().__init__()
        self.silent = silent
        self.members = members
        self.encoder = KnobEncoder(positions, 2, members, has_pots=has_pots)
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

    def weights(self, member: int) -> list[Tensor]:
        """Return a member's tensors, per layer W_ih, W_hh and their biases.

        Without audio the candidate of a silent one is nothing: it has no bias and hears no knob,
        so a state of zeros stays zeros whatever the gates do, and they may hear all knobs.
        """
        cell = self.cells[member]
        assert isinstance(cell, nn.LSTM)
        names = ("weight_ih_l", "weight_hh_l", "bias_ih_l", "bias_hh_l")
        found = [getattr(cell, f"{n}{i}") for i in range(cell.num_layers) for n in names]
        if not self.silent:
            return found
        units = cell.hidden_size
        gates = torch.ones(4 * units, device=found[0].device)
        # In torch's order: input, forget, candidate, output.
        gates[2 * units : 3 * units] = 0.0
        knobs = torch.cat([found[0].new_ones(4 * units, 1),
                           gates[:, None].expand(-1, found[0].shape[1] - 1)], 1)  # fmt: skip
        masked = [t * gates if t.dim() == 1 else t for t in found]
        return [masked[0] * knobs, *masked[1:]]

    def run(
        self, member: int, inputs: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Run a member over inputs ``(batch, frames, inputs)``, from a state or from zeros."""
        weights, cell = self.weights(member), self.cells[member]
        assert isinstance(cell, nn.LSTM)
        if state is None:
            zeros = inputs.new_zeros(cell.num_layers, len(inputs), cell.hidden_size)
            state = zeros, zeros
        # The bare function: calling the layer with other weights is no thing for several threads.
        hidden, h, c = torch.lstm(
            inputs, state, weights, True, cell.num_layers, 0.0, self.training, False, True
        )
        return hidden, (h, c)

    def read(self, member: int, hidden: Tensor) -> Tensor:
        """Return what a member's head makes of its hidden state, ``(batch, frames)``."""
        head = self.heads[member]
        assert isinstance(head, nn.Linear)
        bias = None if self.silent else head.bias
        return functional.linear(hidden, head.weight, bias)[..., 0]

    def forward(self, audio: Tensor, knobs: Tensor) -> Tensor:
        """Predict what comes back from the amp; see `KnobWaveNet.forward`."""
        inputs, level = self._inputs(audio, knobs)
        outputs = []
        for member in range(self.members):
            # The state settles on the history; gradients only reach back over what counts.
            with torch.no_grad():
                _, state = self.run(member, inputs[member, :, : self.history_frames].detach())
            hidden, _ = self.run(member, inputs[member, :, self.history_frames :], state)
            outputs.append(self.read(member, hidden))
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
            _, (hidden, memory) = self.run(member, inputs[member])
            layers, weights = [], self.weights(member)
            for index in range(cell.num_layers):
                into, back, *biases = weights[4 * index : 4 * index + 4]
                bias = biases[0] + biases[1]
                if index == 0:
                    # Inputs that never change are a bias; what remains is the audio.
                    bias = bias + into[:, 1:] @ features
                    into = into[:, :1] * torch.exp(terms[0])
                weight = torch.cat([into, back], 1)
                layers.append((weight, bias, hidden[index, 0], memory[index, 0]))
            level = torch.exp(terms[1])
            bias = torch.zeros_like(head.bias) if self.silent else head.bias * level
            return FoldedLSTM(layers, head.weight * level, bias)
