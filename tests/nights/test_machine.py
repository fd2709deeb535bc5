"""A hundred nights in which everything may happen in any order."""

import logging

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.nights.machine import NightMachine
from tests.nights.walk import walk

#: The same nights each time; `benchmarks/night_machine.py` draws others.
PLAIN = settings(
    max_examples=60,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    # A failure is told as it was found: to shorten it would take longer than anybody waits.
    phases=[Phase.generate],
)


#: Of those by plain chance, and of how many steps.
WALKS, STEPS = 40, 30


@pytest.mark.timeout(600)
def test_no_promise_is_broken_whatever_happens(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.CRITICAL, "rig"):
        run_state_machine_as_test(NightMachine, settings=PLAIN)


@pytest.mark.timeout(600)
def test_no_promise_is_broken_whatever_happens_by_plain_chance(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.CRITICAL, "rig"):
        for number in range(WALKS):
            walk(number, STEPS)
