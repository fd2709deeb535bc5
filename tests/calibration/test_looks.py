"""A look against what was kept: by what it sounds like, and by when it came back."""

import numpy as np
import pytest
from scipy.signal import butter, sosfilt

from calibration import levels
from calibration.looks import look_reasons
from calibration.signals import Part, Signal, compose, look
from calibration.takes import Aligned, align
from calibration.verdict import Check

RATE, ROUND_TRIP, SAME_ESR = 48_000, 700, 3e-4
#: A quiet setting, and how far the noise lies below full scale.
GAIN, NOISE_DBFS = 0.003, -98.0


def delayed(audio: np.ndarray, frames: float) -> np.ndarray:
    """Delay by a fraction of a frame, by its spectrum."""
    size = len(audio) + 4096
    turns = np.fft.rfftfreq(size) * frames
    return np.fft.irfft(np.fft.rfft(audio, size) * np.exp(-2j * np.pi * turns), size)[: len(audio)]


@pytest.fixture(scope="module")
def signal() -> Signal:
    # Low notes: by a third of a frame they differ by hardly anything.
    time_s = np.arange(2 * RATE) / RATE
    swell = np.sin(np.pi * time_s / 2.0)
    train, holdout = (
        swell * sum(np.sin(2 * np.pi * root_hz * n * time_s) / n**2 for n in (1, 2, 3))
        for root_hz in (98.0, 110.0)
    )
    return compose(train, holdout, [110.0], 0.2, -6.0, RATE)


def take(signal: Signal, late_frames: float, seed: int, gain: float = GAIN) -> Aligned:
    """Record a clean amp of some gain, ``late_frames`` behind the loopback."""
    draw, noise = np.random.default_rng(seed), 10 ** (NOISE_DBFS / 20)
    sent = np.concatenate([np.zeros(ROUND_TRIP), signal.send, np.zeros(2_000)])
    returned = delayed(gain * np.tanh(2.0 * sent), 8.0 + late_frames)
    returned = returned + noise * draw.standard_normal(len(sent))
    loopback = 0.5 * sent + noise * draw.standard_normal(len(sent))
    return align(returned, loopback, signal, 0, None, None)


def bass(signal: Signal, seed: int) -> Aligned:
    """Record an amp that passes what is below 80 Hz, 22 dB above its noise."""
    sent = np.concatenate([np.zeros(ROUND_TRIP), signal.send, np.zeros(2_000)])
    passed = sosfilt(butter(8, 80.0 / (RATE / 2), output="sos"), sent)
    sweep = signal.segment(Part.PREAMBLE)
    loud = levels.rms(passed[sweep.start + ROUND_TRIP : sweep.stop + ROUND_TRIP])
    hiss = np.random.default_rng(seed).standard_normal(len(sent))
    return align(0.01 * (passed / loud + 10 ** (-22.0 / 20) * hiss), 0.5 * sent, signal)


def reasons(signal: Signal, late_frames: float, gain: float = GAIN) -> list[str]:
    whole, short = take(signal, late_frames, 1, gain), look(signal)
    noise = 10 ** (NOISE_DBFS / 10)
    _, found = look_reasons(take(short, 0.0, 2), short, whole.returned, noise, SAME_ESR)
    assert all(reason.check is Check.LOOK for reason in found)
    return [reason.sentence for reason in found]


def test_what_is_the_same_is_left_alone(signal: Signal) -> None:
    assert reasons(signal, 0.0) == []


@pytest.mark.parametrize(("late_frames", "how"), [(0.36, "sooner"), (-0.36, "later")])
def test_a_part_of_a_frame_is_found_though_the_guitar_hides_it(
    signal: Signal, late_frames: float, how: str
) -> None:
    (sentence,) = reasons(signal, late_frames)
    assert sentence.startswith("dialled again, this setting came back 0.3")
    assert f" frames {how} than what was kept" in sentence


def test_another_sound_is_told_as_one(signal: Signal) -> None:
    (sentence,) = reasons(signal, 0.0, gain=GAIN / 1.3)
    assert "ESR" in sentence
    assert "+2.3 dB" in sentence


def test_in_noise_the_time_is_not_asked_for(signal: Signal) -> None:
    short, noise = look(signal), 10 ** (NOISE_DBFS / 10)
    for seed in range(3):
        whole, aligned = take(signal, 0.0, seed, 1e-6), take(short, 0.0, 10 + seed, 1e-6)
        assert look_reasons(aligned, short, whole.returned, noise, SAME_ESR)[1] == ()


def test_a_peak_that_is_flat_beside_its_noise_has_no_time(signal: Signal) -> None:
    short = look(signal)
    for seed in range(4):
        whole, aligned = bass(signal, seed), bass(short, 10 + seed)
        # The noise that is known stands in what was heard only, so that nothing else is judged.
        found = look_reasons(aligned, short, whole.returned, 0.0, 1.0)[1]
        assert found == ()
