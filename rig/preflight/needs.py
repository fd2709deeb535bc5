"""What the session will need: recordings worth playing, time and disk."""

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from calibration.signals import Signal
from rig.clock import next_time_of_day
from rig.config import Config
from rig.preflight.finding import Finding, Grade, finding
from rig.printable import count_of
from rig.proposals import designs
from rig.session.folder import FRAME_BYTES, STORED_CHANNELS
from rig.session.forecast import LOOK_SHARE, PROPOSING_S, final_step_s, step_s
from rig.session.signal import read_guitars

#: Models, journal and logs, on top of the audio.
SPARE_BYTES = 200_000_000
#: Where nothing says how many captures there will be.
MANY_CAPTURES = 500
#: Canaries at the start, until the amp is warm, and at the end.
EXTRA_CANARIES = 4


def takes_needed(config: Config) -> int:
    """How many takes the plan comes to, without those that are rejected."""
    plan = config.plan
    takes = (plan.captures or MANY_CAPTURES) + plan.holdouts
    return takes + takes // plan.canary_every + EXTRA_CANARIES


def needs(
    config: Config, signal: Signal, base: Path, take_s: float, *, paced: bool
) -> Iterator[Finding]:
    """The rows about the guitar that is played, disk and time.

    Args:
        config: The configuration.
        signal: What the session plays.
        base: The folder of the recordings, on the disk that the session will be on.
        take_s: What one take needs besides playing: dialling and settling, as measured.
        paced: Whether a take lasts as long as its signal.
    """
    yield from _recordings(config, signal, base)
    yield from _rounds(config)
    takes = takes_needed(config)
    need = takes * len(signal.send) * STORED_CHANNELS * FRAME_BYTES + SPARE_BYTES
    free = shutil.disk_usage(base if base.is_dir() else Path.cwd()).free
    yield finding(
        "disk",
        f"{free / 1e9:.1f} GB free",
        f"{need / 1e9:.1f} GB",
        good=free > need,
        advice="make room, or capture to another disk with --session",
    )
    hours = takes * (signal.duration_s * paced + take_s) / 3600
    figure = (
        f"{count_of(takes, 'take')}, {hours:.1f} h"
        if hours >= 1
        else f"{count_of(takes, 'take')}, {60 * hours:.0f} min"
    )
    until, now = config.plan.until, time.time()
    if until is None or config.plan.captures is None:
        yield Finding("playing time", figure)
        return
    left = (next_time_of_day(until, now) - now) / 3600
    yield finding(
        "playing time",
        figure,
        f"{left:.1f} h until {until}",
        good=hours < left,
        advice="ask for fewer captures (plan.captures), or for shorter ones (signal.train)",
    )


@dataclass(frozen=True)
class Hours:
    """How long the night takes, in seconds of each thing.

    Attributes:
        playing_s: Takes, with what lies between them.
        looks_s: Looks at what was kept, and at pots at their lowest.
        rounds_s: Rounds of learning.
        final_s: The final model.
        waits: Whether the amp waits while the ensemble learns.
    """

    playing_s: float
    looks_s: float
    rounds_s: float
    final_s: float
    waits: bool

    @property
    def total_s(self) -> float:
        """From the first take to the final model."""
        return self.playing_s + self.looks_s + self.waits * self.rounds_s + self.final_s

    def sentence(self, until: str | None) -> str:
        """For a musician."""
        parts = f"{_span(self.playing_s)} of playing"
        if self.looks_s:
            parts += f", {_span(self.looks_s)} of looks"
        beside = "" if self.waits else " beside it"
        parts += f", {_span(self.rounds_s)} of learning{beside}, {_span(self.final_s)} for the"
        ends = f", and playing ends at {until}" if until else ""
        return f"about {_span(self.total_s)} ({parts} final model, on two processor cores){ends}"


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{seconds / 60:.0f} min"


def hours(config: Config, signal: Signal, take_s: float, *, paced: bool) -> Hours:
    """How long a night will be; training as long as it took on two processor cores.

    Args:
        config: The configuration.
        signal: What the session plays.
        take_s: What one take needs besides playing.
        paced: Whether a take lasts as long as its signal.
    """
    plan, learner = config.plan, config.learner
    each_s = signal.duration_s * paced + take_s
    captures = plan.captures or MANY_CAPTURES
    look_s = LOOK_SHARE * signal.duration_s * paced + take_s
    # Of each setting, and of each pot at its lowest.
    looks = captures + plan.holdouts + config.panel.switch_positions.count(0)
    round_s = step_s(learner.size) * learner.steps
    to_order = 0 if designs.is_design(plan.strategy) else max(captures - plan.seeds, 0)
    rounds = 1 + -(-to_order // plan.batch)
    # Once more, for the longer training of the first round.
    learning_s = rounds * (PROPOSING_S + round_s) + round_s
    final_s = final_step_s(learner.final_size) * learner.final_steps
    return Hours(
        takes_needed(config) * each_s,
        plan.looks * looks * look_s,
        learning_s,
        final_s,
        # As the daemon does: with a deadline the amp never waits, unless it plays faster than time.
        waits=plan.until is None or not paced,
    )


def _recordings(config: Config, signal: Signal, base: Path) -> Iterator[Finding]:
    """A row where a person should know something of the recordings that are played."""
    notes = read_guitars(config.signal, base, signal.sample_rate).notes
    if notes:
        yield Finding("recordings", count_of(len(notes), "note"), "", Grade.NOTE, "; ".join(notes))


def _rounds(config: Config) -> Iterator[Finding]:
    """A row where the plan leaves the ensemble nothing to ask for."""
    plan = config.plan
    if designs.is_design(plan.strategy) or plan.captures is None:
        return
    if plan.seeds >= plan.captures:
        yield Finding(
            "plan",
            f"{count_of(plan.captures, 'capture')}, {count_of(plan.seeds, 'seed')}",
            "",
            Grade.NOTE,
            "every setting is laid out before, and none is asked for by what was learnt: make "
            "plan.captures larger, or plan.seeds smaller",
        )
