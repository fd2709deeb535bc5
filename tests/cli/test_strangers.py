"""Packages that have the same name as one of ours."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rig import cli
from rig.errors import UsageError

ROOT = Path(__file__).parents[2]


def called(path: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """``rig --help``, called in a folder, with another one earlier on the path than ours."""
    return subprocess.run(
        [sys.executable, "-m", "rig", "--help"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (path, ROOT)))},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", cli.COMMON_NAMES)
def test_a_package_of_the_same_name_is_told_of_before_it_is_loaded(
    tmp_path: Path, name: str
) -> None:
    strange = tmp_path / name / "__init__.py"
    strange.parent.mkdir()
    strange.write_text("raise SystemExit('loaded')\n", encoding="utf-8")
    answer = called(tmp_path, ROOT.parent)
    assert answer.returncode == 2
    assert answer.stdout == ""
    assert answer.stderr.startswith(f"rig: '{name}' would be loaded from {strange.parent}")
    assert len(answer.stderr.splitlines()) == 1


def test_a_folder_that_only_has_the_name_is_told_of_where_it_hides_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "models").mkdir()
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.delitem(sys.modules, "models", raising=False)
    with pytest.raises(UsageError, match=r"'models' would be loaded from .*models"):
        cli.refuse_strangers()


def test_our_own_are_found_from_anywhere_and_a_plain_folder_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    assert called(ROOT, tmp_path).returncode == 0
