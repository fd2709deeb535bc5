"""Where training starts: at the levels and the polarity that the captures have.

Both can be read off the captures, and a network that has to find them by gradients first learns to
be silent: too loud by 20 dB at a quiet setting is a hundred times the error of no sound at all.
"""

import torch
from torch import Tensor

from models.training import Dataset, Model
from models.wavenet import KnobWaveNet

#: Which of the encoder's outputs are the logarithms of the gain before and behind the network.
DRIVE, LEVEL = 0, 1
#: An untrained network behind its head plays at about this RMS; a prior's was trained to.
UNIT_RMS = 0.1
#: How much a knob's slope is shrunk where captures are few.
RIDGE = 0.05
#: The return follows the send by less than this.
LAG_FRAMES = 128


def log_levels(targets: Tensor) -> Tensor:
    """Natural logarithm of each recording's RMS over `UNIT_RMS`, ``(..., frames)`` to ``(...)``."""
    return 0.5 * torch.log((targets**2).mean(-1) + 1e-12) - torch.log(torch.tensor(UNIT_RMS))


def level_slopes(features: Tensor, levels: Tensor) -> tuple[Tensor, Tensor]:
    """Ridge regression of levels on the encoder's inputs.

    Args:
        features: ``(captures, inputs)`` in [-1, 1].
        levels: ``(captures,)``.

    Returns:
        The slopes ``(inputs,)`` and the constant.
    """
    constant = levels.mean()
    gram = features.T @ features
    shrunk = gram + RIDGE * len(features) * torch.eye(len(gram), device=gram.device)
    slopes = torch.linalg.solve(shrunk, features.T @ (levels - constant))
    return slopes, constant


def polarity(audio: Tensor, targets: Tensor) -> float:
    """1 if what comes back follows what went in, -1 if it is turned over.

    Args:
        audio: ``(frames,)``.
        targets: ``(captures, frames)``.
    """
    size = 2 * audio.shape[-1]
    sent, back = torch.fft.rfft(audio, size), torch.fft.rfft(targets, size)
    correlation = torch.fft.irfft(back * sent.conj(), size)[..., :LAG_FRAMES]
    largest = correlation.gather(-1, correlation.abs().argmax(-1, keepdim=True))[..., 0]
    powers = (targets**2).sum(-1).sqrt() + 1e-9
    return 1.0 if float((largest / powers).sum()) >= 0 else -1.0


def start_at_levels(model: Model, data: Dataset) -> None:
    """Set every member's output gain to the captures' levels, and its polarity to theirs."""
    encoder = model.encoder
    learnt = data.targets[:, data.start : data.stop]
    slopes, constant = level_slopes(encoder.features(data.knobs), log_levels(learnt))
    with torch.no_grad():
        encoder.direct[:, :, LEVEL] = slopes
        encoder.constant[:, :, LEVEL] = constant
        if isinstance(model, KnobWaveNet):
            model.polarity.fill_(polarity(data.audio[data.start : data.stop], learnt))
