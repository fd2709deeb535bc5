"""The sound card against a fake PortAudio: names, host APIs, rates, and what it refuses to play."""

import ctypes
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig import config as configuration
from rig.capture import Levels, Recording
from rig.config import Config
from rig.devices.protocols import DriverContext, TakeCancelled
from rig.devices.soundcard import hosts
from rig.devices.soundcard.interface import SoundCard
from rig.devices.virtual.amp import VirtualAmp
from rig.devices.virtual.interface import VirtualInterface
from rig.errors import ConfigError, DeviceError, DeviceGone
from tests.devices.fake_portaudio import Device, FakePortAudio, Stream, installed


def configured(name: str, api: str, more: str = "") -> Config:
    card = f'{{driver: soundcard, input: "{name}", output: "{name}", host_api: {api}{more}}}'
    return configuration.parse(f"amp: {{driver: hand}}\ninterface: {card}\nknobs: {{gain: {{}}}}")


def opened(monkeypatch: pytest.MonkeyPatch, config: Config, *devices: Device) -> FakePortAudio:
    """Open a card for good measure, and return what it was opened with."""
    fake = installed(monkeypatch, *devices)
    card = SoundCard(DriverContext(config))
    card.open()
    card.close()
    return fake


def unheard(_levels: Levels) -> None:
    return None


def played(card: SoundCard, stream: Stream, send: np.ndarray) -> Recording:
    """A take in a thread of its own, while this one plays block after block."""
    with ThreadPoolExecutor() as pool:
        take = pool.submit(card.reamp, send, unheard)
        while not take.done():
            stream.step()
        return take.result()


LOOP = ", send_channel: 1, return_channel: 1, loopback_channel: 2, loopback_send_channel: 2"


def test_a_take_comes_back_later_by_the_round_trip(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = installed(monkeypatch, Device("Card"))
    card = SoundCard(DriverContext(configured("Card", "ALSA", LOOP)))
    card.open()
    send = np.linspace(-0.5, 0.5, 64, dtype=np.float32)
    recording = played(card, fake.streams[0], send)
    assert recording.loopback is not None
    assert np.array_equal(recording.returned[5:], send[:-5])
    assert np.array_equal(recording.loopback, recording.returned)
    card.close()
    assert fake.streams[0].closed
    assert fake.initialised == 1


def test_the_callback_runs_in_another_thread_than_the_one_that_opened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake = installed(monkeypatch, Device("Card"))
    card = SoundCard(DriverContext(configured("Card", "ALSA")))
    card.open()
    stream = fake.streams[0]
    stream.step()
    assert stream.opened_in == threading.get_ident()
    assert stream.called_in.isdisjoint({threading.get_ident()})
    card.close()


@pytest.mark.parametrize("peak", [1.01, -1.01, 8.0, np.nan, np.inf])
def test_nothing_over_full_scale_leaves(monkeypatch: pytest.MonkeyPatch, peak: float) -> None:
    fake = installed(monkeypatch, Device("Card"))
    card = SoundCard(DriverContext(configured("Card", "ALSA")))
    card.open()
    with pytest.raises(DeviceError, match="over full scale"):
        card.reamp(np.array([0.0, peak, 0.0], np.float32), unheard)
    assert not np.any(fake.streams[0]._wire)
    assert len(played(card, fake.streams[0], np.ones(8, np.float32)).returned) == 8
    card.close()


@pytest.mark.parametrize("peak", [1.01, -3.0, np.nan])
def test_the_virtual_interface_refuses_it_too(tiny: Config, peak: float) -> None:
    amp = VirtualAmp(DriverContext(tiny))
    amp.open()
    interface = VirtualInterface(DriverContext(tiny, amp=amp))
    with pytest.raises(DeviceError, match="over full scale"):
        interface.reamp(np.array([0.0, peak], np.float32), unheard)


def test_a_cancelled_take_ends_faded(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = installed(monkeypatch, Device("Card"))
    card = SoundCard(DriverContext(configured("Card", "ALSA")))
    card.open()

    def cancel(_levels: Levels) -> None:
        raise TakeCancelled

    with ThreadPoolExecutor() as pool:
        # Longer than any machine needs to report once: nothing paces the fake card.
        take = pool.submit(card.reamp, np.ones(4_000_000, np.float32), cancel)
        while not take.done():
            fake.streams[0].step()
        with pytest.raises(TakeCancelled):
            take.result()
    card.close()


@pytest.mark.parametrize(
    ("wanted", "listed", "found"),
    [
        ("UMC: USB Audio (hw:1,0)", ["UMC: USB Audio (hw:3,0)"], 0),
        ("UMC: USB Audio (hw:1,0)", ["PCH: ALC (hw:1,0)", "UMC: USB Audio (hw:2,0)"], 1),
        ("UMC: USB Audio (hw:1,0)", ["UMC: USB Audio (hw:0,0)", "UMC: USB Audio (hw:1,0)"], 1),
        ("UMC: USB Audio (hw:1,1)", ["UMC: USB Audio (hw:2,0)", "UMC: USB Audio (hw:2,1)"], 1),
        ("UMC: USB Audio", ["UMC: USB Audio (hw:3,0)"], 0),
        ("hw:1,0", ["PCH: ALC (hw:0,0)", "UMC: USB Audio (hw:1,0)"], 1),
        ("usb", ["PCH: ALC (hw:0,0)", "UMC: USB Audio (hw:1,0)"], 1),
        ("Card #2", ["Card", "Card"], 1),
    ],
)
def test_a_card_is_found_wherever_it_is_plugged_in(
    monkeypatch: pytest.MonkeyPatch, wanted: str, listed: list[str], found: int
) -> None:
    installed(monkeypatch, *(Device(name) for name in listed))
    assert hosts.find_device(wanted, "ALSA", "input") == found


@pytest.mark.parametrize(
    ("wanted", "listed"),
    [
        ("UMC: USB Audio (hw:1,0)", ["UMC: USB Audio (hw:2,1)"]),
        ("UMC: USB Audio (hw:1,0)", ["UMC: USB Audio (hw:2,0)", "UMC: USB Audio (hw:3,0)"]),
        ("UMC: USB Audio (hw:1,0)", ["PCH: ALC (hw:1,0)"]),
        ("hw:1,0", ["UMC: USB Audio (hw:2,0)"]),
        ("Line 1", ["Line 12"]),
        ("Line", ["Line 2 (hw:0,0)"]),
        ("Card", ["Card", "Card"]),
    ],
)
def test_another_card_is_never_taken_for_it(
    monkeypatch: pytest.MonkeyPatch, wanted: str, listed: list[str]
) -> None:
    installed(monkeypatch, *(Device(name) for name in listed))
    with pytest.raises(DeviceGone, match="there are: '"):
        hosts.find_device(wanted, "ALSA", "output")


CARDS = st.lists(
    st.tuples(st.sampled_from(["UMC: USB", "UMC: USB 2", "PCH: ALC"]), st.integers(0, 1)),
    min_size=1,
    max_size=4,
    unique=True,
)


@given(CARDS, CARDS, st.permutations(range(4)), st.permutations(range(4)), st.data())
def test_however_cards_are_numbered_the_right_one_is_found_or_none(
    before: list[tuple[str, int]],
    after: list[tuple[str, int]],
    old: list[int],
    new: list[int],
    data: st.DataObject,
) -> None:
    place = data.draw(st.integers(0, len(before) - 1))
    name, device = before[place]
    now = [f"{card} (hw:{number},{d})" for (card, d), number in zip(after, new, strict=False)]
    with pytest.MonkeyPatch.context() as monkeypatch:
        installed(monkeypatch, *(Device(card) for card in now))
        try:
            found = hosts.find_device(f"{name} (hw:{old[place]},{device})", "ALSA", "input")
        except DeviceGone:
            assert (name, device) not in after
        else:
            assert after[found] == (name, device)


@pytest.mark.parametrize("api", ["CoreAudio", "core audio", "Core Audio"])
@pytest.mark.parametrize("exclusive", [True, False])
def test_coreaudio_is_set_to_the_rate(
    monkeypatch: pytest.MonkeyPatch, api: str, exclusive: bool
) -> None:
    config = configured("Card", api, f", exclusive: {str(exclusive).lower()}")
    fake = opened(monkeypatch, config, Device("Card", "Core Audio"))
    for told in fake.streams[0].extra_settings:
        assert told is not None
        assert told.told == {
            "change_device_parameters": exclusive,
            "fail_if_conversion_required": exclusive,
        }


def test_wasapi_is_exclusive_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    device = Device("Card", "Windows WASAPI")
    for more, exclusive in (("", True), (", exclusive: false", False)):
        fake = opened(monkeypatch, configured("Card", "WASAPI", more), device)
        told = fake.streams[0].extra_settings[0]
        assert told is not None
        assert told.told == {"exclusive": exclusive}


def test_other_host_apis_are_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = opened(monkeypatch, configured("Card", "ALSA"), Device("Card", "ALSA"))
    assert fake.streams[0].extra_settings == (None, None)


@pytest.mark.parametrize(
    ("device", "more", "says"),
    [
        (Device("Card", "Core Audio", rates=(44_100,)), "", "Invalid sample rate.*exclusive"),
        (Device("Card", "Core Audio", default_rate=44_100), ", exclusive: false", "in silence"),
        (Device("Card", "Windows WASAPI", default_rate=96_000), ", exclusive: false", "96000"),
        (Device("Card", "ALSA", rates=(96_000,), default_rate=96_000), "", "96000"),
    ],
)
def test_a_rate_that_would_be_converted_is_refused(
    monkeypatch: pytest.MonkeyPatch, device: Device, more: str, says: str
) -> None:
    fake = installed(monkeypatch, device)
    with pytest.raises(DeviceGone, match=says):
        SoundCard(DriverContext(configured("Card", device.api, more))).open()
    assert not fake.streams


@pytest.mark.parametrize(
    "device",
    [
        Device("Card", "Windows WASAPI", default_rate=44_100),
        Device("Card", "Core Audio", default_rate=44_100),
        Device("Card", "ALSA", default_rate=44_100),
    ],
)
def test_a_device_that_is_set_to_the_rate_may_have_had_another(
    monkeypatch: pytest.MonkeyPatch, device: Device
) -> None:
    assert opened(monkeypatch, configured("Card", device.api), device).streams[0].closed


def test_a_driver_that_runs_at_its_own_rate_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = installed(monkeypatch, Device("Card"))
    fake.actual_rate = 44_100
    with pytest.raises(DeviceGone, match="44100 Hz, not at the 48000 Hz"):
        SoundCard(DriverContext(configured("Card", "ALSA"))).open()
    assert fake.streams[0].closed


class Windows:
    """Windows, as far as ASIO needs it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, result: int = 0) -> None:
        self.result, self.threads = result, list[int]()
        monkeypatch.setattr(sys, "platform", "win32")
        ole32 = SimpleNamespace(CoInitializeEx=self.initialise)
        monkeypatch.setattr(ctypes, "windll", SimpleNamespace(ole32=ole32), raising=False)
        # Whatever is set while the test runs is taken back after it.
        monkeypatch.setenv(hosts.ENABLE_ASIO, "x")
        monkeypatch.delenv(hosts.ENABLE_ASIO)

    def initialise(self, reserved: None, model: int) -> int:
        assert model == hosts.COINIT_APARTMENTTHREADED
        self.threads.append(threading.get_ident())
        return self.result


@pytest.mark.parametrize("result", [0, 1, hosts.RPC_E_CHANGED_MODE - 2**32])
def test_asio_is_asked_for_before_portaudio_is_loaded_and_com_joined_by_who_opens(
    monkeypatch: pytest.MonkeyPatch, result: int
) -> None:
    windows = Windows(monkeypatch, result)
    fake = opened(monkeypatch, configured("Card", "ASIO"), Device("Card", "ASIO"))
    assert os.environ[hosts.ENABLE_ASIO] == "1"
    assert fake.streams[0].opened_in in windows.threads


def test_windows_without_com_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    Windows(monkeypatch, 0x8007000E - 2**32)
    with pytest.raises(DeviceGone, match="0x8007000e"):
        hosts.portaudio("ASIO")


def test_nothing_of_asio_where_it_is_not_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    windows = Windows(monkeypatch)
    opened(monkeypatch, configured("Card", "WASAPI"), Device("Card", "Windows WASAPI"))
    assert hosts.ENABLE_ASIO not in os.environ
    assert not windows.threads


def test_on_other_systems_asio_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, Device("Card"))
    monkeypatch.delenv(hosts.ENABLE_ASIO, raising=False)
    hosts.portaudio("ASIO")
    assert hosts.ENABLE_ASIO not in os.environ


@pytest.mark.parametrize(
    ("more", "key"),
    [
        (", return_channel: 2, loopback_channel: 2", "interface.loopback_channel"),
        (", loopback_channel: 1", "interface.loopback_channel"),
        (", loopback_send_channel: 1", "interface.loopback_send_channel"),
        (", send_channel: 2, loopback_send_channel: 2", "interface.loopback_send_channel"),
    ],
)
def test_cables_that_cannot_be_are_mistakes(more: str, key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        configured("Card", "ALSA", more)
    assert f"  {key}: " in str(caught.value)


def test_a_splitter_may_feed_amp_and_loopback_from_one_output() -> None:
    configured("Card", "ALSA", ", loopback_channel: 2")
    configured("Card", "ALSA", ", send_channel: 1, loopback_send_channel: 1, loopback_channel: 2")
