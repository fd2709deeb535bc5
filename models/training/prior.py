"""Weights that an ensemble starts from: what amps have in common, learnt from many drawn ones.

`tools/make_prior.py` makes the files. A prior holds a trunk, what an average amp reads off
knobs that are in the middle, and by how much turning a knob of a usual name moves that.
"""

from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save
from torch import Tensor, nn

from models.networks.wavenet import KnobWaveNet

PRIORS = Path(__file__).parents[1] / "data" / "priors"
CONSTANT, DIRECT, TAPER = "encoder.constant", "encoder.direct", "encoder.taper"
# A trunk without names gains nothing: what knobs do would still be learnt from zero (decision 14).
#: What knobs are called on faceplates, by the name that the prior knows them by.
NAMES = {
    "gain": ("gain", "drive", "preamp", "volume 1", "pregain"),
    "boost": ("boost",),
    "bass": ("bass", "low", "lows"),
    "middle": ("middle", "mid", "mids"),
    "treble": ("treble", "tone", "high", "highs"),
    "presence": ("presence",),
    "master": ("master", "volume", "level", "output"),
}


def _is_trunk(name: str) -> bool:
    return not name.startswith("encoder.") and name != "polarity"


def dump_prior(model: nn.Module, controls: Sequence[str]) -> bytes:
    """Return the trunk that many amps shared and their mean encoder weights, in half precision.

    Args:
        model: Its members are amps, each with all of these controls as knobs that turn.
        controls: Keys of `NAMES`, in the order of the knobs.
    """
    state = model.state_dict()
    kept = {name: tensor for name, tensor in state.items() if _is_trunk(name)}
    kept[CONSTANT] = state[CONSTANT].mean(0)
    for index, control in enumerate(controls):
        kept[f"{DIRECT}.{control}"] = state[DIRECT][:, index].mean(0)
        kept[f"{TAPER}.{control}"] = state[TAPER][..., index].mean(0)
    return save({name: tensor.half().contiguous() for name, tensor in kept.items()})


def has_prior(size: str) -> bool:
    """Return whether there are weights to start from for a size."""
    return (PRIORS / f"{size}.safetensors").is_file()


def prior_control(name: str) -> str | None:
    """Return which control of the prior a knob of this name is, None for an unknown name."""
    words = name.strip().lower().replace("_", " ")
    return next((control for control, names in NAMES.items() if words in names), None)


def start_from_prior(model: KnobWaveNet, size: str, names: Sequence[str]) -> None:
    """Give every member the common trunk, and knobs of usual names their usual effect.

    Args:
        model: Untrained.
        size: Of its shape.
        names: Of the knobs, as on the faceplate; those that nobody knows, and switches, are
            learnt from nothing.
    """
    prior: dict[str, Tensor] = load_file(PRIORS / f"{size}.safetensors")
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name in prior:
                # The file has one trunk, whatever the number of trunks in the model.
                once = prior[name].to(parameter).reshape(parameter.shape[1:])
                parameter.copy_(once.expand_as(parameter))
        # A switch takes a column for each of its positions, a knob that turns takes one.
        column = 0
        for index, (name, count) in enumerate(zip(names, model.encoder.positions, strict=False)):
            control = prior_control(name)
            if control is not None and count == 0:
                direct, taper = prior[f"{DIRECT}.{control}"], prior[f"{TAPER}.{control}"]
                model.encoder.direct[:, column] = direct.to(parameter)
                model.encoder.taper[..., index] = taper.to(parameter)
            column += max(count, 1)
