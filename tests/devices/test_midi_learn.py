"""MIDI learn and "did this move?" on real ports: a sender and a receiver on a real MIDI server."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from rig import config as configuration
from rig.guide.hardware import Hardware
from tests.devices import jack

#: Sweeps one controller from 0 to 100 on channel 3, again and again; another repeats its value.
SENDER = """
import itertools, time, mido
backend = mido.Backend("mido.backends.rtmidi/UNIX_JACK")
with backend.open_output("the editor", virtual=True, client_name="editor") as port:
    print("ready", flush=True)
    for sweep in range(2):
        time.sleep(1.5)
        for value in range(101):
            for control, sent in ((70, value), (11, 64)):
                port.send(mido.Message("control_change", channel=2, control=control, value=sent))
            time.sleep(0.004)
    time.sleep(30)
"""
ALONE = """
amp: {driver: midi, port: the amp, api: UNIX_JACK, channel: 1, settle_s: 0.01, sends: 1}
interface: {driver: soundcard, host_api: x, input: a, output: a}
knobs: {gain: {cc: 20, limits: [0, 5], rest: 1}}
"""


@contextmanager
def editor() -> Iterator[None]:
    """An editor that sends what its knobs do."""
    process = subprocess.Popen([sys.executable, "-c", SENDER], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"
        yield
    finally:
        process.kill()
        process.wait()


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    jack.needs_jack()
    for name, value in jack.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


def test_a_controller_is_learnt_from_a_port_and_a_knob_is_moved_and_put_to_rest() -> None:
    with jack.server():
        with editor():
            heard = Hardware().learn()
        assert heard is not None
        assert (heard.wire, heard.number, heard.channel) == ("cc", 70, 3)
        assert (heard.lowest, heard.highest) == (0, 100)
        assert "the editor" in heard.port
        config = configuration.parse(ALONE)
        with jack.listener() as receiver, Hardware().amp(config) as hands:
            knob = config.panel.knobs[0]
            for value in (knob.values[0], knob.values[-1]):
                hands.set(value)
            assert receiver.stdout is not None
            moved = [receiver.stdout.readline().strip() for _ in range(3)]
        # To rest, then to both ends of its limits, no further.
        assert moved == ["B0 14 0D", "B0 14 00", "B0 14 3F"]
