"""rig's own contract suites on these drivers: what a driver's package needs for tests."""

import sys
from pathlib import Path

import pytest
from rig_command.amp import CommandAmp
from rig_command.interface import CommandInterface

from rig import config as configuration
from rig.config import Config
from rig.contracts import AmpContract, InterfaceContract
from rig.devices.protocols import DriverContext
from rig.knobs import Panel

PROGRAM = [sys.executable, str(Path(__file__).with_name("fuzz.py"))]
RIG = f"""
amp: {{driver: command}}
interface: {{driver: command, options: {{program: {PROGRAM}}}}}
knobs: {{drive: {{}}, volume: {{}}}}
"""


@pytest.fixture
def config() -> Config:
    return configuration.parse(RIG)


class TestAmp(AmpContract):
    @pytest.fixture
    def amp(self, config: Config) -> CommandAmp:
        return CommandAmp(DriverContext(config))

    @pytest.fixture
    def panel(self, config: Config) -> Panel:
        return config.panel


class TestInterface(InterfaceContract):
    @pytest.fixture
    def interface(self, config: Config) -> CommandInterface:
        amp = CommandAmp(DriverContext(config))
        amp.dial({"drive": 5.0, "volume": 8.0})
        return CommandInterface(DriverContext(config, amp=amp))
