"""The machine that has to stay up all night, with its files and programs in a test's own place."""

import sys
from pathlib import Path

import pytest

from rig import keep_awake
from rig.config.types import NotifyConfig
from rig.preflight import machine
from rig.preflight.finding import Grade


def battery(supplies: Path, name: str, status: str, scope: str | None = None) -> None:
    folder = supplies / name
    folder.mkdir(parents=True)
    (folder / "type").write_text("Battery\n", encoding="utf-8")
    (folder / "status").write_text(status + "\n", encoding="utf-8")
    if scope is not None:
        (folder / "scope").write_text(scope + "\n", encoding="utf-8")


@pytest.fixture
def on_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")


@pytest.mark.usefixtures("on_linux")
def test_a_laptop_on_its_battery_is_told(tmp_path: Path) -> None:
    battery(tmp_path, "BAT0", "Discharging")
    battery(tmp_path, "BAT1", "Not charging")
    assert machine.is_on_battery(tmp_path)


@pytest.mark.usefixtures("on_linux")
def test_a_laptop_that_charges_a_mouse_and_a_desktop_are_not(tmp_path: Path) -> None:
    assert not machine.is_on_battery(tmp_path / "nothing here")
    battery(tmp_path, "BAT0", "Charging")
    battery(tmp_path, "hidpp_battery_0", "Discharging", scope="Device")
    assert not machine.is_on_battery(tmp_path)


@pytest.mark.parametrize(
    ("text", "told"),
    [("Now drawing from 'Battery Power'", True), ("Now drawing from 'AC Power'", False)],
)
def test_what_a_mac_says_of_its_power(
    monkeypatch: pytest.MonkeyPatch, text: str, told: bool
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(machine, "_said", lambda command: text)
    assert machine.is_on_battery() is told


def test_sleep_that_nothing_prevents_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keep_awake, "can_keep_awake", lambda: False)
    monkeypatch.setattr(machine, "is_on_battery", lambda: True)
    rows = {row.name: row for row in machine.machine(paced=False)}
    assert rows["sleep"].verdict is Grade.NOTE
    assert "switch sleep off" in rows["sleep"].advice
    assert "plug the machine in" in rows["battery"].advice
    assert "priority" not in rows


PYTHON = sys.executable


@pytest.mark.parametrize(
    ("command", "figure", "grade"),
    [
        ([PYTHON, "-c", "raise SystemExit(0)"], "exit code 0", Grade.GOOD),
        ([PYTHON, "-c", "raise SystemExit(3)"], "exit code 3", Grade.NOTE),
        (["no-such-program-anywhere"], "does not run", Grade.BAD),
    ],
)
def test_the_programs_that_call_somebody_are_tried(
    command: list[str], figure: str, grade: Grade
) -> None:
    rows = list(machine.programs(NotifyConfig(on_alarm=tuple(command))))
    assert [(row.name, row.figure, row.verdict) for row in rows] == [
        ("notify alarm", figure, grade)
    ]
