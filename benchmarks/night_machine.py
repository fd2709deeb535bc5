"""Let everything happen to a session, in any order: decision 27 as a state machine.

``python benchmarks/night_machine.py 2000 60 0`` draws 2,000 nights of up to 60 steps, from seed 0,
and takes about twenty minutes. A promise that is broken is told with the steps that broke it.
"""

import logging
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.nights.machine import NightMachine

#: Nights between two lines.
EVERY = 100


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
    given = [int(word) for word in sys.argv[1:]]
    main(*given, *(2000, 60, 0)[len(given) :])
