"""Scripted faults of the virtual rig, seen through the audio child."""

from pathlib import Path

import numpy as np
import pytest

from calibration.checks import Baseline, Limits, judge
from calibration.signals import Signal
from calibration.takes import align
from calibration.verdict import Verdict
from rig import config as configuration
from rig.config import Config
from rig.devices.client import DevicesClient
from rig.errors import DeviceError, DeviceGone
from rig.knobs import Setting
from tests.conftest import TINY


def faulty(fault: str) -> Config:
    line = "interface: {driver: virtual, latency_frames: 311.3, faults: [{%s}]}" % fault  # noqa: UP031
    return configuration.parse(
        TINY.replace("interface: {driver: virtual, latency_frames: 311.3}", line)
    )


def verdict(bench: DevicesClient, signal: Signal) -> Verdict:
    recording = bench.reamp(signal.send.astype(np.float32))
    assert recording.loopback is not None
    aligned = align(recording.returned.astype(float), recording.loopback.astype(float), signal)
    return judge(aligned, signal, Limits(), Baseline())


@pytest.mark.parametrize(
    ("kind", "check"), [("clipping", "clipping"), ("dropout", "dropout"), ("silence", "silence")]
)
def test_a_bad_take_is_rejected_and_the_next_is_good(
    kind: str, check: str, tmp_path: Path, short_signal: Signal
) -> None:
    config = faulty(f"take: 2, kind: {kind}")
    bench = DevicesClient(config, tmp_path / "log")
    bench.open()
    bench.dial(config.panel.quantise([0.5, 0.5, 0.5]))
    found = [verdict(bench, short_signal) for _ in range(3)]
    bench.close()
    assert [v.kept for v in found] == [True, False, True]
    assert check in {reason.check for reason in found[1].reasons}


def test_a_stuck_knob_stays_where_it_was(tmp_path: Path, short_signal: Signal) -> None:
    config = faulty("take: 2, kind: stuck, knob: volume, takes: 2")
    bench = DevicesClient(config, tmp_path / "log")
    bench.open()
    levels = []
    for volume in (0.5, 1.0, 0.2, 1.0):
        bench.dial(config.panel.quantise([0.5, 0.5, volume]))
        levels.append(verdict(bench, short_signal).figures["return_rms_dbfs"])
    bench.close()
    assert levels[1] == pytest.approx(levels[0], abs=0.01)
    assert levels[2] == pytest.approx(levels[0], abs=0.01)
    assert levels[3] > levels[0] + 1


def test_a_device_goes_away_and_comes_back(tmp_path: Path, short_signal: Signal) -> None:
    config = faulty("take: 1, kind: gone, takes: 2")
    bench = DevicesClient(config, tmp_path / "log")
    bench.open()
    with pytest.raises(DeviceGone):
        verdict(bench, short_signal)
    for _ in range(2):
        with pytest.raises(DeviceGone, match="plug it in"):
            bench.open()
    bench.open()
    bench.dial(config.panel.rest)
    assert verdict(bench, short_signal).kept
    bench.close()


def test_a_hanging_device_is_let_go_and_opens_again(tmp_path: Path, short_signal: Signal) -> None:
    takes = 0
    bench = DevicesClient(
        faulty("take: 1, kind: hang"), tmp_path / "log", lambda: (takes, 0.0), stall_s=3.0
    )
    bench.open()
    with pytest.raises(DeviceGone, match="hung"):
        verdict(bench, short_signal)
    takes = 1
    bench.open()
    bench.dial(Setting((3.0, 6.0, 1.0)))
    assert verdict(bench, short_signal).kept
    bench.close()


def test_nothing_outside_the_limits_gets_past_the_last_step(tmp_path: Path) -> None:
    config = configuration.parse(TINY.replace("rest: 1, play: [3, 9]", "rest: 1, limits: [1, 8]"))
    bench = DevicesClient(config, tmp_path / "log")
    bench.open()
    with pytest.raises(DeviceError, match="limits"):
        bench.dial(Setting((3.0, 6.0, 9.0)))
    bench.dial(Setting((3.0, 6.0, 8.0)))
    bench.close()
