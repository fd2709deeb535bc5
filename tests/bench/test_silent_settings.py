"""A comparison on amps that close: silence is a sound, and what cannot be recorded is left out."""

import logging
from pathlib import Path

import numpy as np
import pytest

from rig import config as configuration
from rig.bench.audio import heard_from
from rig.bench.features import Listener
from rig.bench.subjects import BRIEF, Frames, LiveSubject, Unrecordable, VirtualSubject
from rig.bench.trial import Terms, Trial, recordable, trial_rows
from rig.capture import Recording
from rig.devices.client import DevicesClient
from rig.errors import DeviceError
from rig.knobs import Setting
from tests.conftest import TINY

TERMS = Terms(counts=(5, 7), seeds_at=5, batch=2, tests=6, plan=None)
UNRECORDABLE = "gain above 8: no take passed its checks"


class Awkward(VirtualSubject):
    """The tweed, which cannot be recorded above gain 8 and is silent below volume 2."""

    def record(self, setting: Setting) -> Frames:
        gain, _, volume = setting.values
        if gain > 8:
            raise Unrecordable(UNRECORDABLE)
        return super().record(setting) * np.float32(1e-6 if volume < 2 else 1.0)


def test_a_setting_that_cannot_be_recorded_is_told_and_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    subject = Awkward("tweed", tmp_path, BRIEF)
    asked = [Setting((gain, 5.0, 5.0)) for gain in (2.0, 9.0, 5.0)]
    with caplog.at_level(logging.WARNING):
        assert recordable(subject, asked) == [asked[0], asked[2]]
    assert caplog.messages == [f"left out: {UNRECORDABLE}"]
    for strategy in ("integrated-variance", "lhs"):
        rows = list(trial_rows(Trial(subject, strategy, 0), TERMS, lambda _: None))
        assert [row["captures"] for row in rows] == [5, 7]
        assert all(np.isfinite(row["play"]["network_db"]["mean"]) for row in rows)


def test_an_amp_that_gives_nothing_at_all_is_one_line(tmp_path: Path) -> None:
    subject = Awkward("tweed", tmp_path, BRIEF)
    with pytest.raises(DeviceError, match=f"none of 1 settings .* {UNRECORDABLE}"):
        recordable(subject, [Setting((10.0, 5.0, 5.0))])


def test_features_of_what_nobody_hears_are_alike(tmp_path: Path) -> None:
    subject = Awkward("tweed", tmp_path, BRIEF)
    closed, open_ = [Setting((gain, 5.0, 0.5)) for gain in (1.0, 7.0)], Setting((5.0, 5.0, 6.0))
    floor_power = heard_from(subject, [open_])
    deaf, sharp = Listener(subject, floor_power)(closed), Listener(subject, 0.0)(closed)
    assert float(np.abs(deaf[0] - deaf[1]).max()) < 0.1
    assert float(np.abs(sharp[0] - sharp[1]).max()) > 10.0
    heard = Listener(subject, floor_power)([open_]) - Listener(subject, 0.0)([open_])
    assert float(np.median(np.abs(heard))) < 0.1


def test_silence_that_repeats_is_what_a_live_setting_sounds_like(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    played = DevicesClient.reamp
    takes: list[int] = []

    def closed(self: DevicesClient, *asked: object, **named: object) -> Recording:
        take = played(self, *asked, **named)  # type: ignore[arg-type]
        takes.append(len(takes))
        return Recording(take.returned * np.float32(1e-7), take.loopback, take.dropouts)

    monkeypatch.setattr(DevicesClient, "reamp", closed)
    config = configuration.parse(TINY)
    with LiveSubject(config, tmp_path, tmp_path) as live:
        silent = live.record(config.panel.quantise([0.0, 0.5, 0.5]))
    assert len(takes) == 2
    assert float(np.abs(silent).max()) < 1e-5


def test_a_live_setting_that_never_passes_is_not_tried_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    played = DevicesClient.reamp
    takes: list[int] = []

    def clipped(self: DevicesClient, *asked: object, **named: object) -> Recording:
        take = played(self, *asked, **named)  # type: ignore[arg-type]
        takes.append(len(takes))
        loud = np.clip(take.returned * np.float32(1e3), -1.0, 1.0)
        return Recording(loud, take.loopback, take.dropouts)

    monkeypatch.setattr(DevicesClient, "reamp", clipped)
    config = configuration.parse(TINY)
    setting = config.panel.quantise([0.5, 0.5, 0.5])
    with LiveSubject(config, tmp_path, tmp_path) as live:
        for _ in range(2):
            with pytest.raises(Unrecordable, match="no take passed its checks"):
                live.record(setting)
    assert len(takes) == 4
