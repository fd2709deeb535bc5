"""What many tests need: a configuration that runs in seconds, and sessions made with it."""

import os
import shutil
from pathlib import Path

#: Two test processes share the cores: threads that spin while they wait for each other would take
#: them from those that work. Read when numpy and torch are imported, here and in every child.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import pytest
from filelock import FileLock
from scipy.signal import firwin

from calibration.signals import Signal, compose
from rig import config as configuration
from rig.config import Config
from rig.daemon.request import Request
from rig.daemon.service import capture

TINY = """
name: tiny
seed: 3
amp: {driver: virtual, preset: tweed}
interface: {driver: virtual, latency_frames: 311.3}
knobs:
  gain: {range: [1, 12], step: 0.1, rest: 3, play: [3, 10]}
  tone: {range: [1, 12], step: 0.1, rest: 6}
  volume: {range: [1, 12], step: 0.1, rest: 1, play: [3, 9]}
signal:
  train: {file: "builtin:guitar-train", start_s: 1, length_s: 1}
  holdout: {file: "builtin:guitar-holdout", start_s: 3, length_s: 0.6}
  tones_hz: [330]
  tone_s: 0.2
plan: {captures: 8, seeds: 4, batch: 2, holdouts: 2, canary_every: 5}
learner: {size: nano, members: 2, steps: 2, final_size: nano, final_steps: 2, threads: 1,
  closing_round: false}
"""

#: The same with every setting laid out before: only the final model is learnt.
LAID_OUT = TINY.replace("captures: 8, seeds: 4", "captures: 8, seeds: 8")


@pytest.fixture
def tiny() -> Config:
    return configuration.parse(TINY)


@pytest.fixture
def tiny_file(tmp_path: Path) -> Path:
    path = tmp_path / "rig.yaml"
    path.write_text(TINY, encoding="utf-8")
    return path


@pytest.fixture
def short_signal() -> Signal:
    noise = np.random.default_rng(0).standard_normal(24_000) * np.hanning(24_000)
    burst = np.convolve(noise, firwin(129, 0.7), mode="same")
    return compose(burst, burst[::-1], [440.0], 0.1, -6.0, 48_000)


def _record(folder: Path) -> None:
    config = folder.parent / "rig.yaml"
    config.write_text(TINY, encoding="utf-8")
    ending = capture(Request(folder, config), configuration.load(config))
    assert not ending.failed, ending.reason


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole small session, recorded once; copy it before changing anything in it."""
    folder = tmp_path_factory.mktemp("sessions") / "töne und mehr"
    if "PYTEST_XDIST_WORKER" not in os.environ:
        _record(folder)
        return folder
    # The first of the test processes records it, and each has a copy of its own.
    shared = tmp_path_factory.getbasetemp().parent / "recorded"
    with FileLock(f"{shared}.lock"):
        if not shared.exists():
            _record(folder)
            shutil.copytree(folder, shared)
            return folder
    return Path(shutil.copytree(shared, folder))


@pytest.fixture
def copied(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished session to do as one likes with."""
    return Path(shutil.copytree(finished, tmp_path / "copy"))
