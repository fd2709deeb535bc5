"""Measure how much faster than real time the virtual amp renders, each preset, one core."""

import time

from rig import data
from rig.devices.virtual.presets import PRESETS
from rig.session import store

RUNS = 5


def main() -> None:
    """Print the median of several runs for each preset."""
    guitar = data.guitar("guitar-train")
    assert guitar is not None
    with data.as_file(guitar) as path:
        rate, audio = store.read_wav(path)
    for name, preset in PRESETS.items():
        spent = []
        for _ in range(RUNS):
            began = time.perf_counter()
            preset.amplifier({}, rate)(audio)
            spent.append(time.perf_counter() - began)
        median = sorted(spent)[RUNS // 2]
        speed = len(audio) / rate / median
        print(f"{name:8} {len(preset.controls)} controls: {speed:5.1f} x real time")


if __name__ == "__main__":
    main()
