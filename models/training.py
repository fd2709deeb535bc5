"""Training every member of an ensemble at once, on windows drawn across captures."""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from models.losses import LossWeights, emphasise, relative_loss
from models.lstm import KnobLSTM
from models.wavenet import KnobWaveNet

Model = KnobWaveNet | KnobLSTM


class Diverged(ArithmeticError):
    """The loss stopped being a number and did not come back."""


@dataclass(frozen=True)
class Dataset:
    """Captures of one signal at many settings.

    Attributes:
        audio: What was played, ``(frames,)``.
        targets: What came back, ``(captures, frames)``.
        knobs: Where the knobs stood, ``(captures, knobs)`` in [0, 1].
        start: First frame that may be learnt from.
        stop: The frame after the last one.
    """

    audio: Tensor
    targets: Tensor
    knobs: Tensor
    start: int
    stop: int

    def to(self, device: torch.device) -> "Dataset":
        """The same on another device."""
        audio, targets = self.audio.to(device), self.targets.to(device)
        return Dataset(audio, targets, self.knobs.to(device), self.start, self.stop)

    def powers(self, emphasis: float) -> Tensor:
        """Mean square of each capture, plain and pre-emphasised, ``(captures, 2)``, never 0."""
        learnt = self.targets[:, self.start : self.stop]
        plain = (learnt**2).mean(-1)
        return torch.stack([plain, (emphasise(learnt, emphasis) ** 2).mean(-1)], -1) + 1e-12


@dataclass(frozen=True)
class Recipe:
    """How long and how to train.

    Attributes:
        steps: Optimiser steps.
        rate: Peak learning rate of the one-cycle schedule.
        batch: Windows per member and step.
        window_frames: Frames of each window that count.
        seed: Of the windows' draw.
        clip: Largest gradient norm of a member.
    """

    steps: int
    rate: float = 0.01
    batch: int = 8
    window_frames: int = 8192
    seed: int = 0
    clip: float = 1.0
    weights: LossWeights = field(default_factory=LossWeights)


#: Told after each step: steps done, loss (mean over members).
Progress = Callable[[int, float], None]

#: So many steps in a row may go wrong before training gives up.
PATIENCE = 20


def _windows(
    data: Dataset, model: Model, recipe: Recipe, draw: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Capture numbers ``(members, batch)`` and first frames of as many windows."""
    size = (model.members, recipe.batch)
    captures = torch.randint(len(data.targets), size, generator=draw)
    last = max(data.stop - recipe.window_frames, data.start + 1)
    starts = torch.randint(data.start, last, size, generator=draw)
    return captures.to(data.audio.device), starts.to(data.audio.device)


def _clip_members(model: Model, limit: float) -> bool:
    """Clip the gradient; False where it is not a number."""
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), limit * model.members**0.5)
    return bool(torch.isfinite(norm))


def train(model: Model, data: Dataset, recipe: Recipe, progress: Progress) -> float:
    """Train in place and return the last loss (mean over members, smoothed).

    Every member sees windows of its own, so that members differ where the data leave room.

    Raises:
        Diverged: The loss was not a number for `PATIENCE` steps.
    """
    history, device = model.history_frames, data.audio.device
    draw = torch.Generator().manual_seed(recipe.seed)
    padded = torch.cat([data.audio.new_zeros(history), data.audio])
    powers = data.powers(recipe.weights.emphasis)
    optimiser = torch.optim.Adam(model.parameters(), recipe.rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, recipe.rate, total_steps=recipe.steps + 1, pct_start=0.15
    )
    offsets = torch.arange(history + recipe.window_frames, device=device)
    smoothed, bad = 0.0, 0
    model.train()
    for step in range(recipe.steps):
        captures, starts = _windows(data, model, recipe, draw)
        audio = padded[starts[..., None] + offsets]
        target = data.targets[captures[..., None], starts[..., None] + offsets[:-history]]
        predicted = model(audio, data.knobs[captures])
        loss = relative_loss(predicted, target, powers[captures], recipe.weights)
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss.sum())
        healthy = _clip_members(model, recipe.clip)
        if healthy:
            optimiser.step()
            schedule.step()
        bad = 0 if healthy else bad + 1
        if bad >= PATIENCE:
            raise Diverged(f"the loss was not a number for {PATIENCE} steps")
        mean = float(loss.detach().mean()) if healthy else smoothed
        smoothed = mean if step == 0 else 0.95 * smoothed + 0.05 * mean
        progress(step + 1, smoothed)
    model.eval()
    return smoothed


@dataclass(frozen=True)
class Evaluation:
    """ESR per capture: of each member ``(members, captures)``, of their mean ``(captures,)``."""

    members: Tensor
    mean: Tensor


def evaluate(model: Model, data: Dataset) -> Evaluation:
    """ESR between ``start`` and ``stop`` of every capture, with the true past in front."""
    history = model.history_frames
    padded = torch.cat([data.audio.new_zeros(history), data.audio])
    audio = padded[data.start : data.stop + history]
    each, together = [], []
    with torch.no_grad():
        for target, knobs in zip(data.targets[:, data.start : data.stop], data.knobs, strict=True):
            everyone = audio.expand(model.members, 1, -1), knobs.expand(model.members, 1, -1)
            predicted = model(*everyone)[:, 0]
            power = (target**2).sum() + 1e-12
            each.append(((predicted - target) ** 2).sum(-1) / power)
            together.append(((predicted.mean(0) - target) ** 2).sum() / power)
    return Evaluation(torch.stack(each, 1).cpu(), torch.stack(together).cpu())
