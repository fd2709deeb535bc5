"""The round that ends the recording: nobody's last batch goes unseen."""

from pathlib import Path

import pytest

from rig import config as configuration
from rig.capture import Role
from rig.daemon.loop import Close, End, next_step
from rig.daemon.request import Request
from rig.daemon.service import capture
from rig.daemon.stopping import Finish
from rig.errors import LearnerError
from rig.learner.client import Job, Learner
from rig.session import forecast
from rig.session.folder import Session
from rig.session.verify import verify
from tests.conftest import TINY

#: As small as it gets with a round in it, and a last batch that no round has learnt from.
CLOSING = TINY.replace("closing_round: false", "closing_round: true").replace(
    "captures: 8, seeds: 4, batch: 2, holdouts: 2", "captures: 4, seeds: 3, batch: 1, holdouts: 1"
)


def captured(folder: Path, text: str = CLOSING) -> Session:
    (folder / "rig.yaml").write_text(text, encoding="utf-8")
    config = configuration.load(folder / "rig.yaml")
    ending = capture(Request(folder / "session", folder / "rig.yaml"), config)
    assert not ending.failed, ending.reason
    return Session.view(folder / "session")


def learnt_from(session: Session) -> tuple[int, ...]:
    return tuple(c.capture.number for c in session.state.kept(Role.SEED, Role.ACTIVE))


def test_the_last_batch_is_learnt_and_looked_at_before_the_final_model(tmp_path: Path) -> None:
    session = captured(tmp_path)
    kinds = [entry.fact.kind for entry in session.journal.entries()]
    last = session.state.learning.rounds[-1]
    assert last.values == ()
    assert set(last.learnt_from) == set(learnt_from(session))
    assert kinds.index("model-trained") > max(
        i for i, k in enumerate(kinds) if k == "round-learned"
    )
    assert verify(session).sound
    # Begun again, there is nothing left to look at.
    again = captured(tmp_path)
    assert len(again.state.learning.rounds) == len(session.state.learning.rounds)


def test_a_round_that_cannot_be_closed_costs_no_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = Learner.ask

    def refuse(self: Learner, job: Job) -> None:
        if not job.final and job.count == 0:
            raise LearnerError("no")
        ask(self, job)

    monkeypatch.setattr(Learner, "ask", refuse)
    session = captured(tmp_path)
    assert session.state.learning.failures[-1].why == "no"
    assert session.state.learning.model is not None
    assert session.state.learning.model.learnt_from == learnt_from(session)


def test_without_a_round_there_is_none_to_close(copied: Path) -> None:
    session, done = Session.view(copied), Finish("all are recorded")
    plan = session.config.plan
    assert next_step(session.state, plan, done) == End(done)
    assert next_step(session.state, plan, done, closes=True) == Close()
    session.state.learning.rounds = []
    assert next_step(session.state, plan, done, closes=True) == End(done)


def test_its_time_is_kept_before_a_deadline(copied: Path) -> None:
    session = Session.view(copied)
    closing = session.config.learner.model_copy(update={"closing_round": True})
    config = session.config.model_copy(update={"learner": closing})
    assert forecast.closing_s(session.state, session.config) == 0.0
    assert forecast.closing_s(session.state, config) == forecast.round_s(session.state)
