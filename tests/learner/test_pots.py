"""Final models hear each pot by itself."""

import pytest

from models.networks.spec import ModelSpec
from rig.learner.final import _hear_pots


@pytest.mark.parametrize("turning", [0, 1, 5])
def test_whatever_turns_is_heard_by_itself(turning: int) -> None:
    spec = ModelSpec("wavenet", "nano", (2, *[0] * turning), 1)
    model = spec.build()
    heard = _hear_pots(model, spec)
    assert heard.has_pots is model.encoder.has_pots is (turning > 0)
    # What is stored by this description can be loaded by it.
    heard.build().load_state_dict(model.state_dict())


def test_knobs_beside_the_audio_stay_what_they_are() -> None:
    spec = ModelSpec("concat", "nano", (0,) * 5, 1)
    assert _hear_pots(spec.build(), spec) == spec
