"""Play while knobs turn, without clicks and without thumps.

There is one way to turn knobs. Where they stand is read every `RAMP_FRAMES`; in between, everything
that knobs move (channel scales and biases, the audio's way in, the level) goes on a straight line.
Layers keep what they have computed before, as a player's would. They keep it as the difference
from where they stand at silence, so that a bias that moves changes nothing where no audio is.
"""

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor

from models.networks.lstm import KnobLSTM
from models.networks.moving import MovingWaveNet, along
from models.networks.wavenet import KnobWaveNet
from models.training.dataset import Model

#: Frames between two readings of the knobs: 1.3 ms at 48 kHz.
RAMP_FRAMES = 64
#: Frames that are computed at once, so that memory is bounded.
CHUNK_RAMPS = 512


def play_path(
    model: Model, audio: Tensor, path: Tensor, tell: Callable[[int, int], None] | None = None
) -> Tensor:
    """Play a recording, from silence, while the knobs follow a path.

    Args:
        model: The model.
        audio: ``(frames,)``.
        path: ``(points, knobs)`` in [0, 1], a point every `RAMP_FRAMES`; at its end they stay.
        tell: Told how many frames are done, and of how many.

    Returns:
        ``(members, frames)``.
    """
    ramps = max(-(-len(audio) // RAMP_FRAMES), 1)
    # A point more than ramps: each has two ends.
    lacking = max(ramps + 1 - len(path), 0)
    path = torch.cat([path, path[-1:].expand(lacking, -1)])[: ramps + 1]
    padded = torch.cat([audio, audio.new_zeros(ramps * RAMP_FRAMES - len(audio))])
    with torch.no_grad():
        pieces = _play_lstm(model, padded, path) if isinstance(model, KnobLSTM) else None
        if isinstance(model, KnobWaveNet):
            pieces = _play_wavenet(model, padded, path, tell or (lambda _done, _of: None))
    assert pieces is not None
    return pieces[:, : len(audio)]


def _play_wavenet(
    model: KnobWaveNet, audio: Tensor, path: Tensor, tell: Callable[[int, int], None]
) -> Tensor:
    # Whole ramps of history, so that every chunk sees the same straight lines.
    past = -(-model.history_frames // RAMP_FRAMES)
    audio = torch.cat([audio.new_zeros(past * RAMP_FRAMES), audio])
    path = torch.cat([path[:1].expand(past, -1), path])
    starts = [*range(0, len(path) - 1 - past, CHUNK_RAMPS), len(path) - 1 - past]
    pieces = []
    for first, last in pairwise(starts):
        points = path[first : last + past + 1]
        part = audio[first * RAMP_FRAMES : (last + past) * RAMP_FRAMES]
        played = MovingWaveNet(model, points, RAMP_FRAMES)(part)
        pieces.append(played[:, -(last - first) * RAMP_FRAMES :])
        tell(last, starts[-1])
    return torch.cat(pieces, -1)


def _play_lstm(model: KnobLSTM, audio: Tensor, path: Tensor) -> Tensor:
    history = model.history_frames
    points = path.expand(model.members, -1, -1)
    terms, features = model.encoder(points), model.encoder.features(points)
    drive, level = (along(torch.exp(terms[..., i, None]), RAMP_FRAMES)[..., 0] for i in (0, 1))
    beside = along(features, RAMP_FRAMES)
    outputs = []
    for member in range(model.members):
        still = torch.cat([audio.new_zeros(1, 1), features[member, :1]], 1)
        _, state = model.run(member, still.expand(1, history, -1))
        heard = torch.cat([(audio * drive[member])[:, None], beside[member]], 1)
        hidden, _ = model.run(member, heard[None], state)
        outputs.append(model.read(member, hidden)[0] * level[member])
    return torch.stack(outputs)


def _without_switches(model: Model, first: Tensor, last: Tensor) -> Tensor:
    # Between two positions of a switch there is nothing to go through.
    switches = torch.tensor([count > 0 for count in model.encoder.positions], device=first.device)
    return torch.where(switches, first, last)


def play_turning(
    model: Model,
    audio: Tensor,
    first: Tensor,
    last: Tensor,
    tell: Callable[[int, int], None] | None = None,
) -> Tensor:
    """Play a recording while every knob turns evenly from one setting to another.

    Args:
        model: The model.
        audio: ``(frames,)``.
        first: ``(knobs,)`` in [0, 1], at the beginning; switches stay as they are there.
        last: At the end.
        tell: Told how many frames are done, and of how many.

    Returns:
        ``(members, frames)``.
    """
    ramps = max(-(-len(audio) // RAMP_FRAMES), 1)
    share = torch.linspace(0.0, 1.0, ramps + 1)[:, None]
    path = torch.lerp(first, _without_switches(model, first, last), share)
    return play_path(model, audio, path, tell)


def play_frozen(model: Model, audio: Tensor, path: Tensor) -> Tensor:
    """Play as if every sample had been computed with the knobs frozen where they stand at it.

    What a player would have to do who computes the whole past anew for each sample: too slow to
    play, and the yardstick for those who do not. See `play_path` for the arguments.
    """
    history, ramps = model.history_frames, -(-len(audio) // RAMP_FRAMES)
    padded = torch.cat([audio.new_zeros(history), audio])
    pieces, start = [], 0
    with torch.no_grad():
        while start < ramps:
            ends, stop = path[start : start + 2], start + 1
            # Where knobs stand, there is one setting for as long as they do.
            while (
                stop < ramps
                and torch.equal(ends[0], ends[1])
                and torch.equal(path[stop + 1], ends[1])
            ):
                stop += 1
            part = padded[start * RAMP_FRAMES : stop * RAMP_FRAMES + history]
            both = model(part.expand(model.members, 2, -1), ends.expand(model.members, -1, -1))
            fade = torch.arange(both.shape[-1]) / RAMP_FRAMES
            moving = torch.lerp(both[:, 0], both[:, 1], fade.clamp(max=1.0))
            pieces.append(moving)
            start = stop
    return torch.cat(pieces, -1)
