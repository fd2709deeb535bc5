"""Fit a hypernetwork to a model in the space of its weights: no audio is played.

What the encoder says is exact in it, and so are drive and level. All scales and biases, and what is
taken off at silence, are read off some common units, fitted by L-BFGS.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from models.hyper.constant import beside, constant_units
from models.hyper.minimise import minimise
from models.hyper.moved import CONSTANT, LEVEL, functions
from models.hyper.trunk import Affine, Layer, bent, encoding, exponentials, inputs_of, magnitude
from models.networks.wavenet import KnobWaveNet

#: Settings that are fitted, units, and steps of the optimiser.
SETTINGS, UNITS, STEPS = 4_000, 48, 300
#: Of the settings' coordinates, how many stand at an end: there a fit has no neighbours.
AT_ENDS = 0.25
#: Directions in which the functions are fitted while units are found; beyond, there is nothing.
DIRECTIONS = 48
#: What the constant that silence needs counts beside all directions.
PEDESTAL = 100.0
#: Against coefficients that cancel each other: single precision would not follow.
RIDGE = 1e-5
#: The constant is no sum of few units: exact to the fit's own error, rounding must not exceed it.
CONSTANT_RIDGE = 1e-4


@dataclass(frozen=True)
class Fitted:
    """A hypernetwork for a model's functions.

    Attributes:
        layers: The hidden layers.
        weight: From the last of them to the functions, ``(units, functions)``.
        bias: ``(functions,)``.
    """

    layers: list[Layer]
    weight: Tensor
    bias: Tensor


def drawn(positions: tuple[int, ...], count: int, seed: int) -> Tensor:
    """Draw settings ``(count, knobs)`` from everywhere, many of them at the ends."""
    draw = torch.Generator().manual_seed(seed)
    anywhere = torch.rand(count, len(positions), generator=draw)
    at_end = torch.rand(count, len(positions), generator=draw) < AT_ENDS
    settings = torch.where(at_end, anywhere.round(), anywhere)
    for index, number in enumerate(positions):
        if number:
            settings[:, index] = (settings[:, index] * (number - 1)).round() / (number - 1)
    return settings


def fit(model: KnobWaveNet, seed: int = 0) -> Fitted:
    """Fit a hypernetwork to a final model; the same seed gives the same.

    Args:
        model: A WaveNet of one member, conditioned by scales and shifts.
        seed: Of the settings and the units.
    """
    settings = drawn(model.encoder.positions, SETTINGS, seed)
    wanted = functions(model, settings)
    first, turned = bent(model.encoder)
    shown = first(inputs_of(settings, model.encoder.positions))
    second, read = encoding(model.encoder, turned)
    over_level = wanted[:, CONSTANT] / wanted[:, LEVEL]
    constant = constant_units(turned(shown), over_level, seed)
    second, read = beside(second, read, turned, constant, level=1)
    third, common = _last_layer(read, second(shown), wanted, seed)
    coefficients = _read_out(third(second(shown)), common, wanted)
    return Fitted([first, second, third], coefficients[:-1], coefficients[-1])


def _last_layer(read: Affine, before: Tensor, wanted: Tensor, seed: int) -> tuple[Layer, int]:
    """Return the last hidden layer, and how many of its units are common ones."""
    known = read(before)
    # Of drive, level, and the level times the constant.
    logarithms = [0, 1, known.shape[1] - 1]
    certain = exponentials(read, logarithms, known[:, logarithms].max(0).values)
    units = _common_units(known, certain(before) / magnitude(), wanted, seed).of(read)
    weight = torch.cat([units.weight, certain.weight], 1)
    return Layer(weight, torch.cat([units.bias, certain.bias])), UNITS


def _level(wanted: Tensor) -> Tensor:
    return wanted[:, LEVEL, None]


def _directions(wanted: Tensor) -> Tensor:
    """Return the functions but the last three in the few directions that they move in."""
    moving = wanted[:, :-3] - wanted[:, :-3].mean(0)
    _, _, across = torch.linalg.svd(moving, full_matrices=False)
    along: Tensor = moving @ across[:DIRECTIONS].T
    return along / (along.std() + 1e-12)


def _common_units(known: Tensor, certain: Tensor, wanted: Tensor, seed: int) -> Affine:
    """Find units, as a map from what the encoder gives and reads to their arguments."""
    shift, width = known.mean(0), known.std(0) + 1e-9
    standing = (known - shift) / width
    inputs, draw = standing.shape[1], torch.Generator().manual_seed(seed)
    weight = torch.randn(inputs, UNITS, generator=draw).double() * (1.5 / inputs**0.5)
    bias = torch.randn(UNITS, generator=draw).double() * 0.7
    along, level = _directions(wanted), _level(wanted)
    # What silence needs is heard beside the level, which multiplies it.
    pedestal = wanted[:, CONSTANT, None] / level
    ones = torch.ones(len(known), 1).double()

    def features() -> Tensor:
        """Return what the tensors and the constant are read off, as it stands now."""
        return torch.cat([functional.silu(standing @ weight + bias), certain, ones], 1)

    found = torch.cat(
        [_least_squares(features(), along), _least_squares(features() / level, pedestal)], 1
    )

    def error() -> Tensor:
        """Return by how much they are read wrongly."""
        read = features() @ found
        off = (read[:, :-1] - along).square().mean()
        return off + PEDESTAL * (read[:, -1:] / level - pedestal).square().mean()

    minimise([weight, bias, found], error, STEPS)
    scaled = weight / width[:, None]
    return Affine(scaled, bias - shift @ scaled)


def _least_squares(design: Tensor, wanted: Tensor, ridge: float = RIDGE) -> Tensor:
    columns = design.shape[1]
    small = ridge * len(design) ** 0.5 * torch.eye(columns).double()
    aims = torch.cat([wanted, wanted.new_zeros(columns, wanted.shape[1])])
    found: Tensor = torch.linalg.lstsq(torch.cat([design, small]), aims).solution
    return found


def _read_out(units: Tensor, common: int, wanted: Tensor) -> Tensor:
    """Return what of each unit, and of 1, makes each function, ``(units + 1, functions)``."""
    scale = torch.ones(units.shape[1] + 1).double()
    scale[common:-1] = magnitude()
    design = torch.cat([units, torch.ones(len(units), 1).double()], 1) / scale
    # In shares of the level: a quiet setting is as much as a loud one.
    level = _level(wanted)
    shared = design / level
    found = [
        _least_squares(design, wanted[:, :LEVEL]),
        _least_squares(shared, torch.ones_like(level)),
        _least_squares(shared, wanted[:, CONSTANT, None] / level, CONSTANT_RIDGE),
    ]
    return torch.cat(found, 1) / scale[:, None]
