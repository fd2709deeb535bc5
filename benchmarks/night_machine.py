"""Let everything happen to a session, in any order: decision 27 as a state machine.

``python benchmarks/night_machine.py 2000 60 0`` has hypothesis draw 2,000 nights of up to 60 steps
from seed 0, in about half an hour. With ``walks`` behind it they are drawn by plain chance, which
is denser, in an hour. A promise that is broken is told with the steps that broke it.
"""

import logging
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.nights.machine import NightMachine
from tests.nights.walk import walk

#: Nights between two lines.
EVERY = 100


def walks(nights: int, steps: int, first_seed: int) -> None:
    """Draw nights by plain chance, until one breaks a promise."""
    logging.disable(logging.CRITICAL)
    began = time.monotonic()
    for number in range(nights):
        walk(first_seed + number, steps)
        if (number + 1) % EVERY == 0 or number + 1 == nights:
            took_s = time.monotonic() - began
            print(f"{number + 1} walks, no promise broken, {took_s:.0f} s", flush=True)


def main(nights: int, steps: int, first_seed: int) -> None:
    """Draw nights in batches, each of its own seed, until one breaks a promise."""
    logging.disable(logging.CRITICAL)
    began, done = time.monotonic(), 0
    while done < nights:
        batch = min(EVERY, nights - done)
        drawn = settings(
            max_examples=batch,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        )
        machine = seed(first_seed + done)(type("Drawn", (NightMachine,), {}))
        run_state_machine_as_test(machine, settings=drawn)
        done += batch
        print(f"{done} nights, no promise broken, {time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:] if word.isdecimal()]
    draw = walks if "walks" in sys.argv else main
    draw(*given, *(2000, 60, 0)[len(given) :])
