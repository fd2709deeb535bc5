"""What a model does while its knobs move, which no error at standing knobs can see.

Source of the moves: how the parametric forks of neural-amp-modeler score theirs.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt
from torch import Tensor

from models.networks.spec import play
from models.networks.turning import RAMP_FRAMES, play_frozen, play_path
from models.training.dataset import Model

Floats = NDArray[np.float64]

#: A knob that is torn from one end to the other; a hand that turns it.
TORN_S, TURNED_S = 0.01, 0.05
#: Of their travel, where a hand turns the knobs from and to, by turns.
FROM, TO = (0.95, 0.10), (0.50, 0.45)
#: Below this a loudspeaker moves and nobody hears a tone.
THUMP_HZ = 40.0
#: Settings at which silence is listened to, and guitar that is played in front and behind a move.
SETTINGS, BEFORE_S, AFTER_S = 64, 0.1, 0.2
FLOOR_DBFS = -200.0


@dataclass(frozen=True)
class Thumps:
    """What comes out while nothing is played, and what moving knobs add while something is.

    Attributes:
        silence_dbfs: The loudest sample at silence, over many settings.
        sweep_dbfs: The loudest sample at silence while any knob is torn over its whole range.
        thump_db: Below `THUMP_HZ`, what tearing any knob adds to guitar, in dB of the guitar.
        during_db: How far a turning model is from one that is computed anew for each sample.
        after_db: How far it is from one that has always stood where the knobs have arrived.
    """

    silence_dbfs: float
    sweep_dbfs: float
    thump_db: float
    during_db: float
    after_db: float


def _db(ratio: float) -> float:
    return max(20.0 * math.log10(ratio), FLOOR_DBFS) if ratio > 0.0 else FLOOR_DBFS


def _rms(audio: Floats) -> float:
    return float(np.sqrt(np.mean(audio**2)))


def _path(first: Tensor, last: Tensor, over_s: float, frames: int, rate: float) -> Tensor:
    """Return a path that begins to move once `BEFORE_S` is over."""
    at_s = torch.arange(-(-frames // RAMP_FRAMES) + 1) * RAMP_FRAMES / rate
    share = ((at_s - BEFORE_S) / over_s).clamp(0.0, 1.0)
    return torch.lerp(first, last, share[:, None])


def _sweeps(model: Model, frames: int, rate: float) -> list[Tensor]:
    """Return a path for each knob that turns: from end to end, the others in the middle."""
    positions = model.encoder.positions
    paths = []
    for index in (i for i, count in enumerate(positions) if count == 0):
        ends = torch.full((2, len(positions)), 0.5)
        ends[0, index], ends[1, index] = 0.0, 1.0
        paths.append(_path(ends[0], ends[1], TORN_S, frames, rate))
    return paths


def _silence(model: Model) -> float:
    draw = torch.Generator().manual_seed(0)
    settings = torch.rand(SETTINGS, len(model.encoder.positions), generator=draw)
    # Half of them at the ends, where weights are farthest from what they were trained at.
    settings[::2] = settings[::2].round()
    return max(float(play(model, torch.zeros(1), knobs).abs().max()) for knobs in settings)


def _added(model: Model, guitar: Tensor, path: Tensor) -> tuple[Floats, Floats]:
    """Return what a turning model plays otherwise than a frozen one, and the frozen one."""
    turned = play_path(model, guitar, path)[0].numpy().astype(float)
    frozen = play_frozen(model, guitar, path)[0, : len(guitar)].numpy().astype(float)
    return turned - frozen, frozen


def _turned(model: Model, guitar: Tensor, rate: float) -> tuple[float, float]:
    """Return the errors while a hand turns all knobs, and behind it, in dB."""
    knobs = len(model.encoder.positions)
    first, last = (torch.tensor([ends[i % 2] for i in range(knobs)]) for ends in (FROM, TO))
    path = _path(first, last, TURNED_S, len(guitar), rate)
    begins, lands = round(BEFORE_S * rate), round((BEFORE_S + TURNED_S) * rate)
    added, frozen = _added(model, guitar, path)
    during, after = slice(begins, lands), slice(lands + RAMP_FRAMES, None)
    return (
        _db(_rms(added[during]) / (_rms(frozen[during]) + 1e-12)),
        _db(_rms(added[after]) / (_rms(frozen[after]) + 1e-12)),
    )


def _loudest(guitar: Tensor, frames: int) -> Tensor:
    """Return the loudest stretch of a length, to a quarter of it."""
    starts = range(0, max(len(guitar) - frames, 0) + 1, frames // 4)
    stretches = [guitar[start : start + frames] for start in starts]
    return max(stretches, key=lambda stretch: float(stretch.square().sum()))


def measure_thumps(model: Model, guitar: Tensor, rate: float) -> Thumps:
    """Measure a model, its first member that is, on a stretch of loud guitar.

    Args:
        model: On the CPU.
        guitar: ``(frames,)``, of which the loudest third of a second is played.
        rate: Hz.
    """
    guitar = _loudest(guitar, round((BEFORE_S + TURNED_S + AFTER_S) * rate))
    low = butter(4, THUMP_HZ, fs=rate, output="sos")
    sweep, thump = 0.0, 0.0
    for path in _sweeps(model, len(guitar), rate):
        sweep = max(sweep, float(play_path(model, torch.zeros_like(guitar), path).abs().max()))
        added, frozen = _added(model, guitar, path)
        thump = max(thump, _rms(sosfiltfilt(low, added)) / (_rms(frozen) + 1e-12))
    during, after = _turned(model, guitar, rate)
    return Thumps(_db(_silence(model)), _db(sweep), _db(thump), during, after)
