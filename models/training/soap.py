"""SOAP: Adam in the eigenbasis of Shampoo's preconditioner, over stacks of small matrices.

The tensors of the models here are stacks of matrices of 4 to 24 rows: to keep their bases costs
next to nothing beside a step. Source: Vyas et al., "SOAP: Improving and Stabilizing Shampoo using
Adam" (2024); that the squares turn along with their basis is ours.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

#: How much of the gradients' mean, of their squares and of their covariances stays each step.
MEAN, SQUARE, COVARIANCE = 0.9, 0.99, 0.95
#: Steps between two looks at the bases.
EVERY = 5
#: Sides longer than this keep the basis they have.
WIDEST = 128
TINY = 1e-8

_State = dict[str, Any]


class SOAP(torch.optim.Optimizer):
    """A parameter is a matrix, or a stack of matrices in its last two dimensions.

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
                    move = _move(self.state[parameter], matrix)
                    parameter.sub_(move.view_as(parameter), alpha=group["lr"])


def _move(state: _State, gradient: Tensor) -> Tensor:
    """What to subtract at a rate of one; until the bases are first looked at, it is Adam's."""
    if "steps" not in state:
        _begin(state, gradient)
    state["steps"] += 1
    steps = state["steps"]
    if "rows" in state:
        state["rows"].lerp_(gradient @ gradient.mT, 1 - COVARIANCE)
    if "columns" in state:
        state["columns"].lerp_(gradient.mT @ gradient, 1 - COVARIANCE)
    if steps % EVERY == 0:
        _turn(state, first=steps == EVERY)
    state["mean"].lerp_(gradient, 1 - MEAN)
    state["square"].lerp_(_into(state, gradient) ** 2, 1 - SQUARE)
    mean = _into(state, state["mean"]) / (1 - MEAN**steps)
    size = (state["square"] / (1 - SQUARE**steps)).sqrt()
    return _back(state, mean / (size + TINY))


def _begin(state: _State, gradient: Tensor) -> None:
    state["steps"] = 0
    state["mean"], state["square"] = torch.zeros_like(gradient), torch.zeros_like(gradient)
    for side, length in zip(("rows", "columns"), gradient.shape[-2:], strict=True):
        if 1 < length <= WIDEST:
            own = torch.eye(length, dtype=gradient.dtype, device=gradient.device)
            state[f"{side}_basis"] = own.expand(*gradient.shape[:-2], length, length).clone()
            state[side] = torch.zeros_like(state[f"{side}_basis"])


def _turn(state: _State, first: bool) -> None:
    """Bring the bases nearer to the eigenvectors, largest first, and the squares along."""
    for side in ("rows", "columns"):
        if side not in state:
            continue
        covariance, old = state[side].cpu(), state[f"{side}_basis"]  # small; not every device can
        if first:
            new = torch.linalg.eigh(covariance)[1].flip(-1)
        else:
            new = torch.linalg.qr(covariance @ old.cpu())[0]
        new = new.to(old.device)
        turned, square = (new.mT @ old) ** 2, state["square"]
        state["square"] = turned @ square if side == "rows" else square @ turned.mT
        state[f"{side}_basis"] = new


def _into(state: _State, matrix: Tensor) -> Tensor:
    """As the bases see it."""
    matrix = state["rows_basis"].mT @ matrix if "rows" in state else matrix
    return matrix @ state["columns_basis"] if "columns" in state else matrix


def _back(state: _State, matrix: Tensor) -> Tensor:
    """As the parameters see it."""
    matrix = state["rows_basis"] @ matrix if "rows" in state else matrix
    return matrix @ state["columns_basis"].mT if "columns" in state else matrix
