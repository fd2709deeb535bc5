"""What is asked of an ensemble: where it is wrong, and which batch takes most of that away."""

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from models.acquisition import error_covariance, predictions
from models.acquisition.batch import (
    Ascent,
    BatchProblem,
    integrated_variance,
    on_positions,
    separate_maxima,
)
from models.acquisition.disagreement import Evaluator, Predictions, expected_errors, residuals
from models.acquisition.error_covariance import SHARE, ErrorCovariance
from models.networks.spec import ModelSpec
from models.training.dataset import Model
from tests.models.test_models import turn_down

STILL = Ascent(0, 0.1)


def quiet(_done: int, _total: int) -> None:
    return None


def predictions_with(deviation: Callable[[Tensor], Tensor], members: int = 4) -> Predictions:
    """Members that say independent things; how far apart they are depends on the setting."""
    draw = torch.Generator().manual_seed(0)
    waves = torch.randn(members, 6, 64, generator=draw)

    def ask(points: Tensor) -> list[Tensor]:
        phases = torch.stack([torch.cos(3 * (points.sum(-1) + k)) for k in range(6)], -1)
        beyond = torch.einsum("sk,mkn->msn", phases, waves)
        return [beyond * deviation(points)[:, None]]

    return ask


def question(positions: tuple[int, ...] = (0, 0), count: int = 3, **more: object) -> BatchProblem:
    draw = torch.Generator().manual_seed(1)
    knobs = len(positions)
    targets = 0.25 + 0.5 * torch.rand(60, knobs, generator=draw)
    candidates = on_positions(torch.rand(50, knobs, generator=draw), positions)
    nothing = torch.zeros(0, knobs)
    given = {"known": nothing, "pending": nothing, **more}
    return BatchProblem(targets, candidates, positions, count, **given)  # type: ignore[arg-type]


def test_maxima_are_where_the_members_differ_most() -> None:
    def hump(points: Tensor) -> Tensor:
        return 0.1 + torch.exp(-20 * ((points - 0.3) ** 2).sum(-1))

    starts = torch.rand(40, 2, generator=torch.Generator().manual_seed(2))
    found = separate_maxima(predictions_with(hump), starts, (0, 0), quiet)
    assert math.dist(found.points[0], (0.3, 0.3)) < 0.25
    assert found.expected[0] == max(found.expected)
    for i, one in enumerate(found.points):
        for other in found.points[i + 1 :]:
            assert max(abs(a - b) for a, b in zip(one, other, strict=True)) >= 0.2


def test_a_batch_does_not_ask_twice_what_one_recording_tells() -> None:
    """One spot where members differ wildly: separate maxima crowd there, a batch goes elsewhere."""

    def spot(points: Tensor) -> Tensor:
        return 1.0 + 4.0 * torch.exp(-80 * ((points - 0.5) ** 2).sum(-1))

    batch = integrated_variance(predictions_with(spot), question(count=4), quiet, ascent=STILL)
    distances = [math.dist(a, b) for i, a in enumerate(batch.points) for b in batch.points[:i]]
    assert min(distances) > 0.15


def test_a_batch_stays_near_the_targets() -> None:
    """Nobody plays at the top, so a recording there is worth little, however wrong it is."""

    def top(points: Tensor) -> Tensor:
        return 0.3 + points.amax(-1) ** 4

    asks = replace(question(), targets=0.5 * question().targets)
    batch = integrated_variance(predictions_with(top), asks, quiet, 0.0, STILL)
    peaks = separate_maxima(predictions_with(top), asks.candidates, (0, 0), quiet).points[:3]
    assert all(x < 0.75 for point in batch.points for x in point)
    assert all(max(point) > 0.75 for point in peaks)


def test_a_knob_that_changes_everything_is_recorded_at_more_places() -> None:
    """A length for each knob: where the sound changes fast, recordings have to be spread."""
    draw = torch.Generator().manual_seed(4)
    common, own = torch.randn(8, 64, generator=draw), 0.01 * torch.randn(4, 1, 64, generator=draw)

    def ask(points: Tensor) -> list[Tensor]:
        phases = [torch.cos((k + 1) * 2 * points[:, 0] + 0.1 * points[:, 1]) for k in range(8)]
        return [torch.stack(phases, -1) @ common + own.expand(-1, len(points), -1)]

    grid = torch.cartesian_prod(torch.linspace(0.1, 0.9, 9), torch.linspace(0.1, 0.9, 9))
    asks = replace(question(count=3), candidates=grid)
    batch = integrated_variance(ask, asks, quiet, 0.0, STILL)
    first, second = torch.tensor(batch.points).T
    assert first.max() - first.min() > 2 * (second.max() - second.min())
    turned = integrated_variance(lambda points: ask(points.flip(-1)), asks, quiet, 0.0, STILL)
    first, second = torch.tensor(turned.points).T
    assert second.max() - second.min() > 2 * (first.max() - first.min())


@pytest.mark.parametrize("positions", [(0, 0), (2, 3)])
def test_a_space_full_of_captures_can_still_be_asked_about(positions: tuple[int, ...]) -> None:
    """What little is left between hundreds of captures must not come out below nothing."""
    draw = torch.Generator().manual_seed(5)
    known = on_positions(torch.rand(400, 2, generator=draw), positions)

    def spot(points: Tensor) -> Tensor:
        return 1e-3 + torch.exp(-200 * ((points - 0.5) ** 2).sum(-1))

    ask = predictions_with(spot)
    asks = question(positions, known=torch.cat([known, known[:20]]))
    batch = integrated_variance(ask, asks, quiet)
    assert len(batch.points) == 3
    assert all(math.isfinite(x) for point in batch.points for x in point)


def test_what_members_say_at_a_setting_is_asked_for_once() -> None:
    ask, asks = predictions_with(lambda points: points.sum(-1)), question(count=4)
    pending = asks.targets[2:3] / 2
    asked: list[tuple[float, ...]] = []

    def counting(points: Tensor) -> list[Tensor]:
        asked.extend(tuple(point) for point in points.tolist())
        return ask(points)

    shared = replace(asks, candidates=torch.cat([asks.targets, asks.candidates]), pending=pending)
    batch = integrated_variance(counting, shared, quiet, ascent=STILL)
    # Once more at the end, for what is expected of the batch.
    assert len(asked) == len({*asked}) + len(batch.points)
    # Candidates that only nearly are targets are asked about by themselves, and chosen the same.
    nearly = replace(shared, targets=asks.targets + 1e-6)
    apart = integrated_variance(ask, nearly, quiet, ascent=STILL)
    assert batch.points == apart.points


def test_ascent_lowers_more_than_the_candidates_it_starts_from() -> None:
    ask, asks = predictions_with(lambda points: points.new_ones(len(points))), question(count=2)

    def gain(points: list[tuple[float, ...]]) -> float:
        field = ErrorCovariance(
            Evaluator(ask, quiet, 1), asks.targets, asks.known, asks.positions, SHARE
        )
        where = torch.tensor(points)
        return float(field.gain(where, field.normalise([residuals(b) for b in ask(where)])))

    still = integrated_variance(ask, asks, quiet, ascent=STILL)
    moved = integrated_variance(ask, asks, quiet, ascent=Ascent(20, 0.1))
    assert gain(moved.points) > gain(still.points)


def test_a_setting_that_moved_to_where_it_is_not_heard_stays_where_it_was() -> None:
    ask, asks = predictions_with(lambda points: points.new_ones(len(points))), question(count=4)
    still = integrated_variance(ask, asks, quiet, ascent=STILL).points
    moved = integrated_variance(ask, asks, quiet, ascent=Ascent(20, 0.1)).points
    assert not set(still) & set(moved)
    border = sum(sorted(point[0] for point in moved)[1:3]) / 2

    def heard(points: Tensor) -> Tensor:
        return points[:, 0] > border

    asks = replace(asks, heard=heard)
    held = integrated_variance(ask, asks, quiet, ascent=Ascent(20, 0.1)).points
    expected = [
        after if after[0] > border else start for start, after in zip(still, moved, strict=True)
    ]
    assert held == expected
    assert len(set(held) & set(still)) == len(set(held) & set(moved)) == 2


def test_of_very_many_captures_the_lengths_are_fitted_to_some(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The fit cubes their number: with a thousand it was silent for a minute."""
    fits: list[Tensor] = []

    def fit(points: Tensor, responses: Tensor, positions: tuple[int, ...]) -> Tensor:
        assert len(responses) == len(points)
        fits.append(points)
        return points.new_ones(len(positions))

    monkeypatch.setattr(error_covariance, "fit_length_scales", fit)
    ask, asks = predictions_with(lambda points: points.new_ones(len(points))), question()
    for count in (error_covariance.FITTED_CAPTURES, 1000):
        known = torch.rand(count, 2, generator=torch.Generator().manual_seed(3))
        ErrorCovariance(Evaluator(ask, quiet, 1), asks.targets, known, asks.positions, SHARE)
    targets = min(len(asks.targets), error_covariance.FITTED_TARGETS)
    assert len(fits[0]) == targets + error_covariance.FITTED_CAPTURES
    assert len(fits[1]) == targets + 250
    # Of the whole night, not of its beginning.
    assert torch.equal(fits[1][-1], known[996])


def test_what_is_pending_counts_as_known() -> None:
    ask = predictions_with(lambda points: points.new_ones(len(points)))
    first = integrated_variance(ask, question(count=1), quiet, ascent=STILL)
    pending = torch.tensor(first.points)
    second = integrated_variance(ask, question(count=1, pending=pending), quiet, ascent=STILL)
    both = integrated_variance(ask, question(count=2), quiet, ascent=STILL)
    assert second.points[0] != first.points[0]
    assert second.points[0] == both.points[1]


def test_dear_settings_are_asked_for_less_and_held_knobs_do_not_move() -> None:
    ask = predictions_with(lambda points: points.new_ones(len(points)))
    start = torch.tensor([[0.9, 0.5]])

    def cost(points: Tensor, last: Tensor) -> Tensor:
        return 1.0 + 50.0 * (points[:, 0] - last[0]).abs()

    dear = integrated_variance(
        ask, question(count=3, pending=start, cost=cost, fixed=(0,)), quiet, ascent=Ascent(8, 0.1)
    )
    free = integrated_variance(ask, question(count=3, pending=start), quiet, ascent=STILL)
    candidates = set(question().candidates[:, 0].tolist())
    assert all(point[0] in candidates for point in dear.points)

    def travel(points: list[tuple[float, ...]]) -> float:
        path = [0.9, *(point[0] for point in points)]
        return sum(abs(a - b) for a, b in pairwise(path))

    assert travel(dear.points) < 0.5 * travel(free.points)


def test_switches_stay_on_their_positions() -> None:
    def second(points: Tensor) -> Tensor:
        return 0.2 + points[:, 1]

    asks = question(positions=(0, 3), count=4)
    batch = integrated_variance(predictions_with(second), asks, quiet)
    assert {point[1] for point in batch.points} <= {0.0, 0.5, 1.0}
    peaks = separate_maxima(predictions_with(second), asks.candidates, (0, 3), quiet)
    assert {point[1] for point in peaks.points} <= {0.0, 0.5, 1.0}


def test_progress_ends_at_its_total() -> None:
    told: list[tuple[int, int]] = []
    ask = predictions_with(lambda points: points.new_ones(len(points)))
    integrated_variance(ask, question(), lambda done, total: told.append((done, total)))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1][0] == told[-1][1]
    assert told[-2][0] < told[-2][1]


def ensemble(positions: tuple[int, ...]) -> Model:
    torch.manual_seed(0)
    model = ModelSpec("wavenet", "nano", positions, 3).build()
    for parameter in model.encoder.parameters():
        parameter.data.normal_(0, 0.4)
    return model.eval()


def excerpts(model: Model) -> Tensor:
    draw = torch.Generator().manual_seed(1)
    return 0.3 * torch.randn(2, model.history_frames + 4096, generator=draw)


def test_members_that_agree_expect_no_error() -> None:
    model = ensemble((0, 0))
    with torch.no_grad():
        for tensor in (*model.parameters(), *model.buffers()):
            tensor[1:] = tensor[:1]
    evaluator = predictions.relative(model, excerpts(model), 48_000)
    assert float(expected_errors(evaluator, torch.rand(3, 2)).max()) < 1e-9


def test_predictions_are_relative_to_level_and_plain_ones_are_not() -> None:
    model = ensemble((0, 0))
    knobs = torch.rand(3, 2, generator=torch.Generator().manual_seed(2))
    heard = excerpts(model)
    loud = expected_errors(predictions.relative(model, heard, 48_000), knobs)
    plain = expected_errors(predictions.plain(model, heard), knobs)
    turn_down(model, 0.1)
    assert torch.allclose(
        loud, expected_errors(predictions.relative(model, heard, 48_000), knobs), rtol=1e-2
    )
    assert torch.allclose(
        1e-2 * plain, expected_errors(predictions.plain(model, heard), knobs), rtol=1e-3
    )


@pytest.mark.parametrize("positions", [(0, 0), (0, 3)])
def test_a_batch_from_a_real_ensemble_is_inside_and_reproducible(
    positions: tuple[int, ...],
) -> None:
    model = ensemble(positions)
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    evaluator = predictions.relative(model, excerpts(model)[:1], 48_000)
    asks = question(positions=positions)
    small = BatchProblem(
        asks.targets[:8], asks.candidates[:8], positions, 2, asks.known, asks.pending
    )
    first = integrated_variance(evaluator, small, quiet, ascent=Ascent(3, 0.1))
    assert first == integrated_variance(evaluator, small, quiet, ascent=Ascent(3, 0.1))
    assert len(first.points) == 2
    assert all(0 <= x <= 1 for point in first.points for x in point)
    assert all(error > 0 for error in first.expected)
