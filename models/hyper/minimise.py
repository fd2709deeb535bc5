"""Bring a smooth error down by L-BFGS, in double precision."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor


def minimise(parts: Sequence[Tensor], error: Callable[[], Tensor], steps: int) -> None:
    """Change tensors in place until an error of them is small.

    Args:
        parts: What may change; afterwards plain tensors again.
        error: What they come to, a number.
        steps: At the most.
    """
    optimiser = torch.optim.LBFGS(
        [part.requires_grad_() for part in parts], max_iter=steps, history_size=30,
        line_search_fn="strong_wolfe", tolerance_change=1e-15, tolerance_grad=1e-12,
    )  # fmt: skip

    def evaluated() -> float:
        """Return the error, with its gradient in the tensors."""
        optimiser.zero_grad()
        found = error()
        found.backward()  # type: ignore[no-untyped-call]
        return float(found.detach())

    optimiser.step(evaluated)  # type: ignore[no-untyped-call]
    for part in parts:
        part.requires_grad_(False)
