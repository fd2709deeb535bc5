"""The bases that SOAP works in: eigenvectors of the gradients' covariances, one per side."""

from typing import Any

import torch
from torch import Tensor

#: What is kept of a parameter, by name: for a side, its covariance and its basis.
State = dict[str, Any]


def update_bases(state: State, first: bool) -> None:
    """Bring the bases nearer to the eigenvectors, largest first, and the squares along."""
    for side in ("rows", "columns"):
        if side not in state:
            continue
        # On the CPU: the matrices are small, and not every device has these decompositions.
        covariance, old = state[side].cpu(), state[f"{side}_basis"]
        if first:
            # Ascending out of eigh, flipped to the order in which the power iteration keeps them.
            new = torch.linalg.eigh(covariance)[1].flip(-1)
        else:
            # One step of the power iteration: covariances change slowly, and an eigh costs more.
            # QR may turn signs over: squares do not see it, and the mean is not kept in here.
            new = torch.linalg.qr(covariance @ old.cpu())[0]
        new = new.to(old.device)
        # Mean squares of rotated coordinates, if those are uncorrelated: weights are squared.
        weights, square = (new.mT @ old) ** 2, state["square"]
        state["square"] = weights @ square if side == "rows" else square @ weights.mT
        state[f"{side}_basis"] = new


def to_basis(state: State, matrix: Tensor) -> Tensor:
    """Rotate a matrix from the parameter's coordinates into those of the bases."""
    # The bases are orthogonal: their transposes take back what they do, and nothing is solved.
    matrix = state["rows_basis"].mT @ matrix if "rows" in state else matrix
    return matrix @ state["columns_basis"] if "columns" in state else matrix


def from_basis(state: State, matrix: Tensor) -> Tensor:
    """Rotate a matrix from the coordinates of the bases back into the parameter's."""
    matrix = state["rows_basis"] @ matrix if "rows" in state else matrix
    return matrix @ state["columns_basis"].mT if "columns" in state else matrix
