"""Compare what models start from: folders with priors, and nothing.

Amps that no prior has learnt (of the wide population, of the old one, and presets) are played at 16
random settings; from each prior a model is trained alike, and tried on four other
settings and on guitar of another recording. Told is the ESR, and its ratio to the first folder's.

    python -m benchmarks.priors models/data/priors other/priors
"""

import argparse
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from benchmarks.turning import PREAMBLE, RATE, SETTINGS, TESTS, guitar
from models.networks.spec import ModelSpec
from models.training import prior
from models.training.dataset import Dataset, evaluate, nobody
from models.training.loop import train_to_end
from models.training.trainer import Recipe, Training
from rig.devices.virtual.circuit import Audio
from rig.devices.virtual.presets import Playable, preset
from rig.devices.virtual.wide.amp import draw_amp
from rig.learner.rounds import initial_model

#: Numbers below those that priors are made of.
AMPS = (*(f"wide-{n}" for n in range(8)), *(f"random-{n}" for n in range(4)), "tweed", "british")
#: What is so much quieter than the loudest is silent: its ESR is that of noise.
SILENT_DB = -50.0


def controls(amp: str) -> Mapping[str, str]:
    """Return the circuit's controls by the words on the faceplate."""
    kind, _, number = amp.partition("-")
    if kind == "wide":
        return {name: name for name in draw_amp(int(number)).controls}
    return preset(amp).controls


def switched_on(amp: str, positions: Mapping[str, float]) -> Playable:
    kind, _, number = amp.partition("-")
    if kind == "wide":
        return draw_amp(int(number)).amplifier(positions, RATE)
    return preset(amp).amplifier(positions, RATE)


def played(amp: str, point: np.ndarray, audio: Audio) -> Audio:
    """Play the amp at a setting, without its delay."""
    at = dict(zip(controls(amp).values(), map(float, point), strict=True))
    circuit = switched_on(amp, at)
    late = circuit(np.concatenate([audio, np.zeros(circuit.delay_frames)]))
    return late[circuit.delay_frames :]


def audible(
    amp: str, points: np.ndarray, audio: Audio, count: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the first settings of a list at which something is heard, and what is."""
    back: list[np.ndarray] = []
    for point in points:
        back.append(played(amp, point, audio).astype(np.float32))
        level_db = 10.0 * np.log10([(b**2).mean() + 1e-20 for b in back])
        heard = np.flatnonzero(level_db > level_db.max() + SILENT_DB)
        if len(heard) == count:
            break
    return torch.from_numpy(points[heard]), torch.from_numpy(np.stack(back)[heard])


def recorded(amp: str) -> tuple[Dataset, Dataset]:
    """Play the amp at every setting; return what is learnt from and what is tested on."""
    learnt, tested = guitar("guitar-train", 1, 7), guitar("guitar-holdout", 3, 3)
    click = np.zeros(PREAMBLE)
    # The polarity is read off something broad.
    click[1_000] = 0.5
    audio = np.concatenate([click, learnt, tested])
    random = np.random.default_rng(5)
    points = random.random((3 * SETTINGS, len(controls(amp)))).astype(np.float32)
    others = 0.1 + 0.8 * points[2 * SETTINGS :]
    spread, back = audible(amp, points[: 2 * SETTINGS], audio, SETTINGS)
    at, away = audible(amp, others, audio, TESTS)
    sent, split = torch.from_numpy(audio.astype(np.float32)), PREAMBLE + len(learnt)
    return (
        Dataset(sent, back, spread, PREAMBLE, split),
        Dataset(sent, away, at, split, len(audio)),
    )


def trained_esr(
    learnt: Dataset, tested: Dataset, names: Sequence[str], folder: Path | None, steps: int
) -> float:
    """Train from what a folder has, None for nothing; return the ESR where it was not taught."""
    prior.PRIORS = folder or prior.PRIORS
    spec = ModelSpec("wavenet", "feather", (0,) * len(names), 1)
    model = initial_model(spec, learnt, 0, names, folder is not None, nobody)
    recipe = Recipe(steps, frames_per_step=8_192)
    train_to_end(Training(model, learnt, recipe), lambda _step, _loss: None)
    return float(evaluate(model, tested).mean.mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--steps", type=int, nargs="+", default=[200, 600])
    parser.add_argument("--amps", nargs="+", default=AMPS)
    parser.add_argument("--nothing", action="store_true", help="start from nothing, too")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    starts = [*asked.folders, *([None] if asked.nothing else [])]
    for amp in asked.amps:
        learnt, tested = recorded(amp)
        for steps in asked.steps:
            found = [trained_esr(learnt, tested, [*controls(amp)], s, steps) for s in starts]
            each = "  ".join(f"{esr:.5f}" for esr in found)
            ratios = "  ".join(f"{esr / found[0]:.3f}" for esr in found)
            print(f"{amp}, {steps} steps: ESR {each}  ratios {ratios}", flush=True)


if __name__ == "__main__":
    main()
