"""``rig check`` in a drawn studio: everything is real but for the devices."""

import tempfile
from pathlib import Path

import pytest

from rig import config as configuration
from rig.devices.virtual.studio import Studio
from rig.preflight import Finding, preflight
from tests.nights.simulation import World
from tests.studios.night import Spoiling, StudioDevices, rig_yaml


def check(studio: Studio, seed: int) -> list[Finding]:
    """The rows that ``rig check`` has for a studio."""
    import random

    config = configuration.parse(rig_yaml(studio, seed, captures=40))
    devices = StudioDevices(studio, World(random.Random(seed), {}), config, Spoiling())
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("rig.preflight.run.DevicesClient", lambda *_, **__: devices)
        return list(preflight(config, Path(folder)))


def accusations(findings: list[Finding]) -> list[Finding]:
    """The rows that say the night will not work."""
    return [finding for finding in findings if not finding.passed]
