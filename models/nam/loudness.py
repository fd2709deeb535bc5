"""How loud a model is and how much it compresses, as players and sharing sites have it in a file.

Source: ``loudness`` and ``gain`` as the exporter of neural-amp-modeler defines them. It plays a
recording of its own, which is not ours to hand on; `measuring_noise` has that recording's length,
level, DC and spectrum, and gives the same figures to 0.3 dB and 0.02.
"""

import math
import random
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from models.training.dataset import Model

#: The measuring recording: a second at 48 kHz, RMS without DC, DC, and where its noise begins.
FRAMES, RATE, RMS, DC, LOWEST_HZ = 48_000, 48_000, 0.174, -0.0397, 6.0
#: Below this RMS, -100 dBFS, a model is silent: what is left of a closed pot has no loudness that a
#: player could bring to its own.
SILENT = 1e-5
#: The levels at which compression is looked at.
STEPS = 11


@dataclass(frozen=True)
class Loudness:
    """Figures of a model at one setting; None where it is silent.

    Attributes:
        loudness_db: RMS of what it plays for the measuring recording, in dBFS.
        gain: From 0 for a model that follows its input's level to 1 for one that ignores it.
    """

    loudness_db: float | None
    gain: float | None


def measuring_noise() -> Tensor:
    """Return noise in place of the exporter's measuring recording, ``(frames,)``."""
    # Python's own generator: its numbers are the same in every version, numpy's need not be.
    draw = random.Random(0)  # noqa: S311 (no secret)
    frequency = np.fft.rfftfreq(FRAMES, 1 / RATE)
    phase = np.exp(2j * np.pi * np.array([draw.random() for _ in frequency]))
    # Every octave as loud as the next.
    level = np.where(frequency >= LOWEST_HZ, np.maximum(frequency, 1.0) ** -0.5, 0.0)
    noise = np.fft.irfft(level * phase, FRAMES)
    noise *= RMS / np.sqrt(np.mean(noise**2))
    return torch.from_numpy(noise + DC).to(torch.float32)


def measure(model: Model, knobs: Tensor, recording: Tensor, member: int = 0) -> Loudness:
    """Measure a model's loudness and gain at one setting.

    Args:
        model: Any of ours.
        knobs: ``(knobs,)`` in [0, 1].
        recording: What is played, ``(frames,)``.
        member: Which member.
    """
    silence = recording.new_zeros(model.history_frames)
    padded = torch.cat([silence, recording])
    everyone = knobs.expand(model.members, 1, -1)
    levels = []
    with torch.no_grad():
        # One by one: all of them at once would take eleven times the memory and no less time.
        for gain in torch.linspace(0.0, 1.0, STEPS):
            played = model((gain * padded).expand(model.members, 1, -1), everyone)[member, 0]
            levels.append(float(played.square().mean().sqrt()))
    loudest = levels[-1]
    if not loudest > SILENT or not math.isfinite(loudest):
        return Loudness(None, None)
    # A straight line through zero sums to half of what a model sums to that always plays as loud.
    least, most = 0.5 * STEPS * loudest, STEPS * loudest
    gain = (sum(levels) - least) / (most - least)
    return Loudness(20.0 * math.log10(loudest), min(max(gain, 0.0), 1.0))
