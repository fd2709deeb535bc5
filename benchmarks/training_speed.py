"""Measure training speed against neural-amp-modeler: same architecture and CPU, in one run.

    python benchmarks/training_speed.py throughput
    python benchmarks/training_speed.py quality --minutes 3 --kind lstm

Throughput is seconds of fresh audio trained per second, each at its own best window and batch;
the ensemble's cost is its time for a step over one member's. Quality trains both on one setting of
the virtual amp and notes when each reaches which ESR on guitar that it has not heard.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from nam.train.lightning_module import LightningModule

from calibration.signals import Part
from models.networks.spec import ModelSpec
from models.training.dataset import Dataset, evaluate
from models.training.initial_levels import start_at_levels
from models.training.trainer import Recipe, Training
from rig.bench.subjects import SAMPLE_RATE, VirtualSubject, recording_frames
from rig.config import ExcerptConfig, SignalConfig
from rig.learner.final import FRAMES

GUITAR = SignalConfig(
    train=ExcerptConfig(file="builtin:guitar-train"),
    holdout=ExcerptConfig(file="builtin:guitar-holdout", start_s=3.0, length_s=8.0),
)
STEPS, WARM = 8, 2
#: Of our steps, as of any recipe.
WINDOWS = Recipe(1).windows


def record(folder: Path) -> tuple[torch.Tensor, torch.Tensor, VirtualSubject]:
    """Record the british preset with everything in the middle: what is played, what comes back."""
    subject = VirtualSubject("british", folder, GUITAR)
    back = subject.record(subject.panel.quantise([0.5] * len(subject.panel)))
    send = subject.signal.send[: recording_frames(subject)].astype(np.float32)
    return torch.from_numpy(send), torch.from_numpy(back), subject


class Theirs:
    """neural-amp-modeler's module, loss and optimiser, fed with windows of ours."""

    def __init__(self, kind: str, batch: int, frames: int, audio: torch.Tensor, back: torch.Tensor):
        self.module = LightningModule.init_from_config(
            {
                "net": NETS[kind],
                "loss": {"val_loss": "mse", "mrstft_weight": 0.0005},
                "optimizer": {"lr": 0.004 if kind == "wavenet" else 0.01},
                "lr_scheduler": {"class": "ExponentialLR", "kwargs": {"gamma": 0.993}},
            }
        )
        self.batch, self.frames = batch, frames
        self.field = self.module.net.receptive_field - 1
        self.audio, self.back = audio, back
        configured = self.module.configure_optimizers()
        self.optimiser = configured["optimizer"]
        self.scheduler = configured["lr_scheduler"]["scheduler"]
        self.draw = torch.Generator().manual_seed(0)
        self.steps = 0

    def step(self) -> float:
        """Take one step; return the seconds of fresh audio in it."""
        last = len(self.audio) - self.frames - self.field
        starts = torch.randint(last, (self.batch, 1), generator=self.draw)
        x = self.audio[starts + torch.arange(self.field + self.frames)]
        y = self.back[starts + self.field + torch.arange(self.frames)]
        self.module.train()
        loss = self.module.training_step((x, y), 0)
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        self.steps += 1
        fresh = self.batch * self.frames / SAMPLE_RATE
        if self.steps % max(round(len(self.audio) / (self.batch * self.frames)), 1) == 0:
            self.scheduler.step()  # once for each pass over the audio, as its trainer does
        return fresh

    def esr(self, audio: torch.Tensor, back: torch.Tensor) -> float:
        """Return its ESR on guitar that it was not trained on."""
        self.module.eval()
        with torch.no_grad():
            out = self.module.net(audio[None], pad_start=True)[0]
        return float(((out - back) ** 2).sum() / (back**2).sum())


_LAYERS = {
    "condition_size": 1,
    "kernel_size": 3,
    "dilations": [2**i for i in range(10)],
    "activation": "Tanh",
    "gated": False,
}


def _head(channels: int, bias: bool) -> dict[str, object]:
    return {"out_channels": channels, "kernel_size": 1, "bias": bias}


NETS = {
    "wavenet": {
        "name": "WaveNet",
        "config": {
            "layers_configs": [
                {**_LAYERS, "input_size": 1, "channels": 16, "head": _head(8, False)},
                {**_LAYERS, "input_size": 16, "channels": 8, "head": _head(1, True)},
            ],
            "head_scale": 0.02,
        },
    },
    "lstm": {
        "name": "LSTM",
        "config": {
            "hidden_size": 24,
            "num_layers": 1,
            "train_burn_in": 4096,
            "train_truncate": 512,
        },
    },
}
OURS = {"wavenet": "standard", "lstm": "1x24"}


def ours(
    kind: str,
    members: int,
    data: Dataset,
    frames: int,
    windows: tuple[int, ...],
    steps: int = 10**6,
) -> Training:
    """Start a training run of ours."""
    torch.manual_seed(0)
    spec = ModelSpec(kind, OURS[kind], (0,), members, shared=kind == "wavenet" and members > 1)
    model = spec.build()
    start_at_levels(model, data)
    recipe = Recipe(steps, frames_per_step=frames, windows=windows)
    return Training(model, data, recipe)


def seconds_a_step(step: Callable[[], object]) -> float:
    """Return the mean time of a few steps, the first ones left out."""
    for _ in range(WARM):
        step()
    began = time.perf_counter()
    for _ in range(STEPS):
        step()
    return (time.perf_counter() - began) / STEPS


def throughput(audio: torch.Tensor, back: torch.Tensor, data: Dataset) -> None:
    """Print both at several batches and windows, and what an ensemble costs."""
    for kind in ("wavenet", "lstm"):
        best = {}
        sizes = [(8, 8192), (16, 8192), (8, 16_384), (8, 32_768)]
        sizes += [(64, 4096), (128, 4096)] if kind == "lstm" else []
        for batch, window in sizes:
            theirs = Theirs(kind, batch, window, audio, back)
            fresh = batch * window / SAMPLE_RATE
            best[f"theirs {batch} x {window}"] = fresh / seconds_a_step(theirs.step)
            training = ours(kind, 1, data, batch * window, (window,))
            best[f"ours {batch} x {window}"] = fresh / seconds_a_step(training.advance)
        for words, speed in best.items():
            print(f"{kind}: {words}: {speed:.2f} s of audio a second", flush=True)
        top = {
            who: max(s for w, s in best.items() if w.startswith(who)) for who in ("ours", "theirs")
        }
        print(f"{kind}: at their best {top['ours'] / top['theirs']:.2f} times", flush=True)
    for frames in (65_536, 131_072):
        one = seconds_a_step(ours("wavenet", 1, data, frames, (8192,)).advance)
        four = seconds_a_step(ours("wavenet", 4, data, frames, (8192,)).advance)
        print(f"a step over {frames} frames: 4 members cost {four / one:.2f} times one member")


def quality(
    kind: str,
    audio: torch.Tensor,
    back: torch.Tensor,
    data: Dataset,
    held: Dataset,
    minutes: float,
) -> None:
    """Print when each reaches which error on guitar that it was not trained on."""
    theirs, spent, evaluated = Theirs(kind, 16, 8192, audio, back), 0.0, 0.0
    reached: dict[str, list[tuple[float, float]]] = {"theirs": [], "ours": []}
    span = slice(held.start, held.stop)
    while spent < minutes * 60:
        began = time.perf_counter()
        theirs.step()
        spent += time.perf_counter() - began
        if spent - evaluated > 10.0:
            evaluated = spent
            reached["theirs"].append((spent, theirs.esr(held.audio[span], held.targets[0, span])))
    trial = ours(kind, 1, data, FRAMES, WINDOWS)
    steps = int(minutes * 60 / seconds_a_step(trial.advance))
    for share in (0.05, 0.1, 0.2, 0.35, 0.5):
        training = ours(kind, 1, data, FRAMES, WINDOWS, max(int(steps * share), 1))
        began = time.perf_counter()
        while not training.is_over:
            training.advance()
        spent = time.perf_counter() - began
        training.finish()
        reached["ours"].append((spent, float(evaluate(training.model, held).mean[0])))
    for who, points in reached.items():
        for at, esr in points:
            print(f"{who}: {at:.0f} s, ESR {esr:.4f}", flush=True)
    for at, esr in reached["ours"]:
        theirs_at = next((t for t, e in reached["theirs"] if e <= esr), None)
        words = "not reached" if theirs_at is None else f"{theirs_at / at:.2f} times as long"
        print(f"ESR {esr:.4f}: ours {at:.0f} s, theirs {words}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("throughput", "quality"))
    parser.add_argument("--kind", choices=tuple(OURS), default="wavenet")
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--folder", type=Path, default=Path("bench"))
    options = parser.parse_args()
    audio, back, subject = record(options.folder)
    middle = torch.full((1, 1), 0.5)
    spans = [subject.signal.segment(part) for part in (Part.TONES, Part.TRAIN, Part.HOLDOUT)]
    data = Dataset(audio, back[None], middle, spans[0].start, spans[1].stop)
    held = Dataset(audio, back[None], middle, spans[2].start, spans[2].stop)
    learnt = slice(data.start, data.stop)
    if options.what == "throughput":
        throughput(audio[learnt], back[learnt], data)
    else:
        quality(options.kind, audio[learnt], back[learnt], data, held, options.minutes)


if __name__ == "__main__":
    main()
