"""Deadlines: decided once, right in the night of a clock change, and by a clock that was set."""

import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from rig import config as configuration
from rig.clock import Clock, next_time_of_day
from rig.daemon.request import Request, goals_of
from rig.daemon.service import _Begun
from rig.devices.client import DevicesClient
from rig.session import facts
from rig.session.folder import Session
from rig.session.lives import RunState
from tests.conftest import TINY

CONFIG = configuration.parse(TINY)
HOUR = 3600.0
#: Zones, and the nights in which their clocks change: forward, then back.
CHANGES = {
    "Europe/Berlin": ("2026-03-29", "2026-10-25"),
    "America/New_York": ("2026-03-08", "2026-11-01"),
    "Australia/Lord_Howe": ("2026-10-04", "2026-04-05"),
    "Australia/Adelaide": ("2026-10-04", "2026-04-05"),
}

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="tzset is POSIX")


@pytest.fixture
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[ZoneInfo]:
    """The machine stands in another zone."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield ZoneInfo(request.param)
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("zone", CHANGES, indirect=True)
@pytest.mark.parametrize("asked", ["22:10", "00:05", "01:15", "03:45"])
@pytest.mark.parametrize("which", [0, 1], ids=["forward", "back"])
def test_a_time_of_day_is_what_the_clock_on_the_wall_will_say(
    zone: ZoneInfo, asked: str, which: int
) -> None:
    night = datetime.fromisoformat(CHANGES[zone.key][which])
    hour, minute = map(int, asked.split(":"))
    # What comes before midnight is the evening before.
    day = night - timedelta(days=hour > 12)
    now = day.replace(hour=hour, minute=minute, tzinfo=zone)
    for text in ("07:00", "12:30"):
        then = next_time_of_day(text, now.timestamp())
        shown = datetime.fromtimestamp(then, zone)
        assert f"{shown:%H:%M}" == text
        assert shown.date() == night.date()


@pytest.mark.parametrize("zone", ["Europe/Berlin"], indirect=True)
def test_a_time_that_comes_twice_or_never(zone: ZoneInfo) -> None:
    def utc(text: str) -> float:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()

    # 02:30 comes at 00:30 and at 01:30 UTC; in spring it would have been at 01:30.
    assert next_time_of_day("02:30", utc("2026-10-25T00:10")) == utc("2026-10-25T00:30")
    assert next_time_of_day("02:30", utc("2026-10-25T00:40")) == utc("2026-10-25T01:30")
    assert next_time_of_day("02:30", utc("2026-03-29T00:10")) == utc("2026-03-29T01:30")
    assert next_time_of_day("02:30", utc("2026-03-29T01:10")) == utc("2026-03-29T01:30")


@pytest.mark.parametrize("configured", [False, True])
def test_a_clock_that_is_set_after_the_start_moves_the_deadline(configured: bool) -> None:
    begun = 10.0
    until = next_time_of_day("07:00", begun)
    request = Request(Path("x"), until=until, asked_at=begun, booted_at=0.0)
    config = CONFIG
    if configured:
        request = replace(request, until=None)
        plan = CONFIG.plan.model_copy(update={"until": "07:00"})
        config = CONFIG.model_copy(update={"plan": plan})
    right = 1_795_000_000.0
    assert goals_of(config, request, begun + 60, RunState(), 2.0).until == until
    moved = goals_of(config, request, right, RunState(), right).until
    assert moved == next_time_of_day("07:00", right + begun)


def test_time_that_no_clock_ran_through_is_none_that_takes_have_taken() -> None:
    run = RunState()
    run.begin(100.0)
    run.jump(facts.ClockJumped(seconds=1e9, until=2e9))
    run.last_at = 1e9 + 160.0
    assert run.wall_s == 60.0
    assert run.until == 2e9


def test_an_earlier_runs_deadline_does_not_come_back_when_the_clock_is_set(
    finished: Path, tmp_path: Path
) -> None:
    at = [datetime(2026, 11, 26, 20, 0).timestamp()]
    plan = CONFIG.plan.model_copy(update={"until": "07:00"})
    session = Session.view(finished)
    session.config = CONFIG.model_copy(update={"plan": plan})
    # It died at 20:00 with an hour left.
    session.state.run = RunState(started=session.state.run.started, until=at[0] + HOUR)
    begun = _Begun(
        Request(Path("x"), asked_at=at[0], booted_at=0.0),
        session,
        DevicesClient(session.config, tmp_path / "log"),
        Clock(now=lambda: at[0], boot_s=lambda: at[0]),
    )
    work_out = begun.goals()
    first = work_out().until
    assert first == next_time_of_day("07:00", at[0])
    at[0] += 2 * HOUR
    assert work_out().until == first
    session.close()
