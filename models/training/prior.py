"""Weights that an ensemble starts from: what amps have in common, learnt from many drawn ones.

`tools/make_prior.py` makes the files. A prior holds a trunk, what an average amp reads off
knobs that are in the middle, and by how much turning a knob of a usual name moves that.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save
from torch import Tensor, nn

from models.networks.wavenet import KnobWaveNet

PRIORS = Path(__file__).parents[1] / "data" / "priors"
CONSTANT, DIRECT, TAPER = "encoder.constant", "encoder.direct", "encoder.taper"
# A trunk without names gains nothing: what knobs do would still be learnt from zero (decision 14).
#: What knobs are called on faceplates, by the role that the prior knows them in.
NAMES = {
    "gain": ("gain", "drive", "preamp", "volume 1", "pregain", "gain 1", "input"),
    "gain 2": ("gain 2", "drive 2", "channel volume", "lead gain"),
    "boost": ("boost",),
    "fuzz": ("fuzz", "overdrive", "distortion", "od"),
    "bass": ("bass", "low", "lows"),
    "middle": ("middle", "mid", "mids"),
    "treble": ("treble", "high", "highs"),
    "tone": ("tone", "tilt", "color", "colour"),
    "presence": ("presence",),
    "resonance": ("resonance", "depth", "deep"),
    # Alone it is the one gain there is, beside a gain it is the master: a role of its own.
    "volume": ("volume", "vol"),
    "master": ("master", "master volume", "level", "output"),
}
#: What a prior reads a knob as that was made before its role was.
NEAREST = {"tone": "treble", "volume": "master"}


def _is_trunk(name: str) -> bool:
    return not name.startswith("encoder.") and name != "polarity"


def dump_prior(model: nn.Module, roles: Sequence[str], has: Tensor) -> bytes:
    """Return the trunk that many amps shared and their mean encoder weights, in half precision.

    Args:
        model: Its members are amps, each with a column for each of the roles.
        roles: Keys of `NAMES`, in the order of the columns.
        has: Which amp has a knob in which role, ``(members, roles)``; what stands in the columns of
            the others means nothing.
    """
    state = model.state_dict()
    kept = {name: tensor for name, tensor in state.items() if _is_trunk(name)}
    kept[CONSTANT] = state[CONSTANT].mean(0)
    for index, role in enumerate(roles):
        those = has[:, index]
        if bool(those.any()):
            kept[f"{DIRECT}.{role}"] = state[DIRECT][those, index].mean(0)
            kept[f"{TAPER}.{role}"] = state[TAPER][those][..., index].mean(0)
    return save({name: tensor.half().contiguous() for name, tensor in kept.items()})


def has_prior(size: str) -> bool:
    """Return whether there are weights to start from for a size."""
    return (PRIORS / f"{size}.safetensors").is_file()


def prior_control(name: str) -> str | None:
    """Return the role that a knob of this name has, None for an unknown name."""
    words = name.strip().lower().replace("_", " ")
    return next((role for role, names in NAMES.items() if words in names), None)


def _turns(prior: Mapping[str, Tensor], name: str) -> tuple[Tensor, Tensor] | None:
    """Return what a prior says of turning a knob of this name, None where it does not know it."""
    role = prior_control(name)
    if role is not None and f"{DIRECT}.{role}" not in prior:
        role = NEAREST.get(role)
    if role is None or f"{DIRECT}.{role}" not in prior:
        return None
    return prior[f"{DIRECT}.{role}"], prior[f"{TAPER}.{role}"]


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
            turns = _turns(prior, name)
            if turns is not None and count == 0:
                model.encoder.direct[:, column] = turns[0].to(model.encoder.direct)
                model.encoder.taper[..., index] = turns[1].to(model.encoder.taper)
            column += max(count, 1)
