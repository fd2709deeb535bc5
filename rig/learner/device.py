"""Choose the device that training runs on."""

import os

import torch

from rig.config import LearnerConfig
from rig.errors import ConfigError


def choose(config: LearnerConfig) -> torch.device:
    """Return the configured device ('auto': CUDA, then MPS, then the CPU); set the thread count.

    Raises:
        ConfigError: The configured device is not on this machine.
    """
    torch.set_num_threads(config.threads or os.cpu_count() or 1)
    is_present = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if config.device != "auto" and not is_present[config.device]:
        raise ConfigError(
            f"learner.device: this machine has no {config.device}; 'auto' takes what there is"
        )
    best = next(name for name, present in is_present.items() if present)
    return torch.device(best if config.device == "auto" else config.device)
