"""Measure what silence costs: models with and without a pedestal, on the built-in amp.

Both are trained alike on the same 16 settings, seed by seed, and tried on four others and on guitar
of another recording; then their knobs are turned.
"""

import argparse
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import torch
from scipy.stats import qmc

from models.networks.spec import ModelSpec
from models.training.dataset import Dataset, Model, evaluate, nobody
from models.training.loop import train_to_end
from models.training.trainer import Recipe, Training
from rig import data
from rig.devices.virtual.presets import preset
from rig.learner.rounds import initial_model
from rig.learner.thumps import Floats, Thumps, measure_thumps
from rig.session import store

RATE, PREAMBLE, SETTINGS, TESTS = 48_000, 4_800, 16, 4


def guitar(name: str, start_s: float, length_s: float) -> Floats:
    found = data.guitar(name)
    assert found is not None
    with data.as_file(found) as path:
        rate, audio = store.read_wav(path)
    part = audio[round(start_s * rate) : round((start_s + length_s) * rate)]
    return np.asarray(part / np.abs(part).max() * 0.5)


def recorded(amp: str) -> tuple[Dataset, Dataset]:
    """Play the amp at every setting; return what is learnt from and what is tested on."""
    chosen = preset(amp)
    knobs = list(chosen.controls.values())
    learnt, tested = guitar("guitar-train", 1, 7), guitar("guitar-holdout", 3, 3)
    click = np.zeros(PREAMBLE)
    # The polarity is read off something broad.
    click[1_000] = 0.5
    audio = np.concatenate([click, learnt, tested])
    spread = qmc.LatinHypercube(len(knobs), seed=5).random(SETTINGS)
    others = np.random.default_rng(100).uniform(0.1, 0.9, (TESTS, len(knobs)))
    points = np.concatenate([spread, others]).astype(np.float32)
    targets = []
    for point in points:
        circuit = chosen.amplifier(dict(zip(knobs, map(float, point), strict=True)), RATE)
        played = circuit(np.concatenate([audio, np.zeros(RATE // 100)]))
        late = round(circuit.delay_frames)
        targets.append(played[late : late + len(audio)])
    sent, back = (torch.from_numpy(np.asarray(a, np.float32)) for a in (audio, np.array(targets)))
    at, split = torch.from_numpy(points), PREAMBLE + len(learnt)
    return (
        Dataset(sent, back[:SETTINGS], at[:SETTINGS], PREAMBLE, split),
        Dataset(sent, back[SETTINGS:], at[SETTINGS:], split, len(audio)),
    )


def trained(learnt: Dataset, spec: ModelSpec, seed: int, steps: int) -> Model:
    names = ["gain", "tone", "volume"][: len(spec.positions)]
    model = initial_model(spec, learnt, seed, names, True, nobody)
    train_to_end(
        Training(model, learnt, Recipe(steps, frames_per_step=8_192, seed=seed)),
        lambda _step, _loss: None,
    )
    return model


def told(name: str, esr: float, thumps: Thumps) -> None:
    figures = "  ".join(f"{key} {value:.0f}" for key, value in vars(thumps).items())
    print(f"{name}: ESR {esr:.5f}  {figures}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--amp", default="tweed")
    parser.add_argument("--size", default="feather", help="of a WaveNet, or 1x24 for an LSTM")
    parser.add_argument("--steps", type=int, default=900)
    parser.add_argument("--seeds", type=int, default=5)
    asked = parser.parse_args()
    architecture = "lstm" if asked.size[0].isdecimal() else "wavenet"
    learnt, tested = recorded(asked.amp)
    positions = (0,) * learnt.knobs.shape[1]
    held_out = tested.audio[tested.start :]
    ratios = []
    for seed in range(asked.seeds):
        errors = []
        for silent in (False, True):
            spec = ModelSpec(architecture, asked.size, positions, 1, silent=silent)
            model = trained(learnt, spec, seed, asked.steps)
            errors.append(float(evaluate(model, tested).mean.mean()))
            name = f"seed {seed}, {'silent' if silent else 'as it was'}"
            told(name, errors[-1], measure_thumps(model, held_out, RATE))
        ratios.append(errors[1] / errors[0])
    print(f"silent over as it was: {np.exp(np.mean(np.log(ratios))):.3f} (geometric mean)")


if __name__ == "__main__":
    main()
