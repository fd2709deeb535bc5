"""The amps of a studio do what their traits say."""

import time
from dataclasses import replace

import numpy as np
import pytest

from rig.devices.virtual.studio import AMP_KINDS, UNREPEATABLE, draw_amp
from rig.devices.virtual.studio.amps import AmpParameters, StudioAmp
from rig.devices.virtual.studio.circuits import Cabinet, Gate, WarmUp
from rig.devices.virtual.studio.controls import Control, Law
from rig.devices.virtual.studio.filters import level_db
from rig.devices.virtual.studio.studio import error_esr

RATE = 48000


def strum(seconds: float = 2.0, seed: int = 0, peak: float = 0.3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * RATE)) / RATE
    notes = sum(np.sin(2.0 * np.pi * hz * t) for hz in rng.uniform(80.0, 900.0, 6))
    x = np.asarray(notes * np.exp(-2.0 * (t % 0.5)))
    return np.asarray(peak * x / np.max(np.abs(x)))


@pytest.mark.parametrize("kind", sorted(AMP_KINDS))
def test_amp_is_the_same_from_the_same_seed(kind: str) -> None:
    one, other = (StudioAmp(draw_amp(5, kind)) for _ in range(2))
    x = strum(0.5)
    for amp in (one, other):
        amp.turn({"gain": 0.8})
        amp.rest(1.0)
    assert np.array_equal(one.play(x), other.play(x))
    assert np.array_equal(one.play(x), other.play(x))


@pytest.mark.parametrize("kind", sorted(AMP_KINDS))
def test_knobs_of_every_kind_are_heard_somewhere(kind: str) -> None:
    amp = StudioAmp(draw_amp(6, kind))
    full = {**dict.fromkeys(amp.parameters.knobs, 0.8), "channel": 0.0}
    full = {name: full[name] for name in amp.parameters.knobs}
    x = strum(0.5)
    reference = amp.truth(x, full)
    for knob in amp.parameters.knobs:
        moved = amp.truth(
            x, {**full, knob: 0.55 if knob not in ("channel", "bypass") else 1.0 - full[knob]}
        )
        assert error_esr(moved, reference) > 1e-5, knob


@pytest.mark.parametrize("kind", sorted(set(AMP_KINDS) - UNREPEATABLE - {"warming_up", "hissing"}))
def test_amp_repeats_itself(kind: str) -> None:
    amp = StudioAmp(draw_amp(7, kind))
    amp.rest(10.0)
    x = strum(0.5)
    assert np.array_equal(amp.play(x), amp.play(x))


@pytest.mark.parametrize("kind", ["tremolo", "chorus"])
def test_free_running_modulation_makes_takes_differ(kind: str) -> None:
    amp = StudioAmp(draw_amp(8, kind))
    x = strum(1.3)
    assert error_esr(amp.play(x), amp.play(x)) > 1e-4


def test_closed_pot_is_silent_to_the_bit() -> None:
    amp = StudioAmp(draw_amp(1, "closing_volume"))
    assert np.all(amp.truth(strum(), {"master": 0.0}) == 0.0)
    assert level_db(amp.truth(strum(), {"master": 0.1})) > -60.0


def test_gate_is_shut_below_its_threshold_and_open_above() -> None:
    gated = StudioAmp(AmpParameters(gate=Gate(threshold_dbfs=-40.0)))
    free = StudioAmp(AmpParameters())
    quiet, loud = strum(peak=0.003), strum(peak=0.5)
    assert np.all(gated.play(quiet) == 0.0)
    opened = np.abs(gated.play(loud)[4000:12000])
    assert np.sum(opened) > 0.9 * np.sum(np.abs(free.play(loud)[4000:12000]))


def test_supply_sags_under_a_long_note_and_recovers() -> None:
    amp = StudioAmp(draw_amp(2, "sagging"))
    t = np.arange(RATE) / RATE
    note = 0.4 * np.sin(2.0 * np.pi * 220.0 * t)
    y = amp.truth(note, {"master": 1.0, "gain": 1.0})
    assert level_db(y[RATE // 2 :]) < level_db(y[480:2400]) - 0.5
    assert error_esr(amp.truth(note, {}), amp.truth(note, {})) == 0.0


def test_settling_is_95_percent_done_after_its_time() -> None:
    amp = StudioAmp(AmpParameters(settle_s=1.0))
    x = strum(6.0)
    amp.turn({"gain": 1.0})
    y, truth = amp.play(x), amp.truth(x, {"gain": 1.0})
    old = amp.truth(x, {"gain": 0.5})
    part = np.sum((y - truth)[47000:49000] ** 2) / np.sum((old - truth)[47000:49000] ** 2)
    assert np.sqrt(part) == pytest.approx(0.05, abs=0.01)
    assert np.array_equal(y[5 * RATE :], truth[5 * RATE :])


def test_waiting_lets_the_amp_settle() -> None:
    amp = StudioAmp(AmpParameters(settle_s=1.0))
    amp.turn({"gain": 1.0})
    amp.rest(5.0)
    assert np.array_equal(amp.play(strum()), amp.truth(strum(), {"gain": 1.0}))


def test_amp_warms_up_by_playing_and_cools_by_resting() -> None:
    amp = StudioAmp(AmpParameters(warm_up=WarmUp(cold_db=-2.0, cold_bias=0.0, time_s=10.0)))
    x = strum(5.0)
    truth = level_db(amp.truth(x, {}))
    below = [level_db(amp.play(x)) - truth for _ in range(8)]
    assert below[0] < -1.2
    assert np.all(np.diff(below) > 0.0)
    assert below[-1] > -0.1
    amp.rest(3600.0)
    assert level_db(amp.play(x)) - truth < -1.2


def test_drift_goes_on_while_the_amp_is_on() -> None:
    amp = StudioAmp(AmpParameters(drift_db_per_hour=-2.0))
    x = strum()
    first = level_db(amp.play(x))
    amp.rest(3600.0)
    assert level_db(amp.play(x)) - first == pytest.approx(-2.0, abs=0.01)


def test_second_channel_is_64_frames_late() -> None:
    parameters = draw_amp(3, "latent_channel")
    at_once = StudioAmp(replace(parameters, channel_latency_frames=0))
    x = strum()
    y, early = (amp.truth(x, {"channel": 1.0}) for amp in (StudioAmp(parameters), at_once))
    assert np.array_equal(y[64:], early[:-64])
    first = StudioAmp(parameters).truth(x, {"channel": 0.0})
    assert np.array_equal(first, at_once.truth(x, {"channel": 0.0}))


def test_presence_acts_only_above_master_0_7() -> None:
    amp = StudioAmp(draw_amp(4, "late_presence"))
    x = strum()
    for master, heard in ((0.3, False), (0.7, False), (1.0, True)):
        off, on = (amp.truth(x, {"master": master, "presence": p}) for p in (0.0, 1.0))
        assert np.array_equal(off, on) is not heard


def test_bypassed_tone_does_nothing() -> None:
    amp = StudioAmp(draw_amp(4, "bypassed_tone"))
    x = strum()
    for bypass, heard in ((0.0, False), (1.0, True)):
        off, on = (amp.truth(x, {"bypass": bypass, "treble": p}) for p in (0.0, 1.0))
        assert np.array_equal(off, on) is not heard


def test_gain_alike_at_both_ends() -> None:
    amp = StudioAmp(draw_amp(4, "gain_alike_at_ends"))
    low, middle, high = (amp.truth(strum(), {"gain": g}) for g in (0.0, 0.5, 1.0))
    assert error_esr(low, high) < 1e-12
    assert error_esr(middle, low) > 0.1


def test_coarse_control_moves_in_steps_and_folded_one_comes_back() -> None:
    coarse = Control("gain", Law.COARSE, 5)
    assert sorted({coarse.effect(x) for x in np.linspace(0, 1, 101)}) == [0, 0.25, 0.5, 0.75, 1]
    folded = [Control("gain", Law.FOLDED).effect(x) for x in np.linspace(0, 1, 101)]
    assert np.min(np.diff(folded)) < 0.0 < np.max(np.diff(folded))
    assert min(folded) >= 0.0
    assert max(folded) <= 1.0


def test_single_ended_amp_makes_even_harmonics_and_push_pull_none() -> None:
    x = 0.1 * np.sin(2.0 * np.pi * 200.0 * np.arange(RATE) / RATE)
    for asymmetry, even in ((0.0, False), (0.4, True)):
        y = StudioAmp(AmpParameters(asymmetry=asymmetry)).play(x)[RATE // 2 :]
        power = np.abs(np.fft.rfft(y)) ** 2
        assert (power[200] / power[100] > 1e-3) == even
        assert abs(np.mean(y)) < 1e-4


def test_cabinet_has_group_delay_and_least_phase() -> None:
    click = np.zeros(4096)
    click[0] = 1.0
    h = Cabinet().play(click, RATE)
    n = np.arange(len(h))
    turn = np.exp(-2j * np.pi * 150.0 / RATE * n)
    assert abs(np.real(np.sum(n * h * turn) / np.sum(h * turn))) > 3.0
    magnitude = np.abs(np.fft.rfft(h))
    assert magnitude[int(12000 / RATE * 4096)] < 0.02 * np.max(magnitude)
    assert np.sum(h[:200] ** 2) > 0.9 * np.sum(h**2)


def test_hiss_grows_with_gain() -> None:
    amp = StudioAmp(AmpParameters(hiss_dbfs=-100.0))
    levels = []
    for gain in (0.0, 0.5, 1.0):
        amp.turn({"gain": gain})
        levels.append(level_db(amp.play(np.zeros(RATE))))
    assert np.diff(levels) == pytest.approx([18.0, 18.0], abs=0.3)


def test_unknown_knob_is_refused() -> None:
    with pytest.raises(KeyError, match="no knob"):
        StudioAmp(AmpParameters()).turn({"growl": 1.0})


def test_take_of_15_seconds_is_cheap() -> None:
    kinds = ("plain_cabinet", "sagging", "reverb", "single_ended")
    amp, x = StudioAmp(draw_amp(9, *kinds)), strum(15.0)
    began = time.process_time()
    amp.play(x)
    assert time.process_time() - began < 1.0
