"""What lies in the folder that somebody works in, or comes to lie at a session's place."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import rig as rig_package
from rig.child import own_module
from rig.daemon import afterwards
from rig.session.door import Door
from rig.session.layout import JOURNAL, OWN
from tests.cli.test_cli import rig

MARK = "import pathlib; pathlib.Path('was-run').write_text('x')\n"
#: Longer than anything here takes; what hangs is ended by it.
PATIENCE_S = 60


def test_no_module_of_the_folder_that_one_works_in_is_run(tmp_path: Path) -> None:
    (tmp_path / "rig").mkdir()
    for name in ("rig/__init__.py", "numpy.py", "json.py", "sitecustomize.py"):
        (tmp_path / name).write_text(MARK, encoding="utf-8")
    command = own_module("rig.devices.survey", "--fake")
    subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=PATIENCE_S, check=False)
    (tmp_path / "rig.yaml").write_text("knobs: {gain: {}}\n", encoding="utf-8")
    done = subprocess.run(
        own_module("rig", "check", "--json"), cwd=tmp_path, capture_output=True, text=True,
        timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert '"passed"' in done.stdout, done.stderr
    assert not (tmp_path / "was-run").exists()


def test_every_module_of_ours_is_started_the_same_way() -> None:
    root = Path(rig_package.__file__).parent
    raw = [path.name for path in root.rglob("*.py") if '"-m"' in path.read_text(encoding="utf-8")]
    assert raw == ["child.py"]


def test_what_a_session_keeps_is_known_by_its_names(finished: Path) -> None:
    there = {path.name for path in finished.iterdir() if not path.name.startswith(JOURNAL)}
    # The report can be made again at any time.
    assert there - {"report.html"} <= {*OWN}


def test_a_report_is_not_written_into_another_folder_at_the_same_place(copied: Path) -> None:
    door = Door.into(copied)
    copied.rename(copied.with_name("moved"))
    shutil.copytree(copied.with_name("moved"), copied)
    (copied / "report.html").write_text("theirs", encoding="utf-8")
    assert not afterwards.report(door)
    assert (copied / "report.html").read_text(encoding="utf-8") == "theirs"


@pytest.mark.parametrize("words", ["train S", "export S amp.nam", "report S"])
def test_settings_are_not_read_by_a_configuration_that_was_changed(
    copied: Path, words: str
) -> None:
    path = copied / "rig.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "\n# mine\n", encoding="utf-8")
    before = {file: file.read_bytes() for file in (copied / "model").glob("*.*")}
    done = rig(*(copied if word == "S" else word for word in words.split()), cwd=copied.parent)
    assert done.returncode == 1
    assert "was changed since the session began" in done.stderr
    assert {file: file.read_bytes() for file in (copied / "model").glob("*.*")} == before
    assert not (copied.parent / "amp.nam").exists()


@pytest.mark.parametrize(
    "words", ["export S S/captures/00001.wav.nam", "export S S/journal.db.nam", "init S/rig.yaml"]
)
def test_even_with_force_nothing_is_written_over_what_was_recorded(
    copied: Path, words: str
) -> None:
    done = rig(*(word.replace("S", str(copied)) for word in words.split()), "--force")
    assert done.returncode == 2
    assert "keeps what it has recorded" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such pipes")
@pytest.mark.parametrize("words", ["import P new", "check P", "init --answers P", "import F new"])
def test_nobody_waits_for_a_pipe(tmp_path: Path, words: str) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    for pipe in (tmp_path / "pipe", folder / "settings.csv"):
        os.mkfifo(pipe)
    (folder / "input.wav").write_bytes(b"")
    names = {"P": str(tmp_path / "pipe"), "F": str(folder)}
    done = subprocess.run(
        own_module("rig", *(names.get(word, word) for word in words.split())),
        cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "pipe" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_number_that_nobody_means_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "rig.yaml"
    path.write_text("knobs: {gain: {}}\nseed: 0x" + "f" * 6_000, encoding="utf-8")
    done = rig("check", path)
    assert done.returncode == 2
    assert f"{path}:2: not valid YAML: a number of 6002 digits" in done.stderr
