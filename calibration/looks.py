"""Whether a look at a setting, a few seconds long, finds there what was kept of it."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from calibration import levels, takes
from calibration.lags import LAG_ERRORS, lag
from calibration.replicates import compare
from calibration.signals import Part, Signal
from calibration.takes import Aligned
from calibration.verdict import Check, Reason

Audio = NDArray[np.float64]

#: Where the sweep stands so far above the noise, two takes of a setting are told to come back as
#: late as each other to a small part of this, in frames: what is further away came another way.
CLEAR_DB, LAG_FRAMES = 20.0, 0.1


def look_reasons(
    aligned: Aligned, signal: Signal, kept: Audio, kept_noise_power: float, same_esr: float
) -> tuple[float, tuple[Reason, ...]]:
    """Hold a look against what was kept: the ESR between them, and what is wrong.

    Args:
        aligned: The look.
        signal: What it played.
        kept: The kept take, in step: its beginning is the same signal.
        kept_noise_power: Mean square of its noise.
        same_esr: Up to here the two are the same.
    """
    stretch = signal.segment(Part.BEFORE)
    one, other = (takes.within(stretch, audio) for audio in (kept, aligned.returned))
    # The quieter of both: what spoils the silence of a look is no excuse for what follows.
    noise = 2 * min(takes.noise_power(aligned, signal), kept_noise_power)
    found = compare(one, other, noise)
    if found.is_same(same_esr):
        return found.esr, tuple(_lag_reasons(aligned, signal, kept, noise))
    apart_db = levels.rms_dbfs(other) - levels.rms_dbfs(one)
    reason = Reason(
        Check.LOOK,
        found.esr,
        same_esr,
        f"dialled again, this setting is not what was kept of it (ESR {found.esr:.1e}, "
        f"{apart_db:+.1f} dB): was a knob off when it was recorded?",
    )
    return found.esr, (reason,)


def _lag_reasons(aligned: Aligned, signal: Signal, kept: Audio, noise: float) -> Iterator[Reason]:
    """Whether both came back as late: a part of a frame hides in a quiet setting's noise."""
    sweep = signal.segment(Part.PREAMBLE)
    one, other = (takes.within(sweep, audio) for audio in (kept, aligned.returned))
    if levels.rms(other) ** 2 < noise * 10 ** (CLEAR_DB / 10):
        return
    # Against each other and not against the send: an amp that delays treble has no one delay.
    off = lag(one, other, takes.silence_of(aligned, signal))
    if off.clear_frames > LAG_FRAMES:
        how = "later" if off.frames > 0 else "sooner"
        yield Reason(
            Check.LOOK,
            abs(off.frames),
            LAG_FRAMES + LAG_ERRORS * off.error_frames,
            f"dialled again, this setting came back {abs(off.frames):.2f} frames {how} than what "
            "was kept of it: did something in its way change its delay?",
        )
