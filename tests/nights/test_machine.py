"""A hundred nights in which everything may happen in any order, and what they found by itself."""

import logging

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.nights.machine import NightMachine

#: The same nights each time; `benchmarks/night_machine.py` draws others.
PLAIN = settings(
    max_examples=100,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    # A failure is told as it was found: to shorten it would take longer than anybody waits.
    phases=[Phase.generate],
)


@pytest.mark.timeout(600)
def test_no_promise_is_broken_whatever_happens(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.CRITICAL, "rig"):
        run_state_machine_as_test(NightMachine, settings=PLAIN)
