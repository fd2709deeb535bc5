"""The page warns where the model does not know the amp, and only there."""

import numpy as np
import pytest

from tests.report.browser import Opened

ASK = "([told, knobs, here]) => rig.unsureness(told, knobs)(here)"
#: What the page says of any place; the line itself is drawn with the next picture.
LINE = """async (units) => {
  document.querySelectorAll(".faceplate [role=slider]").forEach((knob, k) => {
    const key = units[k] ? "End" : "Home";
    knob.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  });
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return document.getElementById("unsure").textContent;
}"""
#: The line looks at these very numbers, and at what was usual when the page was made.
SPREAD = """(times) => {
  const { disagreement } = rig.content.modelled.uncertainty;
  disagreement.forEach((value, i) => { disagreement[i] = value * times; });
}"""
KNOBS = [
    {"name": "gain", "low": 0, "high": 10, "labels": [], "play": [2, 8]},
    {"name": "bright", "low": 0, "high": 1, "labels": ["off", "on"], "play": [0, 0]},
]


def places() -> tuple[list[list[float]], list[float]]:
    """The members are a hundred times as far apart above gain 9, where nobody plays."""
    units = np.random.default_rng(4).random((256, 2))
    units[:, 1] = units[:, 1].round()
    return units.tolist(), np.where(units[:, 0] > 0.9, 0.5, 0.005).tolist()


@pytest.mark.parametrize(("gain", "times"), [(0.3, 1.0), (0.75, 1.0), (0.99, 100.0)])
def test_places_are_as_unsure_as_those_around_them(
    shown: Opened, gain: float, times: float
) -> None:
    units, disagreement = places()
    told = {"units": units, "disagreement": disagreement}
    found = shown.page.evaluate(ASK, [told, KNOBS, [gain, 1]])
    assert found == pytest.approx(times, rel=0.05)


def test_usual_is_what_it_is_where_players_play(shown: Opened) -> None:
    units, disagreement = places()
    # Most of what was asked about lies where nobody plays.
    there = [{**KNOBS[0], "play": [9.2, 10]}, KNOBS[1]]
    told = {"units": units, "disagreement": disagreement}
    assert shown.page.evaluate(ASK, [told, there, [0.98, 0]]) == pytest.approx(1.0, rel=0.05)
    assert shown.page.evaluate(ASK, [told, there, [0.3, 0]]) == pytest.approx(0.01, rel=0.05)


def test_turned_to_where_members_differ_the_line_says_so(shown: Opened) -> None:
    told = shown.page.evaluate("() => rig.content.modelled.uncertainty")
    knobs = shown.page.evaluate("() => rig.content.report.knobs")
    corners = [[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)]
    said = []
    # As one that agrees, and as one that is a hundred times as far apart, wherever the knobs go.
    for times_more in (0.01, 100):
        shown.page.evaluate(SPREAD, times_more)
        for corner in corners:
            times = times_more * shown.page.evaluate(ASK, [told, knobs, corner])
            line = shown.page.evaluate(LINE, corner)
            assert (line != "") == (times >= 2.5)
            figure = f"{times:.1f}" if times < 10 else f"{times:.0f}"
            assert not line or f"is {figure} times as unsure at this setting" in line
            said.append(line)
        shown.page.evaluate(SPREAD, 1 / times_more)
    # Both were seen: where it says something, and where it does not.
    assert all(said[len(corners) :])
    assert not any(said[: len(corners)])
    assert shown.complaints == []
