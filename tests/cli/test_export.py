"""Files for players as a person asks for them: one, a grid of them, presets, packs."""

import json
import zipfile
from pathlib import Path

import pytest

from tests.cli.test_cli import rig
from tests.conftest import TINY

SHARED = """
gear: {make: Acme, model: Twelve, type: amp_cab, modeled_by: Somebody, licence: CC BY 4.0}
presets: {clean: {gain: 2}, lead: {gain: 11, tone: 8}}
"""


@pytest.fixture
def names(tmp_path: Path) -> Path:
    """A rig.yaml of the finished session's knobs, with names for them."""
    path = tmp_path / "named.yaml"
    path.write_text(TINY + SHARED, encoding="utf-8")
    return path


def test_a_file_says_what_players_and_sites_ask_for(
    finished: Path, tmp_path: Path, names: Path
) -> None:
    target = tmp_path / "lead.nam"
    done = rig("export", finished, target, "--preset", "lead", "--config", names)
    assert done.returncode == 0, done.stderr
    said = json.loads(target.read_text())["metadata"]
    assert said["name"] == "Acme Twelve: lead"
    assert (said["gear_make"], said["gear_model"], said["gear_type"]) == (
        "Acme",
        "Twelve",
        "amp_cab",
    )
    assert (said["modeled_by"], said["licence"]) == ("Somebody", "CC BY 4.0")
    assert said["setting"] == {"gain": 11.0, "tone": 8.0, "volume": 6.0}
    assert "tone_type" not in said
    assert -120 < said["loudness"] < 20
    assert 0 <= said["gain"] <= 1
    # The trainer package's own types read what is said of the training.
    types = pytest.importorskip("nam.train.metadata")
    training = types.TrainingMetadata(**said["training"])
    metrics = json.loads((finished / "model" / "metrics.json").read_text())
    assert training.validation_esr == pytest.approx(metrics["holdout_esr"])
    assert training.data.checks.passed
    assert training.data.latency.calibration.recommended == 311


def test_a_preset_with_a_tone_s_name_is_of_that_tone(
    finished: Path, tmp_path: Path, names: Path
) -> None:
    target = tmp_path / "clean.nam"
    arguments = ["--preset", "clean", "--at", "gain=2.5", "--config", names]
    done = rig("export", finished, target, *arguments)
    assert done.returncode == 0, done.stderr
    said = json.loads(target.read_text())["metadata"]
    assert said["tone_type"] == "clean"
    # What is typed goes before what the preset says.
    assert said["setting"]["gain"] == 2.5
    assert said["name"].endswith("clean with gain 2.5")


def test_a_grid_is_a_folder_of_files_that_sort(finished: Path, tmp_path: Path) -> None:
    target = tmp_path / "pack"
    spans = ["--grid", "gain=1:11:5", "--grid", "tone=3/9", "--at", "volume=5"]
    done = rig("export", finished, target, *spans)
    assert done.returncode == 0, done.stderr
    files = sorted(path.name for path in target.iterdir())
    assert files[:3] == ["00-read-me.txt", "01-gain-1-tone-3.nam", "02-gain-1-tone-9.nam"]
    assert len(files) == 7
    assert done.stdout.splitlines()[-1] == f"wrote {target}: 7 files"
    settings = [
        json.loads((target / name).read_text())["metadata"]["setting"] for name in files[1:]
    ]
    assert [(s["gain"], s["tone"], s["volume"]) for s in settings] == [
        (gain, tone, 5.0) for gain in (1.0, 6.0, 11.0) for tone in (3.0, 9.0)
    ]
    text = (target / files[0]).read_text()
    assert "06-gain-11-tone-9.nam  gain 11  tone 9  volume 5" in text
    again = rig("export", finished, target, *spans)
    assert again.returncode == 2
    assert "is not empty; --force" in again.stderr


def test_presets_make_a_zip_for_older_players(finished: Path, tmp_path: Path, names: Path) -> None:
    target = tmp_path / "pack.zip"
    options = ["--preset", "all", "--config", names, "--format", "0.5.4"]
    done = rig("export", finished, target, *options)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(target) as archive:
        assert archive.namelist() == ["00-read-me.txt", "01-clean.nam", "02-lead.nam"]
        first = json.loads(archive.read("01-clean.nam"))
        assert "Licence: CC BY 4.0." in archive.read("00-read-me.txt").decode()
    assert first["version"] == "0.5.4"
    assert first["config"]["layers"][0]["gated"] is False


@pytest.mark.parametrize(
    ("target", "arguments", "says"),
    [
        ("a.nam", ["--grid", "gain=1:11:5"], "3 settings need a folder"),
        ("pack", [], "ends in .nam"),
        ("a.wav", [], "ends in .nam"),
        ("pack", ["--grid", "gian=1:3:1"], "no knob 'gian'"),
        ("pack", ["--grid", "gain=1:3"], "write from:to:step"),
        ("pack", ["--grid", "gain=1:3:0"], "the step must lead from 1 to 3"),
        ("pack", ["--grid", "gain=3:1:1"], "the step must lead from 3 to 1"),
        ("pack", ["--grid", "gain=1:99:1"], "takes 1 to 12"),
        ("pack", ["--grid", "gain=1:3:1", "--at", "gain=2"], "gain is set twice"),
        ("pack", ["--grid", "gain=1:12:0.1", "--grid", "tone=1:12:0.1"], "1000 are the most"),
        ("pack", ["--preset", "clean"], "no preset 'clean'; there are none"),
        ("pack", ["--preset", "all"], "no preset 'all'; there are none"),
        ("pack", ["--preset", "a", "--grid", "gain=1:3:1"], "choose one"),
        ("a.nam", ["--format", "0.6"], "there are 0.7.0 and 0.5.4"),
    ],
)
def test_what_cannot_be_exported_is_explained(
    finished: Path, tmp_path: Path, target: str, arguments: list[str], says: str
) -> None:
    done = rig("export", finished, tmp_path / target, *arguments)
    assert done.returncode == 2, done.stdout
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / target).exists()


def test_a_file_with_other_knobs_names_nothing(finished: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(TINY.replace("step: 0.1, rest: 6", "step: 0.5, rest: 6"), encoding="utf-8")
    done = rig("export", finished, tmp_path / "a.nam", "--config", other)
    assert done.returncode == 2
    assert "other knobs" in done.stderr


def test_a_session_goes_on_when_only_names_have_changed(copied: Path, names: Path) -> None:
    done = rig("capture", names, "--session", copied, "--headless")
    assert done.returncode == 0, done.stderr
    assert (copied / "report.html").is_file()


def test_a_file_is_named_by_the_value_that_its_knob_takes(finished: Path, tmp_path: Path) -> None:
    done = rig("export", str(finished), str(tmp_path / "st"), "--grid", "gain=2:3:0.25")
    assert done.returncode == 0, done.stderr
    names = sorted(path.name for path in (tmp_path / "st").glob("*.nam"))
    assert names[:2] == ["01-gain-2.nam", "02-gain-2.2.nam"]
    held = json.loads((tmp_path / "st" / names[1]).read_text(encoding="utf-8"))
    assert "gain 2.2" in json.dumps(held["metadata"])


def test_a_name_that_is_too_long_is_one_line(finished: Path, tmp_path: Path) -> None:
    done = rig("export", str(finished), str(tmp_path / f"{'x' * 303}.nam"))
    assert done.returncode == 1
    assert done.stderr.startswith("rig: ")
    assert "did not expect" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_pack_is_not_mixed_with_another(finished: Path, tmp_path: Path) -> None:
    pack = ["export", str(finished), str(tmp_path / "st"), "--force", "--grid"]
    assert rig(*pack, "gain=2/4").returncode == 0
    mixed = rig(*pack, "gain=3/5")
    assert mixed.returncode == 2
    assert "holds other models (01-gain-2.nam)" in mixed.stderr
    assert rig(*pack, "gain=2/4").returncode == 0
