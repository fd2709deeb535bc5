"""Log-mel spectra: what two recordings sound like, in decibels per band and instant."""

import torch
from torch import Tensor

#: The quietest a band is told apart from silence, below the recording's own level.
FLOOR_DB = -60.0


def _mel(hertz: Tensor) -> Tensor:
    return 2595.0 * torch.log10(1.0 + hertz / 700.0)


def filterbank(
    bands: int, window: int, sample_rate: float, low_hz: float = 40.0, high_hz: float = 16_000.0
) -> Tensor:
    """Triangles evenly spaced on the mel scale, ``(bands, window // 2 + 1)``.

    Source: O'Shaughnessy, "Speech Communication", 1987 (the scale); every triangle peaks at 1.
    """
    edges_mel = torch.linspace(0.0, 1.0, bands + 2)
    low, high = _mel(torch.tensor([low_hz, min(high_hz, sample_rate / 2)]))
    edges_hz = 700.0 * (10.0 ** ((low + edges_mel * (high - low)) / 2595.0) - 1.0)
    bins_hz = torch.arange(window // 2 + 1) * (sample_rate / window)
    rising = (bins_hz - edges_hz[:-2, None]) / (edges_hz[1:-1] - edges_hz[:-2])[:, None]
    falling = (edges_hz[2:, None] - bins_hz) / (edges_hz[2:] - edges_hz[1:-1])[:, None]
    return torch.minimum(rising, falling).clamp(min=0.0)


def log_mel(
    audio: Tensor,
    sample_rate: float,
    bands: int = 32,
    window: int = 2048,
    floor_db: float = FLOOR_DB,
) -> Tensor:
    """Level of every band and instant.

    Args:
        audio: ``(..., frames)``.
        sample_rate: Hz.
        bands: How many.
        window: Frames of each Hann window; windows hop by half of it.
        floor_db: What is quieter than this, relative to the loudest band, is silence.

    Returns:
        ``(..., bands, instants)`` in dB, nothing lower than the floor.
    """
    shape = torch.hann_window(window, device=audio.device, dtype=audio.dtype)
    flat = audio.reshape(-1, audio.shape[-1])
    spectrum = torch.stft(
        flat, window, window // 2, window=shape, center=False, return_complex=True
    )
    power = spectrum.real**2 + spectrum.imag**2
    mel = filterbank(bands, window, sample_rate).to(power) @ power
    floor = mel.amax((-1, -2), keepdim=True) * 10.0 ** (floor_db / 10.0) + 1e-20
    level_db: Tensor = 10.0 * torch.log10(mel + floor)
    return level_db.view(*audio.shape[:-1], *level_db.shape[-2:])
