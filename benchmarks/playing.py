"""Measure playing in real time: each model's load, and a minute on a real audio server.

The minute needs jackd: 128 frames a block, the default final model, three knobs swept over MIDI.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from models.live.player import LiveModel
from rig.player.client import Player
from rig.player.hands import Hands
from rig.player.midi import ControllerInput
from rig.player.wires import controllers
from tests.devices import jack
from tests.player import performance

RATE, SECONDS = 48_000, 4.0
MODELS = [
    *(("wavenet", size) for size in ("standard", "lite", "feather", "nano", "a2", "a2-slim")),
    *(("lstm", size) for size in ("1x16", "1x24", "2x16", "3x18")),
]


def load(architecture: str, size: str, block: int, turning: bool) -> tuple[float, float]:
    """Return the share of time that blocks take: the median, and the 99th percentile."""
    live, random = LiveModel(performance.section(architecture, size)), np.random.default_rng(0)
    spent = []
    for number in range(round(SECONDS * RATE / block)):
        heard = (0.2 * random.standard_normal(block)).astype(np.float32)
        if turning:
            live.turn(np.full(3, 0.5 + 0.5 * np.sin(number / 50), np.float32))
        began = time.perf_counter()
        live.play(heard)
        spent.append((time.perf_counter() - began) * RATE / block)
    return float(np.median(spent)), float(np.percentile(spent, 99))


def table() -> None:
    print("model, block, still (99 %), turning (99 %)")
    for architecture, size in MODELS:
        for block in (64, 128):
            still, turning = (load(architecture, size, block, moves) for moves in (False, True))
            print(
                f"{architecture} {size}, {block}, {still[0]:.2f} ({still[1]:.2f}), "
                f"{turning[0]:.2f} ({turning[1]:.2f})",
                flush=True,
            )


def minute(seconds: float, period: int, slack: int, architecture: str, size: str) -> int:
    """Play on jackd, and return how many blocks were not ready."""
    os.environ.update(jack.ENVIRONMENT)
    config, log = performance.config(), Path(tempfile.mkdtemp()) / "player.log"
    with (
        jack.server(period),
        performance.beside(performance.SWEEPER),
        performance.beside(performance.GUITARIST),
        Player(config, log) as player,
    ):
        wires = controllers(config.panel, {}, {})
        hands = Hands(config.panel, config.panel.reference, wires, player.turn)
        player.play_model(performance.section(architecture, size), hands.point, slack_blocks=slack)
        performance.patch()
        highest, loads, before = 0.0, [], player.hear()
        with ControllerInput("the hands", "UNIX_JACK", hands.controller):
            while (report := player.hear()).played_s < seconds:
                highest = max(highest, report.highest_load)
                loads.append(report.load)
                if report.dropouts > before.dropouts:
                    print(f"not ready at {report.played_s:.1f} s: {report}", flush=True)
                before = report
        player.stop()
    print(f"{report}\nload: median {np.median(loads):.2f}, of one block at most {highest:.2f}")
    return report.dropouts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--period", type=int, default=128)
    parser.add_argument("--slack", type=int, default=3, help="as of 'rig play'")
    parser.add_argument("--model", nargs=2, default=("wavenet", "standard"))
    parser.add_argument("--no-table", action="store_true")
    asked = parser.parse_args()
    if not asked.no_table:
        table()
    sys.exit(minute(asked.seconds, asked.period, asked.slack, *asked.model) > 0)


if __name__ == "__main__":
    main()
