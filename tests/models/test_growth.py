"""A network that grows plays what it played, and learns with all that it has got."""

import pytest
import torch

from models.networks.growth import can_grow, grow
from models.networks.spec import ModelSpec
from models.networks.wavenet import SHAPES, KnobWaveNet

GROWN = [("feather", "standard"), ("nano", "standard"), ("feather", "lite"), ("nano", "feather")]


def drawn(size: str, seed: int, *, silent: bool = False) -> KnobWaveNet:
    """One that turns with its knobs in every part, as after training."""
    torch.manual_seed(seed)
    model = ModelSpec("wavenet", size, (0, 0, 3), 1, silent=silent).build()
    assert isinstance(model, KnobWaveNet)
    with torch.no_grad():
        for parameter in model.encoder.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
        model.polarity.fill_(-1.0)
    return model


@pytest.mark.parametrize(("small", "large"), [*GROWN, ("feather", "feather")])
@pytest.mark.parametrize("silent", [False, True])
def test_it_plays_the_same_at_every_setting(small: str, large: str, silent: bool) -> None:
    old, new = drawn(small, 1, silent=silent), drawn(large, 2, silent=silent)
    # In double precision: what differs by rounding is told from what differs.
    old.double()
    new.double()
    grow(old, new)
    audio = 0.3 * torch.randn(1, 5, 6_000, generator=torch.Generator().manual_seed(3)).double()
    knobs = torch.rand(1, 5, 3, generator=torch.Generator().manual_seed(4)).double()
    with torch.no_grad():
        before, after = old(audio, knobs), new(audio, knobs)
    assert before.shape == after.shape
    assert float((before - after).abs().max()) < 1e-9 * float(before.std())
    # Settings sound apart, or nothing was compared.
    assert float((before[0, 0] - before[0, 1]).std()) > 0.01 * float(before.std())


@pytest.mark.parametrize(("small", "large"), GROWN)
def test_all_of_it_learns(small: str, large: str) -> None:
    """Nothing hears the new channels at first; after a step or two every weight moves."""
    old, new = drawn(small, 1), drawn(large, 2)
    grow(old, new)
    audio = 0.3 * torch.randn(1, 2, 6_000, generator=torch.Generator().manual_seed(3))
    knobs = torch.rand(1, 2, 3, generator=torch.Generator().manual_seed(4))
    optimiser = torch.optim.SGD(new.parameters(), 1e-3)
    for _ in range(3):
        optimiser.zero_grad()
        torch.autograd.backward((new(audio, knobs) - audio[..., -1:]).square().mean())
        optimiser.step()
    dead = {
        name: float((parameter.grad == 0).float().mean())
        for name, parameter in new.named_parameters()
        if parameter.grad is not None and name != "encoder.taper"
    }
    # Of the last layer nobody hears what it hands on, as in every network of this kind; and the
    # first column of some switches is not set in two settings.
    for name, share in dead.items():
        assert share < 0.5, f"{name}: {share:.0%} of it has no gradient"


@pytest.mark.parametrize(
    ("small", "large"),
    [("standard", "feather"), ("lite", "standard"), ("a2-slim", "a2"), ("feather", "a2")],
)
def test_what_does_not_fit_is_known(small: str, large: str) -> None:
    assert not can_grow(SHAPES[small], SHAPES[large])
    assert all(can_grow(SHAPES[one], SHAPES[other]) for one, other in GROWN)
