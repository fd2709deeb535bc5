"""Measure A2 in both widths beside A1, at equal minutes, and how the narrow one learns best.

Each model is trained on the same settings of a built-in amp for the same time of one processor's
core, whatever else the machine does, and tried on other settings and on another recording's guitar.
"""

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import torch
from torch import Tensor, nn

from benchmarks import turning
from models.networks.spec import ModelSpec, play
from models.networks.wavenet import KnobWaveNet
from models.training.dataset import Dataset, Model, evaluate, nobody
from models.training.initial_levels import read_knobs_as
from models.training.loop import train_to_end
from models.training.trainer import Recipe, Training
from rig.devices.virtual.presets import preset
from rig.learner.rounds import initial_model

WIDE, NARROW = "a2", "a2-slim"
SIZES = ("feather", "standard", WIDE, NARROW)
#: Steps that tell how long one takes; the optimiser turns its basis every so often.
TRIED_STEPS = 30
#: Settings that the wide one plays for the narrow one to learn from, beside the captures.
DRAWN = 48


class Both(nn.Module):
    """Both widths as two members that read the knobs with one encoder."""

    members = 2

    def __init__(self, wide: KnobWaveNet, narrow: KnobWaveNet) -> None:
        super().__init__()
        # Its own level goes into its trunk: the encoder that says it is the other one's from now.
        both = [model.encoder.constant.data[0, 0, 1] for model in (wide, narrow)]
        for array in narrow.arrays:
            head = array.get_parameter("head")
            head.data *= torch.exp(both[1] - both[0])
        narrow.encoder = wide.encoder
        self.wide, self.narrow, self.encoder = wide, narrow, wide.encoder
        self.history_frames, self.chunk_frames = wide.history_frames, wide.chunk_frames

    def forward(self, audio: Tensor, knobs: Tensor) -> Tensor:
        """Play each its own windows, ``(2, batch, frames)``."""
        played = [self.wide(audio[:1], knobs[:1]), self.narrow(audio[1:], knobs[1:])]
        return torch.cat(played)


def started(size: str, learnt: Dataset, names: list[str]) -> KnobWaveNet:
    spec = ModelSpec("wavenet", size, (0,) * len(names), 1, silent=True)
    model = initial_model(spec, learnt, 0, names, True, nobody)
    assert isinstance(model, KnobWaveNet)
    return model


def step_s(build: Callable[[], Any], learnt: Dataset) -> float:
    """Return what one step takes of a core, in seconds."""
    training = Training(build(), learnt, Recipe(10_000, frames_per_step=8_192))
    training.advance()
    began = time.process_time()
    for _ in range(TRIED_STEPS):
        training.advance()
    return (time.process_time() - began) / TRIED_STEPS


def trained(build: Callable[[], Any], learnt: Dataset, minutes: float) -> tuple[Any, int]:
    steps = round(60.0 * minutes / step_s(build, learnt))
    model = build()
    train_to_end(
        Training(model, learnt, Recipe(steps, frames_per_step=8_192)), lambda _step, _loss: None
    )
    return model, steps


def taught(learnt: Dataset, teacher: Model) -> tuple[Dataset, float]:
    """Add settings as a teacher plays them; return the minutes that it took."""
    began = time.process_time()
    points = torch.rand(DRAWN, learnt.knobs.shape[1], generator=torch.Generator().manual_seed(9))
    audio = learnt.audio[: learnt.stop]
    rows = torch.stack([play(teacher, audio, point)[0] for point in points])
    targets = torch.cat([learnt.targets[:, : learnt.stop], rows])
    return (
        replace(learnt, audio=audio, targets=targets, knobs=torch.cat([learnt.knobs, points])),
        (time.process_time() - began) / 60.0,
    )


def told(name: str, model: Model, tested: Dataset, steps: int, minutes: float) -> None:
    found = evaluate(model, tested).mean
    print(
        f"{name}: ESR mean {float(found.mean()):.5f}, geometric "
        f"{float(found.log().mean().exp()):.5f}, {steps} steps, {minutes:.2f} min",
        flush=True,
    )


def compare(amp: str, minutes: float, ways: bool) -> None:
    turning.SETTINGS, turning.TESTS = 24, 6
    learnt, tested = turning.recorded(amp)
    names = list(preset(amp).controls)
    kept: dict[str, Model] = {}
    for size in SIZES:
        model, steps = trained(partial(started, size, learnt, names), learnt, minutes)
        kept[size] = model
        told(f"{amp}, {size}", model, tested, steps, minutes)
    if ways:
        narrow_ways(amp, learnt, tested, kept[WIDE], minutes)


def narrow_ways(amp: str, learnt: Dataset, tested: Dataset, wide: Model, minutes: float) -> None:
    """Train the narrow width with what the wide one knows, and both together."""
    names = list(preset(amp).controls)

    def begun() -> Model:
        model = started(NARROW, learnt, names)
        read_knobs_as(model, wide)
        return model

    model, steps = trained(begun, learnt, minutes)
    told(f"{amp}, {NARROW} with the encoder of {WIDE}", model, tested, steps, minutes)
    more, spent = taught(learnt, wide)
    # Playing is teaching: it is paid from the same minutes.
    left = max(minutes - spent, minutes / 4)
    model, steps = trained(begun, more, left)
    told(f"{amp}, {NARROW} taught by {WIDE}", model, tested, steps, left + spent)

    def together() -> Both:
        return Both(*(started(size, learnt, names) for size in (WIDE, NARROW)))

    pair, steps = trained(together, learnt, 2 * minutes)
    for size, model in ((WIDE, pair.wide), (NARROW, pair.narrow)):
        told(f"{amp}, {size} together", model, tested, steps, 2 * minutes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--amp", action="append")
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--no-ways", action="store_true", help="only the sizes, each by itself")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    for amp in asked.amp or ("tweed", "british", "modern"):
        compare(amp, asked.minutes, not asked.no_ways)


if __name__ == "__main__":
    main()
