"""Final models of many knobs hear each pot by itself."""

import pytest

from models.networks.spec import ModelSpec
from rig.learner.final import POTS_FROM_KNOBS, _hear_pots


@pytest.mark.parametrize("fewer", [0, 1])
def test_from_five_knobs_that_turn_on(fewer: int) -> None:
    turning = POTS_FROM_KNOBS - fewer
    spec = ModelSpec("wavenet", "nano", (2, *[0] * turning), 1)
    model = spec.build()
    heard = _hear_pots(model, spec)
    assert heard.has_pots is model.encoder.has_pots is (fewer == 0)
    # What is stored by this description can be loaded by it.
    heard.build().load_state_dict(model.state_dict())


def test_knobs_beside_the_audio_stay_what_they_are() -> None:
    spec = ModelSpec("concat", "nano", (0,) * POTS_FROM_KNOBS, 1)
    assert _hear_pots(spec.build(), spec) == spec
