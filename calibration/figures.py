"""Everything that is measured of a take, by name."""

import numpy as np
from numpy.typing import NDArray

from calibration import latency, levels
from calibration.replicates import Replicate, compare
from calibration.response import Response, respond, without_rumble
from calibration.signals import PREAMBLE_HZ, Part, Signal, preamble
from calibration.takes import (
    BLOCK_S,
    LONGEST_S,
    Aligned,
    loudest_part,
    noise_power,
    offset_of,
    rest_rise_db,
    silence_of,
    sweep_drift,
    sweep_lag,
    within,
)

Audio = NDArray[np.float64]

#: Blocks of the send above this level count as playing.
PLAYING_DBFS = -50.0
#: Taps of the filter that says what of a return comes from the send: a cabinet rings so long.
RETURN_TAPS, RETURN_LEAD = 768, 64
#: Whether a return is a copy of the send cannot be told where more of it than this is noise.
WIRE_NOISE_SHARE = 0.01
#: Where a sweep is held to be even, and how wide a band of it is, in octaves.
EVEN_HZ, BAND = (200.0, 8_000.0), 1.0 / 3.0
#: A run of equal samples is odd if it is so many times as long as the third longest, where a return
#: moves by so many of its converter's steps.
ODD_RUN_TIMES, MOVING_STEPS = 4.0, 8.0
#: Runs of equal samples at the very top, of at least so many frames, are no waveform.
FLAT_FRAMES = 4.0
#: The lowest note bends this slowly, in radians per frame at 48 kHz: it stays at its top longest.
SLOWEST_BEND = 2 * np.pi * 40 / 48_000


def return_response(aligned: Aligned, signal: Signal) -> Response:
    """What of the return comes from what was played, by one linear filter."""
    sent = signal.send if aligned.loopback is None else aligned.loopback
    played = without_rumble(sent[: len(aligned.returned)])
    return respond(played, without_rumble(aligned.returned), RETURN_TAPS, RETURN_LEAD)


def _over_send_db(aligned: Aligned, signal: Signal) -> float:
    """How much louder the return is than what was played, or its loopback where there is one."""
    sent = signal.send if aligned.loopback is None else aligned.loopback
    part = loudest_part(signal)
    return levels.rms_dbfs(within(part, aligned.returned)) - levels.rms_dbfs(within(part, sent))


def _wire_agreement(aligned: Aligned, signal: Signal) -> float:
    """How much the return is a plain copy of what was played: 1 where no amp is in between.

    Both are differentiated, so that treble counts as much as bass, and what coupling capacitors do
    to the lowest notes does not.
    """
    sent = signal.send if aligned.loopback is None else aligned.loopback
    played, heard = np.diff(sent[: len(aligned.returned)]), np.diff(aligned.returned)
    noise, power = np.mean(np.diff(silence_of(aligned, signal)) ** 2), np.mean(heard**2)
    if noise > WIRE_NOISE_SHARE * power or power == 0.0:
        return 0.0
    # Direct monitoring is sooner than a round trip, not by whole frames, and may be upside down.
    ways = [compare(played, sign * heard, 0.0) for sign in (1.0, -1.0)]
    lag = max(ways, key=lambda way: way.agreement).lag_frames
    moved = latency.advance(heard, lag, len(played))
    # Once more after the shift by a fraction, without which treble alone would spoil the agreement.
    found = max(abs(compare(played, sign * moved, 0.0, 1).agreement) for sign in (1.0, -1.0))
    # Noise takes from the agreement of a copy what it adds to its power.
    return float(min(found / np.sqrt(1.0 - noise / power), 1.0))


def sweep_unevenness_db(aligned: Aligned, signal: Signal) -> float:
    """How far from even the sweep came back, in dB: what no band of it exceeds beside their mean.

    Held against the send itself, so that a loopback's noise has no part in it. A wire and two
    converters are even within a tenth of a decibel; a tone stack, a transformer, a cabinet are not.
    """
    segment = signal.segment(Part.PREAMBLE)
    # A low rate's sweep ends before that.
    highest_hz = min(EVEN_HZ[1], PREAMBLE_HZ[1] * signal.sample_rate)
    edges_hz = EVEN_HZ[0] * 2.0 ** np.arange(0.0, np.log2(highest_hz / EVEN_HZ[0]) + 0.01, BAND)
    at = np.fft.rfftfreq(segment.frames, 1.0 / signal.sample_rate)
    places = np.searchsorted(at, edges_hz)

    def bands(audio: Audio) -> Audio:
        """Return the energy in each band of a stretch."""
        energy = np.abs(np.fft.rfft(within(segment, audio))) ** 2
        return np.add.reduceat(energy, places)[:-1] + 1e-30

    over_db = 10.0 * np.log10(bands(aligned.returned) / bands(signal.send))
    return float(np.max(np.abs(over_db - np.mean(over_db))))


def _standstills_s(aligned: Aligned, signal: Signal) -> tuple[float, float]:
    """Return the longest run of equal return samples that starts while the send plays.

    And once more if no other run is nearly as long, nor the return as quiet there as a converter's
    step; else 0.
    """
    found = aligned.shift_frames
    # Where the preamble was not found, its place may lie outside of the recording.
    shift = round(found) if 0 <= found < len(aligned.raw_returned) else 0
    stretch = aligned.raw_returned[shift:]
    block = round(BLOCK_S * signal.sample_rate)
    playing = levels.block_rms(signal.send[: len(stretch)], block) > 10 ** (PLAYING_DBFS / 20)
    if not len(playing):
        return 0.0, 0.0
    heard = stretch[: len(playing) * block]
    # What is no number differs from everything: so the first run and the last have ends, too.
    changes = np.flatnonzero(np.diff(heard, prepend=np.nan, append=np.nan))
    starts = np.minimum(changes[:-1] // block, len(playing) - 1)
    runs = np.where(playing[starts], np.diff(changes), 0)
    longest = int(np.argmax(runs))
    # A fault may be broken by a sample or two: the third of all is another one.
    third = int(np.sort(runs)[-3:][0])
    is_odd = runs[longest] > ODD_RUN_TIMES * third and _moves(heard, int(changes[longest]), block)
    longest_s = float(runs[longest]) / signal.sample_rate
    return longest_s, longest_s if is_odd else 0.0


def _moves(heard: Audio, place: int, block: int) -> bool:
    """Whether a return moves by more than a converter's step around a place."""
    steps = np.abs(np.diff(heard[max(place - block, 0) : place + 2 * block]))
    moving = steps[steps > 0]
    # The converter's own step as far as it can be told.
    return len(moving) > block and bool(np.median(moving) > MOVING_STEPS * np.min(moving))


def flat_top_excess(raw: Audio) -> float:
    """How much longer a recording stays at its very top or bottom than a waveform would.

    A waveform with steps of a converter's size stays at its top for a moment; what is cut off below
    full scale stays there longer, at exactly the same level. More than 1 is cut off.
    """
    peak = float(np.max(np.abs(raw), initial=0.0))
    if peak == 0.0:
        return 0.0
    steps = np.abs(np.diff(raw))
    # The converter's own step as far as it can be told: the least that two samples differ by.
    step = float(np.min(steps[steps > 0], initial=peak))
    # Near its top a sine is a parabola, which stays within one step for so long on both sides.
    natural = 2.0 * np.sqrt(2.0 * step / peak) / SLOWEST_BEND
    longest = 0
    # Each side by itself: what clips need not be symmetrical.
    for top in (raw == np.max(raw), raw == np.min(raw)):
        edges = np.flatnonzero(np.diff(np.concatenate([[False], top, [False]]).astype(np.int8)))
        longest = max(longest, int(np.max(edges[1::2] - edges[::2], initial=0)))
    return float(longest / (FLAT_FRAMES + natural))


def _own_delay(aligned: Aligned, signal: Signal) -> latency.Latency:
    """Where the preamble stands in a return that is in step: the amp's own delay."""
    start, sweep = signal.segment(Part.PREAMBLE).start, preamble(signal.sample_rate)
    reach = round((LONGEST_S / 2) * signal.sample_rate)
    return latency.measure(aligned.returned, sweep, start, reach)


def _return_figures(aligned: Aligned, signal: Signal) -> dict[str, float]:
    """The return's own timing, and what of it comes from the send."""
    sweep = sweep_drift(aligned.returned, signal)
    response = return_response(aligned, signal)
    found = {
        "coherence": response.explained,
        "polarity": response.polarity,
        "wire_agreement": _wire_agreement(aligned, signal),
        "over_send_db": _over_send_db(aligned, signal),
    }
    if signal.has_preamble:
        own = _own_delay(aligned, signal)
        found |= {"return_lag_frames": own.frames, "return_sharpness": own.sharpness}
        if len(aligned.returned) >= signal.segment(Part.PREAMBLE).stop:
            found["sweep_unevenness_db"] = sweep_unevenness_db(aligned, signal)
    if sweep is not None:
        late = sweep_lag(aligned, signal)
        found["return_drift_frames"] = late.frames
        found["return_drift_error_frames"] = late.error_frames
        found["sweep_agreement"] = sweep.agreement
        heard = within(signal.segment(Part.PREAMBLE), aligned.returned)
        noise_dbfs = levels.dbfs(np.sqrt(noise_power(aligned, signal)))
        found["sweep_above_noise_db"] = levels.rms_dbfs(heard) - noise_dbfs
    return found


def change(aligned: Aligned, signal: Signal) -> Replicate | None:
    """The repeated guitar after everything against the same before it; None where it has none."""
    if not (signal.has(Part.BEFORE) and signal.has(Part.AFTER)):
        return None
    before, after = (within(signal.segment(p), aligned.returned) for p in (Part.BEFORE, Part.AFTER))
    return compare(before, after, 2 * noise_power(aligned, signal))


def measure(aligned: Aligned, signal: Signal) -> dict[str, float]:
    """Measure everything of a take, by name; units are in the names."""
    guitar = within(loudest_part(signal), aligned.returned)
    standstill_s, odd_standstill_s = _standstills_s(aligned, signal)
    found = {
        "return_peak_dbfs": levels.peak_dbfs(aligned.raw_returned),
        "return_rms_dbfs": levels.rms_dbfs(guitar),
        "noise_dbfs": levels.dbfs(np.sqrt(noise_power(aligned, signal))),
        "offset_dbfs": levels.dbfs(abs(offset_of(aligned.raw_returned, signal))),
        "standstill_s": standstill_s,
        "odd_standstill_s": odd_standstill_s,
        "flat_top_excess": flat_top_excess(aligned.raw_returned),
        "dropouts": float(aligned.dropouts),
        "broken_samples": float(aligned.broken),
        "latency_frames": aligned.shift_frames,
        # Plain JSON has no infinity; of what came in step nothing was looked for.
        "sharpness": aligned.latency.sharpness if signal.has_preamble else 0.0,
        **_return_figures(aligned, signal),
    }
    if aligned.drift_frames is not None:
        found["drift_frames"] = aligned.drift_frames
    rise_db = rest_rise_db(aligned, signal)
    if rise_db is not None:
        found["rest_rise_db"] = rise_db
    changed = change(aligned, signal)
    # Where nothing came back the first time it is infinite, which no limit fits.
    if changed is not None and np.isfinite(changed.esr):
        found |= {"change_esr": changed.esr, "change_noise_esr": changed.noise_esr}
    if aligned.raw_loopback is not None:
        found["loopback_peak_dbfs"] = levels.peak_dbfs(aligned.raw_loopback)
    return found
