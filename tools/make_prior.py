"""Make the weights that ensembles start from: one trunk shared by amps that nobody built.

Three amps of eight are drawn from `rig.devices.virtual.population`, the others from the kinds of
`rig.devices.virtual.wide`. Each is rendered at a few random settings, and one WaveNet learns them
all: the trunk is common, the reading of the knobs is each amp's own. What is kept is the trunk, the
constants that an average amp starts from, and what a knob does in each of its roles.

    python tools/make_prior.py feather
    python tools/make_prior.py feather --on 127.0.0.1:6379    # amps are rendered on a Ray cluster

Rendered audio stays in ``--folder`` and is used again; ``--resume`` starts from the present file.
"""

import argparse
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.func import functional_call
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from calibration.signals import Part
from models.networks.spec import ModelSpec
from models.networks.wavenet import KnobWaveNet
from models.training.initial_levels import LEVEL, level_slopes, log_levels, polarity
from models.training.losses import LossWeights, emphasise, relative_loss
from models.training.prior import NAMES, PRIORS, TAPER, dump_prior, prior_control, start_from_prior
from models.training.soap import SOAP
from rig.bench.subjects import GUITAR, SAMPLE_RATE
from rig.devices.virtual.amplifier import Amplifier
from rig.devices.virtual.circuit import Audio
from rig.devices.virtual.population import draw_circuit
from rig.devices.virtual.presets import ALL_CONTROLS
from rig.devices.virtual.wide.amp import draw_amp
from rig.elsewhere.cluster import connect
from rig.elsewhere.probe import answers
from rig.learner.client import ENVIRONMENT
from rig.session.signal import compose_signal

# Of 128 each is met half as often, and in half an hour its encoder does not get to say anything.
#: Numbers that nothing else uses: `random-N` of tests and benchmarks are low.
FIRST_AMP, OLD_AMPS, WIDE_AMPS, SETTINGS, GUITAR_S = 10_000, 24, 40, 6, 4.0
ROLES = tuple(NAMES)
#: A setting that is so much quieter than the amp's loudest is silent to whoever plays.
SILENT_DB, TRIES = -50.0, 8
#: An amp is only in some of the steps: its own numbers move faster than the trunk.
ENCODER_RATE_FACTOR = 4.0
#: Of the minutes, over which the rate rises; and the lowest rate at their end.
RISE, LEAST_RATE = 0.03, 1e-5
#: Of the guitar, over which levels are compared.
LEVEL_FRAMES = 16_384
#: Steps between two files.
STEPS_PER_FILE = 50

#: Settings ``(settings, roles)``, returns ``(settings, frames)``, and which roles there are.
Rendered = tuple[np.ndarray, np.ndarray, np.ndarray]


def training_signal() -> np.ndarray:
    """Return swept tones and guitar, ``(frames,)``."""
    signal = compose_signal(GUITAR, Path(), SAMPLE_RATE)
    start = signal.segment(Part.TONES).start
    stop = signal.segment(Part.TRAIN).start + round(GUITAR_S * SAMPLE_RATE)
    return signal.send[start:stop]


def faceplate(kind: str, number: int) -> dict[str, str]:
    """Return an amp's controls by the words that stand on it."""
    if kind == "wide":
        return {name: name for name in draw_amp(number).controls}
    if number % 4 == 0:
        # Where there is no room for a stack's three knobs, its treble is called the tone.
        return {"gain": "gain", "tone": "treble", "volume": "master"}
    named = dict(ALL_CONTROLS)
    if number % 2:
        named["volume"] = named.pop("master")
    return named


def play(kind: str, number: int, positions: Mapping[str, float], send: Audio) -> np.ndarray:
    """Play an amp at a setting; its delay is taken out."""
    rate_hz = float(SAMPLE_RATE)
    if kind == "wide":
        wide = draw_amp(number).amplifier(positions, rate_hz)
        late = wide(np.concatenate([send, np.zeros(wide.delay_frames)]))[wide.delay_frames :]
    else:
        old = Amplifier(draw_circuit(number), positions, rate_hz)
        late = old(np.concatenate([send, np.zeros(old.delay_frames)]))[old.delay_frames :]
    return late.astype(np.float32)


def render_amp(kind: str, number: int) -> Rendered:
    """Render an amp at settings as players would leave it: anywhere, and not silent."""
    random = np.random.default_rng([17 if kind == "old" else 19, number])
    controls, send = faceplate(kind, number), training_signal()
    columns = [ROLES.index(str(prior_control(name))) for name in controls]
    points = np.full((SETTINGS * TRIES, len(ROLES)), 0.5, np.float32)
    points[:, columns] = random.random((len(points), len(columns)))
    back: list[np.ndarray] = []
    for point in points:
        at = dict(zip(controls.values(), point[columns].tolist(), strict=True))
        back.append(play(kind, number, at, send))
        levels = 10.0 * np.log10([np.mean(b**2) + 1e-20 for b in back])
        audible = np.flatnonzero(levels > levels.max() + SILENT_DB)
        if len(audible) == SETTINGS:
            break
    # Where hardly anything is ever heard, what is there has to do.
    chosen = (audible if len(audible) == SETTINGS else np.argsort(-levels))[:SETTINGS]
    has = np.isin(np.arange(len(ROLES)), columns)
    return points[chosen], np.stack(back)[chosen], has


def give_way() -> None:
    """Leave the processor to whoever waits at the machine."""
    if hasattr(os, "nice"):
        os.nice(10)


def render_amps(amps: Sequence[tuple[str, int]], address: str | None) -> list[Rendered]:
    """Render amps on both cores of this machine, or on every processor of a cluster."""
    if address is None:
        context = get_context("spawn")
        with ProcessPoolExecutor(2, mp_context=context, initializer=give_way) as pool:
            return list(pool.map(render_amp, *zip(*amps, strict=True)))
    answers(address)
    ray = connect(address)
    # This file is no part of what is installed there: Ray sends the function as it stands here.
    render = ray.remote(render_amp).options(runtime_env={"env_vars": ENVIRONMENT})
    found: list[Rendered] = ray.get([render.remote(*amp) for amp in amps])
    ray.shutdown()
    return found


@dataclass(frozen=True)
class Population:
    """Amps that were rendered.

    Attributes:
        audio: What was played, ``(frames,)``.
        points: ``(amps, settings, roles)``; the middle where an amp lacks a role.
        back: ``(amps, settings, frames)``.
        has: ``(amps, roles)``.
    """

    audio: Tensor
    points: Tensor
    back: Tensor
    has: Tensor

    def powers(self, emphasis: float) -> Tensor:
        """Return the power of each return and of its emphasised form, ``(amps, settings, 2)``."""
        # One amp at a time: squares of everything at once would take as much memory again.
        both = [
            torch.stack([(b**2).mean(-1), (emphasise(b, emphasis) ** 2).mean(-1)], -1)
            for b in self.back
        ]
        return torch.stack(both).clamp(min=1e-12)


def population(folder: Path, address: str | None) -> Population:
    """Load the rendered amps, or render them."""
    path = folder / "population.npz"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        amps = [("old", FIRST_AMP + index) for index in range(OLD_AMPS)]
        amps += [("wide", FIRST_AMP + index) for index in range(WIDE_AMPS)]
        points, back, has = zip(*render_amps(amps, address), strict=True)
        np.savez(path, points=np.stack(points), back=np.stack(back), has=np.stack(has))
    stored = np.load(path)
    audio = torch.from_numpy(training_signal().astype(np.float32))
    return Population(audio, *(torch.from_numpy(stored[k]) for k in ("points", "back", "has")))


def readings(model: KnobWaveNet, amps: Population, chosen: Tensor) -> dict[str, Tensor]:
    """Return the parameters of some amps' own."""
    named = {n: p[chosen] for n, p in model.named_parameters() if n.startswith("encoder.")}
    # Without its taper a knob in its middle is nothing to the encoder: a role that an amp lacks
    # takes no part.
    named[TAPER] = named[TAPER] * amps.has[chosen][:, None, None, :]
    return named | {"polarity": model.polarity[chosen]}


def start_encoders(model: KnobWaveNet, amps: Population) -> None:
    """Start every amp's encoder at the levels of its own recordings, and at its polarity."""
    history = model.history_frames
    audio = amps.audio[-history - LEVEL_FRAMES :]
    for amp, (points, back) in enumerate(zip(amps.points, amps.back, strict=True)):
        model.polarity[amp] = polarity(amps.audio, back)
        own = readings(model, amps, torch.tensor([amp]))
        batch = audio.expand(1, len(points), -1), points[None]
        with torch.no_grad():
            played = functional_call(model, own, batch)[0]
            # What the trunk plays at each setting by itself, against what came back there.
            missing = log_levels(back[:, -LEVEL_FRAMES:]) - log_levels(played)
            slopes, constant = level_slopes(model.encoder.features(points), missing)
            model.encoder.direct[amp, :, LEVEL] += slopes
            model.encoder.constant[amp, 0, LEVEL] += constant


class PriorTraining:
    """Trains one trunk on windows of many amps.

    Args:
        model: A member for each amp.
        amps: What they played.
        batch: Amps in each step.
        window: Frames of each that count.
    """

    def __init__(self, model: KnobWaveNet, amps: Population, batch: int, window: int) -> None:
        self._model, self._amps, self._batch, self._window = model, amps, batch, window
        self._weights = LossWeights()
        self._powers = amps.powers(self._weights.emphasis)
        self._draw = torch.Generator().manual_seed(2)
        history = model.history_frames
        self._padded = torch.cat([amps.audio.new_zeros(history), amps.audio])
        self._offsets = torch.arange(history + window)
        named = dict(model.named_parameters())
        own = [p for name, p in named.items() if name.startswith("encoder.")]
        trunk = [p for name, p in named.items() if not name.startswith("encoder.")]
        # An encoder has no gradient in most of the steps: bases of its own would be of nothing.
        self._optimisers: list[tuple[float, torch.optim.Optimizer]] = [
            (1.0, SOAP([{"params": trunk}])),
            (ENCODER_RATE_FACTOR, torch.optim.Adam(own)),
        ]
        average = get_ema_multi_avg_fn(0.995)  # type: ignore[no-untyped-call]
        self.average = AveragedModel(model, multi_avg_fn=average)

    def _loss(self) -> Tensor:
        """Return the loss on windows that are drawn anew, ``(batch,)``."""
        history, draw, batch, amps = self._model.history_frames, self._draw, self._batch, self._amps
        chosen = torch.randperm(len(amps.back), generator=draw)[:batch]
        settings = torch.randint(amps.back.shape[1], (len(chosen),), generator=draw)
        latest = len(amps.audio) - self._window
        starts = torch.randint(latest, (len(chosen),), generator=draw)
        frames = starts[:, None] + self._offsets
        target = amps.back[chosen[:, None], settings[:, None], frames[:, history:] - history]
        selected = readings(self._model, amps, chosen)
        knobs = amps.points[chosen, settings][:, None]
        predicted = functional_call(self._model, selected, (self._padded[frames][:, None], knobs))
        powers = self._powers[chosen, settings][:, None]
        return relative_loss(predicted, target[:, None], powers, self._weights)

    def advance(self, rate: float) -> float:
        """Take one step; return the median loss of its amps."""
        loss = self._loss()
        self._model.zero_grad(set_to_none=True)
        torch.autograd.backward(loss.mean())
        torch.nn.utils.clip_grad_norm_(self._model.parameters(), 1.0)
        for times, optimiser in self._optimisers:
            optimiser.param_groups[0]["lr"] = times * rate
            optimiser.step()
        self.average.update_parameters(self._model)
        return float(loss.detach().median())

    def file(self) -> bytes:
        """Return the prior as it is by now."""
        return dump_prior(self.average.module, ROLES, self._amps.has)


def train(training: PriorTraining, minutes: float, peak: float, keep: Callable[[], None]) -> None:
    """Take steps for so many minutes; keep what there is every now and then."""
    began, spent, step, smoothed = time.monotonic(), 0.0, 0, 1.0
    while spent < minutes * 60.0:
        share = spent / (minutes * 60.0)
        rate = peak * min(share / RISE, 1.0) * 0.5 * (1.0 + np.cos(np.pi * share))
        smoothed = 0.98 * smoothed + 0.02 * training.advance(max(float(rate), LEAST_RATE))
        step, spent = step + 1, time.monotonic() - began
        if step % STEPS_PER_FILE == 0:
            print(f"{step} steps, {spent:.0f} s, median loss {smoothed:.4f}", flush=True)
            keep()
    keep()


def asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--resume", action="store_true", help="start from the trunk that is there")
    parser.add_argument("--rate", type=float, default=0.005, help="peak learning rate")
    parser.add_argument("--folder", type=Path, default=Path("prior"))
    parser.add_argument("--to", type=Path, default=PRIORS, help="folder of the file that is made")
    parser.add_argument("--batch", type=int, default=10, help="amps in each step")
    parser.add_argument("--window", type=int, default=2048, help="frames")
    parser.add_argument("--on", metavar="ADDRESS", help="a Ray cluster that renders the amps")
    return parser.parse_args()


def main() -> None:
    options = asked()
    amps = population(options.folder, options.on)
    torch.manual_seed(1)
    spec = ModelSpec("wavenet", options.size, (0,) * len(ROLES), len(amps.back), shared=True)
    model = spec.build()
    assert isinstance(model, KnobWaveNet)
    if options.resume:
        start_from_prior(model, options.size, ROLES)
    start_encoders(model, amps)
    training = PriorTraining(model, amps, options.batch, options.window)
    path = options.to / f"{options.size}.safetensors"
    options.to.mkdir(parents=True, exist_ok=True)
    train(training, options.minutes, options.rate, lambda: keep(training, path))
    print(f"{path}: {path.stat().st_size} bytes")


def keep(training: PriorTraining, path: Path) -> None:
    """Write the prior as it is by now."""
    path.write_bytes(training.file())


if __name__ == "__main__":
    main()
