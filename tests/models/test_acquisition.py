"""Proposals: found where members disagree, quantised, never twice."""

import torch

from models.acquisition import Search, disagreement, most_disputed
from models.spec import ModelSpec
from models.training import Model

SEARCH = Search(screened=16, restarts=4, steps=10)


def ensemble(positions: tuple[int, ...]) -> Model:
    torch.manual_seed(0)
    model = ModelSpec("wavenet", "nano", positions, 3).build()
    for parameter in model.encoder.parameters():
        parameter.data.normal_(0, 0.4)
    return model.eval()


def excerpts(model: Model) -> torch.Tensor:
    draw = torch.Generator().manual_seed(1)
    return 0.3 * torch.randn(2, model.history_frames + 512, generator=draw)


def flat(knobs: torch.Tensor) -> torch.Tensor:
    return torch.zeros(len(knobs))


def test_ascent_beats_the_screening_it_starts_from() -> None:
    model = ensemble((0, 0, 0))
    audio = excerpts(model)
    found = most_disputed(model, audio, (0, 0, 0), SEARCH, flat, lambda *_: None)
    screened = torch.rand(16, 3, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        best = float(disagreement(model, audio, screened).max())
    assert found[0].disagreement > best
    assert [c.score for c in found] == sorted((c.score for c in found), reverse=True)
    assert all(0 <= x <= 1 for c in found for x in c.point)


def test_members_that_agree_have_nothing_to_dispute() -> None:
    model = ensemble((0, 0))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter[1:] = parameter[:1]
        assert float(disagreement(model, excerpts(model), torch.rand(3, 2)).max()) < 1e-9


def test_disagreement_is_relative_to_level() -> None:
    model = ensemble((0, 0))
    knobs = torch.rand(3, 2, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        loud = disagreement(model, excerpts(model), knobs)
        model.head_scale = model.head_scale * 1e-2
        quiet = disagreement(model, excerpts(model), knobs)
    assert torch.allclose(loud, quiet, rtol=1e-3)


def test_switches_take_every_position_and_stay_on_it() -> None:
    model = ensemble((0, 3))
    found = most_disputed(model, excerpts(model), (0, 3), SEARCH, flat, lambda *_: None)
    assert {c.point[1] for c in found} == {0.0, 0.5, 1.0}


def test_close_candidates_are_one_and_weights_draw_the_search() -> None:
    model = ensemble((0, 0))

    def left(knobs: torch.Tensor) -> torch.Tensor:
        return -100 * knobs[:, 0]

    found = most_disputed(model, excerpts(model), (0, 0), SEARCH, left, lambda *_: None)
    assert found[0].point[0] < 0.1
    for i, one in enumerate(found):
        for other in found[i + 1 :]:
            assert (
                max(abs(a - b) for a, b in zip(one.point, other.point, strict=True)) >= SEARCH.merge
            )


def test_the_search_leaves_the_model_trainable() -> None:
    model = ensemble((0, 0))
    most_disputed(model, excerpts(model), (0, 0), SEARCH, flat, lambda *_: None)
    assert all(parameter.requires_grad for parameter in model.parameters())
    assert all(parameter.grad is None for parameter in model.parameters())
