"""Faults that add something: hum, phones, crackle, clicks, bursts, bleed."""

import numpy as np

from rig.devices.virtual.studio.fault_kinds import Draw, Pair, Take, spoiler
from rig.devices.virtual.studio.filters import Signal, coupled, decibels, smoothed
from rig.devices.virtual.studio.noise import hum, pink, white
from rig.devices.virtual.studio.timing import fractionally_delayed

# A frame of GSM lasts 4.615 ms, and a phone sends in one of its eight slots.
_GSM_FRAME_HZ = 216.7


def _level(take: Take, draw: Draw, low_db: float, high_db: float) -> float:
    """An amplitude so many dB beside the return's own loudness."""
    return take.loudness * decibels(draw.uniform("level_db", low_db, high_db))


@spoiler()
def hum_begins(take: Take, draw: Draw) -> Pair:
    """Someone switches on a lamp: mains hum begins in the middle."""
    at = draw.place("at", take.frames)
    mains_hz = 50.0 if draw.sign("mains") > 0.0 else 60.0
    added = _level(take, draw, -35.0, -5.0) * hum(take.frames, mains_hz, take.rate, draw.rng)
    added[:at] = 0.0
    return take.returned + added, take.loopback


@spoiler()
def phone_buzz(take: Take, draw: Draw) -> Pair:
    """A GSM phone near the cable sends bursts 217 times a second for some seconds."""
    at = draw.place("at", take.frames)
    count = min(take.frames - at, int(take.rate * draw.uniform("seconds", 0.5, 3.0)))
    turns = (_GSM_FRAME_HZ * np.arange(count) / take.rate) % 1.0
    bursts = coupled((turns < 0.125).astype(np.float64), 100.0, take.rate)
    y = take.returned.copy()
    y[at : at + count] += 3.0 * _level(take, draw, -30.0, -3.0) * bursts
    return y, take.loopback


@spoiler()
def crackle(take: Take, draw: Draw) -> Pair:
    """A dirty pot or a damp valve socket crackles at random all through the take."""
    rate_hz = draw.log("events_hz", 2.0, 50.0)
    struck = draw.rng.random(take.frames) < rate_hz / take.rate
    size = struck * draw.rng.standard_normal(take.frames)
    ring = smoothed(size, 0.0004, take.rate) * 20.0
    return take.returned + 5.0 * _level(take, draw, -15.0, 3.0) * ring, take.loopback


@spoiler()
def clicks(take: Take, draw: Draw) -> Pair:
    """A few single frames of the return are wrong."""
    y = take.returned.copy()
    for number in range(draw.whole("times", 1, 10)):
        y[draw.place(f"at_{number}", take.frames)] += take.peak * draw.sign(f"sign_{number}")
    return y, take.loopback


@spoiler()
def noise_burst(take: Take, draw: Draw) -> Pair:
    """A burst of noise, of 20 to 500 ms, is added to the return."""
    return _burst(take, take.returned, draw, _level(take, draw, -20.0, 6.0)), take.loopback


@spoiler(needs_loopback=True, spares_return=True)
def loopback_noise_burst(take: Take, draw: Draw) -> Pair:
    """A burst of noise, of 20 to 500 ms, is added to the loopback."""
    if take.loopback is None:
        return take.returned, None
    level = float(np.std(take.loopback)) * decibels(draw.uniform("level_db", -20.0, 6.0))
    return take.returned, _burst(take, take.loopback, draw, level)


def _burst(take: Take, x: Signal, draw: Draw, level: float) -> Signal:
    count = int(take.rate * draw.log("seconds", 0.02, 0.5))
    at = draw.place("at", take.frames, count)
    y = x.copy()
    y[at : at + count] += level * white(len(y[at : at + count]), draw.rng)
    return y


@spoiler(needs_loopback=True, spares_return=True)
def loopback_hum(take: Take, draw: Draw) -> Pair:
    """The loopback's cable picks up hum of -50 to -30 dBFS."""
    if take.loopback is None:
        return take.returned, None
    level = decibels(draw.uniform("level_dbfs", -50.0, -30.0))
    return take.returned, take.loopback + level * hum(take.frames, 50.0, take.rate, draw.rng)


@spoiler()
def hiss_rises(take: Take, draw: Draw) -> Pair:
    """A failing valve hisses more and more over the take."""
    ramp = np.linspace(0.0, 1.0, take.frames)
    added = _level(take, draw, -30.0, -5.0) * ramp * pink(take.frames, draw.rng)
    return take.returned + added, take.loopback


@spoiler()
def thump(take: Take, draw: Draw) -> Pair:
    """Someone knocks against the amp or the microphone: a decaying low tone."""
    at = draw.place("at", take.frames)
    t = np.arange(take.frames - at) / take.rate
    ring = np.exp(-t / 0.08) * np.sin(2.0 * np.pi * draw.uniform("tone_hz", 30.0, 90.0) * t)
    y = take.returned.copy()
    y[at:] += take.peak * decibels(draw.uniform("level_db", -20.0, 0.0)) * ring
    return y, take.loopback


@spoiler()
def offset_jumps(take: Take, draw: Draw) -> Pair:
    """A converter calibrates itself and its offset jumps in the middle."""
    step = draw.sign("sign") * _level(take, draw, -30.0, -3.0)
    y = take.returned.copy()
    y[draw.place("at", take.frames) :] += step
    return y, take.loopback


@spoiler()
def howling(take: Take, draw: Draw) -> Pair:
    """The amp begins to oscillate: a tone grows until it is limited."""
    at = draw.place("at", take.frames)
    t = np.arange(take.frames - at) / take.rate
    # From 60 dB down by the same factor in each time, as a loop with too much gain does.
    grown = np.minimum(1.0, 1e-3 * np.exp(t / draw.uniform("growth_s", 0.1, 0.6)))
    y = take.returned.copy()
    tone_hz = draw.log("tone_hz", 400.0, 9000.0)
    y[at:] += _level(take, draw, -15.0, 3.0) * grown * np.sin(2.0 * np.pi * tone_hz * t)
    return y, take.loopback


@spoiler()
def radio_heard(take: Take, draw: Draw) -> Pair:
    """The amp's input demodulates a radio station: speech-like noise under the guitar."""
    voice = coupled(smoothed(white(take.frames, draw.rng), 0.0002, take.rate), 300.0, take.rate)
    syllables = np.maximum(0.0, smoothed(white(take.frames, draw.rng), 0.1, take.rate))
    speech = voice * syllables
    speech /= np.std(speech) + 1e-12
    return take.returned + _level(take, draw, -35.0, -10.0) * speech, take.loopback


@spoiler()
def dry_bleeds(take: Take, draw: Draw) -> Pair:
    """Direct monitoring or a leaking mixer adds the dry signal to the return."""
    dry = fractionally_delayed(take.send, take.context.latency_frames)
    dry *= _level(take, draw, -30.0, -3.0) / (np.std(dry) + 1e-9)
    return take.returned + dry, take.loopback
