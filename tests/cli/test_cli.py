"""The command line as a person meets it: exit codes, one line for a mistake, no traceback."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import TINY
from tests.devices.jack import eventually

COMMANDS = "init check capture monitor status pause resume stop verify train export render report"


def rig(*arguments: object, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "rig", *map(str, arguments)]
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert "Traceback" not in done.stderr + done.stdout
    assert "did not expect" not in done.stderr
    return done


def test_help_names_every_command() -> None:
    shown = rig("--help").stdout
    for command in COMMANDS.split():
        assert f" {command} " in shown


def test_init_writes_what_check_accepts(tmp_path: Path) -> None:
    assert rig("init", "--default", cwd=tmp_path).returncode == 0
    schema = json.loads((tmp_path / "rig.schema.json").read_text())
    assert "knobs" in schema["properties"]
    again = rig("init", "--default", cwd=tmp_path)
    assert again.returncode == 2
    assert "--force" in again.stderr
    (tmp_path / "rig.yaml").write_text(TINY, encoding="utf-8")
    checked = rig("check", "--json", cwd=tmp_path)
    assert checked.returncode == 0
    report = json.loads(checked.stdout)
    assert report["passed"]
    assert {"devices", "loopback", "round trip", "repeatability", "disk"} <= {
        row["name"] for row in report["checks"]
    }


def test_check_fails_with_advice(tmp_path: Path) -> None:
    silent = TINY.replace(
        "latency_frames: 311.3", "latency_frames: 9, faults: [{take: 1, kind: silence, takes: 9}]"
    )
    (tmp_path / "rig.yaml").write_text(silent, encoding="utf-8")
    checked = rig("check", cwd=tmp_path)
    assert checked.returncode == 1
    assert "bad" in checked.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["capture", "none.yaml"], "rig init"),
        (["capture", "--until", "25:99"], "07:00"),
        (["check", "~/none.yaml"], "home/none.yaml: there is no such file"),
        (["check", "--config=~/none.yaml"], "No such option: --config"),
        (["capture", "--headless", "--detach"], "choose one"),
        (["capture", "wrong.yaml"], "plan.capturs"),
        (["export", "none", "a.nam"], "no session folder"),
        (["status", "none"], "no session folder"),
        (["status"], "no session in ./sessions"),
        (["pause"], "no session in ./sessions"),
    ],
)
def test_mistakes_are_one_clear_line(
    arguments: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "wrong.yaml").write_text("plan: {capturs: 3}\nknobs: {gain: {}}", encoding="utf-8")
    # No shell has put the home folder for ~: it stood in quotes, or behind a sign.
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    done = rig(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert says in done.stderr


def test_status_answers_people_and_programs(finished: Path) -> None:
    now = json.loads(rig("status", finished, "--json").stdout)
    expected = {
        "session", "state", "finish_reason", "captures", "takes", "round", "rounds", "holdout_esr",
        "repeatability_esr", "utilization", "started_at", "updated_at", "eta", "disk_free_bytes",
    }  # fmt: skip
    assert expected <= set(now)
    assert now["state"] == "finished"
    # The built-in amp plays faster than time: what it took counts, not how long its signal is.
    assert 0.0 < now["utilization"] <= 1.0
    assert set(now["takes"]) == {"kept", "rejected", "failed"}
    assert now["rounds"][0]["settings"][0].keys() == {"gain", "tone", "volume"}
    assert "finished" in rig("status", finished).stdout


def test_verify_has_exit_code_one_for_damage(copied: Path) -> None:
    assert rig("verify", copied).returncode == 0
    (copied / "takes" / "00002.wav").write_bytes(b"gone")
    done = rig("verify", copied)
    assert done.returncode == 1
    assert "take 2" in done.stderr


def test_nobody_hears_a_stop_where_nothing_runs(finished: Path) -> None:
    done = rig("stop", finished)
    assert done.returncode == 1
    assert "nothing is being captured" in done.stderr


def test_another_configuration_is_not_mixed_in(copied: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(TINY.replace("seed: 3", "seed: 4"), encoding="utf-8")
    done = rig("capture", other, "--session", copied)
    assert done.returncode == 2
    assert "seed" in done.stderr


def test_detached_capture_goes_on_by_itself(tmp_path: Path, tiny_file: Path) -> None:
    folder = tmp_path / "session"
    done = rig("capture", tiny_file, "--session", folder, "--captures", "2", "--detach")
    assert done.returncode == 0
    watched = subprocess.run(
        [sys.executable, "-c", WAIT, str(folder)], capture_output=True, text=True, check=False
    )
    assert watched.returncode == 0, watched.stderr
    now = json.loads(rig("status", folder, "--json").stdout)
    assert now["state"] == "finished"
    assert now["captures"]["kept"] == 2
    # Once all is over its report is made, by a process that nobody waits for.
    eventually(lambda: (folder / "report.html").is_file(), 60)


#: Waits for a session as a script of a user's would.
WAIT = """
import sys, time, pathlib
from rig.session.folder import Session, is_session
folder, deadline = pathlib.Path(sys.argv[1]), time.monotonic() + 90
while time.monotonic() < deadline:
    if is_session(folder) and Session.view(folder).state.run.ended:
        sys.exit(0)
    time.sleep(0.2)
sys.exit("it never ended")
"""
