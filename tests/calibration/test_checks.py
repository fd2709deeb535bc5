"""Verdicts: each fault is found, named and explained; a good take is kept."""

from collections.abc import Callable

import numpy as np
import pytest

from calibration import latency
from calibration.checks import Baseline, Limits, judge
from calibration.outliers import Expected
from calibration.signals import Part, Signal
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
    returned[40_000:40_700] = loopback[40_000:40_700] = 0


def drop_return(returned: np.ndarray, loopback: np.ndarray) -> None:
    returned[40_000:40_700] = returned[40_000]


def die(returned: np.ndarray, loopback: np.ndarray) -> None:
    returned[40_000:] = 0


def unplug(returned: np.ndarray, loopback: np.ndarray) -> None:
    loopback[:] = 0


def hot_loopback(returned: np.ndarray, loopback: np.ndarray) -> None:
    np.clip(2.5 * loopback, -1, 1, out=loopback)


def skip(returned: np.ndarray, loopback: np.ndarray) -> None:
    for channel in (returned, loopback):
        channel[40_000:] = np.roll(channel[40_000:], -37)


@pytest.mark.parametrize(
    ("spoil", "check"),
    [
        (clip, "clipping"),
        (mute, "silence"),
        (drop_both, "dropout"),
        (drop_return, "standstill"),
        (die, "standstill"),
        (unplug, "loopback"),
        (hot_loopback, "loopback-clipping"),
        (skip, "dropout"),
    ],
)
def test_each_fault_is_named(short_signal: Signal, spoil: Spoil, check: str) -> None:
    assert check in reasons(take(short_signal, spoil), short_signal)


def test_flagged_dropouts_reject(short_signal: Signal) -> None:
    assert reasons(take(short_signal, dropouts=2), short_signal) == ["dropout-flag"]


def test_a_jump_of_the_round_trip_is_found_against_the_session(short_signal: Signal) -> None:
    aligned = take(short_signal)
    assert reasons(aligned, short_signal, Baseline(DELAY + 1.0)) == ["latency"]
    assert reasons(aligned, short_signal, Baseline(DELAY + 0.1)) == []


def test_a_rise_of_the_noise_floor_is_found_against_the_session(short_signal: Signal) -> None:
    def hiss(returned: np.ndarray, loopback: np.ndarray) -> None:
        returned += 0.003 * np.random.default_rng(2).standard_normal(len(returned))

    noisy = take(short_signal, hiss)
    assert reasons(noisy, short_signal, Baseline(noise=Expected(-80.0, 0.5))) == ["noise"]
    assert reasons(noisy, short_signal, Baseline(noise=Expected(-55.0, 0.5))) == []


def test_a_setting_in_question_needs_two_takes_that_agree(short_signal: Signal) -> None:
    aligned = take(short_signal)
    level = judge(aligned, short_signal, Limits(), Baseline()).figures["return_rms_dbfs"]
    odd = Baseline(heard_dbfs=(level - 20.0,), must_agree=True)
    verdict = judge(aligned, short_signal, Limits(), odd)
    assert [reason.check for reason in verdict.reasons] == ["disagreement"]
    assert "differ by 20 dB" in verdict.reasons[0].sentence
    third = Baseline(heard_dbfs=(level - 20.0, level + 0.1), must_agree=True)
    assert reasons(aligned, short_signal, third) == []


def test_a_level_out_of_the_family_is_believed_the_second_time(short_signal: Signal) -> None:
    aligned = take(short_signal)
    level = judge(aligned, short_signal, Limits(), Baseline()).figures["return_rms_dbfs"]
    family = Expected(level + 15.0, 1.0)
    assert reasons(aligned, short_signal, Baseline(level=family)) == ["level"]
    assert reasons(aligned, short_signal, Baseline(level=family, heard_dbfs=(level,))) == []
