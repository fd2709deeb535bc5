"""Commands are files, and whoever writes one may be met by whoever takes them away."""

from pathlib import Path

import pytest

from rig.session import control
from rig.session.plain import UNFINISHED


def test_a_command_that_is_being_written_is_left_alone(tmp_path: Path) -> None:
    control.drop(tmp_path, "pause")
    half = tmp_path / "control" / f"{2**60:020d}.stop{UNFINISHED}"
    half.write_bytes(b"")
    assert list(control.collect(tmp_path)) == ["pause"]
    assert [path.name for path in (tmp_path / "control").iterdir()] == [half.name]


def test_a_folder_that_is_cleared_meanwhile_loses_no_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = Path.replace
    cleared: list[Path] = []

    def clear(self: Path, target: Path) -> Path:
        if not cleared:
            cleared.append(self)
            control.forget(tmp_path)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", clear)
    control.drop(tmp_path, "stop")
    assert cleared
    assert list(control.collect(tmp_path)) == ["stop"]
