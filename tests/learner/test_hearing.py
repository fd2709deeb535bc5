"""What is heard of an amp is told from what it has, and not only from what was recorded."""

import math

import pytest
import torch

from rig.capture import Capture, Outcome, Role
from rig.knobs import Knob, Panel, Setting
from rig.learner import hearing
from rig.session import facts
from rig.session.captures import CaptureState

#: Three knobs, each with 20 dB of its own: 60 dB from the quietest setting to the loudest.
PANEL = Panel(tuple(Knob(name, positions=101) for name in ("gain", "volume", "level")))
RANGE_DB = 30.0


def true_dbfs(setting: Setting) -> float:
    return -70.0 + sum(20.0 * value / 10.0 for value in setting.values)


def captured(setting: Setting, number: int = 1, **figures: float) -> CaptureState:
    take = facts.TakeEnded(
        capture=number,
        take=number,
        outcome=Outcome.KEPT,
        figures=figures or {"return_rms_dbfs": true_dbfs(setting)},
        reasons=(),
        played_s=2.0,
    )
    return CaptureState(Capture(number, setting, Role.SEED, 0), kept=take)


def drawn(count: int, lowest: float = 0.0, highest: float = 1.0) -> list[Setting]:
    draw = torch.rand(count, 3, generator=torch.Generator().manual_seed(4))
    points = lowest + (highest - lowest) * draw
    return [PANEL.quantise(point) for point in points.tolist()]


#: Where the captures of these tests lie: none is louder than -28 dBFS.
RECORDED = [captured(setting) for setting in drawn(14, highest=0.7)]


def heard(settings: list[Setting], captures: list[CaptureState]) -> list[bool]:
    points = torch.tensor([PANEL.point(setting).tolist() for setting in settings])
    told: list[bool] = hearing.heard(PANEL, captures, RANGE_DB)(points).tolist()
    return told


def test_the_loudest_setting_need_not_have_been_recorded() -> None:
    recorded = max(true_dbfs(about.capture.setting) for about in RECORDED)
    assert recorded < -28.0
    # Everything at ten has -10 dBFS; no knob was seen beyond seven.
    assert recorded + 8.0 < hearing.loudest_dbfs(PANEL, RECORDED) < -9.0


def test_in_a_pool_nothing_is_louder_than_its_loudest() -> None:
    pool = tuple(about.capture.setting for about in RECORDED)
    panel = Panel(PANEL.knobs, pool=pool)
    recorded = max(map(true_dbfs, pool))
    assert hearing.loudest_dbfs(panel, RECORDED) == pytest.approx(recorded, abs=0.5)


def test_a_setting_that_cannot_be_heard_is_told_before_it_is_recorded() -> None:
    settings = drawn(200)
    told = heard(settings, RECORDED)
    end_dbfs = hearing.loudest_dbfs(PANEL, RECORDED) - RANGE_DB
    surely = [true_dbfs(setting) > end_dbfs + 2.0 for setting in settings]
    hardly = [true_dbfs(setting) < end_dbfs - 2.0 for setting in settings]
    assert sum(hardly) > 10
    assert all(is_heard for is_heard, loud in zip(told, surely, strict=True) if loud)
    assert not any(is_heard for is_heard, quiet in zip(told, hardly, strict=True) if quiet)


@pytest.mark.parametrize("count", [0, 3, hearing.FEWEST_CAPTURES - 1])
def test_of_a_few_captures_nothing_is_concluded(count: int) -> None:
    some = RECORDED[:count]
    recorded = [true_dbfs(about.capture.setting) for about in some]
    assert hearing.loudest_dbfs(PANEL, some) == max(recorded, default=-math.inf)
    assert all(heard(drawn(20), some))


def test_of_very_many_captures_the_loudest_is_taken() -> None:
    many = [captured(setting) for setting in drawn(hearing.MOST_CAPTURES + 1, highest=0.7)]
    recorded = max(true_dbfs(about.capture.setting) for about in many)
    assert hearing.loudest_dbfs(PANEL, many) == recorded


def test_captures_that_nobody_measured_or_that_are_silent_do_no_harm() -> None:
    unmeasured = [captured(setting, noise_dbfs=-90.0) for setting in drawn(12)]
    assert hearing.loudest_dbfs(PANEL, unmeasured) == -math.inf
    silent = [captured(setting, return_rms_dbfs=-math.inf) for setting in drawn(3)]
    assert hearing.loudest_dbfs(PANEL, [*RECORDED, *silent]) == pytest.approx(
        hearing.loudest_dbfs(PANEL, RECORDED)
    )
    alike = [captured(RECORDED[0].capture.setting) for _ in range(9)]
    assert math.isfinite(hearing.loudest_dbfs(PANEL, alike))
