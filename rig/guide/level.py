"""A tone to set the levels by, and a meter that says which way to turn."""

from collections.abc import Callable

import numpy as np
import yaml

from calibration import levels, sendlevel
from rig import config as configuration
from rig.capture import Frames, Levels
from rig.config import Config
from rig.devices.protocols import TakeCancelled
from rig.errors import RigError
from rig.guide.document import interface_section
from rig.guide.question import Answers, Talk

#: A low string of a guitar, as loud as the session's loudest sample in the end.
TONE_HZ, TONE_DBFS = 110.0, -6.0
#: It begins so much quieter, and takes so long to come up: nobody knows what the amp is set to.
RISE_DB, RISE_S, TONE_S = 40.0, 6.0, 30.0
#: So wide is the meter's bar, which spans so many dB: all of it fits 40 columns.
BAR, SPAN_DB = 16, 60.0
#: A return louder than this has clipped.
CLIP_DBFS = -0.1
#: Nothing at all comes back below this.
SILENT_DBFS = -70.0


def tone(answers: Answers, talk: Talk, _suggested: str | None) -> None:
    """Play the tone and show the return's level until somebody presses Ctrl-C, or it is over."""
    talk.show("  Ctrl-C ends the tone. It comes up slowly.")
    loudest = play(answers, talk, rising)
    if loudest is not None:
        talk.show(f"  {advice(loudest)}")
        talk.show("  'tone' plays it again; Enter goes on.")


def rising(rate: int) -> Frames:
    """Make a tone that comes up from nearly nothing, and fades at its end."""
    time_s = np.arange(round(TONE_S * rate)) / rate
    gain_db = TONE_DBFS - RISE_DB * np.maximum(1 - time_s / RISE_S, 0.0)
    fade = np.minimum(1.0, np.minimum(time_s, time_s[::-1]) / 0.05)
    wave = 10 ** (gain_db / 20) * fade * np.sin(2 * np.pi * TONE_HZ * time_s)
    return wave.astype(np.float32)


def meter(now: Levels) -> str:
    """Return the meter's line: a bar, the peak, and which way to turn."""
    # Silence is minus infinity, of which no bar can be drawn.
    share = 1 + max(now.return_dbfs, -SPAN_DB) / SPAN_DB
    bar = "#" * round(BAR * min(share, 1.0))
    return f"[{bar:<{BAR}}] {max(now.return_dbfs, -99.0):6.1f} dBFS  {_turn(now.return_dbfs)}"


def play(
    answers: Answers,
    talk: Talk,
    make: Callable[[int], Frames],
    shown: Callable[[Levels], str] = meter,
) -> float | None:
    """Play something and show how it goes; return the loudest peak, None where it failed."""
    loudest = -np.inf

    def report(now: Levels) -> None:
        """Show the meter; the loudest of the last moments counts."""
        nonlocal loudest
        loudest = max(loudest, now.return_dbfs)
        talk.meter(shown(now))

    try:
        config = bench(answers)
        rate = int(getattr(config.interface, "sample_rate", 48_000))
        talk.hardware.play(config, make(rate), report)
    # Closing the interface's process ends the tone, and its driver fades it.
    except (KeyboardInterrupt, TakeCancelled):
        talk.show("")
    except RigError as error:
        talk.meter("")
        talk.show(f"  {error}")
        return None
    talk.meter("")
    return float(loudest)


def _turn(peak_dbfs: float) -> str:
    if peak_dbfs >= CLIP_DBFS:
        return "CLIPS"
    if peak_dbfs > sendlevel.HEADROOM_DBFS:
        return "down"
    return "up" if peak_dbfs < sendlevel.WASTED_DBFS else "good"


def advice(loudest_dbfs: float) -> str:
    """Return what to do about the loudest peak that came back, in one sentence."""
    # Advice to turn something up would be wrong where a cable is missing.
    if loudest_dbfs <= SILENT_DBFS:
        return "Nothing came back: look at the cables, the channels, the amp's volume and the load."
    said = f"The loudest was {loudest_dbfs:.1f} dBFS: "
    if loudest_dbfs > sendlevel.HEADROOM_DBFS:
        return said + "turn the interface's input down."
    if loudest_dbfs < sendlevel.WASTED_DBFS:
        return said + "turn the interface's input up, or the amp."
    return said + "that is good."


def bench(answers: Answers) -> Config:
    """Return a configuration that plays through the interface and leaves the amp alone.

    Raises:
        ConfigError: The interface cannot be as it was answered.
    """
    # With hands as its amp nothing is sent to any knob, whatever the amp really is.
    section = interface_section(answers)
    document = {"amp": {"driver": "hand"}, "interface": section, "knobs": {"amp": {}}}
    return configuration.parse(yaml.safe_dump(document, allow_unicode=True), "the interface")


def peak_of(sine: Frames) -> float:
    """Return a steady sine's peak in dBFS, by its RMS: noise would raise the largest sample."""
    # The fades at both ends, and the round trip, lie outside the middle half.
    middle = sine[len(sine) // 4 : -len(sine) // 4]
    return levels.rms_dbfs(middle) + 20 * float(np.log10(np.sqrt(2)))
