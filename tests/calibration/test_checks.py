"""Verdicts: each fault is found, named and explained; a good take is kept."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import butter, lfilter, sosfilt

from calibration import latency, levels
from calibration.checks import Baseline, Limits, judge
from calibration.doubts import Usual
from calibration.outliers import Expected
from calibration.signals import Part, Signal, compose
from calibration.takes import Aligned, align

Spoil = Callable[[np.ndarray, np.ndarray], None]
DELAY = 321.4


def take(signal: Signal, spoil: Spoil | None = None, dropouts: int = 0) -> Aligned:
    """A take of a soft-clipping amp with a little noise, spoilt on request."""
    random = np.random.default_rng(1)
    frames = len(signal.send)
    returned = latency.advance(0.8 * np.tanh(2 * signal.send), -DELAY, frames)
    returned += 1e-4 * random.standard_normal(frames)
    loopback = latency.advance(signal.send, -DELAY, frames)
    if spoil is not None:
        spoil(returned, loopback)
    return align(returned, loopback, signal, dropouts)


def reasons(aligned: Aligned, signal: Signal, baseline: Baseline | None = None) -> list[str]:
    verdict = judge(aligned, signal, Limits(), baseline or Baseline())
    assert verdict.kept == (not verdict.reasons)
    assert all(reason.sentence and reason.check for reason in verdict.reasons)
    return [reason.check for reason in verdict.reasons]


def test_good_take_is_kept_and_in_step(short_signal: Signal) -> None:
    aligned = take(short_signal)
    assert reasons(aligned, short_signal) == []
    assert aligned.latency.frames == pytest.approx(DELAY, abs=0.01)
    assert len(aligned.returned) == short_signal.segment(Part.TAIL).start
    expected = 0.8 * np.tanh(2 * short_signal.send[: len(aligned.returned)])
    assert np.max(np.abs(aligned.returned - expected)) < 1e-2


def clip(returned: np.ndarray, loopback: np.ndarray) -> None:
    np.clip(20 * returned, -1, 1, out=returned)


def mute(returned: np.ndarray, loopback: np.ndarray) -> None:
    returned[:] = 0


def drop_both(returned: np.ndarray, loopback: np.ndarray) -> None:
    place = int(np.argmax(np.abs(loopback))) - 300
    returned[place : place + 700] = loopback[place : place + 700] = 0


def drop_return(returned: np.ndarray, loopback: np.ndarray) -> None:
    place = int(np.argmax(np.abs(loopback))) - 300
    returned[place : place + 700] = returned[place]


def die(returned: np.ndarray, loopback: np.ndarray) -> None:
    returned[120_000:] = 0


def unplug(returned: np.ndarray, loopback: np.ndarray) -> None:
    loopback[:] = 0


def hot_loopback(returned: np.ndarray, loopback: np.ndarray) -> None:
    np.clip(2.5 * loopback, -1, 1, out=loopback)


def skip(returned: np.ndarray, loopback: np.ndarray) -> None:
    for channel in (returned, loopback):
        channel[100_000:] = np.roll(channel[100_000:], -37)


@pytest.mark.parametrize(
    ("spoil", "check"),
    [
        (clip, "clipping"),
        (mute, "silence"),
        (drop_both, "dropout"),
        (drop_return, "standstill"),
        (die, "change"),
        (unplug, "loopback"),
        (hot_loopback, "loopback-clipping"),
        (skip, "dropout"),
    ],
)
def test_each_fault_is_named(short_signal: Signal, spoil: Spoil, check: str) -> None:
    assert check in reasons(take(short_signal, spoil), short_signal)


def test_flagged_dropouts_reject(short_signal: Signal) -> None:
    assert reasons(take(short_signal, dropouts=2), short_signal) == ["dropout-flag"]


def test_a_jump_of_the_round_trip_is_found_against_the_opening(short_signal: Signal) -> None:
    aligned = take(short_signal)
    assert reasons(aligned, short_signal, Baseline(DELAY + 1.0)) == ["latency"]
    assert reasons(aligned, short_signal, Baseline(DELAY + 0.1)) == []


def hiss(returned: np.ndarray, loopback: np.ndarray) -> None:
    returned += 0.003 * np.random.default_rng(2).standard_normal(len(returned))


def test_a_rise_of_the_noise_floor_is_found_against_the_session(short_signal: Signal) -> None:
    noisy = take(short_signal, hiss)
    quiet, hissing = Usual(noise=Expected(-80.0, 0.5)), Usual(noise=Expected(-55.0, 0.5))
    assert reasons(noisy, short_signal, Baseline(usual=quiet)) == ["noise"]
    assert reasons(noisy, short_signal, Baseline(usual=hissing)) == []


def test_a_setting_in_question_needs_two_takes_that_agree(short_signal: Signal) -> None:
    aligned = take(short_signal)
    other = take(short_signal, quieter).returned
    odd = Baseline(earlier=(other,), must_agree=True)
    assert reasons(aligned, short_signal, odd) == ["disagreement"]
    third = Baseline(earlier=(other, take(short_signal).returned), must_agree=True)
    assert reasons(aligned, short_signal, third) == []


def quieter(returned: np.ndarray, loopback: np.ndarray) -> None:
    returned *= 0.1


def test_a_look_that_agrees_is_enough(short_signal: Signal) -> None:
    aligned = take(short_signal)
    other = take(short_signal, quieter).returned
    looked = Baseline(earlier=(other,), looks=(aligned.returned,), must_agree=True)
    assert reasons(aligned, short_signal, looked) == []


def test_what_agrees_with_a_look_only_is_looked_at_again(short_signal: Signal) -> None:
    aligned = take(short_signal)
    other = take(short_signal, quieter).returned
    looked = Baseline(earlier=(other,), looks=(aligned.returned,), must_agree=True)
    figures = judge(aligned, short_signal, Limits(), looked).figures
    assert (figures["is_believed"], figures["is_settled"]) == (1.0, 0.0)
    # It was heard twice at its beginning only: what speaks against it later is asked once more.
    assert figures["is_repeated"] == 0.0
    # So is what agrees with the take just before it: a knob may be stuck for several.
    late = Baseline(late=(aligned.returned,), must_agree=True)
    figures = judge(aligned, short_signal, Limits(), late).figures
    assert (figures["is_believed"], figures["is_settled"]) == (1.0, 0.0)
    twice = Baseline(earlier=(take(short_signal).returned,), must_agree=True)
    assert judge(aligned, short_signal, Limits(), twice).figures["is_settled"] == 1.0


def hole_in_guitar(returned: np.ndarray, loopback: np.ndarray) -> None:
    """Ten milliseconds of hiss, where the guitar is as loud as in most of it."""
    place = len(returned) // 2
    hiss = np.random.default_rng(9).standard_normal(480)
    returned[place : place + 480] = 1e-4 * hiss


def test_takes_that_differ_for_an_instant_only_are_not_the_same(short_signal: Signal) -> None:
    """The same false alarm twice vouches for no hole that only the second has."""
    holed, healthy = take(short_signal, hole_in_guitar), take(short_signal)
    before = Baseline(earlier=(healthy.returned,), must_agree=True, same_esr=1e-2)
    assert reasons(holed, short_signal, before) == ["disagreement"]
    after = Baseline(earlier=(holed.returned,), must_agree=True, same_esr=1e-2)
    assert reasons(healthy, short_signal, after) == ["disagreement"]
    third = Baseline(earlier=(holed.returned, healthy.returned), must_agree=True, same_esr=1e-2)
    assert reasons(take(short_signal), short_signal, third) == []


def stuck(frames: int) -> Spoil:
    def spoil(returned: np.ndarray, loopback: np.ndarray) -> None:
        place = len(returned) // 2
        returned[place : place + frames] = 0

    return spoil


def cut_off(returned: np.ndarray, loopback: np.ndarray) -> None:
    """A program that clips: it stands still at the top of every loud wave, and sounds like that."""
    np.clip(returned, -0.1, 0.1, out=returned)


@pytest.mark.parametrize(("frames", "is_noticed"), [(20, False), (40, True), (100, True)])
def test_a_return_that_stands_still_for_a_moment_is_noticed_by_its_noise(
    short_signal: Signal, frames: int, is_noticed: bool
) -> None:
    assert reasons(take(short_signal, stuck(frames)), short_signal) == (
        ["standstill"] if is_noticed else []
    )


def test_what_stands_still_at_all_its_tops_is_clipped_and_not_lost(short_signal: Signal) -> None:
    found = judge(take(short_signal, cut_off), short_signal, Limits(), Baseline()).figures
    assert found["standstill_s"] > 0.0006
    assert found["odd_standstill_s"] == 0.0


def coarse(returned: np.ndarray, loopback: np.ndarray) -> None:
    """Sixteen bits of a return that is hardly louder than one of them."""
    returned[:] = np.round(3e-5 / 0.8 * returned * 32_768) / 32_768


def test_a_quiet_return_stands_still_between_two_steps_of_a_converter(
    short_signal: Signal,
) -> None:
    found = judge(take(short_signal, coarse), short_signal, Limits(), Baseline()).figures
    assert found["standstill_s"] > 0.0006
    assert found["odd_standstill_s"] == 0.0


def louder_from_the_middle(returned: np.ndarray, loopback: np.ndarray) -> None:
    returned[len(returned) // 2 :] *= 1.2


def hum_begins(returned: np.ndarray, loopback: np.ndarray) -> None:
    half = len(returned) // 2
    returned[half:] += 0.003 * np.sin(2 * np.pi * 50 / 48_000 * np.arange(len(returned) - half))


@pytest.mark.parametrize(
    ("spoil", "check"), [(hum_begins, "rest"), (louder_from_the_middle, "change")]
)
def test_a_look_has_no_say_in_what_comes_later_in_a_take(
    short_signal: Signal, spoil: Spoil, check: str
) -> None:
    aligned, healthy = take(short_signal, spoil), take(short_signal).returned
    usual = Usual(rest_rise_db=0.5, change_esr=1e-6)
    other = take(short_signal, quieter).returned
    looked = Baseline(earlier=(other,), looks=(healthy,), must_agree=True, usual=usual)
    verdict = judge(aligned, short_signal, Limits(), looked)
    assert check in [reason.check for reason in verdict.reasons]
    assert "is_believed" not in verdict.figures
    # The amp may be like that, after all: a second take that has it, too, is believed.
    again = replace(looked, late=(aligned.returned,))
    verdict = judge(aligned, short_signal, Limits(), again)
    assert verdict.kept
    assert verdict.figures["is_believed"]


def offset_jumps(returned: np.ndarray, loopback: np.ndarray) -> None:
    returned[len(returned) // 2 :] += 0.01


@pytest.mark.parametrize("spoil", [hum_begins, offset_jumps])
def test_a_take_that_ends_louder_than_it_began_is_doubted(
    short_signal: Signal, spoil: Callable[[np.ndarray, np.ndarray], None]
) -> None:
    usual = Usual(rest_rise_db=0.5)
    assert reasons(take(short_signal, spoil), short_signal, Baseline(usual=usual)) == ["rest"]
    assert reasons(take(short_signal), short_signal, Baseline(usual=usual)) == []
    ringing = Usual(rest_rise_db=60.0)
    assert "rest" not in reasons(take(short_signal, spoil), short_signal, Baseline(usual=ringing))


def test_an_odd_level_is_believed_the_second_time(short_signal: Signal) -> None:
    aligned = take(short_signal)
    level = judge(aligned, short_signal, Limits(), Baseline()).figures["return_rms_dbfs"]
    usual = Usual(level=Expected(level + 15.0, 1.0))
    assert reasons(aligned, short_signal, Baseline(usual=usual)) == ["level"]
    again = Baseline(usual=usual, earlier=(take(short_signal).returned,))
    assert reasons(aligned, short_signal, again) == []


def silent(returned: np.ndarray, loopback: np.ndarray) -> None:
    returned[:] = 1e-4 * np.random.default_rng(5).standard_normal(len(returned))


def test_silence_is_an_answer_once_it_was_heard_before_or_all_around(short_signal: Signal) -> None:
    aligned = take(short_signal, silent)
    assert reasons(aligned, short_signal) == ["silence"]
    before = Baseline(earlier=(take(short_signal, silent).returned,))
    assert reasons(aligned, short_signal, before) == []
    level = judge(aligned, short_signal, Limits(), Baseline()).figures["return_rms_dbfs"]
    around = Baseline(usual=Usual(level=Expected(level + 1.0, 1.0)))
    assert reasons(aligned, short_signal, around) == []


def test_a_return_in_its_noise_has_no_timing_without_a_loopback_either(
    short_signal: Signal,
) -> None:
    for seed in range(8):
        hiss = 1e-4 * np.random.default_rng(seed).standard_normal(len(short_signal.send))
        aligned = align(hiss, None, short_signal, expected_frames=DELAY)
        assert set(reasons(aligned, short_signal)) == {"silence"}


# Not in step with the distance of the sweeps, as mains never are: there hum would lie at lag 0.
@pytest.mark.parametrize("mains_hz", [49.9, 60.13])
@pytest.mark.parametrize("gain", [0.5, 1.0])
def test_hum_that_repeats_itself_is_no_timing_of_the_return(
    short_signal: Signal, mains_hz: float, gain: float
) -> None:
    send = latency.advance(short_signal.send, -DELAY, len(short_signal.send))
    # An amp so dark that its guitar stands out of the hum, and its sweeps do not.
    dark = lfilter(*butter(2, 300.0 / (short_signal.sample_rate / 2)), send)
    phases = 2 * np.pi * mains_hz * np.arange(len(send)) / short_signal.sample_rate
    hum = 0.002 * sum(np.sin(k * phases + k) / k for k in range(1, 8))
    aligned = align(gain * dark + hum, send, short_signal)
    assert "return-drift" not in reasons(aligned, short_signal)


def dark(signal: Signal, seed: int, poles: int, lost_frames: int = 0) -> Aligned:
    """A take of an amp whose tone controls leave little but bass, beside a converter's hiss.

    The sweep stands 7 dB above the hiss.
    """
    send = latency.advance(signal.send, -DELAY, len(signal.send))
    returned = lfilter(*butter(poles, 150.0 / (signal.sample_rate / 2)), send)
    sweep = signal.segment(Part.PREAMBLE)
    loud = levels.rms(returned[sweep.start : sweep.stop + round(DELAY)])
    hiss = 0.447 * loud * np.random.default_rng(seed).standard_normal(len(send))
    if lost_frames:
        middle = len(returned) // 2
        returned[middle:-lost_frames] = returned[middle + lost_frames :].copy()
    scale = 10.0 ** (-75.0 / 20.0) / levels.rms(hiss)
    return align(scale * (returned + hiss), send, signal)


@pytest.mark.parametrize("poles", [2, 4])
def test_a_return_that_is_dark_beside_its_hiss_is_not_accused_of_its_timing(
    short_signal: Signal, poles: int
) -> None:
    usual = Baseline(usual=Usual(lags_frames=(5.0,)))
    for seed in range(12):
        accused = reasons(dark(short_signal, seed, poles), short_signal, usual)
        assert {"return-drift", "return-lag"}.isdisjoint(accused)


@pytest.mark.parametrize(("lost_frames", "is_found"), [(0, False), (60, True)])
def test_a_bass_amp_tells_of_lost_frames_and_of_no_others(
    short_signal: Signal, lost_frames: int, is_found: bool
) -> None:
    """Its peak is so flat that the wiggles of all the hiss would choose a place."""
    send = latency.advance(short_signal.send, -DELAY, len(short_signal.send))
    poles = butter(8, 80.0 / (short_signal.sample_rate / 2), output="sos")
    bass = sosfilt(poles, send)
    sweep = short_signal.segment(Part.PREAMBLE)
    loud = levels.rms(bass[sweep.start : sweep.stop + round(DELAY)])
    if lost_frames:
        middle = len(bass) // 2
        bass[middle:-lost_frames] = bass[middle + lost_frames :].copy()
    for seed in range(12):
        hiss = loud * 10 ** (-15.0 / 20) * np.random.default_rng(seed).standard_normal(len(send))
        aligned = align(1e-4 / levels.rms(hiss) * (bass + hiss), send, short_signal)
        assert ("return-drift" in reasons(aligned, short_signal)) is is_found


def test_how_far_off_a_timing_may_be_is_what_it_is_off(short_signal: Signal) -> None:
    """By the deviation that is told, over many draws of the hiss."""
    figures = [
        judge(dark(short_signal, seed, 2), short_signal, Limits(), Baseline()).figures
        for seed in range(40)
    ]
    off = np.std([each["return_drift_frames"] for each in figures])
    told = np.median([each["return_drift_error_frames"] for each in figures])
    assert 0.5 < off / told < 1.5
    assert off > 0.03
    # The end of the sweep is not heard at all: its place is the peak's, not the phase's.
    assert all(0.0 <= each["return_lag_frames"] < 48.0 for each in figures)


def test_lost_frames_of_a_dark_return_are_found_where_noise_lets_them(
    short_signal: Signal,
) -> None:
    assert "return-drift" in reasons(dark(short_signal, 1, 2, lost_frames=4), short_signal)


def test_of_silence_nobody_tells_when_it_came_back(short_signal: Signal) -> None:
    aligned = take(short_signal, silent)
    figures = judge(aligned, short_signal, Limits(), Baseline()).figures
    assert figures["return_drift_error_frames"] > 1.0


def upside_down(returned: np.ndarray, loopback: np.ndarray) -> None:
    returned *= -1


def wire(returned: np.ndarray, loopback: np.ndarray) -> None:
    returned[:] = 0.4 * loopback


def other_music(returned: np.ndarray, loopback: np.ndarray) -> None:
    noise = np.random.default_rng(3).standard_normal(len(returned))
    returned[15_000:] = 0.1 * noise[15_000:]


def slip(returned: np.ndarray, loopback: np.ndarray) -> None:
    returned[100_000:-1] = returned[100_001:]


def not_a_number(returned: np.ndarray, loopback: np.ndarray) -> None:
    returned[30_000] = np.nan


def beyond_any_converter(returned: np.ndarray, loopback: np.ndarray) -> None:
    returned[30_000] = 1e20


def pad(returned: np.ndarray, loopback: np.ndarray) -> None:
    np.clip(returned, -0.3, 0.3, out=returned)


def fade(returned: np.ndarray, loopback: np.ndarray) -> None:
    returned *= np.linspace(1.0, 0.4, len(returned))


@pytest.mark.parametrize(
    ("spoil", "check"),
    [
        (wire, "wire"),
        (other_music, "coherence"),
        (slip, "return-drift"),
        (not_a_number, "numbers"),
        (beyond_any_converter, "numbers"),
        (pad, "flat-tops"),
        (fade, "change"),
    ],
)
def test_what_is_not_the_amp_is_named(short_signal: Signal, spoil: Spoil, check: str) -> None:
    baseline = Baseline(usual=Usual(change_esr=1e-4, polarities=(0.9,)))
    assert check in reasons(take(short_signal, spoil), short_signal, baseline)


def test_a_plug_turned_over_is_found_beside_other_settings(short_signal: Signal) -> None:
    heard = judge(take(short_signal), short_signal, Limits(), Baseline())
    usual = Usual(polarities=(heard.figures["polarity"],))
    turned = take(short_signal, upside_down)
    assert reasons(turned, short_signal, Baseline(usual=usual)) == ["polarity"]


def test_a_loopback_is_held_against_its_own_first(short_signal: Signal) -> None:
    first = take(short_signal).loopback
    assert first is not None

    def stale(returned: np.ndarray, loopback: np.ndarray) -> None:
        place = int(np.argmax(np.abs(loopback)))
        loopback[place : place + 64] = loopback[place - 4_096 : place - 4_032]

    assert reasons(take(short_signal), short_signal, Baseline(loopback=first)) == []
    assert "dropout" in reasons(take(short_signal, stale), short_signal, Baseline(loopback=first))


def coupled(returned: np.ndarray, loopback: np.ndarray) -> None:
    """Both inputs behind a capacitor: a first-order high-pass at 10 Hz."""
    pole = np.exp(-2 * np.pi * 10 / 48_000)
    for channel in (returned, loopback):
        channel[:] = lfilter([1, -1], [1, -pole], channel) + 0.01


def test_a_coupled_input_with_an_offset_is_a_good_one(short_signal: Signal) -> None:
    aligned = take(short_signal, coupled)
    assert reasons(aligned, short_signal) == []
    assert aligned.latency.frames == pytest.approx(DELAY, abs=0.02)
    lead = aligned.returned[2_000:8_000]
    assert abs(float(np.mean(lead))) < 1e-4


def test_too_long_a_round_trip_is_told_as_such(short_signal: Signal) -> None:
    frames = len(short_signal.send)
    late = latency.advance(short_signal.send, -31_200.0, frames)
    verdict = judge(align(0.5 * late, late, short_signal), short_signal, Limits(), Baseline())
    assert "the round trip takes 0.65 s" in verdict.reasons[0].sentence


def crackle(returned: np.ndarray, loopback: np.ndarray) -> None:
    random = np.random.default_rng(9)
    struck = random.random(len(returned)) < 1e-3
    returned += 0.3 * struck * random.standard_normal(len(returned))


def test_a_crackling_take_agrees_with_nothing_for_all_its_noise(short_signal: Signal) -> None:
    crackling = take(short_signal, crackle)
    earlier = Baseline(earlier=(take(short_signal).returned,), must_agree=True)
    assert reasons(crackling, short_signal, earlier) == ["disagreement"]


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda returned, _: np.multiply(returned, 0.5, out=returned), "6.0 dB quieter"),
        (lambda returned, _: np.multiply(returned, 1.2, out=returned), "1.6 dB louder"),
        (lambda returned, _: np.negative(returned, out=returned), "upside down"),
        (lambda returned, _: np.tanh(3 * returned, out=returned), "was a knob bumped"),
    ],
)
def test_a_canary_names_what_became_of_the_amp(
    short_signal: Signal, spoil: Spoil, told: str
) -> None:
    """Another gain of the interface is no matter of knobs."""
    known = Baseline(replicate=take(short_signal).returned, replicate_limit=0.01)
    verdict = judge(take(short_signal, spoil), short_signal, Limits(), known)
    assert [reason.check for reason in verdict.reasons] == ["replicate"]
    assert told in verdict.reasons[0].sentence


def test_a_channel_that_answers_later_is_no_news_once_it_is_known(short_signal: Signal) -> None:
    aligned = take(short_signal)
    lag_frames = judge(aligned, short_signal, Limits(), Baseline()).figures["return_lag_frames"]
    apart = Baseline(usual=Usual(lags_frames=(lag_frames - 60.0, lag_frames + 60.0)))
    assert reasons(aligned, short_signal, apart) == ["return-lag"]
    known = Baseline(usual=Usual(lags_frames=(lag_frames - 120.0, lag_frames)))
    assert reasons(aligned, short_signal, known) == []


def hissing_wire(returned: np.ndarray, loopback: np.ndarray) -> None:
    """Another converter 1.6 frames later, both with a capacitor and a filter; a loopback's hiss."""
    random = np.random.default_rng(8)
    coupling, smoothing = butter(1, 3 / 24_000, "highpass"), butter(4, 18_000 / 24_000)
    filtered = lfilter(*smoothing, lfilter(*coupling, loopback))
    returned[:] = 0.1 * latency.advance(filtered, -1.6, len(loopback))
    hiss = 0.008 * np.std(loopback) * random.standard_normal(len(loopback))
    loopback[:] = filtered + hiss


@pytest.mark.parametrize("is_reference", [False, True])
def test_a_wire_is_told_whatever_its_converters_are(
    short_signal: Signal, is_reference: bool
) -> None:
    """An outsider's amp was bypassed all night, and not one of 36 takes was refused."""
    baseline = Baseline(usual=Usual(is_reference=is_reference))
    assert reasons(take(short_signal, hissing_wire), short_signal, baseline) == ["wire"]


@pytest.mark.parametrize("is_reference", [False, True])
def test_a_clean_amp_with_a_tone_is_no_wire(short_signal: Signal, is_reference: bool) -> None:
    def clean(returned: np.ndarray, loopback: np.ndarray) -> None:
        returned[:] = lfilter(*butter(1, 3_000 / 24_000), 0.4 * loopback)

    baseline = Baseline(usual=Usual(is_reference=is_reference))
    assert reasons(take(short_signal, clean), short_signal, baseline) == []


@pytest.mark.parametrize(("lag_frames", "found"), [(0.03, []), (-0.03, []), (0.5, ["dropout"])])
def test_a_hundredth_of_a_frame_is_no_lost_audio(
    short_signal: Signal, lag_frames: float, found: list[str]
) -> None:
    """A loopback that hissed at -50 dB had its round trip measured to a fiftieth of a frame."""
    aligned = take(short_signal)
    assert aligned.loopback is not None
    late = latency.advance(aligned.loopback, -lag_frames, len(aligned.loopback))
    known = Baseline(loopback=aligned.loopback)
    assert reasons(replace(aligned, loopback=late), short_signal, known) == found


@pytest.mark.parametrize("sample_rate", [8_000, 16_000, 44_100, 192_000])
def test_a_sweep_is_even_at_any_rate(sample_rate: int) -> None:
    guitar = np.random.default_rng(0).standard_normal(sample_rate) * 0.1
    signal = compose(guitar, guitar, (), 0.0, -6.0, sample_rate)
    even = align(0.3 * signal.send, None, signal)
    assert judge(even, signal, Limits(), Baseline()).figures["sweep_unevenness_db"] < 0.1
