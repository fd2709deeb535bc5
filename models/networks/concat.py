"""PANAMA's plain conditioning, for comparison: the knobs are more inputs beside the audio.

The knobs enter the first rechannel and every layer's mixer, as they do in the parametric captures
of the closest open peer. At one setting both are constants, so they fold into biases exactly.
"""

import torch
from torch import Tensor, nn

from models.networks.knob_encoder import one_hot
from models.networks.wavenet import ArrayShape, FoldedWaveNet, KnobWaveNet


class ConcatWaveNet(KnobWaveNet):
    """A WaveNet whose condition is audio and knobs; see `KnobWaveNet` for its arguments."""

    def __init__(
        self,
        shapes: tuple[ArrayShape, ...],
        positions: tuple[int, ...],
        members: int = 1,
        silent: bool = False,
    ) -> None:
        # One latent, as few as can be: the mixture of latents is never trained here.
        super().__init__(shapes, positions, members, latents=1, silent=silent)
        inputs = sum(max(count, 1) for count in positions)
        # As torch draws a linear layer's weights: by the number of its inputs.
        bound = inputs**-0.5

        def weight(*size: int) -> nn.Parameter:
            """Draw what the knobs add to some channels, per member."""
            return nn.Parameter(torch.empty(members, inputs, *size).uniform_(-bound, bound))

        self.beside = nn.ParameterList(weight(len(s.dilations) * s.channels) for s in shapes)
        self.first = weight(shapes[0].channels)
        # They stay as they start: an encoder that has not been trained changes nothing.
        for unused in (self.mixture, *self.encoder.parameters()):
            unused.requires_grad_(False)

    def _fold(self, knobs: Tensor) -> FoldedWaveNet:
        """Return plain weights, in which every knob term is a constant on a bias."""
        members, batch = knobs.shape[:2]
        folded = super()._fold(knobs)
        inputs_read = one_hot(2.0 * knobs - 1.0, knobs, self.encoder.positions)
        for array, weight, shape in zip(folded.arrays, self.beside, self.shapes, strict=True):
            terms = torch.bmm(inputs_read, weight).view(members * batch, -1, shape.channels, 1)
            array.bias[:] = [bias + terms[:, i] for i, bias in enumerate(array.bias)]
        # A constant that enters at the rechannel reaches the first layer by its taps, and what is
        # behind that layer by its residual connection.
        entering = torch.bmm(inputs_read, self.first).view(members * batch, -1, 1)
        first = folded.arrays[0]
        first.bias[0] = first.bias[0] + torch.matmul(first.conv[0], entering).sum(0)
        first.layer1x1_bias[0] = first.layer1x1_bias[0] + entering
        return folded
