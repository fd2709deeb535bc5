"""What a report says of a session, when it is made, and that making it harms nothing."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calibration.signals import Signal
from rig.config import Config
from rig.daemon import afterwards
from rig.printable import command
from rig.report import clips
from rig.report.figures import SettingFigure
from rig.report.gather import gather
from rig.report.make import REPORT, content, make
from rig.report.pictures import ranked
from rig.session.door import Door
from rig.session.folder import Session
from rig.session.verdict import MEANS, worst_region
from rig.session.worth import Worth, worth
from tests.cli.test_cli import rig

ROOT = Path(__file__).parents[2]


def held_out(esr: float, *units: float) -> SettingFigure:
    """A holdout setting with an error."""
    return SettingFigure(
        1, "x", "holdout", 0, units, units, True, None, esr, None, None, None
    )  # fmt: skip


def test_it_tells_what_the_journal_tells(finished: Path) -> None:
    session = Session.view(finished)
    report, state = gather(session), session.state
    session.close()
    assert report.holdout_esr == state.learning.holdout_esr
    assert [r.round for r in report.rounds] == [r.round for r in state.learning.rounds]
    assert len(report.canaries) == len(state.amp.canaries)
    assert len(report.takes) == sum(state.takes.counts.values())
    asked = [about for about in state.captures.values() if about.capture.role.value != "look"]
    assert {s.capture for s in report.settings} <= {about.capture.number for about in asked}
    found = [pair for learnt in state.learning.rounds for pair in learnt.found]
    assert {s.capture: s.found_esr for s in report.settings if s.found_esr is not None} == {
        pair.capture: pair.found for pair in found
    }
    names = [figure.name for figure in report.calibration]
    assert "round-trip latency" in names
    latency = report.calibration[names.index("round-trip latency")]
    assert latency.median == pytest.approx(311.3, abs=0.05)


def test_a_session_in_its_beginning_has_a_report_too(
    tmp_path: Path, tiny: Config, short_signal: Signal
) -> None:
    folder = tmp_path / "begun"
    Session.create(folder, tiny, short_signal).close()
    found = make(folder)
    assert found.report.verdict.word == "not finished"
    assert found.modelled is None
    assert (folder / REPORT).stat().st_size > 50_000


def test_without_a_model_it_loads_no_torch(
    tmp_path: Path, tiny: Config, short_signal: Signal
) -> None:
    folder = tmp_path / "begun"
    Session.create(folder, tiny, short_signal).close()
    script = (
        "import sys; from pathlib import Path; from rig.report.make import make\n"
        "make(Path(sys.argv[1])); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script, str(folder)], cwd=ROOT, check=True)


def test_a_model_that_cannot_be_read_leaves_the_figures(copied: Path) -> None:
    (copied / "model" / "model.safetensors").write_bytes(b"x")
    session = Session.view(copied)
    found = content(session)
    session.close()
    assert found.modelled is None
    assert found.note is not None
    assert found.report.holdout_esr is not None


@pytest.mark.parametrize(
    ("esr", "word"),
    [(0.002, "excellent"), (0.02, "good"), (0.05, "usable"), (0.5, "record more"),
     (float("nan"), "record more"), (None, "never tested")],
)  # fmt: skip
def test_the_word_follows_from_the_error(esr: float | None, word: str) -> None:
    assert worth(esr).words == word
    assert {each.words for each in Worth} == {*MEANS}


def test_the_worst_half_of_a_knob_is_named() -> None:
    settings = [held_out(0.3, 0.1, 0.2), held_out(0.2, 0.2, 0.9), held_out(0.02, 0.8, 0.1),
                held_out(0.01, 0.9, 0.8)]  # fmt: skip
    region = worst_region(["gain", "tone"], settings)
    assert region is not None
    assert region.words == "with gain low"
    assert region.esr == pytest.approx(0.25)
    alike = [replace(setting, esr=0.1) for setting in settings]
    assert worst_region(["gain", "tone"], alike) is None


def test_worst_median_and_best_are_different_settings() -> None:
    assert ranked([0.1, 0.3, 0.2]) == {"worst": 1, "median": 2, "best": 0}
    assert ranked([0.1]) == {"worst": 0}
    assert ranked([]) == {}


@pytest.mark.parametrize("settings", [1, 4, clips.MOST_HEARD])
def test_sound_has_a_bound_whatever_was_recorded(settings: int) -> None:
    count, rate = 2 * settings + 1, 48_000
    seconds = clips.clip_s(count, rate, held_out_s=600.0)
    silence = np.zeros(round(seconds * rate))
    assert count * len(clips.clip(silence, rate).wav) < 1.001 * clips.MOST_TEXT_BYTES + 200 * count
    assert seconds > 3.0


def test_what_can_be_heard_is_the_worst_and_what_is_usual() -> None:
    errors = [number / 100 for number in range(40)]
    found = clips.chosen(errors)
    assert found == [39, 38, 37, 36, 35, 34, 19, 0]
    assert clips.chosen([0.1, 0.3]) == [1, 0]


def test_the_command_it_ends_with_can_be_pasted(reported: Path) -> None:
    session = Session.view(reported)
    said = gather(session).verdict
    session.close()
    assert said.command.startswith("rig ")
    assert command("rig", "export", Path("a b")) in ("rig export 'a b'", 'rig export "a b"')


def test_the_command_line_writes_it(copied: Path) -> None:
    # With nothing to watch it is made once.
    done = rig("report", copied, "--watch")
    assert done.returncode == 0, done.stderr
    assert f"wrote {copied / REPORT}" in done.stdout
    assert (copied / REPORT).is_file()
    assert rig("verify", copied).returncode == 0


def test_no_session_is_one_line(tmp_path: Path) -> None:
    done = rig("report", tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


def test_what_follows_a_capture_makes_it(copied: Path) -> None:
    assert afterwards.report(Door.into(copied))
    assert (copied / REPORT).is_file()


def test_where_it_cannot_be_made_one_line_says_why(
    copied: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (copied / REPORT).mkdir()
    before = (copied / "journal.db").read_bytes()
    assert not afterwards.report(Door.into(copied))
    (line,) = [record.getMessage() for record in caplog.records]
    assert "is a folder" in line
    assert f"'rig report {copied}'" in line
    assert (copied / "journal.db").read_bytes() == before


def test_whoever_does_not_wait_for_it_is_told_how_to_have_it(
    copied: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "run", interrupted)
    assert not afterwards.report(Door.into(copied))
    assert "was not waited for" in caplog.text
