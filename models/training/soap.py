"""SOAP: Adam in the eigenbasis of Shampoo's preconditioner, over stacks of small matrices.

The tensors of the models here are stacks of matrices of 4 to 24 rows: to keep their bases costs
next to nothing beside a step. Source: Vyas et al., "SOAP: Improving and Stabilizing Shampoo using
Adam" (2024); that the squares turn along with their basis is ours.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from models.training.basis import State, from_basis, to_basis, update_bases

#: How much of the gradients' mean, of their squares and of their covariances stays each step.
MEAN, SQUARE, COVARIANCE = 0.9, 0.99, 0.95
#: Steps between two looks at the bases.
BASIS_EVERY = 5
#: Sides longer than this keep the basis they have.
#: A decomposition costs the cube of a side's length.
WIDEST = 128
#: A weight that has never had a gradient takes no step, instead of dividing zero by zero.
TINY = 1e-8


# Ours and not a library's: what is a stack of matrices here a library would flatten or skip, since
# it has more than two dimensions.
class SOAP(torch.optim.Optimizer):
    """The optimiser; a parameter is a matrix, or a stack of matrices in its last two dimensions.

    Args:
        groups: As of any torch optimiser; whoever steps it sets their ``lr``.
    """

    def __init__(self, groups: list[dict[str, Any]]) -> None:
        super().__init__(groups, {"lr": 1e-3})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Move every parameter that has a gradient; there is no closure."""
        assert closure is None
        for group in self.param_groups:
            for parameter in group["params"]:
                gradient = parameter.grad
                if gradient is not None:
                    matrix = gradient if gradient.dim() > 1 else gradient[None]
                    update = _update(self.state[parameter], matrix)
                    parameter.sub_(update.view_as(parameter), alpha=group["lr"])


def _update(state: State, gradient: Tensor) -> Tensor:
    """Return the step at a rate of one; until the bases are first updated, it is Adam's."""
    if "steps" not in state:
        _initialise(state, gradient)
    state["steps"] += 1
    steps = state["steps"]
    # Shampoo's two factors: how the rows of a gradient go together, and how its columns do.
    if "rows" in state:
        state["rows"].lerp_(gradient @ gradient.mT, 1 - COVARIANCE)
    if "columns" in state:
        state["columns"].lerp_(gradient.mT @ gradient, 1 - COVARIANCE)
    # Before this gradient's squares are added, which then stand in the same basis as the others.
    if steps % BASIS_EVERY == 0:
        update_bases(state, first=steps == BASIS_EVERY)
    # The mean is linear and stays in the parameter's coordinates, true in whatever basis it is
    # looked at; squares are not, so they live in the basis and have to turn with it.
    state["mean"].lerp_(gradient, 1 - MEAN)
    state["square"].lerp_(to_basis(state, gradient) ** 2, 1 - SQUARE)
    # Both averages start from zero: what is missing of their weights is divided out, as in Adam.
    mean = to_basis(state, state["mean"]) / (1 - MEAN**steps)
    size = (state["square"] / (1 - SQUARE**steps)).sqrt()
    # Adam gives each coordinate its own size, which is worth most where they go together least.
    return from_basis(state, mean / (size + TINY))


def _initialise(state: State, gradient: Tensor) -> None:
    state["steps"] = 0
    state["mean"], state["square"] = torch.zeros_like(gradient), torch.zeros_like(gradient)
    for side, length in zip(("rows", "columns"), gradient.shape[-2:], strict=True):
        # A vector comes as one row, and a side of one has nothing to rotate.
        if 1 < length <= WIDEST:
            # The identity, which is plain Adam: a single gradient's eigenvectors are mostly noise.
            own = torch.eye(length, dtype=gradient.dtype, device=gradient.device)
            state[f"{side}_basis"] = own.expand(*gradient.shape[:-2], length, length).clone()
            state[side] = torch.zeros_like(state[f"{side}_basis"])
