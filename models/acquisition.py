"""Where the members of an ensemble disagree most: gradient ascent on the setting.

Source: the PANAMA loop (arXiv 2509.26564), with disagreement taken relative to the output's own
level, so that quiet settings are as interesting as loud ones.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor

from models.training import Model


@dataclass(frozen=True)
class Search:
    """How hard to look.

    Attributes:
        screened: Random settings that are scored before the ascent starts.
        restarts: How many of the best of them are climbed from.
        steps: Adam steps of each climb.
        rate: Its learning rate, on the logit of the knob.
        merge: Candidates within this distance in every knob are one.
        seed: Of the random settings.
    """

    screened: int = 64
    restarts: int = 8
    steps: int = 20
    rate: float = 0.15
    merge: float = 0.15
    seed: int = 0


@dataclass(frozen=True)
class Candidate:
    """A setting in [0, 1]^k, the disagreement there, and the weight it was ranked by."""

    point: tuple[float, ...]
    disagreement: float
    score: float


#: Log of how much a setting matters, ``(settings, knobs)`` to ``(settings,)``.
LogWeight = Callable[[Tensor], Tensor]


def disagreement(model: Model, audio: Tensor, knobs: Tensor) -> Tensor:
    """Variance over members relative to the power of their mean.

    Args:
        model: An ensemble.
        audio: Excerpts with their history in front, ``(excerpts, history + frames)``.
        knobs: ``(settings, knobs)`` in [0, 1].

    Returns:
        ``(settings,)``.
    """
    settings, excerpts = len(knobs), len(audio)
    everywhere = knobs.repeat_interleave(excerpts, 0).expand(model.members, -1, -1)
    played = audio.repeat(settings, 1).expand(model.members, -1, -1)
    out = model(played, everywhere).view(model.members, settings, excerpts, -1)
    centre = out.mean(0)
    spread: Tensor = ((out - centre) ** 2).sum(0) / max(model.members - 1, 1)
    relative: Tensor = spread.mean((-1, -2)) / ((centre**2).mean((-1, -2)) + 1e-12)
    return relative


def _score(
    model: Model, audio: Tensor, knobs: Tensor, log_weight: LogWeight
) -> tuple[Tensor, Tensor]:
    spread = disagreement(model, audio, knobs)
    return spread, torch.log(spread + 1e-12) + log_weight(knobs)


def _combinations(positions: Sequence[int]) -> list[dict[int, float]]:
    """Every combination of switch positions, as knob index to value in [0, 1]."""
    switches = [index for index, count in enumerate(positions) if count]
    choices = [[i / max(positions[s] - 1, 1) for i in range(positions[s])] for s in switches]
    return [dict(zip(switches, combination, strict=True)) for combination in product(*choices)]


def _set_switches(points: Tensor, combinations: list[dict[int, float]]) -> Tensor:
    """The points with switches at each combination in turn, cycling."""
    fixed = points.clone()
    for row in range(len(fixed)):
        for index, value in combinations[row % len(combinations)].items():
            fixed[row, index] = value
    return fixed


def _climb(
    model: Model, audio: Tensor, start: Tensor, turns: Tensor, search: Search, log_weight: LogWeight
) -> Tensor:
    """Ascend from each row of ``start``; columns where ``turns`` is False stay."""
    latent = torch.logit(start.clamp(0.02, 0.98)).requires_grad_()
    optimiser = torch.optim.Adam([latent], search.rate)
    for _ in range(search.steps):
        knobs = torch.where(turns, torch.sigmoid(latent), start)
        _, score = _score(model, audio, knobs, log_weight)
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(-score.sum())
        optimiser.step()
    return torch.where(turns, torch.sigmoid(latent.detach()), start)


def _merged(candidates: list[Candidate], distance: float) -> list[Candidate]:
    """The best of each cluster, best first."""
    kept: list[Candidate] = []
    for candidate in sorted(candidates, key=lambda c: -c.score):
        near = (
            all(abs(a - b) < distance for a, b in zip(candidate.point, other.point, strict=True))
            for other in kept
        )
        if not any(near):
            kept.append(candidate)
    return kept


def most_disputed(
    model: Model,
    audio: Tensor,
    positions: Sequence[int],
    search: Search,
    log_weight: LogWeight,
    progress: Callable[[int, int], None],
) -> list[Candidate]:
    """Settings worth recording, best first.

    Random settings are screened, the best are climbed from with every switch position taking
    its turn, and what ends up close together is merged. The screened ones follow at the end of
    the list, so that a caller who may not use the first finds others.

    Args:
        model: An ensemble in evaluation mode; its weights stay as they are.
        audio: ``(excerpts, history + frames)``.
        positions: Per knob, 0 if it turns, else how many positions it switches.
        search: How hard to look.
        log_weight: How much a setting matters.
        progress: Told how much of the work is done.
    """
    draw = torch.Generator().manual_seed(search.seed)
    points = torch.rand(search.screened, len(positions), generator=draw).to(audio.device)
    points = _set_switches(points, _combinations(positions))
    total = search.screened + search.restarts
    scored: list[Candidate] = []

    def note(rows: Tensor) -> None:
        """Score some settings and remember them."""
        with torch.no_grad():
            spread, score = _score(model, audio, rows, log_weight)
        for row, d, s in zip(rows.tolist(), spread.tolist(), score.tolist(), strict=True):
            scored.append(Candidate(tuple(row), d, s))
        progress(len(scored), total)

    trained = [(p, p.requires_grad) for p in model.parameters()]
    for parameter, _ in trained:
        parameter.requires_grad_(False)
    for rows in torch.split(points, 8):
        note(rows)
    best = sorted(scored, key=lambda c: -c.score)[: search.restarts]
    turns = torch.tensor([count == 0 for count in positions], device=audio.device)
    for group in torch.split(torch.tensor([c.point for c in best], device=audio.device), 4):
        note(_climb(model, audio, group, turns, search, log_weight))
    for parameter, required in trained:
        parameter.requires_grad_(required)
    return _merged(scored, search.merge)
