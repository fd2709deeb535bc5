"""Train every member of an ensemble at once, on windows drawn across captures.

`Training` goes step by step, and its state can be stored and continued to the bit;
`models.training.loop` takes all its steps.
"""

import io
import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from models.networks.lstm import KnobLSTM
from models.networks.wavenet import KnobWaveNet
from models.training.dataset import Dataset, Model, Told, evaluate, nobody
from models.training.level_prior import LevelPrior, level_prior
from models.training.losses import LossWeights, relative_loss
from models.training.soap import SOAP


@dataclass(frozen=True)
class Recipe:
    """How long and how to train: steps, rates, windows and the weights of the loss.

    Attributes:
        steps: Optimiser steps.
        rate: Peak learning rate; it rises over the first `RISE` of the steps and then falls.
        encoder_rate_factor: The encoder of the knobs goes at so many times that rate.
        pots_rate_factor: The same of what is read off single pots: slow, so that it explains what
            nothing else does.
        frames_per_step: Frames that count in each step, over all members together; more where a
            core of the processor would have no window of its own. Many small steps beat few
            large ones.
        windows: Lengths of window, in frames, that steps draw from: short ones see more captures
            at once, long ones waste less on the history in front and hear slow things.
        seed: Of the draw.
        max_gradient_norm: A longer gradient is cut to this length.
        ema_decay: How much of the averaged weights stays from step to step.
        level_every: One of so many steps holds each member's level at a setting between captures,
            in place of a window, and counts for all of them; 0 where none does.
        validations: How often in a run the averaged weights are tried on the validation settings.
        weights: Of the loss.
    """

    steps: int
    rate: float = 0.006
    encoder_rate_factor: float = 2.0
    pots_rate_factor: float = 0.6
    # Few frames and many steps: each halving did better, down to 8,192 (decision 17).
    frames_per_step: int = 16_384
    windows: tuple[int, ...] = (2_048, 4_096)
    seed: int = 0
    max_gradient_norm: float = 1.0
    ema_decay: float = 0.98
    level_every: int = 0
    validations: int = 16
    weights: LossWeights = field(default_factory=LossWeights)


#: Of a step: the gradient of each trainable parameter, and the loss.
_Part = tuple[Sequence[Tensor | None], float]

#: Told after each step: steps done, loss (mean over members, smoothed).
Progress = Callable[[int, float], None]

#: Of the steps, over which the rate rises.
RISE = 0.1
#: A run ends after so many checks in which validation has not got better.
STALE_VALIDATIONS = 5


@lru_cache(maxsize=1)
def _threads(count: int) -> ThreadPoolExecutor:
    """Return threads that compute their part of a batch with one core each.

    A part per core and no core waiting for another inside an operation: torch's own threads gain
    an LSTM of few windows nothing.
    """
    # In each thread by itself, since the number counts for the thread that sets it.
    return ThreadPoolExecutor(count, initializer=torch.set_num_threads, initargs=(1,))


def _groups(model: Model, recipe: Recipe) -> list[dict[str, Any]]:
    """Return a model's parameters by how fast they learn."""
    pots = [p for name, p in model.encoder.named_parameters() if name == "pots"]
    # By identity, since tensors compare element by element.
    of_pots = set(map(id, pots))
    encoder = [p for p in model.encoder.parameters() if id(p) not in of_pots]
    of_encoder = of_pots | set(map(id, encoder))
    rest = [p for p in model.parameters() if id(p) not in of_encoder]
    groups = [(rest, 1.0), (encoder, recipe.encoder_rate_factor), (pots, recipe.pots_rate_factor)]
    return [{"params": params, "times": times} for params, times in groups if params]


class Training:
    """A training run that goes step by step.

    Args:
        model: Trained in place; the averaged weights are put into it by `finish`.
        data: On the model's device.
        recipe: How.
        validation: Captures that decide which weights are kept and when it is enough; they are
            neither trained on nor good for any figure that is reported.
        told: Told of each capture that is measured or validated: many of them take long.

    Attributes:
        broke_off: Whether its end came early, because the loss broke away again and again.
    """

    def __init__(
        self,
        model: Model,
        data: Dataset,
        recipe: Recipe,
        validation: Dataset | None = None,
        told: Told = nobody,
    ) -> None:
        self._told = told
        self.model, self.data, self.recipe = model, data, recipe
        self.validation = validation
        self.step, self.loss, self.rate_factor = 0, 0.0, 1.0
        self.step_loss, self.broke_off = 0.0, False
        self.best_error, self.stale = float("inf"), 0
        history = model.history_frames
        # Silence in front: the first frames have no history of their own.
        self._padded = torch.cat([data.audio.new_zeros(history), data.audio])
        self._powers = data.powers(recipe.weights.emphasis, told)
        self._levels = (
            level_prior(data, model.encoder.positions, recipe.seed) if recipe.level_every else None
        )
        # A generator of its own: whatever else draws numbers does not change a run.
        self._draw = torch.Generator().manual_seed(recipe.seed)
        self._optimiser = SOAP(_groups(model, recipe))
        average = get_ema_multi_avg_fn(recipe.ema_decay)  # type: ignore[no-untyped-call]
        self._average = AveragedModel(model, multi_avg_fn=average)
        self._best: dict[str, Tensor] = {}
        self._trainable = [p for p in model.parameters() if p.requires_grad]
        on_cpu = data.audio.device.type == "cpu"
        # Any other device runs the windows of a batch side by side by itself.
        self._shards = torch.get_num_threads() if on_cpu else 1
        model.train()

    @property
    def is_over(self) -> bool:
        """Whether all steps are done, or more would not help."""
        enough = self.step >= self.recipe.steps or self.stale >= STALE_VALIDATIONS
        return enough or self.broke_off

    def _rate(self) -> float:
        # One more on both sides, so that neither the first step nor the last has a rate of 0.
        share = (self.step + 1) / (self.recipe.steps + 1)
        if share < RISE:
            return self.recipe.rate * self.rate_factor * share / RISE
        falling = (share - RISE) / (1.0 - RISE)
        return self.recipe.rate * self.rate_factor * 0.5 * (1.0 + math.cos(falling * math.pi))

    @property
    def _held_levels(self) -> LevelPrior | None:
        """The levels that this step holds; none in most steps, or where nothing is known."""
        return self._levels if self._levels and self.step % self.recipe.level_every == 0 else None

    def _windows(self) -> tuple[Tensor, Tensor, int]:
        """Draw capture numbers ``(members, batch)``, as many first frames, and a length."""
        data, draw, members = self.data, self._draw, self.model.members
        longest = max(data.stop - data.start, 1)
        # One length for the whole step, so that its windows are one tensor.
        choice = int(torch.randint(len(self.recipe.windows), (), generator=draw))
        # A recording may be shorter than the window that was drawn.
        window = min(self.recipe.windows[choice], longest)
        # At least a window for each shard, or a core would have nothing to do.
        batch = max(round(self.recipe.frames_per_step / (window * members)), self._shards)
        # What holds levels takes one's place: a job more than there are cores costs a job's time.
        batch = max(batch - (self._held_levels is not None), 1)
        size = (members, batch)
        # Drawn on the CPU wherever the model is: so a seed gives the same windows on every device.
        captures = torch.randint(len(data.targets), size, generator=draw)
        starts = torch.randint(data.start, data.stop - window + 1, size, generator=draw)
        device = data.audio.device
        return captures.to(device), starts.to(device), window

    def advance(self) -> bool:
        """Take one step; return whether it was healthy, which one with a NaN gradient is not."""
        captures, starts, window = self._windows()
        shards = zip(
            torch.tensor_split(captures, self._shards, 1),
            torch.tensor_split(starts, self._shards, 1),
            strict=True,
        )
        batch = captures.shape[1]
        jobs: list[Callable[[], _Part]] = [
            partial(self._gradient, *each, window, batch) for each in shards if each[0].numel()
        ]
        if self._held_levels is not None:
            jobs.append(self._level_job(self._held_levels))
        loss = self._gradients(jobs)
        for group in self._optimiser.param_groups:
            group["lr"] = self._rate() * group["times"]
        norm = torch.nn.utils.clip_grad_norm_(
            self.model.parameters(), self.recipe.max_gradient_norm
        )
        # One frame that is no number spoils the norm of all gradients: such a step changes nothing.
        healthy = bool(torch.isfinite(norm))
        if healthy:
            self._optimiser.step()
            self._average.update_parameters(self.model)
            self.step_loss = loss
            # Smoothed, since windows differ far more than steps do.
            self.loss = loss if self.step == 0 else 0.95 * self.loss + 0.05 * loss
        # Counted all the same: a run ends when it should, whatever a step came to.
        self.step += 1
        if (
            self.validation is not None
            and self.step % max(self.recipe.steps // self.recipe.validations, 1) == 0
        ):
            self._validate(self.validation)
        return healthy

    def _gradients(self, jobs: Sequence[Callable[[], _Part]]) -> float:
        """Put the sum of the jobs' gradients into the parameters; return that of their losses."""
        if self._shards == 1:
            parts = [job() for job in jobs]
        else:
            parts = list(_threads(self._shards).map(lambda job: job(), jobs))
        for parameter, gradients in zip(
            self._trainable, zip(*(g for g, _ in parts), strict=True), strict=True
        ):
            # In the order of the jobs and not of the threads, so that a run repeats to the bit.
            present = [gradient for gradient in gradients if gradient is not None]
            parameter.grad = sum(present[1:], start=present[0]) if present else None
        return sum(loss for _, loss in parts)

    def _gradient(self, captures: Tensor, starts: Tensor, window: int, batch: int) -> _Part:
        """Compute one shard's part of the batch's gradient and of the loss."""
        history = self.model.history_frames
        offsets = torch.arange(history + window, device=starts.device)
        # The padding moves all audio back by the history: what stands at `starts` there is the past
        # of the window, and what is to be predicted stands at `starts` in the targets.
        audio = self._padded[starts[..., None] + offsets]
        target = self.data.targets[captures[..., None], starts[..., None] + offsets[:window]]
        predicted = self.model(audio, self.data.knobs[captures])
        losses = relative_loss(predicted, target, self._powers[captures], self.recipe.weights)
        # Shards may differ by a window: every window counts the same.
        share = losses * (captures.shape[1] / batch)
        # Returned and not accumulated by backward(): threads would add into the same tensors.
        gradients = torch.autograd.grad(share.sum(), self._trainable, allow_unused=True)
        return gradients, float(share.detach().mean())

    def _level_job(self, levels: LevelPrior) -> Callable[[], _Part]:
        """Draw a setting that nothing was recorded at; return what finds its level's gradient."""
        # Here and not in the job: draws follow each other the same way, whatever threads do.
        size, device = (self.model.members, 1), levels.knobs.device
        settings = torch.randint(len(levels.knobs), size, generator=self._draw).to(device)
        stretches = torch.randint(len(levels.starts), size, generator=self._draw).to(device)
        return partial(self._level_gradient, levels, settings, stretches)

    def _level_gradient(self, levels: LevelPrior, settings: Tensor, stretches: Tensor) -> _Part:
        """Compute the gradient of a level's error, which is no part of the loss that is told."""
        offsets = torch.arange(
            self.model.history_frames + levels.frames, device=levels.knobs.device
        )
        audio = self._padded[levels.starts[stretches][..., None] + offsets]
        played = self.model(audio, levels.knobs[settings])
        loss = levels.loss(played, settings, stretches).sum() * self.recipe.level_every
        return torch.autograd.grad(loss, self._trainable, allow_unused=True), 0.0

    def _validate(self, validation: Dataset) -> None:
        """Evaluate the averaged weights on the validation captures, and keep the best."""
        averaged = self._average.module
        assert isinstance(averaged, KnobWaveNet | KnobLSTM)
        # The geometric mean over captures: each counts by its ratio, however bad it is.
        error = float(evaluate(averaged, validation, self._told).mean.log().mean().exp())
        if error < self.best_error:
            self.best_error, self.stale = error, 0
            # A copy, since the average goes on in the same tensors.
            self._best = deepcopy(averaged.state_dict())
        else:
            self.stale += 1

    def finish(self) -> float:
        """Put the best averaged weights into the model, and return the smoothed loss."""
        if self.step:
            # Without validation nothing is known to be best, and the last average is taken.
            self.model.load_state_dict(self._best or self._average.module.state_dict())
        self.model.eval()
        return self.loss

    def state(self) -> dict[str, Any]:
        """Return everything that the next steps depend on; it is no copy."""
        return {
            "model": self.model.state_dict(),
            "average": self._average.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "draw": self._draw.get_state(),
            "step": self.step,
            "loss": self.loss,
            # By its former name, which checkpoints have.
            "slower": self.rate_factor,
            "best": self._best,
            "best_error": self.best_error,
            "stale": self.stale,
            "broke_off": self.broke_off,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a state that `state` has returned."""
        self.model.load_state_dict(state["model"])
        self._average.load_state_dict(state["average"])
        # A copy: the optimiser takes over the tensors it is given, and steps write into them.
        self._optimiser.load_state_dict(deepcopy(state["optimiser"]))
        # A generator's state is a CPU tensor, wherever all else was loaded to.
        self._draw.set_state(state["draw"].cpu())
        self.step, self.loss, self.rate_factor = state["step"], state["loss"], state["slower"]
        self._best, self.best_error, self.stale = state["best"], state["best_error"], state["stale"]
        # Checkpoints of before have it not.
        self.broke_off = state.get("broke_off", False)


def dump_state(training: Training) -> bytes:
    """Return a training run's state as bytes, to be continued in another process."""
    stream = io.BytesIO()
    torch.save(training.state(), stream)
    return stream.getvalue()


def load_state(training: Training, data: bytes) -> bool:
    """Restore a run from bytes; return whether they fit, and change nothing where they do not."""
    # A restore that fails halfway has changed some of it already, and `state` is no copy.
    before = deepcopy(training.state())
    try:
        # Weights only: a pickle could run code, and the file may come from anywhere.
        state = torch.load(io.BytesIO(data), weights_only=True)
        training.restore(state)
    except (RuntimeError, LookupError, ValueError, TypeError, EOFError, OSError, UnpicklingError):
        training.restore(before)
        return False
    return True
