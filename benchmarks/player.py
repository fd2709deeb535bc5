"""Measure how fast a report's page plays models, in headless Chromium on this machine.

python benchmarks/player.py REPORT.html
"""

import argparse
from pathlib import Path
from statistics import median

import numpy as np
import torch

from models.nam.embedded import embedded
from models.networks.spec import ModelSpec
from tests.report.browser import browser, opened

RATE, SECONDS, TRIES = 48_000, 2, 7
SHAPES = (("wavenet", "feather"), ("wavenet", "standard"), ("wavenet", "a2"), ("lstm", "2x16"))
STILL = f"([section, audio]) => rig.realTimeFactor(section, new Float32Array(audio), {RATE})"
TURNING = f"""([section, audio]) => {{
  const samples = new Float32Array(audio), player = rig.newPlayer(section);
  const path = Array.from({{ length: samples.length / 64 + 2 }}, (_, i) =>
    section.knobs.map((_, k) => 0.5 + 0.5 * Math.sin(i / 40 + k)));
  rig.render(player, samples.subarray(0, 6400), path);
  const began = performance.now();
  rig.render(player, samples, path);
  return samples.length / {RATE} / ((performance.now() - began) / 1000);
}}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("report", type=Path)
    report = parser.parse_args().report.resolve()
    noise = 0.1 * np.random.default_rng(0).standard_normal(RATE * SECONDS)
    with browser() as started:
        shown = opened(started, report)
        print("| model | knobs still | all knobs turning |\n|---|---|---|")
        for architecture, size in SHAPES:
            torch.manual_seed(0)
            model = ModelSpec(architecture, size, (0, 0, 0), 1, silent=True).build().eval()
            knobs = [{"name": f"{k}", "low": 0.0, "high": 1.0, "default": 0.5} for k in range(3)]
            arguments = embedded(model, knobs), noise.tolist()
            found = [
                [shown.call(script, *arguments) for _ in range(TRIES)]
                for script in (STILL, TURNING)
            ]
            told = [f"{median(f):.1f} ({min(f):.1f} to {max(f):.1f})" for f in found]
            print(f"| {architecture} {size} | {told[0]} | {told[1]} |", flush=True)


if __name__ == "__main__":
    main()
