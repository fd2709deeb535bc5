"""Log-mel spectra: what a recording sounds like, in decibels per band and instant."""

import torch
from torch import Tensor

#: Bands, spaced evenly on the mel scale between two frequencies.
BANDS, LOW_HZ, HIGH_HZ = 32, 40.0, 16_000.0
#: Frames of each Hann window; windows hop by half of it.
#: At 48 kHz bins lie 23 Hz apart, so that even the lowest band has several.
WINDOW = 2048
#: The peak of a sine in such a power spectrum, over its mean square: its amplitude times a quarter
#: of the window's length.
SINE_PEAK = WINDOW**2 / 8
#: The quietest a band is told apart from silence, below the recording's own level.
FLOOR_DB = -60.0


def _mel(hertz: Tensor) -> Tensor:
    return 2595.0 * torch.log10(1.0 + hertz / 700.0)


def filterbank(sample_rate: float) -> Tensor:
    """Return triangles evenly spaced on the mel scale, ``(BANDS, WINDOW // 2 + 1)``.

    Source: O'Shaughnessy, "Speech Communication", 1987 (the scale); every triangle peaks at 1.
    """
    edges_mel = torch.linspace(0.0, 1.0, BANDS + 2)
    # Above half the rate there are no bins, and a band up there would always be silent.
    low, high = _mel(torch.tensor([LOW_HZ, min(HIGH_HZ, sample_rate / 2)]))
    edges_hz = 700.0 * (10.0 ** ((low + edges_mel * (high - low)) / 2595.0) - 1.0)
    bins_hz = torch.arange(WINDOW // 2 + 1) * (sample_rate / WINDOW)
    rising = (bins_hz - edges_hz[:-2, None]) / (edges_hz[1:-1] - edges_hz[:-2])[:, None]
    falling = (edges_hz[2:, None] - bins_hz) / (edges_hz[2:] - edges_hz[1:-1])[:, None]
    # Of two flanks the lower one is the triangle, and below zero there is none.
    return torch.minimum(rising, falling).clamp(min=0.0)


def _powers(audio: Tensor) -> Tensor:
    """Return power spectra of ``(items, frames)``: ``(items, WINDOW // 2 + 1, instants)``."""
    shape = torch.hann_window(WINDOW, device=audio.device, dtype=audio.dtype)
    # Not centred: that would pad both ends with mirrored audio, which nobody has played.
    spectrum = torch.stft(
        audio, WINDOW, WINDOW // 2, window=shape, center=False, return_complex=True
    )
    return spectrum.real**2 + spectrum.imag**2


def log_mel(
    audio: Tensor, sample_rate: float, floor_db: float = FLOOR_DB, floor_power: float = 0.0
) -> Tensor:
    """Return the level of every mel band at every instant.

    Args:
        audio: ``(..., frames)``.
        sample_rate: Hz.
        floor_db: What is quieter than this, relative to the loudest band, is silence.
        floor_power: So is what is quieter than a sine wave of this mean square.

    Returns:
        ``(..., BANDS, instants)`` in dB, nothing lower than the floor.
    """
    power = _powers(audio.reshape(-1, audio.shape[-1]))
    mel = filterbank(sample_rate).to(power) @ power
    # By the recording's own loudest band; the tiny constant is for digital silence.
    floor = mel.amax((-1, -2), keepdim=True) * 10.0 ** (floor_db / 10.0) + 1e-20
    floor = floor + SINE_PEAK * floor_power
    level_db: Tensor = 10.0 * torch.log10(mel + floor)
    return level_db.view(*audio.shape[:-1], *level_db.shape[-2:])
