"""What the session will need: recordings worth playing, time and disk."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from calibration.signals import Signal
from rig.clock import next_time_of_day
from rig.config import Config
from rig.preflight.finding import Finding, Grade, finding
from rig.session.folder import FRAME_BYTES, STORED_CHANNELS
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
        f"{takes} takes, {hours:.1f} h" if hours >= 1 else f"{takes} takes, {60 * hours:.0f} min"
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


def _recordings(config: Config, signal: Signal, base: Path) -> Iterator[Finding]:
    """A row where a person should know something of the recordings that are played."""
    notes = read_guitars(config.signal, base, signal.sample_rate).notes
    if notes:
        count = "one note" if len(notes) == 1 else f"{len(notes)} notes"
        yield Finding("recordings", count, "", Grade.NOTE, "; ".join(notes))
