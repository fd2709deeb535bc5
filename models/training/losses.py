"""Training losses relative to each capture's own level, so that quiet settings count as much."""

from dataclasses import dataclass

import torch
from torch import Tensor

#: Windows of the spectral term, in frames; each hops by a quarter.
#: Long windows tell notes apart and short ones place attacks: no single one does both.
WINDOWS = (2048, 512, 128)


@dataclass(frozen=True)
class LossWeights:
    """What each term of the loss counts; 0 leaves the spectral one out.

    Attributes:
        waveform: Of the squared error.
        emphasised: Of the squared error once it is pre-emphasised.
        spectral: Of the distance between spectra, `spectral_distance`.
        emphasis: Not a weight: the coefficient of the pre-emphasis.
    """

    waveform: float = 1.0
    # Most of a guitar's energy lies low: without this term treble would hardly count.
    emphasised: float = 0.3
    spectral: float = 0.0005
    emphasis: float = 0.9


def emphasise(audio: Tensor, emphasis: float) -> Tensor:
    """Pre-emphasise along the last axis by a first-order filter; one frame shorter."""
    return audio[..., 1:] - emphasis * audio[..., :-1]


def _magnitudes(audio: Tensor, window: int) -> Tensor:
    shape = torch.hann_window(window, device=audio.device, dtype=audio.dtype)
    spectrum = torch.stft(
        audio, window, window // 4, window=shape, center=False, return_complex=True
    )
    # The floor keeps the root's slope and the logarithm finite where there is silence.
    return torch.sqrt(spectrum.real**2 + spectrum.imag**2 + 1e-8 * window)


def spectral_distance(predicted: Tensor, target: Tensor) -> Tensor:
    """Return the mean absolute log-magnitude difference over several resolutions, ``(items,)``.

    Both are ``(items, frames)`` at unit power. Source: Yamamoto, Song and Kim, "Parallel
    WaveGAN", ICASSP 2020 (the log-magnitude term).
    """
    fitting = [window for window in WINDOWS if window <= predicted.shape[-1]]
    total = predicted.new_zeros(len(predicted))
    for window in fitting:
        difference = _magnitudes(predicted, window).log() - _magnitudes(target, window).log()
        total = total + difference.abs().mean((-1, -2))
    return total / max(len(fitting), 1)


def relative_loss(predicted: Tensor, target: Tensor, power: Tensor, weights: LossWeights) -> Tensor:
    """Compute the training loss of each member.

    Args:
        predicted: ``(members, batch, frames)``.
        target: As ``predicted``.
        power: Mean square of each item's whole capture and of its pre-emphasised form,
            ``(members, batch, 2)``.
        weights: What each term counts.

    Returns:
        ``(members,)``.
    """
    error = predicted - target
    # By the whole capture's power: by their own, windows in a pause would count more than guitar.
    loss = weights.waveform * (error**2).mean(-1) / power[..., 0]
    sharp = emphasise(error, weights.emphasis)
    loss = loss + weights.emphasised * (sharp**2).mean(-1) / power[..., 1]
    if weights.spectral:
        # At unit power the floor of the magnitudes means the same at every setting.
        scale = power[..., :1].rsqrt()
        distance = spectral_distance(
            (predicted * scale).flatten(0, 1), (target * scale).flatten(0, 1)
        )
        loss = loss + weights.spectral * distance.view(predicted.shape[:2])
    return loss.mean(-1)
