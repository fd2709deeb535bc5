"""Compare the errors that an ensemble expected at its proposals with those found there."""

import torch

from models.training.dataset import Model, Told, evaluate, nobody
from rig.learner import data
from rig.session.facts import FoundError
from rig.session.folder import Session


def errors_at_proposals(
    session: Session, last: Model, where: torch.device, told: Told = nobody
) -> tuple[FoundError, ...]:
    """Test the last round's ensemble on its own proposals, before it learns from them.

    On the held-out guitar: it has learnt the other one at other settings.

    Args:
        session: The session, with the last round's captures.
        last: The last round's ensemble.
        where: It is played there.
        told: Told of each that is tested.
    """
    before = session.state.learning.rounds[-1]
    disagreement = dict(zip(before.values, before.disagreement, strict=True))
    levels = dict(zip(before.values, before.level_errors or (), strict=False))
    # What only filled the space it had said nothing of, and what it has learnt is no test.
    fresh = [
        about
        for about in data.training_captures(session)
        if about.capture.number not in before.learnt_from
        and about.capture.setting.values in disagreement
    ]
    if not fresh:
        return ()
    errors = evaluate(
        last.to(where), data.test_set(session, fresh, told).to(where), told
    ).mean.tolist()
    return tuple(
        FoundError(
            capture=about.capture.number,
            disagreement=disagreement[about.capture.setting.values],
            found=esr,
            common=before.ensemble_esr,
            level_error=levels.get(about.capture.setting.values, 0.0),
        )
        for about, esr in zip(fresh, errors, strict=True)
    )
