"""The sound card and the MIDI amp against a real audio server, through the audio child."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from calibration.signals import Signal
from rig import config as configuration
from rig.capture import Recording, Role
from rig.config import Config
from rig.contracts.interfaces import InterfaceContract
from rig.daemon.request import Request
from rig.daemon.service import capture
from rig.devices.client import DevicesClient
from rig.devices.protocols import Report
from rig.devices.survey import MidiPort, survey
from rig.errors import DeviceGone
from rig.session.folder import Session
from rig.session.verify import verify
from tests.conftest import TINY
from tests.devices import jack

CARD = """{driver: soundcard, input: system, output: system, host_api: JACK,
  loopback_channel: 2, loopback_send_channel: 2}"""
VIRTUAL = "{driver: virtual, latency_frames: 311.3}"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    jack.needs_jack()
    for name, value in jack.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def card(tmp_path: Path) -> Config:
    return configuration.parse(TINY.replace(VIRTUAL, CARD))


def patch_cables() -> None:
    """The amp is a cable here, and so is the loopback."""
    for channel in (0, 1):
        jack.connect(f"PortAudio:out_{channel}", f"PortAudio:in_{channel}")


def opened(bench: DevicesClient) -> DevicesClient:
    bench.open()
    patch_cables()
    return bench


class _CardOnBench:
    paced = True

    def __init__(self, bench: DevicesClient) -> None:
        self._bench, self.sample_rate = bench, 48_000

    def open(self) -> None:
        opened(self._bench)

    def reamp(self, send: np.ndarray, report: Report) -> Recording:
        return self._bench.reamp(send, report)

    def close(self) -> None:
        self._bench.close()


class TestSoundCard(InterfaceContract):
    @pytest.fixture
    def interface(self, card: Config, tmp_path: Path) -> Iterator[_CardOnBench]:
        with jack.server():
            bench = DevicesClient(card, tmp_path / "devices.log")
            yield _CardOnBench(bench)
            bench.close()


def test_a_take_comes_back_bit_exact_and_on_time(
    card: Config, tmp_path: Path, short_signal: Signal
) -> None:
    with jack.server():
        bench = opened(DevicesClient(card, tmp_path / "devices.log"))
        recording, aligned = jack.good_take(bench, short_signal)
        bench.close()
    frames = round(aligned.latency.frames)
    assert aligned.latency.frames == pytest.approx(frames, abs=1e-3)
    sent = short_signal.send.astype(np.float32)
    assert np.array_equal(recording.returned[frames:], sent[: len(sent) - frames])


def test_a_server_that_dies_in_a_take_is_noticed_and_found_again(
    card: Config, tmp_path: Path, short_signal: Signal
) -> None:
    bench = DevicesClient(card, tmp_path / "devices.log")
    send = np.tile(short_signal.send, 4).astype(np.float32)
    with jack.server() as process:
        opened(bench)
        threading.Timer(1.0, process.kill).start()
        began = time.monotonic()
        with pytest.raises(DeviceGone, match="went away"):
            bench.reamp(send)
        assert time.monotonic() - began < 8
    with pytest.raises(DeviceGone):
        bench.open()
    with jack.server():
        jack.eventually(lambda: reopened(bench))
        patch_cables()
        assert bench.reamp(send).returned.shape == send.shape
        bench.close()


def reopened(bench: DevicesClient) -> bool:
    try:
        bench.open()
    except DeviceGone:
        return False
    return True


def test_a_device_that_is_not_there_is_named_beside_those_that_are(tmp_path: Path) -> None:
    text = TINY.replace(VIRTUAL, CARD.replace("input: system", "input: nothing like this"))
    with jack.server():
        bench = DevicesClient(configuration.parse(text), tmp_path / "devices.log")
        with pytest.raises(DeviceGone, match=r"'nothing like this' under JACK.*'system'"):
            bench.open()
        bench.close()


MIDI_AMP = "{driver: midi, port: the amp, api: UNIX_JACK, settle_s: 0.01, sends: 1}"
WIRED = (
    TINY.replace("amp: {driver: virtual, preset: tweed}", f"amp: {MIDI_AMP}")
    .replace(VIRTUAL, CARD)
    .replace("gain: {range: [1, 12], step: 0.1", "gain: {range: [1, 12], cc: 20")
    .replace("tone: {range: [1, 12], step: 0.1", "tone: {range: [1, 12], cc14: 5")
    .replace("volume: {range: [1, 12], step: 0.1", "volume: {range: [1, 12], nrpn: 9")
)


def test_every_message_arrives_and_a_receiver_that_is_gone_is_noticed(tmp_path: Path) -> None:
    config = configuration.parse(WIRED)
    setting = config.panel.quantise([1.0, 1.0, 0.0])
    with jack.server():
        bench = DevicesClient(config, tmp_path / "devices.log")
        with jack.listener() as receiver:
            bench.open()
            bench.dial(setting)
            assert receiver.stdout is not None
            heard = [receiver.stdout.readline().strip() for _ in range(7)]
        assert heard == [
            "B0 14 7F", "B0 05 7F", "B0 25 7F", "B0 63 00", "B0 62 09", "B0 06 00", "B0 26 00",
        ]  # fmt: skip
        with pytest.raises(DeviceGone, match="the amp"):
            bench.dial(setting)
        with jack.listener():
            bench.open()
            bench.dial(setting)
        bench.close()


def test_a_whole_session_on_the_audio_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jack.take_cables_for_an_amp(monkeypatch)
    text = WIRED.replace("captures: 8, seeds: 4", "captures: 4, seeds: 2")
    path = tmp_path / "rig.yaml"
    path.write_text(text, encoding="utf-8")
    with jack.server(), jack.listener():
        patching = threading.Thread(target=patch_cables)
        patching.start()
        ending = capture(Request(tmp_path / "session", path), configuration.load(path))
        patching.join()
    assert not ending.failed, ending.reason
    session = Session.view(tmp_path / "session")
    assert len(session.state.kept(Role.SEED, Role.ACTIVE)) == 4
    assert session.state.amp.repeatability_esr is not None
    assert session.state.amp.repeatability_esr < 1e-14
    assert verify(session).sound


def test_devices_and_ports_are_found_by_the_names_that_a_configuration_needs() -> None:
    with jack.server(), jack.listener():
        found = survey()
    assert ("JACK Audio Connection Kit", "system", 2, 2) in [
        (device.host_api, device.name, device.inputs, device.outputs) for device in found.audio
    ]
    assert MidiPort("UNIX_JACK", "listener:the amp") in found.midi
