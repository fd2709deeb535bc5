"""The optimiser: Adam in another basis, on stacks, vectors and wide tensors."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from models.training import soap
from models.training.soap import SOAP


def minimised(optimiser: torch.optim.Optimizer, loss: Callable[[], Tensor], steps: int) -> float:
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = 0.05 * (1.0 - step / steps)
        optimiser.zero_grad()
        torch.autograd.backward(loss())
        optimiser.step()
    return float(loss().detach())


def test_where_no_direction_depends_on_another_it_is_adam() -> None:
    draw = torch.Generator().manual_seed(1)
    sizes = torch.tensor([0.3, 3.0, 0.1, 1.0])
    ours, adams = nn.Parameter(torch.zeros(4, 4)), nn.Parameter(torch.zeros(4, 4))
    both = [
        (ours, SOAP([{"params": [ours]}])),
        (adams, torch.optim.Adam([adams], betas=(soap.MEAN, soap.SQUARE), eps=soap.TINY)),
    ]
    for _ in range(3 * soap.BASIS_EVERY):
        gradient = torch.diag(sizes * torch.randn(4, generator=draw))
        for parameter, optimiser in both:
            parameter.grad = gradient.clone()
            optimiser.step()
    assert float(adams.detach().abs().max()) > 1e-3
    torch.testing.assert_close(ours.detach(), adams.detach())


def test_gradients_askew_are_seen_in_the_basis_where_they_are_not() -> None:
    """Each of their own directions moves as if it were alone, also when they are others now."""
    draw = torch.Generator().manual_seed(1)
    turns = torch.linalg.qr(torch.randn(4, 5, 5, generator=draw))[0]
    sizes = torch.tensor([30.0, 3.0, 1.0, 0.3, 0.1])
    matrix = nn.Parameter(torch.zeros(5, 5))
    optimiser = SOAP([{"params": [matrix]}])
    before = matrix.detach().clone()
    left, right = turns[:2]
    for step in range(120 * soap.BASIS_EVERY):
        left, right = turns[:2] if step < 5 * soap.BASIS_EVERY else turns[2:]
        before = matrix.detach().clone()
        signs = torch.randn(5, generator=draw).sign()
        matrix.grad = left @ torch.diag(sizes * signs) @ right.T
        optimiser.step()
    moved = (left.T @ (matrix.detach() - before) @ right).abs()
    astray = (moved - torch.diag(moved.diagonal())).max()
    assert astray < 0.02 * moved.diagonal().max()


def test_a_stack_moves_as_its_matrices_do() -> None:
    draw = torch.Generator().manual_seed(2)
    gradients = torch.randn(12, 3, 4, 5, generator=draw)
    stack = nn.Parameter(torch.zeros(3, 4, 5))
    alone = [nn.Parameter(torch.zeros(4, 5)) for _ in range(3)]
    together, separation = SOAP([{"params": [stack]}]), SOAP([{"params": alone}])
    for gradient in gradients:
        stack.grad = gradient
        for index, matrix in enumerate(alone):
            matrix.grad = gradient[index]
        together.step()
        separation.step()
    torch.testing.assert_close(stack.detach(), torch.stack([m.detach() for m in alone]))


@pytest.mark.parametrize("shape", [(7,), (1, 1), (2, 1, 6), (soap.WIDEST + 3, 2), (1,)])
def test_vectors_and_wide_tensors_find_their_minimum(shape: tuple[int, ...]) -> None:
    wanted = torch.randn(shape, generator=torch.Generator().manual_seed(3))
    tensor = nn.Parameter(torch.zeros(shape))
    optimiser = SOAP([{"params": [tensor]}])
    assert minimised(optimiser, lambda: ((tensor - wanted) ** 2).sum(), 200) < 5e-3


def test_what_gets_no_gradient_or_none_to_speak_of_stays_where_it_is() -> None:
    idle, flat = nn.Parameter(torch.ones(3, 3)), nn.Parameter(torch.ones(3, 3))
    optimiser = SOAP([{"params": [idle, flat]}])
    for _ in range(2 * soap.BASIS_EVERY):
        flat.grad = torch.zeros(3, 3)
        optimiser.step()
    assert torch.equal(idle.detach(), torch.ones(3, 3))
    assert torch.equal(flat.detach(), torch.ones(3, 3))


def test_state_of_another_optimiser_is_not_taken_for_its_own() -> None:
    tensor = nn.Parameter(torch.zeros(2, 2))
    adam = torch.optim.Adam([tensor])
    tensor.grad = torch.ones(2, 2)
    adam.step()
    optimiser = SOAP([{"params": [tensor]}])
    optimiser.load_state_dict(adam.state_dict())
    optimiser.step()
    assert bool(torch.isfinite(tensor).all())
