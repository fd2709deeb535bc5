"""Choose the stretches of guitar on which the members of an ensemble are compared."""

import torch
from torch import Tensor

EXCERPTS, EXCERPT_FRAMES = 2, 4096


def loudest_excerpts(audio: Tensor, start: int, stop: int, history: int) -> Tensor:
    """Return the loudest stretches between two frames, each with its history in front.

    Args:
        audio: ``(frames,)``.
        start: Where stretches may begin.
        stop: Where the last one must have ended.
        history: Frames in front of each.

    Returns:
        ``(EXCERPTS, history + EXCERPT_FRAMES)``, fewer where there is not so much guitar.
    """
    # None before its history fits in front of it.
    begins = torch.arange(max(start, history), stop - EXCERPT_FRAMES, EXCERPT_FRAMES)
    energy = torch.stack([(audio[i : i + EXCERPT_FRAMES] ** 2).sum() for i in begins.tolist()])
    best = begins[energy.argsort(descending=True, stable=True)[:EXCERPTS].cpu()]
    return torch.stack([audio[i - history : i + EXCERPT_FRAMES] for i in best.tolist()])
