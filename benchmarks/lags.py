"""How many lost frames does a pair of sweeps tell, and how many are seen where there are none?

    OMP_NUM_THREADS=1 python benchmarks/lags.py

Amps that pass all of a sweep or little, beside white and pink noise and hum, from 5 dB above these
on; the second sweep comes late by so many frames. A minute and a half.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from calibration.checks import Limits
from calibration.lags import lag
from calibration.signals import preamble

Audio = NDArray[np.float64]
RATE, FRAMES, SILENCE_FRAMES = 48_000, 12_000, 14_000
ABOVE_NOISE_DB = (5, 7, 9, 14, 25)
LATE_FRAMES = (0, 2, 60, 200)


def band(low_hz: float, high_hz: float, order: int) -> Callable[[Audio], Audio]:
    """Return an amp that passes a band only."""
    sections = butter(order, [low_hz, high_hz], "band", fs=RATE, output="sos")
    return lambda audio: np.asarray(sosfilt(sections, audio))


BODY = band(100, 3_000, 1)
AMPS: dict[str, Callable[[Audio], Audio]] = {
    "wide": lambda audio: audio,
    "dark": lambda audio: np.asarray(sosfilt(butter(4, 120, fs=RATE, output="sos"), audio)),
    "narrow": band(80, 90, 2),
    "middle": band(300, 500, 2),
    "body": band(60, 400, 1),
    "clipping": lambda audio: np.tanh(20.0 * BODY(audio)),
}


def white(frames: int, draw: np.random.Generator) -> Audio:
    """Return noise that is as strong everywhere."""
    return draw.standard_normal(frames)


def pink(frames: int, draw: np.random.Generator) -> Audio:
    """Return noise whose power falls with frequency."""
    spectrum = np.fft.rfft(draw.standard_normal(frames))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    return np.asarray(np.fft.irfft(spectrum, frames))


def hum(frames: int, draw: np.random.Generator) -> Audio:
    """Return mains hum with a little hiss."""
    time_s = (np.arange(frames) + draw.integers(RATE)) / RATE
    partials = ((1, 1.0), (2, 0.6), (3, 0.5), (5, 0.3))
    tones = sum(level * np.sin(100 * np.pi * n * time_s + n) for n, level in partials)
    return np.asarray(tones + 0.5 * draw.standard_normal(frames))


def told(amp: Callable[[Audio], Audio], noise: Audio, above_db: float, late: int) -> bool:
    """Whether a second sweep is told to be late, as a take's would be."""
    sweep = np.zeros(FRAMES)
    sweep[: len(preamble(RATE))] = preamble(RATE)
    played = amp(sweep)
    own = np.sqrt(np.mean(played[: len(preamble(RATE))] ** 2))
    noise = noise * own * 10 ** (-above_db / 20) / np.sqrt(np.mean(noise**2))
    first, second, silence = np.split(noise, [FRAMES, 2 * FRAMES])
    again = np.concatenate([np.zeros(late), played])[:FRAMES]
    found = lag(played + first, again + second, silence)
    return found.clear_frames > Limits().drift_frames


def main() -> None:
    """Count for every amp, and over all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=12, help="of each noise at each level")
    draws = parser.parse_args().draws
    total = dict.fromkeys(LATE_FRAMES, 0)
    each = 3 * len(ABOVE_NOISE_DB) * draws
    print(f"told to be late, of {each}, by frames:")
    for name, amp in AMPS.items():
        counts = dict.fromkeys(LATE_FRAMES, 0)
        for kind in (white, pink, hum):
            for above_db in ABOVE_NOISE_DB:
                for seed in range(draws):
                    for late in LATE_FRAMES:
                        draw = np.random.default_rng([seed, late, above_db])
                        noise = kind(2 * FRAMES + SILENCE_FRAMES, draw)
                        counts[late] += told(amp, noise, above_db, late)
        print(f"  {name}: {counts}", flush=True)
        total = {late: total[late] + counts[late] for late in LATE_FRAMES}
    print(f"all, of {each * len(AMPS)}: {total}")


if __name__ == "__main__":
    main()
