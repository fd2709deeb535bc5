"""PortAudio without a sound card: devices under host APIs, and streams that the test steps."""

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

Callback = Callable[..., None]


class PortAudioError(Exception):
    """What sounddevice raises."""


@dataclass
class Device:
    """One line of PortAudio's list."""

    name: str
    api: str = "ALSA"
    inputs: int = 2
    outputs: int = 2
    default_rate: float = 48_000.0
    #: What it can be set to.
    rates: tuple[int, ...] = (44_100, 48_000)


@dataclass
class Settings:
    """What a host API was told."""

    kind: str
    told: dict[str, Any]


@dataclass
class Stream:
    """A duplex stream: a cable from each output to the input of the same number.

    Its callback runs in a thread of its own, a block for each `step`.
    """

    samplerate: float
    blocksize: int
    device: tuple[int, int]
    channels: tuple[int, int]
    dtype: str
    callback: Callback
    extra_settings: tuple[Settings | None, Settings | None]
    active: bool = False
    opened_in: int = field(default_factory=threading.get_ident)
    called_in: set[int] = field(default_factory=set)
    closed: bool = False
    delay_frames: int = 5

    def start(self) -> None:
        self.active = True
        self._asked, self._played = threading.Semaphore(0), threading.Semaphore(0)
        self._frames, self._status = 0, 0
        self._wire = np.zeros((self.delay_frames, self.channels[1]), np.float32)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        self.called_in.add(threading.get_ident())
        while True:
            self._asked.acquire()
            if not self.active:
                return
            self._block()
            self._played.release()

    def _block(self) -> None:
        frames, (inputs, outputs) = self._frames, self.channels
        heard = np.zeros((frames, inputs), np.float32)
        arrived, width = self._wire[:frames], min(inputs, outputs)
        heard[: len(arrived), :width] = arrived[:, :width]
        played = np.full((frames, outputs), np.nan, np.float32)
        self.callback(heard, played, frames, None, self._status)
        self._wire = np.concatenate([self._wire[frames:], played])

    def step(self, frames: int = 5, status: int = 0) -> None:
        """Play one block, and wait until it is played; no longer than the round trip."""
        assert frames <= self.delay_frames
        self._frames, self._status = frames, status
        self._asked.release()
        self._played.acquire()

    def abort(self) -> None:
        self.active = False
        self._asked.release()
        self._thread.join()

    def close(self) -> None:
        if self.active:
            self.abort()
        self.closed = True


class FakePortAudio:
    """The module, as far as rig uses it; install it with `installed`."""

    PortAudioError = PortAudioError

    def __init__(self, *devices: Device) -> None:
        self.devices = list(devices)
        self.apis = list(dict.fromkeys(device.api for device in devices))
        self.streams: list[Stream] = []
        self.initialised = 1
        self.listed: list[Device] = list(devices)
        #: What the driver says where it does not run at the rate it was asked for.
        self.actual_rate: float | None = None

    def _terminate(self) -> None:
        self.initialised -= 1

    def _initialize(self) -> None:
        self.initialised += 1
        self.listed = list(self.devices)
        self.apis = list(dict.fromkeys(device.api for device in self.listed))

    def query_hostapis(self) -> list[dict[str, Any]]:
        return [{"name": api} for api in self.apis]

    def query_devices(self, index: int | None = None) -> Any:
        found = [
            {
                "name": device.name,
                "hostapi": self.apis.index(device.api),
                "max_input_channels": device.inputs,
                "max_output_channels": device.outputs,
                "default_samplerate": device.default_rate,
            }
            for device in self.listed
        ]
        return found if index is None else found[index]

    def _check(self, device: int, samplerate: int, extra_settings: Settings | None) -> None:
        found = self.listed[device]
        told = extra_settings.told if extra_settings else {}
        # CoreAudio takes any rate and converts it, unless it is told otherwise.
        converts = found.api == "Core Audio" and not told.get("fail_if_conversion_required")
        if samplerate not in found.rates and not converts:
            raise PortAudioError("Invalid sample rate")

    def check_input_settings(
        self, *, device: int, channels: int, dtype: str, samplerate: int, extra_settings: Any = None
    ) -> None:
        assert channels <= self.listed[device].inputs
        self._check(device, samplerate, extra_settings)

    def check_output_settings(
        self, *, device: int, channels: int, dtype: str, samplerate: int, extra_settings: Any = None
    ) -> None:
        assert channels <= self.listed[device].outputs
        self._check(device, samplerate, extra_settings)

    def WasapiSettings(self, **told: Any) -> Settings:  # noqa: N802 (sounddevice's name)
        return Settings("WASAPI", told)

    def CoreAudioSettings(self, **told: Any) -> Settings:  # noqa: N802
        return Settings("CoreAudio", told)

    def Stream(self, *, samplerate: float, **given: Any) -> Stream:  # noqa: N802
        stream = Stream(samplerate=self.actual_rate or samplerate, **given)
        self.streams.append(stream)
        return stream


def installed(monkeypatch: pytest.MonkeyPatch, *devices: Device) -> FakePortAudio:
    """Put a fake in the place of sounddevice."""
    fake = FakePortAudio(*devices)
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    return fake
