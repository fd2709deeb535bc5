"""The foot switch in a capture, and what becomes of the capture where MIDI does not work."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rig import waits
from rig.config import FootSwitchConfig
from rig.daemon.foot_switch import FootSwitch
from rig.daemon.leftovers import leftovers
from rig.session import control
from rig.session.door import begin
from rig.session.facts import CommandGiven, HandsSet
from rig.session.folder import Session
from tests.conftest import LAID_OUT
from tests.daemon.test_called import NOTE, asked_in, rig
from tests.daemon.test_hands import GAIN, HAND
from tests.devices import jack
from tests.devices.test_inputs import pedal

BY_HAND = LAID_OUT.replace(GAIN, HAND).replace("captures: 8, seeds: 8", "captures: 3, seeds: 3")
TINY = Path("sessions") / "tiny"
WANTED = FootSwitchConfig(done="cc 64")
FOOT_MAY = "then press the foot switch, or 'rig done"
#: MIDI that is not installed, that hangs, and that takes its process along.
BROKEN = {
    "No module": "raise ImportError('No module named rtmidi')",
    "hangs": "import time\ntime.sleep(100)",
    "crashes": "import os\nos._exit(7)",
}


def eventually(what: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ("No module", "pip install python-rtmidi"),
        ("hangs", "MIDI does not answer on this machine"),
        ("crashes", "logs/foot-switch.log"),
    ],
)
def test_midi_that_does_not_work_is_one_warning_and_is_tried_again(
    broken: str,
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (tmp_path / "rtmidi.py").write_text(BROKEN[broken], encoding="utf-8")
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[2])])
    monkeypatch.setenv("PYTHONPATH", path)
    folder, now = tmp_path / "a session", [0.0]
    begin(folder)
    switch = FootSwitch(folder, WANTED, lambda: now[0])
    pids: set[int] = set()

    def is_tried_again(times: int) -> bool:
        """Whether so many processes were there, while time goes by as in a long night."""
        # Not so fast that one which only takes its time to start is taken to hang.
        now[0] += waits.PEDAL_SPEAKS.s / (40 if broken == "hangs" else 1_000)
        switch.hear()
        pids.update(leftovers(folder))
        return len(pids) >= times and bool(caplog.records)

    try:
        eventually(lambda: is_tried_again(2))
    finally:
        switch.stop()
    assert not switch.is_there
    (warning,) = caplog.records
    assert says in warning.message
    assert "'rig done'" in warning.message
    eventually(lambda: not leftovers(folder))


def test_where_none_is_named_nothing_is_started(tmp_path: Path) -> None:
    begin(tmp_path / "s")
    switch = FootSwitch(tmp_path / "s", None, time.monotonic)
    switch.hear()
    assert not (tmp_path / "s" / "logs").exists()
    assert not switch.is_there


def test_a_foot_answers_all_that_a_capture_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jack.needs_jack()
    for name, value in jack.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    call = f'["{sys.executable}", "-c", "{NOTE}", calls.txt]'
    more = f"notify: {{on_hands: {call}}}\nfoot_switch: {{port: FS-1, done: cc 64, redo: cc 65}}\n"
    (tmp_path / "rig.yaml").write_text(BY_HAND + more, encoding="utf-8")
    command, folder = [sys.executable, "-m", "rig", "capture", "--headless"], tmp_path / TINY
    with (
        jack.server(),
        pedal() as foot,
        subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as capture,
    ):
        try:
            eventually(lambda: asked_in(tmp_path) is not None, 60.0)
            # The capture asks as soon as it can, and does not wait for a foot switch to be there.
            eventually(lambda: FOOT_MAY in rig("status", cwd=tmp_path).stdout, 60.0)
            while capture.poll() is None:
                foot.press(64)
                # Models need no foot.
                if len(answers(folder)[1]) > 2:
                    control.drop(folder, "stop")
                time.sleep(0.3)
            said = capture.stdout.read() if capture.stdout is not None else ""
        finally:
            capture.kill()
    assert "the foot switch is there: " in said
    assert "kept; 1 of 3 captures" in said
    given, turned = answers(folder)
    # Whatever was pressed while a take played is no answer to anything.
    assert given.count("done") == len(turned)
    assert len(turned) > 2


def answers(folder: Path) -> tuple[list[str], list[HandsSet]]:
    """Everything that was said to the capture, and how often the knobs were turned."""
    session = Session.view(folder)
    try:
        facts = [entry.fact for entry in session.journal.entries()]
    finally:
        session.close()
    given = [str(fact.command) for fact in facts if isinstance(fact, CommandGiven)]
    return given, [fact for fact in facts if isinstance(fact, HandsSet)]
