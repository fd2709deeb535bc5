"""What ``rig capture --detach`` answers: never "it runs" where nothing runs."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest

from rig import waits
from rig.cli import detached
from rig.daemon.request import Request
from tests.cli.test_cli import WAIT, rig
from tests.conftest import TINY


class Lives:
    """A daemon that lives, and says nothing."""

    def poll(self) -> int | None:
        return None


@pytest.mark.parametrize(
    ("was", "instead", "code", "says"),
    [
        ("builtin:guitar-train", "gone.wav", 2, "gone.wav: there is no such file"),
        (
            "{driver: virtual, latency_frames: 311.3}",
            "{driver: soundcard, host_api: ALSA, input: nobody, output: nobody}",
            1,
            "nobody",
        ),
    ],
    ids=["no recording", "no interface"],
)
def test_what_cannot_begin_is_told_at_once(
    was: str, instead: str, code: int, says: str, tmp_path: Path
) -> None:
    (tmp_path / "rig.yaml").write_text(TINY.replace(was, instead), encoding="utf-8")
    done = rig("capture", "rig.yaml", "--detach", "--session", "s", cwd=tmp_path)
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert "capturing" not in done.stdout


def test_the_first_words_say_what_it_is_after(tmp_path: Path, tiny_file: Path) -> None:
    folder = tmp_path / "session"
    done = rig("capture", tiny_file, "--session", folder, "--captures", "30", "--detach")
    assert done.returncode == 0
    assert f"capturing into {folder}: 30 captures" in done.stdout.replace("\n", "")
    assert json.loads(rig("status", folder, "--json").stdout)["state"] != "finished"
    again = rig("capture", tiny_file, "--session", folder, "--detach")
    assert again.returncode == 1
    assert "is being captured already" in again.stderr
    assert rig("stop", folder, "--now").returncode == 0
    ends = [sys.executable, "-c", WAIT, str(folder)]
    assert subprocess.run(ends, check=False).returncode == 0


def test_a_daemon_without_a_word_is_no_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    waiting = waits.FIRST_WORDS
    monkeypatch.setattr(waits, "FIRST_WORDS", waits.Wait(waiting.who, waiting.what, 0.2, ""))
    lives = cast("subprocess.Popen[bytes]", cast("Any", Lives()))
    assert detached.answered(Request(tmp_path / "session", None), lives) == 1
    told = " ".join(capsys.readouterr().err.split())
    assert "has not begun yet (it has said nothing); it tries on; 'rig stop" in told
