"""The page in a browser: whole, quiet, right in its figures, and readable by everybody."""

import json
from pathlib import Path
from typing import Any

import pytest

from rig.report.make import REPORT
from rig.report.page import embedded_json
from rig.session.folder import Session
from tests.report.browser import Opened, opened

#: A telephone, a tablet, a desk.
WIDTHS = (390, 820, 1440)
MOST_BYTES = 12_000_000


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_complained_of_asked_for_or_cut_off(
    chrome: Any, reported: Path, width: int, scheme: str
) -> None:
    size = {"width": width, "height": 900}
    shown = opened(chrome, reported / REPORT, viewport=size, color_scheme=scheme)
    assert shown.complaints == []
    assert shown.requests == [(reported / REPORT).as_uri()]
    assert shown.call("() => document.documentElement.scrollWidth - innerWidth") <= 0
    # Nothing that is drawn lies beside its picture.
    outside = """() => [...document.querySelectorAll('svg.chart path')].filter((path) => {
      const box = path.getBBox(), view = path.ownerSVGElement.viewBox.baseVal;
      return box.x < -1 || box.y < -1 || box.x + box.width > view.width + 1
        || box.y + box.height > view.height + 1;
    }).length"""
    assert shown.call(outside) == 0


def test_every_part_is_there(shown: Opened) -> None:
    parts = shown.call("() => [...document.querySelectorAll('section')].map((s) => s.id)")
    assert {"play", "listen", "errors", "map", "compared", "night", "rejected", "rig", "words"} <= {
        *parts
    }
    assert shown.page.inner_text("h1") == "töne & <mehr>"
    assert shown.call("() => document.querySelectorAll('[role=slider]').length") == 3


def test_no_size_on_the_map_is_that_of_an_ensemble_which_had_not_learnt_yet(shown: Opened) -> None:
    """The final model has learnt those settings since, so their errors are no errors of its."""
    radii = shown.call(
        "() => [...document.querySelectorAll('#map circle.dot-seed, #map circle.dot-active')]"
        ".filter((dot) => !dot.closest('.legend')).map((dot) => dot.getAttribute('r'))"
    )
    assert radii
    assert {*radii} == {"4"}
    heads = shown.call("() => [...document.querySelectorAll('#map th')].map((h) => h.textContent)")
    assert {"ESR of the final model", "found before it was learnt"} <= {*heads}


def test_a_night_has_24_hours_everywhere(chrome: Any, reported: Path) -> None:
    """Where clocks have twelve, half past nine in the evening and in the morning looked alike."""
    zone = {"locale": "en-US", "timezone_id": "UTC"}
    shown = opened(chrome, reported / REPORT, **zone)
    hours = [shown.call("([at]) => clock(at)", 3600 * hour) for hour in (0, 9.5, 21.5)]
    assert hours == ["00:00", "09:30", "21:30"]


def test_on_paper_nothing_is_folded_away(shown: Opened) -> None:
    closed = "() => document.querySelectorAll('details:not([open])').length"
    before = shown.call(closed)
    assert before
    shown.call("() => dispatchEvent(new Event('beforeprint'))")
    assert shown.call(closed) == 0
    shown.call("() => dispatchEvent(new Event('afterprint'))")
    assert shown.call(closed) == before


def test_every_figure_is_that_of_the_metrics(shown: Opened, reported: Path) -> None:
    metrics = json.loads((reported / "model" / "metrics.json").read_text(encoding="utf-8"))
    told = shown.call("() => rig.content")["report"]
    by_setting = {s["told"]: s["esr"] for s in told["settings"] if s["esr"] is not None}
    assert by_setting == metrics["by_setting"]
    for name in ("holdout_esr", "repeatability_esr", "within_db"):
        assert told[name] == metrics[name], name
    assert told["turning"] == metrics["turning"]
    # And what is read is what was told: two digits of it, the worst setting first.
    rows = shown.call("() => [...document.querySelectorAll('#errors tbody tr')].slice(0, 2)"
                      ".map((row) => [...row.cells].map((cell) => cell.textContent))")  # fmt: skip
    worst = sorted(metrics["by_setting"].items(), key=lambda item: -item[1])
    assert [row[0] for row in rows] == [name for name, _ in worst][:2]
    assert [float(row[1]) for row in rows] == [pytest.approx(esr, rel=0.05) for _, esr in worst[:2]]
    holdout = shown.page.inner_text("dl.figures dd >> nth=0")
    assert float(holdout) == pytest.approx(metrics["holdout_esr"], rel=0.05)


def test_every_take_that_was_not_kept_is_told_with_its_sentence(
    shown: Opened, reported: Path
) -> None:
    session = Session.view(reported)
    counts = session.state.takes.counts
    session.close()
    takes = shown.call("() => rig.content.report.takes")
    assert len(takes) == sum(counts.values())
    for take in takes:
        assert bool(take["sentences"]) == (take["outcome"] != "kept")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_names_and_roles_are_as_they_should_be(
    chrome: Any, reported: Path, scheme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    # The checker is put into the page as one more script, which the page itself allows nobody.
    shown = opened(chrome, reported / REPORT, bypass_csp=True, color_scheme=scheme)
    shown.page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    found = Axe().run(shown.page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []


def test_knobs_are_turned_by_keys_and_say_where_they_stand(shown: Opened) -> None:
    dial = shown.page.locator("[role=slider]").first
    dial.focus()
    before = float(dial.get_attribute("aria-valuenow"))
    shown.page.keyboard.press("ArrowUp")
    assert float(dial.get_attribute("aria-valuenow")) > before
    shown.page.keyboard.press("End")
    assert float(dial.get_attribute("aria-valuenow")) == 12.0
    assert dial.get_attribute("aria-valuetext") == "gain 12"


def test_sliders_fade_what_is_far_away(shown: Opened) -> None:
    slider = shown.page.locator("#map input[type=range]").first
    seen = """() => [...document.querySelectorAll('#map figure circle')]
      .map((dot) => +dot.getAttribute('opacity'))"""
    assert {*shown.call(seen)} == {1.0}
    slider.focus()
    shown.page.keyboard.press("End")
    assert min(shown.call(seen)) < 0.2
    assert "near 12" in shown.page.inner_text("#map .row")
    shown.page.keyboard.press("Home")
    assert {*shown.call(seen)} == {1.0}


def test_the_map_is_shaded_by_what_the_last_ensemble_says(shown: Opened, reported: Path) -> None:
    told = shown.call("() => rig.content")
    found = told["modelled"]["uncertainty"]
    assert found["round"] == told["report"]["rounds"][-1]["round"]
    assert len(found["units"]) == len(found["disagreement"]) == 128
    assert min(found["disagreement"]) >= 0 < max(found["disagreement"])
    shades = "() => document.querySelectorAll('#map figure:first-child .shade').length"
    assert shown.call(shades) == 14 * 14


def test_it_is_one_small_file(reported: Path) -> None:
    text = (reported / REPORT).read_text(encoding="utf-8")
    assert len(text.encode()) < MOST_BYTES
    assert "{{" not in text.split("<script", 1)[0]


def test_words_of_a_stranger_end_no_element() -> None:
    text = embedded_json({"name": "</script><script>alert(1)</script><!--\u2028"})
    assert "<" not in text
    assert json.loads(text)["name"].startswith("</script>")
