"""What a session is worth, in one sentence that names one region and not two."""

from dataclasses import replace
from pathlib import Path

import pytest

from rig.capture import Outcome
from rig.session import facts
from rig.session.folder import Session
from rig.session.status import status
from rig.session.summary import _lines
from rig.session.verdict import Region, verdict
from rig.session.worth import of_goal, worth


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("within 0.4 dB of the amp at 4 settings it never heard", True),
        (
            "within 0.4 dB of the amp at 4 settings, except below gain 2 (expected, no holdout "
            "there)",
            False,
        ),
    ],
)
def test_one_region_is_named(finished: Path, said: str, names: bool) -> None:
    session = Session.view(finished)
    try:
        learning = session.state.learning
        assert learning.model is not None
        model = learning.model.model_copy(update={"verdict": said, "holdout_esr": 0.002})
        session.state.learning = replace(learning, model=model)
        found = verdict(session, Region("with tone high", 0.1))
    finally:
        session.close()
    assert ("it is worst with tone high" in found.sentence) is names
    assert said in found.sentence
    assert "--at gain=" in found.advice
    assert found.command.startswith("rig export ")


@pytest.mark.parametrize(
    ("found", "ensemble", "expected", "calibration", "word"),
    [
        # As much worse elsewhere as the ensemble was.
        (0.02, 0.1, 1.1, 0.5, "record more"),
        (0.02, 1.0, 1.1, 0.5, "good"),
        (0.03, 0.1, 0.2, 0.5, "usable"),
        # What is expected to be better proves nothing.
        (0.05, 0.1, 0.01, 0.5, "usable"),
        # A guess that no round has tried yet is no expectation, and stands beside no word.
        (0.02, 0.1, 1.1, None, "good"),
        (0.02, None, 1.1, 0.5, "good"),
        (None, 0.1, 1.1, 0.5, "never tested"),
    ],
)
def test_the_word_follows_from_what_is_found_and_expected(
    finished: Path,
    found: float | None,
    ensemble: float | None,
    expected: float,
    calibration: float | None,
    word: str,
) -> None:
    session = Session.view(finished)
    try:
        learning = session.state.learning
        assert learning.model is not None
        last = learning.rounds[-1].model_copy(
            update={
                "holdout_esr": ensemble,
                "expected_esr": expected,
                "calibration": calibration,
            }
        )
        model = learning.model.model_copy(update={"holdout_esr": found})
        session.state.learning = replace(learning, model=model, rounds=[last])
        said, told = verdict(session, None), status(session)
    finally:
        session.close()
    assert (said.word, told.worth) == (word, word)
    lines = dict(_lines(told, finished))
    assert lines["the model is"] == word
    shown = lines.get("expected ESR", "0").split()[0]
    assert word == "never tested" or worth(max(float(shown), found or 0.0)).words == word
    assert ("is expected" in said.sentence) is (word not in (worth(found).words, "never tested"))


@pytest.mark.parametrize(
    ("found", "ensemble", "steps", "size", "advised"),
    [
        (0.19, 0.1, None, None, "--steps 8"),
        (0.19, 0.1, 500, "nano", "--size nano --steps 2000"),
        # As good but for what chance may do.
        (0.11, 0.1, None, None, None),
        (0.19, None, None, None, None),
        (None, 0.1, None, None, None),
    ],
)
def test_a_model_behind_its_ensemble_is_to_be_trained_for_longer(
    finished: Path,
    found: float | None,
    ensemble: float | None,
    steps: int | None,
    size: str | None,
    advised: str | None,
) -> None:
    session = Session.view(finished)
    try:
        assert session.config.learner.final_steps == 2
        learning = session.state.learning
        assert learning.model is not None
        last = learning.rounds[-1].model_copy(update={"holdout_esr": ensemble})
        model = learning.model.model_copy(
            update={"holdout_esr": found, "steps": steps, "size": size}
        )
        session.state.learning = replace(learning, model=model, rounds=[last])
        said = verdict(session, None)
    finally:
        session.close()
    is_behind = "the ensemble that chose the settings is nearer to the amp (ESR 0.1)"
    assert (is_behind in said.sentence) is (advised is not None)
    trains = f"rig train '{finished}' {advised}"
    assert (said.command == trains) is (advised is not None)


@pytest.mark.parametrize(
    ("kept", "goal", "says"),
    [
        (0, 3, "0 of 3 captures"),
        (1, 1, "1 of 1 capture"),
        (5, 3, "5 captures, more than the 3 asked for"),
        (1, None, "1 capture"),
        (5, None, "5 captures"),
    ],
)
def test_fewer_captures_may_be_asked_for_than_there_are(
    kept: int, goal: int | None, says: str
) -> None:
    assert of_goal(kept, goal) == says


def test_it_is_told_why_takes_were_rejected_most_frequent_first(finished: Path) -> None:
    session = Session.view(finished)
    try:
        takes = session.state.takes
        for check, sentence in (("drift", "frames"), ("level", "quiet"), ("level", "loud")):
            reason = facts.ReasonFact(check=check, figure=1.0, limit=0.0, sentence=sentence)
            rejected = facts.TakeEnded(
                take=9, capture=9, outcome=Outcome.REJECTED, reasons=(reason, reason)
            )
            takes.end(rejected, 1.0)
        told = status(session)
    finally:
        session.close()
    assert [(each.takes, each.why) for each in told.rejections] == [(2, "loud"), (1, "frames")]
    lines = [said for name, said in _lines(told, finished) if name == "rejected"]
    assert lines == ["2 times, the last: loud", "once: frames"]
