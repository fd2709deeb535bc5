"""The wide population: amps of every kind, each the same every time, loud enough and finite."""

import numpy as np
import pytest

from models.training.prior import prior_control
from rig.devices.virtual.wide import cabinet, pedal, power, preamp, tone
from rig.devices.virtual.wide.amp import LOUDEST_DBFS, WideAmp, draw_amp
from rig.devices.virtual.wide.curves import CURVES, Shaper
from rig.devices.virtual.wide.pots import Pot

RATE = 48_000.0
#: Enough of them for a kind that one amp of twenty has.
AMPS = range(45)


def pluck(seconds: float = 0.25) -> np.ndarray:
    """A low string and its octave, as loud as a hard hit."""
    at = np.arange(int(seconds * RATE)) / RATE
    wave = np.sin(2 * np.pi * 110 * at) + 0.4 * np.sin(2 * np.pi * 660 * at)
    return np.asarray(0.35 * np.exp(-4 * at) * wave)


def settings(amp: WideAmp, count: int) -> list[dict[str, float]]:
    random = np.random.default_rng(3)
    return [{name: float(random.random()) for name in amp.controls} for _ in range(count)]


def peak_dbfs(amp: WideAmp, at: dict[str, float]) -> float:
    return float(20 * np.log10(np.abs(amp.amplifier(at, RATE)(pluck())).max() + 1e-12))


def test_an_amp_is_the_same_every_time() -> None:
    for number in (0, 7, 23):
        first = draw_amp(number)
        draw_amp.cache_clear()
        second = draw_amp(number)
        assert first == second
        assert first is not second
        assert first != draw_amp(number + 1)
        at = settings(first, 1)[0]
        once, again = (amp.amplifier(at, RATE)(pluck()) for amp in (first, second))
        assert np.array_equal(once, again)


def test_all_kinds_occur() -> None:
    amps = [draw_amp(number) for number in AMPS]
    assert {a.pedal.kind for a in amps if a.pedal is not None} == set(pedal.KINDS)
    assert {a.preamp.stages[0].kind for a in amps} == set(preamp.KINDS)
    assert {len(a.preamp.stages) for a in amps} == {1, 2, 3, 4}
    assert {a.tone.kind for a in amps} == set(tone.KINDS)
    assert {a.power.kind for a in amps} == set(power.KINDS)
    assert {a.power.master is None for a in amps} == {True, False}
    assert {a.cabinet is None for a in amps} == {True, False}
    assert {a.power.sag == 0.0 for a in amps} == {True, False}
    pots = [pot for a in amps for _, _, pot in a.preamp.pots]
    assert {pot.taper for pot in pots} == {"audio", "linear", "reverse"}
    assert {pot.closed == 0.0 for pot in pots} == {True, False}
    assert {pot.bright_s == 0.0 for pot in pots} == {True, False}
    words = {name for a in amps for name in a.controls}
    assert words >= {"gain", "gain 2", "bass", "middle", "treble", "tone", "presence", "resonance"}
    assert words >= {"fuzz", "boost", "volume", "master"}


def test_no_faceplate_has_a_word_twice() -> None:
    for number in AMPS:
        names = draw_amp(number).controls
        assert names
        assert len(set(names)) == len(names)


def test_every_word_has_a_role_of_its_own_in_the_prior() -> None:
    for number in AMPS:
        roles = [prior_control(name) for name in draw_amp(number).controls]
        assert None not in roles
        assert len(set(roles)) == len(roles)


@pytest.mark.parametrize("number", range(0, 45, 4))
def test_what_comes_out_is_finite_and_recorded_at_a_level_as_usual(number: int) -> None:
    amp = draw_amp(number)
    levels = [peak_dbfs(amp, at) for at in settings(amp, 3)]
    levels.append(peak_dbfs(amp, dict.fromkeys(amp.controls, 1.0)))
    assert np.all(np.isfinite(levels))
    # The bench's guitar is not the chord that the level was set by: 6 dB either way.
    assert max(levels) < LOUDEST_DBFS + 7.0
    assert max(levels) > LOUDEST_DBFS - 12.0


@pytest.mark.parametrize("number", range(0, 45, 5))
def test_out_of_silence_comes_silence(number: int) -> None:
    amp = draw_amp(number)
    for at in settings(amp, 2):
        quiet = amp.amplifier(at, RATE)(np.zeros(2_000))
        assert np.abs(quiet).max() < 1e-4 * 10 ** (LOUDEST_DBFS / 20)


def test_blocks_join_without_a_seam() -> None:
    amp = draw_amp(11)
    at, audio = settings(amp, 1)[0], pluck()
    whole = amp.amplifier(at, RATE)(audio)
    player = amp.amplifier(at, RATE)
    parts = np.concatenate([player(part) for part in np.split(audio, [777, 5_001])])
    # The slow parts take their steps from where a block begins.
    assert np.abs(whole - parts).max() < 1e-9


def test_a_pot_that_closes_lets_nothing_by_and_one_that_does_not_a_little() -> None:
    closed, left = Pot("audio", 0.0, 5e-4), Pot("audio", 0.01, 5e-4)
    audio = pluck()
    assert np.abs(closed.part(0.0, RATE)(audio)).max() == 0.0
    heard = left.part(0.0, RATE)(audio)
    assert 0.005 < np.abs(heard).max() / np.abs(audio).max() < 0.5
    for pot in (closed, left):
        assert np.allclose(pot.part(1.0, RATE)(audio), audio)


def test_amps_whose_first_pot_closes_fall_silent() -> None:
    amps = [draw_amp(number) for number in AMPS]
    those = [a for a in amps if a.preamp.pots[0][2].closed == 0.0][:4]
    for amp in those:
        at = dict.fromkeys(amp.controls, 0.8)
        assert peak_dbfs(amp, at | {amp.preamp.controls[0]: 0.0}) < LOUDEST_DBFS - 70.0


@pytest.mark.parametrize("taper", ["audio", "linear", "reverse"])
def test_tapers_rise_from_end_to_end(taper: str) -> None:
    pot = Pot(taper)  # type: ignore[arg-type]
    gains = [pot.gain(at) for at in np.linspace(0.0, 1.0, 11)]
    assert gains[0] == pytest.approx(0.0)
    assert gains[-1] == pytest.approx(1.0)
    assert all(np.diff(gains) > 0)
    middle = {"audio": 0.1, "linear": 0.5, "reverse": 0.9}[taper]
    assert gains[5] == pytest.approx(middle, abs=0.01)


def test_a_bright_capacitor_lets_treble_by_where_the_pot_is_low() -> None:
    pot, seconds = Pot("linear", 0.0, 3e-4), np.arange(9_600) / RATE
    low, high = (np.sin(2 * np.pi * hz * seconds) for hz in (60.0, 9_000.0))
    part = pot.part(0.1, RATE)
    lows, highs = part(low)[4_800:].std(), pot.part(0.1, RATE)(high)[4_800:].std()
    assert highs > 3.0 * lows
    assert lows == pytest.approx(0.1 * low.std(), rel=0.1)


@pytest.mark.parametrize("kind", CURVES)
def test_curves_are_steepest_at_zero_and_rise_throughout(kind: str) -> None:
    x = np.linspace(-5.0, 5.0, 1_001)
    y = CURVES[kind](x)
    slope = np.diff(y) / np.diff(x)
    assert np.all(slope > 0)
    assert slope.max() == pytest.approx(1.0, abs=0.01)
    assert Shaper(kind, 10.0, bias=0.4)(np.zeros(5)) == pytest.approx(0.0)


def test_tone_controls_turn_what_they_say() -> None:
    amps = [draw_amp(number) for number in AMPS]
    seconds = np.arange(9_600) / RATE
    for kind, knob in (("stack", "treble"), ("baxandall", "treble"), ("cut", "tone")):
        found = next(a for a in amps if a.tone.kind == kind).tone
        middle = dict.fromkeys(found.controls, 0.5)
        heights = []
        for position in (0.1, 0.9):
            levels = []
            for hz in (200.0, 5_000.0):
                played = np.sin(2 * np.pi * hz * seconds)
                for part in found.parts(middle | {knob: position}, RATE):
                    played = part(played)
                levels.append(played[4_800:].std())
            heights.append(levels[1] / levels[0])
        assert heights[1] > 1.5 * heights[0], kind


def test_a_cabinet_gives_neither_rumble_nor_hiss() -> None:
    seconds = np.arange(48_000) / RATE
    for seed in range(5):
        levels = []
        for hz in (20.0, 500.0, 12_000.0):
            played = np.sin(2 * np.pi * hz * seconds)
            for part in cabinet.draw_cabinet(np.random.default_rng(seed)).parts(RATE):
                played = part(played)
            levels.append(played[24_000:].std())
        assert levels[0] < 0.4 * levels[1]
        assert levels[2] < 0.2 * levels[1]
