"""A foot switch on real ports that come and go: pressed, unplugged, plugged in again."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rig.config import FootSwitchConfig
from rig.daemon.foot_switch import FootSwitch
from rig.devices.survey import midi_survey
from rig.guide.hardware import Hardware
from rig.knobs import Move
from rig.preflight.pedal import foot_switch
from rig.session import control, live
from rig.session.door import begin
from tests.devices import jack

#: Presses when told to: a value down, then up again.
PEDAL = """
import sys, mido
backend = mido.Backend("mido.backends.rtmidi/UNIX_JACK")
with backend.open_output("FS-1", virtual=True, client_name="pedal") as port:
    print("ready", flush=True)
    for line in sys.stdin:
        for value in (127, 0):
            port.send(mido.Message("control_change", channel=4, control=int(line), value=value))
"""


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    jack.needs_jack()
    for name, value in jack.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


class Foot:
    """Somebody's foot on a pedal that is plugged in."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def press(self, controller: int) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{controller}\n")
        self._process.stdin.flush()


@contextmanager
def pedal() -> Iterator[Foot]:
    """A pedal; at the end its cable is pulled."""
    command, pipe = [sys.executable, "-c", PEDAL], subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"
        yield Foot(process)
        process.kill()


def ask(folder: Path) -> None:
    """Ask for hands, as the daemon's snapshot does."""
    moves = (Move("gain", 1.0, 2.0),)
    live.publish(folder, live.Live(at=0.0, pid=1, doing="waiting for your hands", prompt=moves))


def test_a_pedal_answers_goes_away_and_answers_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "rig")
    folder = tmp_path / "ümlaut session"
    begin(folder)
    clock = [0.0]
    wanted = FootSwitchConfig(port="FS-1", done="cc 64", redo="cc 65")
    switch = FootSwitch(folder, wanted, lambda: clock[0])

    def is_there(there: bool) -> bool:
        switch.hear()
        return switch.is_there is there

    def warnings() -> list[str]:
        return [each.message for each in caplog.records if each.levelname == "WARNING"]

    with jack.server():
        try:
            jack.eventually(lambda: is_there(False) and bool(warnings()))
            for press in (64, 65):
                with pedal() as foot:
                    jack.eventually(lambda: is_there(True))
                    # Nobody is asked: an answer that waited would be the next question's.
                    live.remove(folder)
                    foot.press(press)
                    assert list(control.collect(folder)) == []
                    ask(folder)
                    assert answered(foot, press, folder) == {64: "done", 65: "redo"}[press]
                jack.eventually(lambda: is_there(False))
        finally:
            switch.stop()
    # Each time that it is missed is one line, however often it is looked for.
    assert len(warnings()) == 3
    assert all("no MIDI input" in each for each in warnings())
    assert all("'rig done'" in each for each in warnings())


def answered(foot: Foot, press: int, folder: Path) -> str:
    """Press until it is heard: what was just plugged in is patched a moment later."""
    for _ in range(20):
        foot.press(press)
        for _ in range(20):
            heard = list(control.collect(folder))
            if heard:
                assert len(heard) == 1
                return heard[0]
            time.sleep(0.05)
    raise AssertionError("no press was heard")


def test_the_check_finds_it_and_the_guide_learns_it() -> None:
    from rig import config as configuration

    hands = "amp: {driver: hand}\ninterface: {driver: soundcard, input: a, output: a, host_api: x}"
    text = f"{hands}\nknobs: {{gain: {{}}}}\nfoot_switch: {{port: %s, done: cc 64}}"
    with jack.server(), pedal() as foot:
        (row,) = foot_switch(configuration.parse(text % "FS-1"))
        assert row.verdict == "good"
        assert "FS-1" in row.figure
        assert "done cc 64" in row.figure
        (row,) = foot_switch(configuration.parse(text % "elsewhere"))
        assert row.verdict == "note"
        assert "'elsewhere' is not there" in row.figure
        assert "foot_switch: {port: " in row.advice
        # The line can be pasted as it stands.
        pasted = row.advice.partition("rig.yaml: ")[2]
        assert configuration.parse(f"{hands}\nknobs: {{gain: {{}}}}\n{pasted}").foot_switch
        listening = subprocess.Popen(
            [sys.executable, "-m", "rig.devices.midi.press"], stdout=subprocess.PIPE, text=True
        )
        while listening.poll() is None:
            foot.press(67)
            time.sleep(0.1)
        assert listening.stdout is not None
        said = json.loads(listening.stdout.read())["pressed"]
        assert said["sent"] == "cc 67"
        assert "FS-1" in said["port"]
    assert midi_survey().midi_inputs == ()
    with pytest.raises(Exception, match="no MIDI input"):
        Hardware().press()
