"""The virtual amp: the textbook where there is one, plausible where there is none."""

import numpy as np
import pytest

from rig.devices.virtual.circuit import Oversampler, ToneStack
from rig.devices.virtual.presets import PRESETS

RATE = 48_000


def nodal_response(
    stack: ToneStack, bass: float, middle: float, treble: float, hz: float
) -> complex:
    """The tone stack solved as a network: nodes and conductances, no formula of the paper's."""
    s = 2j * np.pi * hz
    nodes = {"top": 0, "out": 1, "slope": 2, "bass": 3, "mid": 4}
    g = np.zeros((5, 5), complex)
    current = np.zeros(5, complex)

    def conduct(a: str, b: str, value: complex) -> None:
        for first, second in ((a, b), (b, a)):
            if first in nodes:
                g[nodes[first], nodes[first]] += value
                if second in nodes:
                    g[nodes[first], nodes[second]] -= value
                elif second == "in":
                    current[nodes[first]] += value

    tiny = 1e-3
    conduct("in", "top", s * stack.treble_farad)
    conduct("top", "out", 1 / max((1 - treble) * stack.treble_ohm, tiny))
    conduct("out", "bass", 1 / max(treble * stack.treble_ohm, tiny))
    conduct("in", "slope", 1 / stack.slope_ohm)
    conduct("slope", "bass", s * stack.bass_farad)
    conduct("bass", "mid", 1 / max(bass * stack.bass_ohm, tiny))
    conduct("slope", "wiper", 0)
    nodes["wiper"] = 5
    g = np.pad(g, (0, 1))
    current = np.pad(current, (0, 1))
    conduct("slope", "wiper", s * stack.middle_farad)
    conduct("mid", "wiper", 1 / max((1 - middle) * stack.middle_ohm, tiny))
    conduct("wiper", "ground", 1 / max(middle * stack.middle_ohm, tiny))
    return complex(np.linalg.solve(g, current)[nodes["out"]])


@pytest.mark.parametrize(
    "knobs", [(0.5, 0.5, 0.5), (0.1, 0.9, 0.3), (0.9, 0.2, 0.8), (0.3, 0.4, 0.95)]
)
def test_tone_stack_equals_its_network(knobs: tuple[float, float, float]) -> None:
    stack = ToneStack()
    b, a = stack.transfer(*knobs)
    for hz in (20.0, 100.0, 400.0, 1_000.0, 5_000.0, 15_000.0):
        s = 2j * np.pi * hz
        formula = np.polyval(b, s) / np.polyval(a, s)
        assert formula == pytest.approx(nodal_response(stack, *knobs, hz), rel=1e-3)


def sine(hz: float, seconds: float = 1.2, peak: float = 0.9) -> np.ndarray:
    return peak * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE)) / RATE)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("hz", [997.0, 2_503.0, 4_999.0])
def test_aliases_stay_under_minus_60_db_with_everything_turned_up(preset: str, hz: float) -> None:
    positions = dict.fromkeys(("gain", "boost", "master", "treble", "presence"), 1.0)
    amp = PRESETS[preset].amplifier(positions, RATE)
    out = amp(sine(hz))[RATE // 4 :][: 2**15]
    spectrum = 20 * np.log10(np.abs(np.fft.rfft(out * np.blackman(len(out)))) + 1e-12)
    frequency = np.fft.rfftfreq(len(out), 1 / RATE)
    harmonic = np.abs(frequency / hz - np.round(frequency / hz)) * hz < 60
    audible = (frequency < 20_000) & ~harmonic
    assert spectrum[audible].max() - spectrum.max() < -60


def harmonics(out: np.ndarray, hz: float, count: int = 5) -> np.ndarray:
    tail = out[-RATE // 2 :] * np.hanning(RATE // 2)
    spectrum = np.abs(np.fft.rfft(tail))
    bins = [round(n * hz * len(tail) / RATE) for n in range(1, count + 1)]
    return np.array([spectrum[b - 3 : b + 4].max() for b in bins])


def test_it_cleans_up_and_distorts_asymmetrically() -> None:
    built_in = PRESETS["tweed"]
    clean = harmonics(built_in.amplifier({"gain": 0.0}, RATE)(sine(220, peak=0.02)), 220)
    driven = harmonics(built_in.amplifier({"gain": 0.5}, RATE)(sine(220, peak=0.1)), 220)
    assert clean[1:].max() / clean[0] < 0.05
    assert driven[2] / driven[0] > 0.1
    assert driven[1] / driven[0] > 0.01


def test_the_supply_sags_and_recovers() -> None:
    built_in = PRESETS["tweed"]
    loud = built_in.amplifier({"gain": 0.9, "master": 1.0}, RATE)(sine(110, 1.0, 0.5))
    envelope = np.abs(loud[: RATE // 50 * 50]).reshape(-1, RATE // 50).max(axis=1)
    assert envelope[1:4].max() > 1.02 * envelope[-5:].mean()


@pytest.mark.parametrize(("preset", "count"), [("tweed", 3), ("british", 5), ("modern", 7)])
def test_every_control_changes_the_sound(preset: str, count: int) -> None:
    chosen = PRESETS[preset]
    assert len(chosen.controls) == count
    guitar = np.random.default_rng(0).standard_normal(RATE // 2) * np.hanning(RATE // 2) * 0.1
    for control in chosen.controls.values():
        low, high = (chosen.amplifier({control: x}, RATE)(guitar) for x in (0.0, 1.0))
        assert np.mean((low - high) ** 2) > 0.01 * np.mean(high**2), control


def test_blocks_of_any_length_give_the_same_sound() -> None:
    built_in = PRESETS["modern"]
    guitar = np.random.default_rng(1).standard_normal(9_000) * 0.1
    whole = built_in.amplifier({}, RATE)(guitar)
    amp = built_in.amplifier({}, RATE)
    parts = np.concatenate([amp(part) for part in np.split(guitar, [1, 1000, 1001, 7_777])])
    assert np.max(np.abs(whole - parts)) < 1e-9


def test_oversampler_is_transparent() -> None:
    oversampler = Oversampler(8)
    audio = sine(5_000, 0.2)
    back = oversampler.down(oversampler.up(audio))
    delay = oversampler.delay_frames
    assert np.max(np.abs(back[delay + 200 :] - audio[200:-delay])) < 1e-3
