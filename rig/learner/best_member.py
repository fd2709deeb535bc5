"""The ensemble's best member: what the final model begins as, and what is left where it fails."""

import re
from dataclasses import replace

import torch

from models.networks.growth import can_grow, grow
from models.networks.spec import ModelSpec
from models.networks.wavenet import SHAPES, KnobWaveNet
from models.training.dataset import Model, Told, evaluate
from rig.learner import data
from rig.learner.rounds import last_ensemble
from rig.session.folder import Session

#: A member that errs so much plays nothing that would be worth to begin with.
SILENT_ESR = 1.0
#: Where an LSTM's own parts of its first member stand.
IN_LIST = re.compile(r"^(cells|heads)\.0\.")


def member_alone(model: Model, spec: ModelSpec, member: int) -> tuple[Model, ModelSpec]:
    """Return one member of an ensemble as a model of its own, on the CPU."""
    single = replace(spec, members=1)
    alone, everyone = single.build(), model.state_dict()
    rows = {}
    for name, tensor in alone.state_dict().items():
        # An LSTM has its members in lists; all else has them along the first axis, and what they
        # share is there once.
        theirs = everyone[IN_LIST.sub(rf"\1.{member}.", name)].cpu()
        count = len(tensor)
        own = slice(member * count, (member + 1) * count)
        rows[name] = theirs if theirs.shape == tensor.shape else theirs[own]
    alone.load_state_dict(rows)
    return alone.eval(), single


# After as many steps its ESR was half of that from nothing (decision 37). It knows every capture:
# none is left that could say when training is enough.
def grown(
    session: Session, spec: ModelSpec, seed: int, told: Told, least: float = SILENT_ESR
) -> Model | None:
    """Return a model that plays as the ensemble's best member does, with more room to learn in.

    Args:
        session: Whose ensemble it is.
        spec: What the model has to be.
        seed: Of what it has beside the member's own.
        told: Told of each capture that members are tried on.
        least: The ESR that the member has to stay below.

    Returns:
        None where there is no ensemble, none that can grow into this, or none that is of any use.
    """
    last = last_ensemble(session)
    if last is None or not _grows(last[1], spec):
        return None
    member, error = _best(session, last, told)
    if not error < least:
        return None
    torch.manual_seed(seed)
    model = spec.build()
    small = member_alone(*last, member)[0]
    assert isinstance(model, KnobWaveNet)
    assert isinstance(small, KnobWaveNet)
    grow(small, model)
    return model


def _grows(small: ModelSpec, large: ModelSpec) -> bool:
    """Whether a member of one kind can grow into a model of the other."""
    if {small.architecture, large.architecture} != {
        "wavenet"
    } or small.positions != large.positions:
        return False
    return can_grow(SHAPES[small.size], SHAPES[large.size])


def best_member(session: Session, told: Told) -> tuple[Model, ModelSpec] | None:
    """Return the last ensemble's member that errs least on what it learnt; None without any.

    On guitar that it has not heard, and never on holdout settings: these choose nothing.
    """
    last = last_ensemble(session)
    return None if last is None else member_alone(*last, _best(session, last, told)[0])


def _best(session: Session, ensemble: tuple[Model, ModelSpec], told: Told) -> tuple[int, float]:
    """Return which member errs least, and its ESR: the geometric mean over what it learnt."""
    captures, where = data.training_captures(session), next(ensemble[0].parameters()).device
    test = data.test_set(session, captures, told).to(where)
    errors = evaluate(ensemble[0], test, told).members
    # By ratios, as training weighs captures: one that nobody can explain decides nothing.
    means = torch.nan_to_num(errors.log().mean(-1), nan=float("inf"))
    best = int(means.argmin())
    return best, float(means[best].exp())
