"""The contract suites on everything that stands behind the protocols."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from rig.capture import Recording
from rig.config import Config
from rig.contracts.amps import AmpContract
from rig.contracts.interfaces import InterfaceContract
from rig.devices.client import DevicesClient
from rig.devices.protocols import DriverContext, Report
from rig.devices.virtual.amp import VirtualAmp
from rig.devices.virtual.interface import VirtualInterface
from rig.knobs import Panel


class TestVirtualAmp(AmpContract):
    @pytest.fixture
    def amp(self, tiny: Config) -> VirtualAmp:
        return VirtualAmp(DriverContext(tiny))

    @pytest.fixture
    def panel(self, tiny: Config) -> Panel:
        return tiny.panel


class TestVirtualInterface(InterfaceContract):
    @pytest.fixture
    def interface(self, tiny: Config) -> VirtualInterface:
        amp = VirtualAmp(DriverContext(tiny))
        amp.open()
        return VirtualInterface(DriverContext(tiny, amp=amp))


class _BenchAsInterface:
    """The bench speaks the protocol in all but the dialling."""

    def __init__(self, bench: DevicesClient, panel: Panel) -> None:
        self._bench, self._panel = bench, panel
        self.sample_rate, self.paced = 0, False

    def open(self) -> None:
        self._bench.open()
        self._bench.dial(self._panel.rest)
        self.sample_rate = self._bench.sample_rate

    def reamp(self, send: np.ndarray, report: Report) -> Recording:
        return self._bench.reamp(send, report)

    def close(self) -> None:
        self._bench.close()


class TestBench(InterfaceContract):
    @pytest.fixture
    def interface(self, tiny: Config, tmp_path: Path) -> Iterator[_BenchAsInterface]:
        bench = DevicesClient(tiny, tmp_path / "ümlaut folder" / "devices.log")
        yield _BenchAsInterface(bench, tiny.panel)
        bench.close()
