"""The way from the send to the return: timing, clocks, polarity, noise, levels."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from calibration import levels, noise, sendlevel
from calibration.checks import DRIFT_ESTIMATE_FRAMES, Limits
from calibration.latency import Latency
from calibration.signals import Part, Signal
from calibration.takes import LOST_SHARPNESS, estimate_error_frames, silence_of, within
from calibration.verdict import Check
from rig.knobs import Setting
from rig.preflight.finding import Finding, Grade, finding
from rig.preflight.probe import Heard, Probe

#: Noise and hum lie this far below the guitar, or models learn them.
NOISE_UNDER_GUITAR_DB = 40.0
#: Up to so much more is told and does not stand in the way: the night works, and its model hisses.
NOISY_DB = 10.0
#: A guitar that comes back more quietly is nearer to the converter's noise than it need be.
QUIET_RETURN_DBFS = -40.0
#: A send level that is further below is no advice: gates and diodes would not hear a guitar.
SAME_PLAYING_DB = 18.0
#: The send that gets past the amp lies this far below the amp's own sound.
CROSSTALK_DB = -60.0
#: A copy of the send that a knob changes by more came through the amp.
FOLLOWS_DB = 1.0
#: A return below this is lost in what a converter adds; above, it only has fewer digits.
FAINT_DBFS = -40.0
#: Two other looks at a round trip without loopback must agree this well.
ESTIMATE_AGREES_FRAMES = 2.0
LOWEST_SEND_DBFS = -40.0
#: DC above the first is told, above the second it is a fault.
OFFSET_DBFS, MUCH_OFFSET_DBFS = -40.0, -20.0
#: An amp and its cabinet answer sooner than this; a microphone across the room does as well.
LATE_S = 0.01
#: What the judge says of a loopback.
LOOPBACK_CHECKS = frozenset({Check.DROPOUT, Check.LOOPBACK_CLIPPING})


def timing(heard: Heard, signal: Signal, session: Signal, limits: Limits) -> Iterator[Finding]:
    """Loopback, round trip, clock drift and polarity, from one take."""
    found = heard.aligned.latency
    if heard.aligned.loopback is None:
        yield from _estimate(heard, signal)
    else:
        yield from _loopback(heard, limits)
    if found.sharpness < LOST_SHARPNESS:
        return
    if heard.aligned.drift_frames is not None:
        yield _drift(heard, signal, session, limits)
    if heard.aligned.loopback is not None:
        yield _polarity(found)


def _estimate(heard: Heard, signal: Signal) -> Iterator[Finding]:
    yield Finding(
        "loopback",
        "not patched",
        "",
        Grade.NOTE,
        "a cable from an output to an input makes timing certain, and finds every lost frame",
    )
    off = estimate_error_frames(heard.aligned, signal)
    figure = f"estimate: {heard.aligned.latency.frames:.1f} ±{off:.1f} frames"
    row = Finding("round trip", figure, f"±{ESTIMATE_AGREES_FRAMES:g}")
    if heard.aligned.latency.sharpness < LOST_SHARPNESS:
        advice = "the return cannot tell the round trip: patch a loopback "
        advice += "(interface.loopback_channel), or turn the amp cleaner"
        row = replace(row, verdict=Grade.BAD, advice=advice)
    elif off > ESTIMATE_AGREES_FRAMES:
        # A cabinet delays low notes more than high ones: all takes are moved by the same estimate.
        advice = "the amp's own delay is in it, which is not one number; a loopback would be exact"
        row = replace(row, verdict=Grade.NOTE, advice=advice)
    yield row


def _loopback(heard: Heard, limits: Limits) -> Iterator[Finding]:
    found = heard.aligned.latency
    if found.sharpness < LOST_SHARPNESS:
        yield finding(
            "loopback",
            "brings nothing back",
            "the preamble",
            good=False,
            advice="patch a cable from an output straight to the input that "
            "interface.loopback_channel names, or leave that key out",
        )
        return
    wrong = [reason for reason in heard.verdict.reasons if reason.check in LOOPBACK_CHECKS]
    # So late that nothing else was measured of it.
    late = [reason for reason in heard.verdict.reasons if reason.check is Check.LOOPBACK]
    if late:
        frames = f"{found.frames:.0f} frames"
        yield Finding("round trip", frames, "", Grade.BAD, late[0].sentence)
        return
    advice = "it clips, or something lies in its way: turn that input down; no effects, no amp"
    row = Finding(
        "loopback",
        f"{heard.figures['loopback_error_db']:.0f} dB off the send, filtered",
        f"{wrong[0].limit if wrong else limits.loopback_error_db:.0f}",
    )
    yield replace(row, verdict=Grade.BAD, advice=f"{wrong[0].sentence}: {advice}") if wrong else row
    yield Finding("round trip", f"{found.frames:.2f} frames")


def offset(heard: Heard) -> Finding:
    """DC of the return: rig takes it off, but it eats headroom, and much of it is a fault."""
    dbfs = heard.figures["offset_dbfs"]
    row = Finding("DC", f"{dbfs:.0f} dBFS", f"{OFFSET_DBFS:g}")
    if dbfs > MUCH_OFFSET_DBFS:
        advice = "something in front of the input leaks DC, or the converter is broken: try another"
        return replace(row, verdict=Grade.BAD, advice=f"{advice} input")
    if dbfs > OFFSET_DBFS:
        return replace(row, verdict=Grade.NOTE, advice="rig takes it off; it eats headroom")
    return row


def lag(heard: Heard, sample_rate: int) -> Finding | None:
    """How late the amp itself answers; None where there is no loopback to tell it from the rest."""
    if heard.aligned.loopback is None:
        return None
    frames = heard.figures["return_lag_frames"]
    row = Finding("return lag", f"{frames:.1f} frames")
    if abs(frames) <= LATE_S * sample_rate:
        return row
    advice = "something digital lies in the amp's way (a plug-in, a wireless system): models of it "
    return replace(row, verdict=Grade.NOTE, advice=advice + "will be as late")


def _drift(heard: Heard, signal: Signal, session: Signal, limits: Limits) -> Finding:
    assert heard.aligned.drift_frames is not None
    frames = signal.all(Part.CLOSING)[-1].start - signal.segment(Part.PREAMBLE).start
    ppm = 1e6 * heard.aligned.drift_frames / frames
    whole = session.all(Part.CLOSING)[-1].start - session.segment(Part.PREAMBLE).start
    is_estimate = heard.aligned.loopback is None
    # In ppm, since the session's takes are longer: what they may drift is fewer frames here.
    limit = 1e6 * (DRIFT_ESTIMATE_FRAMES / frames if is_estimate else limits.drift_frames / whole)
    return finding(
        "clock drift",
        f"{ppm:+.2f} ppm",
        f"±{limit:.2g}",
        good=abs(ppm) <= limit,
        advice="output and input run on different clocks: use one interface for both, "
        "or lock them by word clock",
    )


def _polarity(loopback: Latency) -> Finding:
    if not loopback.inverted:
        return Finding("polarity", "as sent")
    advice = "the model's polarity is a guess: look for a phase switch or a cable wired crosswise"
    return Finding("polarity", "loopback inverted", "", Grade.NOTE, advice)


def quiet(heard: Heard, signal: Signal) -> Iterator[Finding]:
    """Noise and hum of the reference setting, against its guitar."""
    found = noise.noise(silence_of(heard.aligned, signal), signal.sample_rate)
    guitar_dbfs = heard.figures["return_rms_dbfs"]
    limit = guitar_dbfs - NOISE_UNDER_GUITAR_DB
    if guitar_dbfs < QUIET_RETURN_DBFS:
        advice = "hiss beside a quiet return: turn the interface's input up, or the send"
    else:
        advice = "hiss: turn the send up and the interface's input down; look at cables"
    row = Finding("noise floor", f"{found.total_dbfs:.0f} dBFS", f"{limit:.0f}")
    # By what is left without the hum, of which the next row speaks.
    yield _graded(row, found.hiss_dbfs, limit, advice)
    yield _hum(found, limit)


def _graded(row: Finding, dbfs: float, limit: float, advice: str) -> Finding:
    """Return a row about noise as a note, or as bad where models would hardly hear the amp."""
    if dbfs <= limit:
        return row
    grade = Grade.BAD if dbfs > limit + NOISY_DB else Grade.NOTE
    return replace(row, verdict=grade, advice=advice)


def _hum(found: noise.Noise, limit: float) -> Finding:
    named = "none" if found.mains_hz is None else f"{found.mains_hz:.0f} Hz, "
    figure = named if found.mains_hz is None else f"{named}{found.hum_dbfs:.0f} dBFS"
    row = Finding("hum", figure, f"{limit:.0f}")
    if found.mains_hz is None:
        return row
    advice = "a ground loop, or a transformer near the cables: lift one ground at a reamp box "
    advice += "with a transformer, move lamps and power supplies away"
    return _graded(row, found.hum_dbfs, limit, advice)


def crosstalk(quietest: Heard, reference: Heard, signal: Signal) -> Finding:
    """Whether the send gets into the return past the amp, heard where the amp is quietest."""
    found, send = _copy_of_send(quietest, signal), within(signal.segment(Part.TRAIN), signal.send)
    under = found.gain_db + levels.rms_dbfs(send) - reference.figures["return_rms_dbfs"]
    # What is no plain copy of the send is the amp: there is no more crosstalk than that.
    if not found.is_flat and under > CROSSTALK_DB:
        return Finding("crosstalk", "hidden by the amp", f"{CROSSTALK_DB:g} dB")
    return finding(
        "crosstalk",
        f"{'at most ' if not found.is_flat else ''}{under:.0f} dB",
        f"{CROSSTALK_DB:g} dB",
        good=under <= CROSSTALK_DB,
        advice="the send reaches the return past the amp: switch direct monitoring off, keep "
        "send and return cables apart",
    )


def _copy_of_send(heard: Heard, signal: Signal) -> noise.Bleed:
    """Return the copy of the send that is in a take's guitar."""
    guitar = signal.segment(Part.TRAIN)
    return noise.bleed(within(guitar, signal.send), within(guitar, heard.aligned.returned))


def is_of_the_amp(quietest: Heard, others: Iterable[Heard], signal: Signal) -> bool:
    """Whether a copy of the send follows the knobs: what goes past the amp hardly does.

    Args:
        quietest: Where the copy was found.
        others: The same with one knob turned a little, each.
        signal: What they played.
    """
    usual_db = _copy_of_send(quietest, signal).gain_db
    gains = (_copy_of_send(heard, signal).gain_db for heard in others)
    return any(abs(gain_db - usual_db) > FOLLOWS_DB for gain_db in gains)


def meet(probe: Probe, loudest: Setting) -> Heard:
    """Record the loudest setting at the session's level, which is come up to in small steps.

    Nobody knows yet what all knobs together do: the way up ends where the return has no headroom
    left, and the take that showed it is as good an answer.
    """
    send_dbfs = min(LOWEST_SEND_DBFS, probe.peak_dbfs)
    heard = probe.take(loudest, send_dbfs=send_dbfs)
    while send_dbfs < probe.peak_dbfs:
        if heard.figures["return_peak_dbfs"] > sendlevel.HEADROOM_DBFS:
            break
        send_dbfs = min(send_dbfs + sendlevel.MOST_STEP_DB, probe.peak_dbfs)
        heard = probe.take(loudest, send_dbfs=send_dbfs)
    return heard


def level(probe: Probe, loudest: Setting, heard: Heard) -> Finding:
    """Whether the loudest setting uses the converter; else the send level at which it would."""
    peak = heard.figures["return_peak_dbfs"]
    limit = f"{sendlevel.WASTED_DBFS:g} to {sendlevel.HEADROOM_DBFS:g}"
    figure = f"{peak:.1f} dBFS at the loudest"
    if sendlevel.WASTED_DBFS <= peak <= sendlevel.HEADROOM_DBFS:
        return Finding("return level", figure, limit)
    found = _search(probe, loudest, is_hot=peak > sendlevel.HEADROOM_DBFS)
    way = "down" if peak > sendlevel.HEADROOM_DBFS else "up"
    advice = f"turn the interface's input {way} and check again"
    is_near = found.send_dbfs >= probe.peak_dbfs - SAME_PLAYING_DB
    if is_near and not found.clips and not found.wastes:
        advice += f", or set signal.peak_dbfs to {found.send_dbfs:.1f}"
    grade = Grade.NOTE if FAINT_DBFS < peak < sendlevel.WASTED_DBFS else Grade.BAD
    return Finding("return level", figure, limit, grade, advice)


def _search(probe: Probe, loudest: Setting, *, is_hot: bool) -> sendlevel.SendLevel:
    """Search below the session's level where it is too hot, above it where it is not."""

    def peak_at(send_dbfs: float) -> float:
        """The loudest setting's return at a send level."""
        return probe.take(loudest, send_dbfs=send_dbfs).figures["return_peak_dbfs"]

    # The level is the guitar's, but nothing at all that is played may come nearer to full scale.
    above_db = max(levels.peak_dbfs(probe.short.send) - probe.peak_dbfs, 0.0)
    highest_dbfs = sendlevel.HIGHEST_SEND_DBFS - above_db
    if is_hot:
        # Steps up to a level that was heard to be too hot have nothing to find there.
        return sendlevel.find(peak_at, LOWEST_SEND_DBFS, min(highest_dbfs, probe.peak_dbfs))
    return sendlevel.find(peak_at, min(probe.peak_dbfs, highest_dbfs), highest_dbfs)
