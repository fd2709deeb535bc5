"""Play while knobs turn, without clicks."""

from collections.abc import Callable

import torch
from torch import Tensor

from models.training.dataset import Model

#: Frames between two settings; in between, the output fades from one to the other.
#: Shorter blocks cost more, since each plays the whole history in front of it again.
BLOCK_FRAMES = 1_024


def play_turning(
    model: Model,
    audio: Tensor,
    first: Tensor,
    last: Tensor,
    tell: Callable[[int, int], None] | None = None,
) -> Tensor:
    """Play a recording while every knob turns evenly from one setting to another.

    Each block is played at the settings at both its ends, each with the true past in front, and
    fades over: the output is continuous, whatever the weights do in between.

    Args:
        model: The model.
        audio: ``(frames,)``.
        first: ``(knobs,)`` in [0, 1], at the beginning; switches stay as they are there.
        last: At the end.
        tell: Told how many frames are done, and of how many.

    Returns:
        ``(members, frames)``.
    """
    history = model.history_frames
    padded = torch.cat([audio.new_zeros(history), audio])
    # Between two positions of a switch there is nothing to fade through.
    switches = torch.tensor([count > 0 for count in model.encoder.positions], device=first.device)
    last = torch.where(switches, first, last)
    # Rounded up: the last block may be a short one.
    blocks = max(-(-len(audio) // BLOCK_FRAMES), 1)
    pieces = []
    with torch.no_grad():
        for block in range(blocks):
            at = block * BLOCK_FRAMES
            part = padded[at : at + history + BLOCK_FRAMES]
            ends = torch.stack([torch.lerp(first, last, (block + k) / blocks) for k in (0, 1)])
            both = model(part.expand(model.members, 2, -1), ends.expand(model.members, -1, -1))
            fade = torch.arange(both.shape[-1], device=audio.device) / BLOCK_FRAMES
            pieces.append(torch.lerp(both[:, 0], both[:, 1], fade))
            if tell is not None:
                tell(min(at + BLOCK_FRAMES, len(audio)), len(audio))
    return torch.cat(pieces, -1)
