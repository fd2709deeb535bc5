"""What a session is worth, in one sentence that names one region and not two."""

from dataclasses import replace
from pathlib import Path

import pytest

from rig.session.folder import Session
from rig.session.verdict import Region, verdict


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("within 0.4 dB of the amp at 4 settings it never heard", True),
        (
            "within 0.4 dB of the amp at 4 settings, except below gain 2 (expected, not tried)",
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
