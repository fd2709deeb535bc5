"""Make the weights that ensembles start from: one trunk shared by amps that nobody built.

Amps are drawn from the population of `rig.devices.virtual.population`, each is rendered at a few
random settings, and one WaveNet learns them all: the trunk is common, the reading of the knobs is
each amp's own. What is kept is the trunk, and the constants that an average amp starts from.

    python tools/make_prior.py feather
    python tools/make_prior.py feather --on 127.0.0.1:6379    # amps are rendered on a Ray cluster

Rendered audio stays in ``--folder`` and is used again; so is a checkpoint.
"""

import argparse
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.func import functional_call

from calibration.signals import Part
from models.networks.spec import ModelSpec
from models.networks.wavenet import KnobWaveNet
from models.training.initial_levels import LEVEL, level_slopes, log_levels
from models.training.losses import LossWeights, emphasise, relative_loss
from models.training.prior import PRIORS, dump_prior, start_from_prior
from rig.bench.subjects import GUITAR, SAMPLE_RATE
from rig.devices.virtual.amplifier import Amplifier
from rig.devices.virtual.population import draw_circuit
from rig.devices.virtual.presets import ALL_CONTROLS
from rig.elsewhere.cluster import connect
from rig.elsewhere.probe import answers
from rig.learner.client import ENVIRONMENT
from rig.session.signal import compose_signal

#: Amps of the population that nothing else uses: `random-N` of tests and benchmarks are low.
FIRST_AMP, AMPS, SETTINGS, GUITAR_S = 10_000, 64, 6, 4.0
CONTROLS = tuple(ALL_CONTROLS)
#: An amp is only in some of the steps: its own numbers move faster than the trunk.
ENCODER_RATE_FACTOR = 4.0


def training_signal() -> np.ndarray:
    """Return swept tones and guitar, ``(frames,)``."""
    signal = compose_signal(GUITAR, Path(), SAMPLE_RATE)
    start = signal.segment(Part.TONES).start
    stop = signal.segment(Part.TRAIN).start + round(GUITAR_S * SAMPLE_RATE)
    return signal.send[start:stop]


def render_amp(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Render an amp: settings ``(settings, knobs)`` and returns ``(settings, frames)``."""
    random = np.random.default_rng([17, number])
    points = random.random((SETTINGS, len(CONTROLS)))
    send = training_signal()
    back = []
    for point in points:
        positions = dict(zip(CONTROLS, point.tolist(), strict=True))
        amplifier = Amplifier(draw_circuit(number), positions, float(SAMPLE_RATE))
        late = np.concatenate([send, np.zeros(amplifier.delay_frames)])
        back.append(amplifier(late)[amplifier.delay_frames :].astype(np.float32))
    return points.astype(np.float32), np.stack(back)


def render_amps(numbers: Sequence[int], address: str | None) -> list[tuple[np.ndarray, np.ndarray]]:
    """Render amps on both cores of this machine, or on every processor of a cluster."""
    if address is None:
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            return list(pool.map(render_amp, numbers))
    answers(address)
    ray = connect(address)
    # This file is no part of what is installed there: Ray sends the function as it stands here.
    render = ray.remote(render_amp).options(runtime_env={"env_vars": ENVIRONMENT})
    found: list[tuple[np.ndarray, np.ndarray]] = ray.get([render.remote(n) for n in numbers])
    ray.shutdown()
    return found


def population(folder: Path, address: str | None) -> tuple[Tensor, Tensor]:
    """Load or render settings ``(amps, settings, knobs)``, returns ``(amps, settings, frames)``."""
    path = folder / "population.npz"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        found = render_amps(range(FIRST_AMP, FIRST_AMP + AMPS), address)
        np.savez(path, points=[p for p, _ in found], back=[b for _, b in found])
    stored = np.load(path)
    return torch.from_numpy(stored["points"]), torch.from_numpy(stored["back"])


def start_encoders(model: KnobWaveNet, points: Tensor, back: Tensor) -> None:
    """Start every amp's encoder at the levels of its own recordings, and at its polarity."""
    for amp in range(AMPS):
        features = model.encoder.features(points[amp])
        slopes, constant = level_slopes(features, log_levels(back[amp]))
        with torch.no_grad():
            model.encoder.direct[amp, :, LEVEL] = slopes
            model.encoder.constant[amp, 0, LEVEL] = constant
            stages = len(draw_circuit(FIRST_AMP + amp).preamps)
            model.polarity[amp] = (-1.0) ** stages


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size")
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--resume", action="store_true", help="start from the trunk that is there")
    parser.add_argument("--rate", type=float, default=0.006, help="peak learning rate")
    parser.add_argument("--folder", type=Path, default=Path("prior"))
    parser.add_argument("--batch", type=int, default=32, help="amps in each step")
    parser.add_argument("--window", type=int, default=8192, help="frames")
    parser.add_argument("--on", metavar="ADDRESS", help="a Ray cluster that renders the amps")
    options = parser.parse_args()
    points, back = population(options.folder, options.on)
    audio = torch.from_numpy(training_signal().astype(np.float32))
    torch.manual_seed(1)
    spec = ModelSpec("wavenet", options.size, (0,) * len(CONTROLS), AMPS, shared=True)
    model = spec.build()
    assert isinstance(model, KnobWaveNet)
    if options.resume:
        start_from_prior(model, options.size, ())
    readings = [name for name, _ in model.named_parameters() if name.startswith("encoder.")]
    weights = LossWeights()
    powers = torch.stack(
        [(back**2).mean(-1), (emphasise(back, weights.emphasis) ** 2).mean(-1)], -1
    ).clamp(min=1e-12)
    history, draw = model.history_frames, torch.Generator().manual_seed(2)
    padded = torch.cat([audio.new_zeros(history), audio])
    offsets = torch.arange(history + options.window)
    trunk = [p for name, p in model.named_parameters() if name not in readings]
    own = [model.get_parameter(name) for name in readings]
    optimiser = torch.optim.Adam(
        [{"params": trunk, "times": 1.0}, {"params": own, "times": ENCODER_RATE_FACTOR}]
    )
    start_encoders(model, points, back)
    average = torch.optim.swa_utils.AveragedModel(
        model,
        multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.995),  # type: ignore[no-untyped-call]
    )
    began, spent, step, smoothed = time.monotonic(), 0.0, 0, 1.0
    while spent < options.minutes * 60.0:
        share = spent / (options.minutes * 60.0)
        rate = options.rate * min(share / 0.03, 1.0) * 0.5 * (1.0 + np.cos(np.pi * share))
        for group in optimiser.param_groups:
            group["lr"] = group["times"] * max(rate, 1e-5)
        amps = torch.randperm(AMPS, generator=draw)[: options.batch]
        settings = torch.randint(SETTINGS, (options.batch,), generator=draw)
        starts = torch.randint(len(audio) - options.window, (options.batch,), generator=draw)
        frames = starts[:, None] + offsets
        target = back[amps[:, None], settings[:, None], frames[:, history:] - history]
        selected = {name: model.get_parameter(name)[amps] for name in readings}
        selected["polarity"] = model.polarity[amps]
        knobs = points[amps, settings][:, None]
        predicted = functional_call(model, selected, (padded[frames][:, None], knobs))
        loss = relative_loss(predicted, target[:, None], powers[amps, settings][:, None], weights)
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss.mean())
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        average.update_parameters(model)
        step += 1
        spent = time.monotonic() - began
        smoothed = 0.98 * smoothed + 0.02 * float(loss.detach().median())
        if step % 50 == 0:
            print(f"{step} steps, {spent:.0f} s, median loss {smoothed:.4f}", flush=True)
            PRIORS.joinpath(f"{options.size}.safetensors").write_bytes(
                dump_prior(average.module, CONTROLS)
            )
    path = PRIORS / f"{options.size}.safetensors"
    path.write_bytes(dump_prior(average.module, CONTROLS))
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
