"""What the interface's full scale is in dBu: a sine, a voltmeter, a cable."""

import math
import re
from collections.abc import Callable

import numpy as np

from rig.capture import Frames, Levels
from rig.errors import RigError
from rig.guide import level
from rig.guide.question import NONE, Answers, Talk

#: Any voltmeter reads mains hum right; above some hundred hertz cheap ones read too little.
SINE_HZ, SINE_DBFS, SINE_S = 200.0, -12.0, 20.0
#: 0 dBu in volts, RMS: one milliwatt into 600 ohms (AES17).
ZERO_DBU_V = math.sqrt(0.6)
#: The config's own bounds of a full scale.
LOWEST_DBU, HIGHEST_DBU = -60.0, 40.0
#: A sine that comes back below this did not come by the cable.
LOST_DBFS = -60.0
_READING = re.compile(r"([-+]?\d+(?:[.,]\d+)?)\s*(mv|v|dbu|dbv)?", re.IGNORECASE)


def dbu(reading: str) -> float:
    """Return a voltmeter's reading in dBu: ``1.23 V``, ``950 mV``, ``4 dBu`` or ``1.8 dBV``.

    Raises:
        ValueError: It is none of these.
    """
    found = _READING.fullmatch(reading.strip())
    if found is None:
        raise ValueError("a reading, please, such as 1.23 V, 950 mV or 4 dBu")
    # A reading without a unit is in volts, which is what a meter shows.
    value, unit = float(found[1].replace(",", ".")), (found[2] or "v").lower()
    if unit == "dbu":
        return value
    if unit == "dbv":
        return value - 20 * math.log10(ZERO_DBU_V)
    volts = value / 1000 if unit == "mv" else value
    if volts <= 0:
        raise ValueError("more than 0 V, please: the meter has to be set to AC volts")
    return 20 * math.log10(volts / ZERO_DBU_V)


def sine(rate: int) -> Frames:
    """Make the sine, with a fade at both ends."""
    # An abrupt sine clicks, and a click is the loudest thing that a tweeter gets all day.
    time_s = np.arange(round(SINE_S * rate)) / rate
    fade = np.minimum(1.0, np.minimum(time_s, time_s[::-1]) / 0.05)
    wave = 10 ** (SINE_DBFS / 20) * fade * np.sin(2 * np.pi * SINE_HZ * time_s)
    return wave.astype(np.float32)


def send_level(answers: Answers, talk: Talk, _suggested: str | None) -> str | None:
    """Measure what leaves: a sine out, a voltmeter at the plug."""
    talk.show("  Unplug the amp. Set a voltmeter to AC volts and hold it to the send's plug.")
    talk.show(f"  A sine of {SINE_HZ:g} Hz plays for {SINE_S:g} seconds: note what the meter says.")
    if not _ready(talk) or level.play(answers, talk, sine, _left) is None:
        return None
    reading = _asked(talk, "  The reading, in V, mV or dBu > ", dbu)
    if reading is None:
        return None
    return _fits(talk, reading - SINE_DBFS, "leaves")


def _left(now: Levels) -> str:
    return f"  playing, {max(SINE_S - now.played_s, 0):2.0f} s left"


def return_level(answers: Answers, talk: Talk, _suggested: str | None) -> str | None:
    """Measure what comes back: the same sine by a cable, straight from the send."""
    # A cable only tells the two apart: one of them has to be known in volts.
    known = answers.get("interface.send_full_scale_dbu", NONE)
    if known == NONE:
        talk.show("  What leaves has to be known first: < goes back to it.")
        return None
    talk.show(
        "  Unplug the amp. Put a cable from the send's output straight to the return's input."
    )
    heard_dbfs = _heard(answers, talk) if _ready(talk) else None
    if heard_dbfs is None:
        return None
    if heard_dbfs < LOST_DBFS:
        talk.show("  The sine did not come back: look at the cable and the channels.")
        return None
    return _fits(talk, float(known) + SINE_DBFS - heard_dbfs, "comes back")


def _heard(answers: Answers, talk: Talk) -> float | None:
    """Play the sine; return the level that came back, None where it could not be done."""
    try:
        config = level.bench(answers)
        rate = int(getattr(config.interface, "sample_rate", 48_000))
        recording = talk.hardware.play(config, sine(rate), lambda now: talk.meter(level.meter(now)))
    except (RigError, KeyboardInterrupt) as error:
        talk.meter("")
        talk.show(f"  {error}")
        return None
    talk.meter("")
    return level.peak_of(recording.returned)


def _ready(talk: Talk) -> bool:
    return talk.ask("  Enter begins, < leaves it > ").strip() not in ("<", "back")


def _asked(talk: Talk, prompt: str, read: Callable[[str], float]) -> float | None:
    while True:
        typed = talk.ask(prompt).strip()
        if typed in ("<", "back", ""):
            return None
        try:
            return read(typed)
        except ValueError as error:
            talk.show(f"  {error}")


def _fits(talk: Talk, full_scale_dbu: float, way: str) -> str | None:
    # A meter on DC or on another plug shows figures that no converter has.
    if not LOWEST_DBU <= full_scale_dbu <= HIGHEST_DBU:
        talk.show(f"  That would be {full_scale_dbu:.1f} dBu, which no interface has: try again.")
        return None
    talk.show(f"  A sine at full scale that {way} has {full_scale_dbu:.1f} dBu; Enter takes it.")
    return f"{full_scale_dbu:.1f}"
