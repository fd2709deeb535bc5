"""The versions of the ``.nam`` format that can be written, and what each of them can hold."""

from typing import Any

from models.networks.wavenet import ArrayShape

#: What trainers write now, and what players before A2 read.
CURRENT, FORMER = "0.7.0", "0.5.4"
VERSIONS = (CURRENT, FORMER)
#: The only kernel that both layouts name for every layer.
_PLAIN_KERNEL = 3

#: What stock layers may have and ours do not; the format names it all the same.
_FILM_PLACES = (
    "conv_pre_film",
    "conv_post_film",
    "input_mixin_pre_film",
    "input_mixin_post_film",
    "activation_pre_film",
    "activation_post_film",
    "layer1x1_post_film",
    "head1x1_post_film",
)


class CannotHold(ValueError):
    """Raised where a version of the format has no words for a model's shape."""


def _activation(shape: ArrayShape) -> dict[str, Any]:
    if shape.slope is None:
        return {"type": "Tanh"}
    return {"type": "LeakyReLU", "negative_slope": shape.slope}


def _current(shape: ArrayShape, input_size: int) -> dict[str, Any]:
    depth = len(shape.dilations)
    return {
        "input_size": input_size,
        "condition_size": 1,
        "head": {
            "out_channels": shape.head_size,
            "kernel_size": shape.head_kernel,
            "bias": shape.head_bias,
        },
        "channels": shape.channels,
        "kernel_sizes": list(shape.kernel_sizes),
        "dilations": list(shape.dilations),
        "activation": [_activation(shape)] * depth,
        "bottleneck": shape.channels,
        "head1x1": {"active": False, "out_channels": 1, "groups": 1},
        "layer1x1": {"active": True, "groups": 1},
        "groups_input": 1,
        "groups_input_mixin": 1,
        **{place: {"active": False, "shift": True, "groups": 1} for place in _FILM_PLACES},
        "gating_mode": ["none"] * depth,
        "secondary_activation": [None] * depth,
        "slimmable": None,
    }


def _former(shape: ArrayShape, input_size: int) -> dict[str, Any]:
    plain = set(shape.kernel_sizes) == {_PLAIN_KERNEL} and shape.head_kernel == 1
    if not plain or shape.slope is not None:
        raise CannotHold(f"version {FORMER} of the format holds A1 shapes and LSTMs only")
    return {
        "input_size": input_size,
        "condition_size": 1,
        "head_size": shape.head_size,
        "channels": shape.channels,
        "kernel_size": _PLAIN_KERNEL,
        "dilations": list(shape.dilations),
        "activation": "Tanh",
        "gated": False,
        "head_bias": shape.head_bias,
    }


def array_config(shape: ArrayShape, input_size: int, version: str) -> dict[str, Any]:
    """Return how a version of the format describes a layer array.

    Raises:
        CannotHold: It has no words for it.
    """
    return {CURRENT: _current, FORMER: _former}[version](shape, input_size)
