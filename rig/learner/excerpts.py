"""Choose the stretches of guitar on which the members of an ensemble are compared."""

import torch
from torch import Tensor

EXCERPTS, EXCERPT_FRAMES = 2, 4096


def loudest_stretches(audio: Tensor, start: int, stop: int, history: int) -> list[int]:
    """Return where the loudest stretches of `EXCERPT_FRAMES` between two frames begin.

    Args:
        audio: ``(frames,)``.
        start: Where stretches may begin.
        stop: Where the last one must have ended.
        history: Frames that must fit in front of each.

    Returns:
        `EXCERPTS` frames, the loudest first; fewer where there is not so much guitar.
    """
    # None before its history fits in front of it.
    begins = torch.arange(max(start, history), stop - EXCERPT_FRAMES, EXCERPT_FRAMES)
    energy = torch.stack([(audio[i : i + EXCERPT_FRAMES] ** 2).sum() for i in begins.tolist()])
    best: list[int] = begins[energy.argsort(descending=True, stable=True)[:EXCERPTS].cpu()].tolist()
    return best


def loudest_excerpts(audio: Tensor, start: int, stop: int, history: int) -> Tensor:
    """Return the loudest stretches, each with its history in front; see `loudest_stretches`.

    Returns:
        ``(EXCERPTS, history + EXCERPT_FRAMES)``.
    """
    best = loudest_stretches(audio, start, stop, history)
    return torch.stack([audio[i - history : i + EXCERPT_FRAMES] for i in best])
