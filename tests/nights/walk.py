"""Nights by plain chance: denser than those hypothesis draws, and each as unlike the last.

The same machine with the same promises. Hypothesis shrinks what it finds, but many of its nights
are nearly empty or nearly the one before; here something happens to whoever lives, again and again.
"""

import signal
from collections.abc import Callable
from random import Random

from tests.nights.machine import MOST_TURNS, NightMachine

Event = Callable[[NightMachine, Random], None]

#: What may happen while a process lives, and how often beside the others.
LIVELY: dict[str, tuple[int, Event]] = {
    "go on": (14, lambda night, draw: night.go_on(draw.randint(1, MOST_TURNS))),
    "go on a little": (6, lambda night, draw: night.go_on(draw.randint(1, 4))),
    "say": (5, lambda night, draw: night.command(draw.choice(["pause", "resume", "stop"]))),
    "stop now": (1, lambda night, _: night.command("stop-now")),
    "kill": (3, lambda night, draw: night.kill(draw.choice(["daemon", "supervisor", "all"]))),
    "end": (
        3,
        lambda night, draw: night.terminate(
            draw.choice(["daemon", "supervisor"]), draw.choice([signal.SIGTERM, signal.SIGINT])
        ),
    ),
    "die writing": (2, lambda night, draw: night.die_writing(draw.randint(0, 12))),
    "die of": (
        3,
        lambda night, draw: night.die_of(
            draw.choice(["daemon-started", "take-ended", "model-trained"]),
            draw.choice(["before", "after"]),
        ),
    ),
    "die hearing": (
        2,
        lambda night, draw: night.die_hearing(
            draw.choice(["pause", "stop", "stop-now"]), draw.choice(["before", "after"])
        ),
    ),
    "say it early": (
        2,
        lambda night, draw: night.say_it_while_it_opens(draw.choice(["pause", "stop"])),
    ),
    "trouble": (
        4,
        lambda night, draw: night.trouble(
            draw.choice(["clipped", "audio died", "gone", "learner died", "away"])
        ),
    ),
    "sleep": (2, lambda night, draw: night.suspend(draw.choice([100.0, 400.0, 3600.0]))),
    "set the clock": (
        2,
        lambda night, draw: night.set_clock(draw.choice([-7200.0, -300.0, 300.0, 86_400.0, 9e8])),
    ),
    "capture": (2, lambda night, draw: _capture(night, draw)),
}
#: What may happen while none does.
QUIET: dict[str, tuple[int, Event]] = {
    "begin again": (6, lambda night, draw: night.begin_again(draw.randint(1, 4))),
    "capture": (6, lambda night, draw: _capture(night, draw)),
    "a week": (1, lambda night, _: night.a_week_goes_by()),
    "set the clock": LIVELY["set the clock"],
    "say": (1, LIVELY["say"][1]),
}


def _capture(night: NightMachine, draw: Random) -> None:
    goal = draw.choice([None, draw.randint(2, 12)])
    minutes = draw.choice([None, draw.randint(2, 12)])
    night.capture(goal, minutes, draw.random() < 0.3)


def walk(seed: int, steps: int) -> list[str]:
    """Let one night happen and come to its end; what happened.

    Raises:
        AssertionError: A promise was broken; a note says by what.
    """
    draw, night = Random(seed), NightMachine()
    happened: list[str] = []
    try:
        strategy = draw.choice(["integrated-variance", "lhs"])
        night.configure(draw.randint(2, 4), strategy, draw.random() < 0.5)
        for _ in range(steps):
            events = LIVELY if night.night.living() else QUIET
            (name,) = draw.choices(list(events), [weight for weight, _ in events.values()])
            happened.append(name)
            events[name][1](night, draw)
            night.every_promise_is_kept()
        night.see_through()
    except BaseException as error:
        error.add_note(f"walk {seed}: {', '.join(happened)}")
        raise
    finally:
        night.leave()
    return happened
