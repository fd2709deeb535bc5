"""What is heard of an amp is told from what it has, and not only from what was recorded."""

import math
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest
import torch

from models.networks.spec import ModelSpec
from models.training.dataset import Dataset
from rig.knobs import Knob, Panel, Setting
from rig.learner import data, hearing, rounds
from rig.session.folder import Session
from rig.session.state import State

#: Three knobs, each with 20 dB of its own: 60 dB from the quietest setting to the loudest.
PANEL = Panel(tuple(Knob(name, positions=101) for name in ("gain", "volume", "level")))
RANGE_DB = 30.0


def true_dbfs(setting: Setting) -> float:
    return -70.0 + sum(20.0 * value / 10.0 for value in setting.values)


def recorded(settings: list[Setting], panel: Panel = PANEL) -> hearing.Recorded:
    return hearing.Recorded(panel, settings, [true_dbfs(setting) for setting in settings])


def drawn(count: int, lowest: float = 0.0, highest: float = 1.0) -> list[Setting]:
    draw = torch.rand(count, 3, generator=torch.Generator().manual_seed(4))
    points = lowest + (highest - lowest) * draw
    return [PANEL.quantise(point) for point in points.tolist()]


#: Where the captures of these tests lie: none is louder than -28 dBFS.
LOW = drawn(14, highest=0.7)


def heard(settings: list[Setting], captures: list[Setting]) -> list[bool]:
    points = torch.tensor([PANEL.point(setting).tolist() for setting in settings])
    told: list[bool] = recorded(captures).heard(RANGE_DB)(points).tolist()
    return told


def test_the_loudest_setting_need_not_have_been_recorded() -> None:
    loudest = max(map(true_dbfs, LOW))
    assert loudest < -28.0
    # Everything at ten has -10 dBFS; no knob was seen beyond seven.
    assert loudest + 8.0 < recorded(LOW).loudest_dbfs() < -9.0


def test_in_a_pool_nothing_is_louder_than_its_loudest() -> None:
    panel = Panel(PANEL.knobs, pool=tuple(LOW))
    assert recorded(LOW, panel).loudest_dbfs() == pytest.approx(max(map(true_dbfs, LOW)), abs=0.5)


def test_what_may_not_be_set_is_not_the_loudest() -> None:
    limited = Panel(tuple(replace(knob, limits=(0.0, 7.0)) for knob in PANEL.knobs))
    assert recorded(LOW, limited).loudest_dbfs() < recorded(LOW).loudest_dbfs() - 3.0


def test_a_setting_that_cannot_be_heard_is_told_before_it_is_recorded() -> None:
    settings = drawn(200)
    told = heard(settings, LOW)
    end_dbfs = recorded(LOW).loudest_dbfs() - RANGE_DB
    surely = [true_dbfs(setting) > end_dbfs + 2.0 for setting in settings]
    hardly = [true_dbfs(setting) < end_dbfs - 2.0 for setting in settings]
    assert sum(hardly) > 10
    assert all(is_heard for is_heard, loud in zip(told, surely, strict=True) if loud)
    assert not any(is_heard for is_heard, quiet in zip(told, hardly, strict=True) if quiet)


@pytest.mark.parametrize("count", [0, 3, hearing.FEWEST_CAPTURES - 1])
def test_of_a_few_captures_nothing_is_concluded(count: int) -> None:
    some = LOW[:count]
    assert recorded(some).loudest_dbfs() == max(map(true_dbfs, some), default=-math.inf)
    assert all(heard(drawn(20), some))


def test_of_very_many_captures_the_loudest_is_taken() -> None:
    many = drawn(hearing.MOST_CAPTURES + 1, highest=0.7)
    assert recorded(many).loudest_dbfs() == max(map(true_dbfs, many))


def test_captures_that_nobody_measured_or_that_are_silent_do_no_harm() -> None:
    unmeasured = hearing.Recorded(PANEL, drawn(12), [-math.inf] * 12)
    assert unmeasured.loudest_dbfs() == -math.inf
    known_dbfs = [*map(true_dbfs, LOW), -math.inf, -math.inf]
    some_silent = hearing.Recorded(PANEL, [*LOW, *drawn(2, lowest=0.9)], known_dbfs)
    assert some_silent.loudest_dbfs() == recorded(LOW).loudest_dbfs()
    assert math.isfinite(recorded([LOW[0]] * 9).loudest_dbfs())


def test_a_round_asks_for_nothing_that_its_session_says_is_not_heard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(data, "training_captures", lambda _session: [])
    monkeypatch.setattr(data, "floor_power", lambda _session: 0.0)
    told = recorded(LOW).heard(RANGE_DB)
    monkeypatch.setattr(data, "heard", lambda _session: told)
    state = State()
    config = SimpleNamespace(panel=PANEL, seed=1)
    signal = SimpleNamespace(sample_rate=48_000)
    session = SimpleNamespace(config=config, state=state, signal=lambda: signal)
    audio = 0.1 * torch.randn(40_000, generator=torch.Generator().manual_seed(1))
    dataset = Dataset(audio, audio[None], torch.zeros(1, 3), 0, len(audio))
    this = rounds._Round(cast(Session, session), 1, lambda _: None, dataset)
    model = ModelSpec("wavenet", "nano", (0, 0, 0), 1).build()
    assert rounds._proposal_request(this, model, 2).heard is told
