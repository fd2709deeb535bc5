"""``rig check`` on virtual rigs with one thing wrong at a time."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from rig import config as configuration
from rig.preflight import Finding, Grade, preflight, summary
from tests.conftest import TINY

INTERFACE = "interface: {driver: virtual, latency_frames: 311.3}"
#: A take costs half of what it does at 48 kHz.
RATE = "sample_rate: 24000"


def checked(text: str, tmp_path: Path) -> dict[str, Finding]:
    found = list(preflight(configuration.parse(text), tmp_path))
    assert len({finding.name for finding in found}) == len(found)
    return {finding.name: finding for finding in found}


def with_interface(more: str) -> str:
    return TINY.replace(INTERFACE, f"interface: {{driver: virtual, {RATE}, {more}}}")


HEALTHY = with_interface("latency_frames: 311.3")


def bad(found: dict[str, Finding]) -> set[str]:
    for finding in found.values():
        assert finding.passed or finding.advice, finding
    return {name for name, finding in found.items() if not finding.passed}


def test_a_healthy_rig_passes_and_every_row_says_something(tmp_path: Path) -> None:
    found = checked(HEALTHY, tmp_path)
    assert bad(found) == set()
    for name in (
        "devices", "loopback", "round trip", "clock drift", "polarity", "noise floor", "hum",
        "warm-up", "repeatability", "knob gain", "knob tone", "knob volume", "crosstalk",
        "return level", "dropouts", "disk", "playing time", "DC", "return lag", "sleep",
        "whole night",
    ):  # fmt: skip
        assert found[name].figure, name
    assert found["round trip"].figure == "311.30 frames"
    assert summary(list(found.values())).startswith("The night will work and takes about ")


@pytest.mark.parametrize(
    ("more", "row"),
    [
        ("hum_dbfs: -45", "hum"),
        ("noise_dbfs: -40", "noise floor"),
        ("crosstalk_db: -8", "crosstalk"),
        ("drift_ppm: 20", "clock drift"),
        ("faults: [{take: 1, kind: unplugged, takes: 99}]", "loopback"),
        ("faults: [{take: 1, kind: silence, takes: 99}]", "silence"),
        ("faults: [{take: 2, kind: clipping, takes: 99}]", "return level"),
        ("faults: [{take: 1, kind: gone, takes: 99}]", "connection"),
        ("faults: [{take: 1, kind: flag, takes: 99}]", "dropouts"),
    ],
)
def test_each_trouble_has_its_row(more: str, row: str, tmp_path: Path) -> None:
    assert row in bad(checked(with_interface(more), tmp_path))


def test_a_round_trip_that_is_too_long_is_a_row(tmp_path: Path) -> None:
    found = checked(with_interface("latency_frames: 30000"), tmp_path)["round trip"]
    assert found.verdict is Grade.BAD
    assert "longer than rig waits" in found.advice


def test_hum_alone_is_not_told_as_hiss(tmp_path: Path) -> None:
    found = checked(with_interface("hum_dbfs: -45"), tmp_path)
    assert found["noise floor"].verdict is Grade.GOOD


def test_without_a_loopback_the_round_trip_is_an_estimate(tmp_path: Path) -> None:
    found = checked(with_interface("latency_frames: 311.3, loopback: false"), tmp_path)
    assert found["loopback"].verdict is Grade.NOTE
    assert found["round trip"].figure.startswith("estimate: 31")


def test_an_amp_that_never_comes_to_rest_is_named(tmp_path: Path) -> None:
    amp = "amp: {driver: virtual, preset: tweed, warmup_db: 3, warmup_s: 100}"
    found = checked(HEALTHY.replace("amp: {driver: virtual, preset: tweed}", amp), tmp_path)
    assert found["warm-up"].verdict is Grade.NOTE
    assert "getting warm" in found["warm-up"].advice


def test_a_dead_controller_is_named_with_its_key(tmp_path: Path) -> None:
    amp = "amp: {driver: virtual, preset: tweed, miswiring: [{kind: dead, knob: tone}]}"
    found = checked(HEALTHY.replace("amp: {driver: virtual, preset: tweed}", amp), tmp_path)
    assert bad(found) == {"knob tone"}
    assert "nothing was heard of it at 2 settings" in found["knob tone"].advice
    assert "knobs.tone.control in rig.yaml" in found["knob tone"].advice


def test_as_json_with_its_exit_code(tmp_path: Path) -> None:
    (tmp_path / "rig.yaml").write_text(with_interface("crosstalk_db: -8"), encoding="utf-8")
    command = [sys.executable, "-m", "rig", "check", "--json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    answer = json.loads(done.stdout)
    assert answer["passed"] is False
    assert answer["summary"] == "The night will not work yet: mend crosstalk, and check again."
    rows = {row["name"]: row for row in answer["checks"]}
    assert rows["crosstalk"]["verdict"] == "bad"
    assert set(rows["crosstalk"]) == {"name", "figure", "limit", "verdict", "advice", "passed"}
