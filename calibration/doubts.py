"""What is odd about a take and may yet be the amp: only a second take, and a canary, can tell."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median

import numpy as np
from numpy.typing import NDArray

from calibration import takes
from calibration.moments import ODDITY_LIMIT, oddest_moments
from calibration.outliers import OUTLIER_DB, OUTLIER_SIGMAS, Expected
from calibration.signals import Signal
from calibration.takes import Aligned
from calibration.verdict import Check, Figures, Reason

Single = NDArray[np.float32]

#: A return that is no more than this above what was there before anything played is silence.
NOTHING_DB = 2.0
#: What is this far below the send, and a copy of it, leaked from one input to the other.
CROSSTALK_DB, CROSSTALK_AGREEMENT = -50.0, 0.99
#: A return that agrees with the send this well went past the amp, or the amp is clean and flat at
#: this setting. Of the reference setting, which nobody can vouch for, only the send itself does.
WIRE_AGREEMENT, REFERENCE_WIRE_AGREEMENT = 0.9995, 0.99999
#: So does one that is linear to this share and as even over the sweep, in dB: converters that are a
#: fraction of a frame apart, or a loopback that hisses, take more from the agreement. The most even
#: of an outsider's amps was 4.7 dB off, wires 0.2.
WIRE_COHERENCE, WIRE_EVEN_DB, REFERENCE_WIRE_EVEN_DB = 0.9995, 0.5, 0.3
#: Less of a return than this comes from the send by a linear filter; a fuzz has a third.
LEAST_COHERENCE = 0.08
#: Knobs move an amp's own delay by tens of frames at most; a channel may add more.
LAG_FRAMES = 40.0
#: A filter whose peak stands out by this much, on either side, says which way round an amp is.
CLEAR_POLARITY = 0.5
#: The repeated guitar may differ from itself by this ESR, or by so many times what it usually does
#: in this session (a reverb, a compressor); before that is known, by the last figure.
CHANGE_ESR, CHANGE_TIMES, CHANGE_UNKNOWN_ESR = 1e-3, 4.0, 0.25
#: What is left when everything was played may be so much louder, beside the noise before it, than
#: other takes end: a spring or a delay rings on, and more at some settings.
REST_RISE_DB = 3.0


# By the session's own takes, so that a reverb or a compressor is no fault (decision 22).
@dataclass(frozen=True)
class Usual:
    """What other takes of the session say of one; None where there are too few to say anything.

    Attributes:
        noise: The noise floor at this setting, from takes around it: gain knobs raise it.
        level: The same of the level.
        noise_rise_db: How far above it the noise may be.
        lags_frames: How late the amp is at these switch positions: it may have several channels.
        polarities: Which way round it is there.
        change_esr: How much the repeated guitar differs from itself.
        rest_rise_db: How much louder than they began takes end.
        is_reference: Whether it is the reference setting, which no other take vouches for.
        takes: Returns of other settings, in step, ``(takes, frames)``.
        noise_powers: Mean square of each one's noise.
    """

    noise: Expected | None = None
    level: Expected | None = None
    noise_rise_db: float = 12.0
    lags_frames: tuple[float, ...] = ()
    polarities: tuple[float, ...] = ()
    change_esr: float | None = None
    rest_rise_db: float | None = None
    is_reference: bool = False
    takes: Single | None = field(default=None, repr=False)
    noise_powers: tuple[float, ...] = ()


def _silence(figures: Figures, silence_dbfs: float) -> Iterator[Reason]:
    """Whether anything came back."""
    level, noise = figures["return_rms_dbfs"], figures["noise_dbfs"]
    above_db = level - noise
    if level < silence_dbfs:
        yield Reason(
            Check.SILENCE,
            level,
            silence_dbfs,
            f"nothing came back from the amp ({level:.0f} dBFS): is it on and plugged in, or "
            "silent with these knobs?",
        )
    elif (
        figures["over_send_db"] <= CROSSTALK_DB and figures["wire_agreement"] > CROSSTALK_AGREEMENT
    ):
        yield Reason(
            Check.SILENCE,
            figures["over_send_db"],
            CROSSTALK_DB,
            f"nothing came back but what leaks from input to input ({level:.0f} dBFS): is the amp "
            "on, and plugged in?",
        )
    elif above_db < NOTHING_DB:
        yield Reason(
            Check.SILENCE,
            above_db,
            NOTHING_DB,
            f"the return is as loud as before anything was played ({level:.0f} dBFS of noise or "
            "hum): is the amp on, and off standby?",
        )


def _coherence(figures: Figures) -> Iterator[Reason]:
    """Of what stands above the noise, something must come from the send."""
    # Noise comes from no send: only what stands above it is asked where it comes from.
    above = 1.0 - 10 ** ((figures["noise_dbfs"] - figures["return_rms_dbfs"]) / 10)
    share = figures["coherence"] / max(above, 1e-3)
    if share < LEAST_COHERENCE:
        yield Reason(
            Check.COHERENCE,
            share,
            LEAST_COHERENCE,
            "what came back has nothing to do with what was played: is the right input recorded, "
            "and is nothing else playing?",
        )


def _wire(figures: Figures, usual: Usual) -> Iterator[Reason]:
    """Whether there is an amp in the way at all."""
    agreement, even_db = WIRE_AGREEMENT, WIRE_EVEN_DB
    if usual.is_reference:
        agreement, even_db = REFERENCE_WIRE_AGREEMENT, REFERENCE_WIRE_EVEN_DB
    # A signal of before there was a sweep has nothing to be even over.
    uneven_db = figures.get("sweep_unevenness_db", float("inf"))
    is_even = figures["coherence"] > WIRE_COHERENCE and uneven_db < even_db
    if is_even or figures["wire_agreement"] > agreement:
        yield Reason(
            Check.WIRE,
            uneven_db if is_even else figures["wire_agreement"],
            even_db if is_even else agreement,
            "the return is the send itself, not the amp: is the right input recorded, and the amp "
            "patched in between?",
        )


def _way_through(figures: Figures, usual: Usual) -> Iterator[Reason]:
    """Whether the amp is as late as usual, and which way round."""
    # Where the sweep is not found in the return, its place there is chance.
    is_found = figures.get("return_sharpness", takes.LOST_SHARPNESS) >= takes.LOST_SHARPNESS
    if usual.lags_frames and is_found:
        off = min(abs(figures["return_lag_frames"] - lag) for lag in usual.lags_frames)
        if off > LAG_FRAMES:
            yield Reason(
                Check.RETURN_LAG,
                off,
                LAG_FRAMES,
                f"the amp answers {off:.0f} frames later or sooner than at other settings: is "
                "something new in its way, or did the recording begin late?",
            )
    now = figures["polarity"]
    clear = [known for known in usual.polarities if abs(known) > CLEAR_POLARITY]
    if clear and abs(now) > CLEAR_POLARITY and all(known * now < 0 for known in clear):
        yield Reason(
            Check.POLARITY,
            now,
            median(clear),
            "the return is upside down beside other settings: was a plug turned over, or a phase "
            "switch?",
        )


def change_limit(usual_esr: float | None, noise_esr: float) -> float:
    """Up to which ESR repeated guitar is the same, by how others are; None where nobody knows."""
    known = CHANGE_UNKNOWN_ESR if usual_esr is None else max(CHANGE_ESR, CHANGE_TIMES * usual_esr)
    # Two stretches of noise differ as well; a setting that hisses is not accused of it.
    return known + noise_esr


def _change(figures: Figures, usual: Usual) -> Iterator[Reason]:
    """Whether the same guitar sounds the same before everything and after it."""
    esr = figures.get("change_esr")
    if esr is None:
        return
    limit = change_limit(usual.change_esr, figures["change_noise_esr"])
    if esr > limit:
        yield Reason(
            Check.CHANGE,
            esr,
            limit,
            f"the same guitar sounded otherwise at the end of the take than at its beginning (ESR "
            f"{esr:.1e}): had the amp not settled, is a tremolo or phaser on, or did something "
            "come loose?",
        )


def rest_limit_db(usual_rise_db: float) -> float:
    """How much louder than it began a take may end, by how others do."""
    return max(usual_rise_db, 0.0) + REST_RISE_DB


def _rest(figures: Figures, usual: Usual) -> Iterator[Reason]:
    """Whether it is as quiet after everything as it was before."""
    rise_db = figures.get("rest_rise_db")
    if rise_db is None or usual.rest_rise_db is None:
        return
    limit = rest_limit_db(usual.rest_rise_db)
    if rise_db > limit:
        yield Reason(
            Check.REST,
            rise_db,
            limit,
            f"the take ended {rise_db:.0f} dB louder than it began, with nothing playing: did hum, "
            "hiss or a howl begin in it?",
        )


def _moment(
    figures: dict[str, float], aligned: Aligned, signal: Signal, usual: Usual
) -> Iterator[Reason]:
    """Whether some instant is like nothing that other takes have there."""
    others = usual.takes
    if others is None or not len(others) or others.shape[1] != len(aligned.returned):
        return
    everything = np.concatenate([others, aligned.returned[None].astype(np.float32)])
    noise = (*usual.noise_powers, takes.noise_power(aligned, signal))
    found = oddest_moments(everything, noise, signal.sample_rate, [len(others)])
    if found is None:
        return
    oddity, at_s = found[0].oddity, found[0].at_s
    figures["oddest_moment"], figures["oddest_moment_s"] = oddity, at_s
    if oddity > ODDITY_LIMIT:
        sentence = f"at {at_s:.2f} s there is something that no other take has: a click, a gap, "
        yield Reason(Check.MOMENT, oddity, ODDITY_LIMIT, f"{sentence}a burst")


def _others(figures: Figures, usual: Usual) -> Iterator[Reason]:
    """Noise and level beside what takes around this setting let expect."""
    if usual.noise is not None:
        # Upwards only: less noise than expected is nobody's fault.
        rise = figures["noise_dbfs"] - usual.noise.level_db
        limit = max(usual.noise_rise_db, OUTLIER_SIGMAS * usual.noise.sigma_db)
        if rise > limit:
            yield Reason(
                Check.NOISE,
                rise,
                limit,
                f"the noise floor is {rise:.0f} dB higher than it should be at this setting: "
                "a phone, a dimmer or a bad cable nearby?",
            )
    if usual.level is not None:
        off = figures["return_rms_dbfs"] - usual.level.level_db
        limit = max(OUTLIER_DB, OUTLIER_SIGMAS * usual.level.sigma_db)
        if abs(off) > limit:
            yield Reason(
                Check.LEVEL,
                abs(off),
                limit,
                f"the return is {abs(off):.0f} dB {'louder' if off > 0 else 'quieter'} than this "
                "amp should be here: did something come loose, or a tube die?",
            )


def doubts(
    figures: dict[str, float], aligned: Aligned, signal: Signal, silence_dbfs: float, usual: Usual
) -> Iterator[Reason]:
    """Everything that is odd about a take; of a silent one, nothing but that.

    Args:
        figures: Of the take; what is measured here is added.
        aligned: The take.
        signal: What was played.
        silence_dbfs: A guitar that stays below this is silence.
        usual: What other takes say of it.
    """
    silent = list(_silence(figures, silence_dbfs)) or list(_coherence(figures))
    if silent:
        # A pot that closes, a gate: where the settings around are as quiet, silence is an answer.
        level = figures["return_rms_dbfs"]
        if usual.level is None or usual.level.level_db > level + OUTLIER_DB:
            yield from silent
        return
    yield from _wire(figures, usual)
    yield from _way_through(figures, usual)
    yield from _change(figures, usual)
    yield from _rest(figures, usual)
    yield from _moment(figures, aligned, signal, usual)
    yield from _others(figures, usual)
