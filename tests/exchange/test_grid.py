"""A grid of settings, as it is typed: what falls on one setting is one file."""

import pytest

from rig.exchange.pack import MOST_FILES, grid
from rig.knobs import Knob, Panel

PANEL = Panel((Knob("gain", positions=11), Knob("tone")))


@pytest.mark.parametrize(
    ("spans", "values"),
    [
        (["gain=0:10:5"], [0, 5, 10]),
        (["gain=2/2"], [2]),
        # Between two positions of the knob.
        (["gain=4:6:0.25"], [4, 4.75, 5.75]),
    ],
)
def test_each_setting_is_there_once_as_it_was_first_asked_for(
    spans: list[str], values: list[float]
) -> None:
    found = grid(PANEL, spans, {})
    settings = [PANEL.setting(wanted.values) for wanted in found]
    assert len({*settings}) == len(settings) == len(values)
    assert [wanted.values["gain"] for wanted in found] == pytest.approx(values)


def test_too_many_steps_are_told_as_such() -> None:
    with pytest.raises(ValueError, match=f"too many steps; {MOST_FILES} files are the most"):
        grid(PANEL, ["gain=0:10:0.0001"], {})
    with pytest.raises(ValueError, match="the step must lead from 5 to 1"):
        grid(PANEL, ["gain=5:1:1"], {})
