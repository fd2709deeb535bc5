"""What one linear filter explains: of a loopback by its send, of a return by what was played.

An amp is not linear, but everything that comes back from it comes from what was sent: the filter
that explains most of it says how much that is, which way round it is, and how late.
"""

from dataclasses import dataclass

import numpy as np
import scipy  # its parts load when they are first used: 'rig status' needs none
from numpy.typing import ArrayLike, NDArray

Audio = NDArray[np.float64]

#: Of the send's mean power, added where a frequency was hardly played.
RIDGE = 1e-6
#: Below this, of the sample rate, coupling capacitors turn the phase, and hum sits (40 Hz).
LOWEST = 40 / 48_000


@dataclass(frozen=True)
class Response:
    """The filter that explains a recording by what was played.

    Attributes:
        taps: Its impulse response, ``(taps,)``, from ``lead`` frames before the send on.
        lead: Frames in front of the send.
        explained: The share of the recording's energy that it explains, in [0, 1]; what so many
            taps explain of plain noise is taken off.
    """

    taps: Audio
    lead: int
    explained: float

    @property
    def polarity(self) -> float:
        """The largest tap's sign times how far it stands out: the share of its own side's peak.

        Near 1 or -1 where there is no doubt, near 0 where both signs are as strong.
        """
        high, low = float(np.max(self.taps)), float(-np.min(self.taps))
        return (high - low) / max(high + low, 1e-30)

    def apply(self, sent: ArrayLike) -> Audio:
        """What the filter makes of a send, ``(frames,)``, in step with the recording."""
        played = np.asarray(sent, dtype=np.float64)
        whole = scipy.signal.oaconvolve(played, self.taps)
        return np.asarray(whole[self.lead : self.lead + len(played)])


def without_rumble(audio: ArrayLike) -> Audio:
    """A recording without what lies below the guitar: DC, drift, and most of the hum."""
    samples = np.asarray(audio, dtype=np.float64)
    sections = scipy.signal.butter(2, 2 * LOWEST, "highpass", output="sos")
    # Begun as if the first sample had always been there: an offset makes no step at the start.
    settled = scipy.signal.sosfilt_zi(sections) * (samples[0] if len(samples) else 0.0)
    return np.asarray(scipy.signal.sosfilt(sections, samples, zi=settled)[0])


def respond(sent: ArrayLike, received: ArrayLike, taps: int, lead: int = 0) -> Response:
    """Fit the filter of least squares from a send to a recording, both ``(frames,)``.

    The normal equations come from auto- and cross-correlation, and are solved as the Toeplitz
    system that they are.

    Args:
        sent: What was played.
        received: What came back, in step with it.
        taps: Length of the filter.
        lead: How many of the taps lie in front of the send.
    """
    played = np.asarray(sent, dtype=np.float64)
    heard = np.asarray(received, dtype=np.float64)
    # Room for the filter, since products of spectra wrap around.
    size = scipy.fft.next_fast_len(len(played) + taps, real=True)
    spectrum = scipy.fft.rfft(played, size)
    own = scipy.fft.irfft(np.abs(spectrum) ** 2, size)[:taps]
    cross = scipy.fft.irfft(scipy.fft.rfft(heard, size) * np.conj(spectrum), size)
    # Lags below zero stand at the array's end, where negative indices find them.
    wanted = cross[np.arange(-lead, taps - lead)]
    power = float(np.sum(heard**2))
    if own[0] == 0.0 or power == 0.0:
        return Response(np.zeros(taps), lead, 0.0)
    column = own.copy()
    column[0] *= 1.0 + RIDGE
    # Levinson: the square of the taps in place of their cube.
    found = scipy.linalg.solve_toeplitz(column, wanted)
    by_filter = float(found @ wanted)
    # So many free numbers explain their share of anything; slow signals have fewer frames that
    # say something new, which the factor of two allows for.
    by_chance = 2.0 * taps * max(power - by_filter, 0.0) / len(heard)
    return Response(found, lead, float(np.clip((by_filter - by_chance) / power, 0.0, 1.0)))
