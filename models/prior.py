"""Weights that an ensemble starts from: what amps have in common, learnt from many drawn ones.

`benchmarks/make_prior.py` makes the files. A prior holds a trunk and what an average amp reads off
knobs that do not matter; what this amp's knobs do is always learnt from nothing.
"""

from pathlib import Path

import torch
from safetensors.torch import load_file, save
from torch import Tensor, nn

from models.wavenet import KnobWaveNet

PRIORS = Path(__file__).parent / "data" / "priors"
#: The encoder's tensors that mean something for an amp whose knobs nobody knows.
CONSTANT = "encoder.constant"


def _is_trunk(name: str) -> bool:
    return not name.startswith("encoder.")


def dump_prior(model: nn.Module) -> bytes:
    """The trunk that many amps shared, and the mean of their constants, in half precision."""
    state = model.state_dict()
    kept = {name: tensor for name, tensor in state.items() if _is_trunk(name)}
    del kept["polarity"]
    kept[CONSTANT] = state[CONSTANT].mean(0, keepdim=True)
    return save({name: tensor.half().contiguous() for name, tensor in kept.items()})


def has_prior(size: str) -> bool:
    """Whether there are weights to start from."""
    return (PRIORS / f"{size}.safetensors").is_file()


def start_from_prior(model: KnobWaveNet, size: str) -> None:
    """Give every member the common trunk; how members read the knobs stays as it was drawn.

    The level belongs to the amp: `models.start` reads it off the captures afterwards.
    """
    prior: dict[str, Tensor] = load_file(PRIORS / f"{size}.safetensors")
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name in prior:
                parameter.copy_(prior[name].to(parameter).expand_as(parameter))
