"""Listening: loudness, the blind test's arithmetic, results from the page and back."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binomtest

from rig.errors import UsageError
from rig.exchange.loudness import loudness_lufs, matching_gains
from rig.report.make import REPORT, make
from rig.report.results import Listening, read, sentence, summed
from rig.session.folder import Session
from tests.cli.test_cli import rig
from tests.devices.jack import eventually
from tests.report.browser import Opened, opened

Audio = NDArray[np.float64]
RATE = 48_000


def result(model: str, *trials: tuple[str, int, int]) -> dict[str, object]:
    """A file as the page saves it."""
    abx = [{"setting": name, "trials": count, "right": right} for name, count, right in trials]
    told = {"format": "rig-listening", "version": 1, "session": "x", "model": model}
    return {**told, "abx": abx, "mushra": []}


def test_a_full_scale_tone_is_as_loud_as_the_standard_says() -> None:
    # ITU-R BS.1770: a tone of 997 Hz at full scale in one channel is -3.01 LUFS.
    tone = np.sin(2 * np.pi * 997 * np.arange(2 * RATE) / RATE)
    assert loudness_lufs(tone, RATE) == pytest.approx(-3.01, abs=0.05)


def test_what_is_compared_is_equally_loud_and_not_cut_off() -> None:
    random = np.random.default_rng(0)
    loud = random.standard_normal(RATE)
    dull = np.convolve(loud, np.ones(30) / 300, "same")
    clips = [loud, dull, np.zeros(RATE)]
    gains = matching_gains(clips, RATE)
    levels = [loudness_lufs(gain * clip, RATE) for gain, clip in zip(gains, clips, strict=True)]
    assert abs(levels[0] - levels[1]) < 0.1
    assert max(np.max(np.abs(g * c)) for g, c in zip(gains, clips, strict=True)) < 1.0
    assert gains[2] == 1.0


def test_take_and_model_in_the_page_are_equally_loud(shown: Opened) -> None:
    heard = shown.call("() => rig.content.modelled.heard")
    assert [h["esr"] for h in heard] == sorted((h["esr"] for h in heard), reverse=True)
    for number, _ in enumerate(heard):
        script = f"""() => {{
          const sounds = rig.soundsOf(rig.content.modelled.heard[{number}]);
          return Object.fromEntries(Object.entries(sounds).map(([k, v]) => [k, [...v]]));
        }}"""
        sounds = {name: np.array(samples) for name, samples in shown.call(script).items()}
        levels = [loudness_lufs(sounds[name], RATE) for name in ("amp", "model")]
        assert abs(levels[0] - levels[1]) < 0.1


def test_what_is_heard_differs_by_what_the_model_was_said_to_err(shown: Opened) -> None:
    """At full length the two clips have the ESR that is written above them."""
    script = """() => rig.content.modelled.heard.map((h) => {
      const amp = rig.samplesOf(h.amp), model = rig.samplesOf(h.model);
      let off = 0, power = 0;
      amp.forEach((v, i) => { off += (v - model[i]) ** 2; power += v * v; });
      return [h.esr, off / power];
    })"""
    for said, found in shown.call(script):
        assert found == pytest.approx(said, rel=0.05)


def test_the_page_s_probability_is_scipy_s(shown: Opened) -> None:
    pairs = [
        (right, trials) for trials in (1, 10, 16, 20, 400) for right in range(0, trials + 1, 3)
    ]
    found = shown.call("([pairs]) => pairs.map(([r, n]) => rig.binomialTail(r, n))", pairs)
    wanted = [binomtest(r, n, 0.5, alternative="greater").pvalue for r, n in pairs]
    np.testing.assert_allclose(found, wanted, rtol=1e-9)


LEAVING = """() => {
  const event = new Event("beforeunload", { cancelable: true });
  dispatchEvent(event);
  return event.defaultPrevented;
}"""


def test_a_blind_test_from_the_first_click_to_the_saved_file(shown: Opened, tmp_path: Path) -> None:
    page = shown.page
    page.select_option("#abx select", "10")
    page.click("#abx button:has-text('Begin')")
    for number in range(10):
        # Who always says the same is right about half of the time.
        assert f"Trial {number + 1} of 10" in page.inner_text("#abx p[role=status]")
        page.click("#abx button:has-text('X is the model')")
    said = page.inner_text("#abx p[role=status]")
    # Whoever closes the page is asked, until it is saved.
    assert shown.call(LEAVING) is True
    with page.expect_download() as coming:
        page.click("#listen button:has-text('Save')")
    assert shown.call(LEAVING) is False
    path = tmp_path / "results.json"
    coming.value.save_as(path)
    saved = json.loads(path.read_text(encoding="utf-8"))
    (trials,) = saved["abx"]
    assert trials["trials"] == 10
    # What came to its end is not one that was ended early as well.
    assert saved["ended_early"] == []
    assert f"{trials['right']} of 10 right" in said
    listening = read(path, shown.call("() => rig.content.model"))
    assert listening.abx[0].right == trials["right"]
    assert len(listening.listener) == 16
    assert shown.complaints == []


def test_rating_hides_who_is_who_until_the_end(shown: Opened) -> None:
    page = shown.page
    page.click("#mushra button:has-text('Begin')")
    page.wait_for_selector("#mushra input[type=range]")
    assert page.locator("#mushra input[type=range]").count() == 3
    shown_before = page.inner_text("#mushra").lower()
    assert "anchor" not in shown_before
    assert page.is_disabled("#mushra button:has-text('Done')")
    assert "still to play: Sound 1, Sound 2, Sound 3" in page.inner_text("#mushra")
    for number in (1, 2, 3):
        page.click(f"#mushra button:has-text('Sound {number}')")
    page.fill("#mushra input[type=range] >> nth=1", "72")
    # Two clicks before the page has come to breathe.
    done = page.locator("#mushra button:has-text('Done')")
    done.evaluate("(button) => { button.click(); button.click(); }")
    said = page.inner_text("#mushra [role=status]")
    assert "low-pass anchor (the amp without its treble)" in said
    assert said.count("to which you gave") == 3
    assert "to which you gave 72" in said.split("Sound 2")[1].split(";")[0]
    with page.expect_download() as coming:
        page.click("#listen button:has-text('Save')")
    saved = json.loads(coming.value.path().read_text(encoding="utf-8"))
    assert len(saved["mushra"]) == 1
    assert shown.complaints == []


ANSWER = "#abx button:has-text('X is the amp')"
STATUS = "#abx p[role=status]"


def test_a_double_click_answers_one_trial(shown: Opened) -> None:
    page = shown.page
    page.click("#abx button:has-text('Begin')")
    page.click(f"{ANSWER}:enabled")
    page.locator(ANSWER).evaluate("(button) => { button.click(); button.click(); }")
    assert "Trial 2 of" in page.inner_text(STATUS)
    # A is no X: who has only heard A has nothing to answer.
    page.click("#abx button:has-text('A: the amp')")
    page.wait_for_timeout(800)
    assert page.is_disabled(ANSWER)
    page.click("#abx button[data-key=x]")
    page.dblclick(ANSWER)
    assert "Trial 3 of" in page.inner_text(STATUS)
    assert shown.complaints == []


def test_stop_pauses_a_blind_test_and_another_setting_ends_it_aloud(shown: Opened) -> None:
    page = shown.page
    page.click("#abx button:has-text('Begin')")
    page.click(ANSWER)
    page.wait_for_selector(f"{ANSWER}:enabled")
    page.get_by_role("button", name="Stop listening").click()
    page.wait_for_timeout(100)
    assert "Trial 2 of" in page.inner_text(STATUS)
    page.click(ANSWER)
    assert "Trial 3 of" in page.inner_text(STATUS)
    page.select_option("#listen select[aria-label=setting]", "1")
    said = page.inner_text(STATUS)
    assert said.startswith("The test ended after 2 of ")
    assert said.endswith(" trials and is not counted.")
    assert page.locator(ANSWER).count() == 0
    # Stopping when it goes well is a way to tell them apart, too: the file says that it was so.
    with page.expect_download() as download:
        page.click("#listen button:has-text('Save')")
    saved = json.loads(download.value.path().read_text(encoding="utf-8"))
    assert saved["ended_early"][-1]["trials"] == 2
    assert shown.complaints == []


def test_clicks_in_any_order_break_nothing(shown: Opened) -> None:
    script = """async () => {
      for (let turn = 0; turn < 60; turn++) {
        const found = [...document.querySelectorAll("#listen button, #play .live > .row button")];
        const buttons = found.filter((button) => !/Save|nam/.test(button.textContent));
        buttons[(turn * 7919) % buttons.length].click();
        if (turn % 6 === 5) await new Promise((resume) => { setTimeout(resume, 30); });
      }
    }"""
    shown.call(script)
    shown.page.get_by_role("button", name="Stop listening").click()
    shown.page.get_by_role("button", name="Stop playing").click()
    assert shown.complaints == []


def test_the_amp_plays_when_it_is_told_to(shown: Opened) -> None:
    page, meter = shown.page, shown.page.locator("[role=meter]")

    def level() -> int:
        """What the meter says."""
        return int(meter.get_attribute("aria-valuenow"))

    page.click("#play button:has-text('held-out guitar')")
    eventually(lambda: level() > -50)
    eventually(lambda: "audio thread" in page.inner_text("#load"))
    page.click("#play button:has-text('Stop')")
    eventually(lambda: level() <= -59)
    assert shown.complaints == []


def test_a_page_that_lies_open_in_silence_rests(shown: Opened) -> None:
    page = shown.page
    page.click("#play button:has-text('held-out guitar')")
    page.wait_for_function("() => rig.audio.made?.state === 'running'")
    page.click("#play button:has-text('Stop')")
    page.wait_for_function("() => rig.audio.made.state === 'suspended'")
    # And whoever plays again hears it at once.
    page.click("#play button:has-text('held-out guitar')")
    page.wait_for_function("() => rig.audio.made.state === 'running'")
    page.click("#play button:has-text('Stop')")


@pytest.mark.parametrize(
    ("right", "trials", "said"),
    [(15, 16, "could tell"), (9, 16, "could not be shown"), (4, 5, "too few"), (0, 0, "too few")],
)
def test_whether_listeners_could_tell_is_said(right: int, trials: int, said: str) -> None:
    assert said in sentence(right, trials)


@pytest.mark.parametrize(("right", "could_tell"), [(18, True), (12, False)])
def test_what_listeners_heard_goes_before_the_error(
    right: int, could_tell: bool, chrome: Any, copied: Path, tmp_path: Path
) -> None:
    session = Session.view(copied)
    model = session.state.learning.model
    session.close()
    assert model is not None
    path = tmp_path / "listener.json"
    path.write_text(json.dumps(result(model.model.sha256, ("x", 20, right))), encoding="utf-8")
    make(copied, [path])
    page = opened(chrome, copied / REPORT).page
    assert ("listeners could tell it" in page.inner_text(".sentence")) is could_tell
    page.close()


def test_a_listener_who_saved_twice_counts_once() -> None:
    """What is saved later holds what was saved before."""
    first = Listening.model_validate({**result("m", ("x", 10, 6)), "listener": "a"})
    later = Listening.model_validate({**result("m", ("x", 10, 6), ("y", 10, 6)), "listener": "a"})
    other = Listening.model_validate({**result("m", ("x", 10, 9)), "listener": "b"})
    for files in ([first, later, other], [later, first, first, other]):
        assert "21 of 30" in summed(files).sentences[0]
    # Older pages named nobody: the same file again is the same file.
    unnamed = Listening.model_validate(result("m", ("x", 10, 6)))
    assert "6 of 10" in summed([unnamed, unnamed]).sentences[0]


def test_files_of_several_listeners_are_summed(tmp_path: Path) -> None:
    paths = []
    for number, right in enumerate((8, 9)):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(result("m", ("gain 3", 10, right))), encoding="utf-8")
        paths.append(path)
    told = summed([read(path, "m") for path in paths]).sentences
    assert told[0].startswith("listeners could tell the model from the amp: 17 of 20 right")
    assert told[1].startswith("gain 3: ")


def rated(listener: str, *ratings: tuple[float, float, float]) -> Listening:
    """What somebody gave hidden reference, model and anchor, setting by setting."""
    names = ("hidden reference", "model", "low-pass anchor")
    parts = [
        {"setting": f"gain {number}", "ratings": dict(zip(names, each, strict=True))}
        for number, each in enumerate(ratings)
    ]
    return Listening.model_validate({**result("m"), "mushra": parts, "listener": listener})


def test_who_cannot_hear_the_reference_again_is_left_out() -> None:
    """ITU-R BS.1534-3: below 90 in more than 15 % of a listener's ratings."""
    good = rated("a", *[(100, 80, 20)] * 6, (89, 80, 20))
    deaf = rated("b", *[(100, 10, 20)] * 5, *[(89, 10, 20)] * 2)
    careless = rated("c", *[(100, 10, 95)] * 7)
    told = summed([good, deaf, careless]).sentences
    assert told[0].startswith("rated from 0 to 100, over 7 settings: hidden reference 98, model 80")
    assert told[1].startswith("ratings of 2 listeners left out: ")
    assert summed([deaf]).sentences == (told[1].replace("2 listeners", "1 listener"),)


def test_what_was_ended_early_is_told_and_not_counted() -> None:
    early = [{"setting": "x", "trials": 3, "right": 3}]
    file = Listening.model_validate({**result("m", ("x", 10, 5)), "ended_early": early})
    told = summed([file]).sentences
    assert "5 of 10" in told[0]
    assert told[-1] == "1 blind test was ended early, uncounted"


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[1]", "[" * 9999, json.dumps(result("m", ("x", 3, 4))),
     json.dumps({**result("m"), "version": 2})],
)  # fmt: skip
def test_what_holds_no_results_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "results.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="holds no results"):
        read(path, "m")


def test_results_of_another_model_are_refused(reported: Path, tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text(json.dumps(result("m", ("x", 3, 2))), encoding="utf-8")
    done = rig("report", reported, "--results", path)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "about another model" in done.stderr


def test_the_command_says_whether_listeners_could_tell(reported: Path, tmp_path: Path) -> None:
    session_model = json.loads(
        (reported / "report.html").read_text(encoding="utf-8")
        .split('id="report-data">')[1].split("</script>")[0]
    )["model"]  # fmt: skip
    path = tmp_path / "results.json"
    path.write_text(json.dumps(result(session_model, ("gain 3", 16, 15))), encoding="utf-8")
    done = rig("report", reported, "--results", path)
    assert done.returncode == 0, done.stderr
    assert "listeners could tell the model from the amp: 15 of 16 right" in done.stdout
    assert "15 of 16 right" in (reported / "report.html").read_text(encoding="utf-8")
