"""Every fault changes what it says and nothing else; studios tell the truth about it."""

import ast
from pathlib import Path

import numpy as np
import pytest

import rig.devices.virtual.studio as package
from rig.devices.virtual.studio import (
    FAULT_KINDS,
    AmpParameters,
    Channel,
    Converter,
    FaultContext,
    Studio,
    StudioParameters,
    draw_fault,
    draw_studio,
    fault_names,
)
from rig.devices.virtual.studio.filters import level_db
from rig.devices.virtual.studio.studio import error_esr
from rig.devices.virtual.studio.timing import delayed, fractionally_delayed
from tests.studios.test_amps import strum

RATE = 48000
CONTEXT = FaultContext(RATE, 500.0, previous=0.5 * strum(2.0, seed=9))
AUDIO = [name for name, kind in FAULT_KINDS.items() if kind.spoils]
KNOBS = [name for name, kind in FAULT_KINDS.items() if kind.tells]


def take() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    send = strum(2.0) + 0.01 * np.random.default_rng(1).standard_normal(2 * RATE)
    returned = np.tanh(3.0 * delayed(send, 500)) * 0.4
    return send, returned, 0.5 * delayed(send, 500)


def quiet_studio() -> Studio:
    parameters = StudioParameters(AmpParameters(), Converter(crosstalk_db=-300.0), seed=4)
    return Studio(parameters)


def test_there_are_enough_kinds_and_each_has_its_sentence() -> None:
    assert len(FAULT_KINDS) >= 40
    for kind in FAULT_KINDS.values():
        assert kind.physics.endswith(".")
        assert len(kind.physics) > 30


@pytest.mark.parametrize("name", AUDIO)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_fault_changes_what_it_says_and_nothing_else(name: str, seed: int) -> None:
    send, returned, loopback = take()
    kept = [x.copy() for x in (send, returned, loopback)]
    back, looped, drawn = draw_fault(name, seed).spoil(send, returned, loopback, CONTEXT)
    assert all(np.array_equal(a, b) for a, b in zip(kept, (send, returned, loopback), strict=True))
    assert len(back) == len(returned)
    assert looped is not None
    assert len(looped) == len(loopback)
    touches_loopback = name.startswith(("both_", "loopback_")) and name != "loopback_returned"
    touches_loopback |= name in ("channels_exchanged", "return_looped")
    assert np.array_equal(looped, loopback) is not touches_loopback
    assert np.array_equal(back, returned) is FAULT_KINDS[name].spares_return
    again = draw_fault(name, seed).spoil(send, returned, loopback, CONTEXT)
    assert np.array_equal(again[0], back, equal_nan=True)
    assert again[2] == drawn


@pytest.mark.parametrize("name", AUDIO)
def test_fault_does_without_a_loopback(name: str) -> None:
    send, returned, _ = take()
    back, looped, _ = draw_fault(name, 3).spoil(send, returned, None, CONTEXT)
    assert looped is None
    assert np.array_equal(back, returned) is (name not in fault_names(loopback=False))


def lag_of(x: np.ndarray, y: np.ndarray, start: int, count: int = 8192) -> int:
    a, b = x[start : start + count], y[start : start + count]
    size = 2 * count
    cross = np.fft.irfft(np.conj(np.fft.rfft(a, size)) * np.fft.rfft(b, size))
    lag = int(np.argmax(cross))
    return lag if lag < count else lag - size


@pytest.mark.parametrize(
    ("name", "sign"),
    [("frames_lost", -1), ("frames_repeated", 1), ("zeros_inserted", 1)],
)
@pytest.mark.parametrize("side", ["return", "loopback", "both"])
def test_slips_shift_what_follows_by_their_count(name: str, sign: int, side: str) -> None:
    rng = np.random.default_rng(5)
    x = rng.standard_normal(2 * RATE)
    spoilt = draw_fault(f"{side}_{name}", 6).spoil(x, x, x, CONTEXT)
    at, count = int(spoilt[2]["at"]), int(spoilt[2]["count"])
    for y, hit in ((spoilt[0], side != "loopback"), (spoilt[1], side != "return")):
        assert y is not None
        assert np.array_equal(y[: at - count], x[: at - count])
        assert lag_of(x, y, at + 2 * count) == (sign * count if hit else 0)


def test_clock_drifts_by_its_ppm() -> None:
    x = np.random.default_rng(5).standard_normal(20 * RATE)
    y, _, drawn = draw_fault("return_on_other_clock", 1).spoil(x, x, None, CONTEXT)
    wanted = drawn["sign"] * drawn["ppm"] * 1e-6 * 19 * RATE
    assert lag_of(x, y, 19 * RATE) == pytest.approx(wanted, abs=1.0)


@pytest.mark.parametrize("name", ["clipped_hard", "clipped_on_one_side", "clipped_softly"])
def test_clipping_lowers_peaks_only(name: str) -> None:
    send, returned, _ = take()
    back, _, drawn = draw_fault(name, 2).spoil(send, returned, None, CONTEXT)
    small = np.abs(returned) < 0.1 * np.max(np.abs(returned))
    assert np.array_equal(back[small], returned[small])
    assert np.all(np.abs(back) <= np.abs(returned) + 1e-12)
    assert drawn["below_peak_db"] > 0.0


def test_dead_amp_leaves_hiss_and_nothing_of_the_guitar() -> None:
    send, returned, _ = take()
    back, _, drawn = draw_fault("amp_dies", 4).spoil(send, returned, None, CONTEXT)
    at = int(drawn["at"])
    assert np.array_equal(back[:at], returned[:at])
    assert level_db(back[at + 9600 :]) == pytest.approx(drawn["level_dbfs"], abs=0.3)


def test_faults_that_may_never_pass_are_named() -> None:
    never = set(fault_names(must_never_pass=True))
    assert {
        "return_frames_lost", "loopback_frames_lost", "both_frames_repeated", "amp_dies",
        "return_on_other_clock", "amp_off_hissing", "dry_returned", "wrong_channel",
        "polarity_turned", "clipped_hard", "return_at_wrong_rate", "no_number", "infinite",
    } <= never  # fmt: skip
    assert never.isdisjoint(KNOBS)


@pytest.mark.parametrize("name", KNOBS)
def test_fault_of_knobs_is_another_setting_of_the_same_amp(name: str) -> None:
    studio = quiet_studio()
    send = strum(2.0).astype(np.float32)
    studio.dial({"gain": 0.2, "bass": 0.8, "treble": 0.1, "master": 0.9}, wait_s=1.0)
    asked = {"gain": 0.75, "bass": 0.3, "treble": 0.6, "master": 0.4}
    studio.dial(asked)
    studio.spoil_next(name, 3)
    studio.play(send)
    assert studio.last_fault is not None
    assert studio.last_fault.kind == name
    assert studio.last_error_esr > 1e-5
    assert studio.last_loopback_error_esr == 0.0
    back, _ = studio.play(send)
    assert studio.last_fault is None
    assert studio.last_error_esr == 0.0
    assert studio.amp.state.knobs == asked
    assert len(back) == len(send)


def test_stuck_knob_stays_where_it_stuck() -> None:
    studio = quiet_studio()
    send = strum(0.5).astype(np.float32)
    studio.dial(dict.fromkeys(studio.knobs, 0.2))
    studio.dial(dict.fromkeys(studio.knobs, 0.7))
    studio.spoil_next("knob_stuck", 1, takes=3)
    studio.play(send)
    first = studio.last_error_esr
    studio.dial(dict.fromkeys(studio.knobs, 0.7))
    studio.play(send)
    assert studio.last_error_esr == pytest.approx(first, rel=1e-3)
    studio.dial(dict.fromkeys(studio.knobs, 0.2))
    studio.play(send)
    assert studio.last_error_esr == 0.0


@pytest.mark.parametrize("seed", range(6))
def test_clean_is_what_comes_back_but_for_noise(seed: int) -> None:
    rng = np.random.default_rng(seed)
    converter = Converter(
        returned=Channel(3.4, 1.7, -3.0, -6.0, inverted=bool(seed % 2), offset=0.01),
        low_pass_hz=rng.uniform(18e3, 22e3),
        minimum_phase=seed % 3 == 0,
        crosstalk_db=-300.0,
    )
    studio = Studio(StudioParameters(AmpParameters(), converter, 700.0, seed=seed))
    send = np.pad(strum(1.5), (0, 4800)).astype(np.float32)
    point = {"gain": 0.3, "bass": 0.7, "treble": 0.4, "master": 0.6}
    studio.dial(point)
    truth = studio.clean(send, point).astype(np.float64)
    for _ in range(3):
        studio.open()
        back, _ = studio.play(send)
        aligned = fractionally_delayed(back.astype(np.float64) - 0.01, -studio.latency_frames)
        assert error_esr(aligned[:-2000], truth[:-2000]) < 1e-8


def test_error_esr_is_the_truth_about_a_known_change() -> None:
    studio = quiet_studio()
    send = strum(1.0).astype(np.float32)
    for name, key in (("gain_off", "change_db"), ("polarity_turned", None)):
        studio.spoil_next(name, 2)
        studio.play(send)
        fault = studio.last_fault
        assert fault is not None
        gain = -1.0
        if key:
            gain = 10.0 ** (fault.parameters["sign"] * fault.parameters[key] / 20.0)
        assert studio.last_error_esr == pytest.approx((gain - 1.0) ** 2, rel=0.01)


def test_openings_differ_and_return_and_loopback_agree() -> None:
    studio = quiet_studio()
    trips = []
    for _ in range(5):
        studio.open()
        trips.append(studio.latency_frames)
    assert len({round(trip % 1.0, 6) for trip in trips}) == 5
    assert max(trips) - min(trips) <= studio.parameters.reopening_frames


@pytest.mark.parametrize("loopback", [True, False])
@pytest.mark.parametrize("seed", range(12))
def test_healthy_studio_never_clips_and_repeats_from_its_seed(seed: int, loopback: bool) -> None:
    one, other = (draw_studio(seed, loopback=loopback) for _ in range(2))
    rng = np.random.default_rng(seed)
    point = {name: float(rng.integers(0, 2)) for name in one.knobs} | {"master": 1.0}
    send = strum(0.5, seed, peak=0.5).astype(np.float32)
    for studio in (one, other):
        studio.dial(point, wait_s=1.0)
    (back, looped), (back_again, looped_again) = one.play(send), other.play(send)
    assert np.array_equal(back, back_again)
    assert np.max(np.abs(back)) < 0.95
    if not loopback:
        assert looped is None
        return
    assert looped is not None
    assert looped_again is not None
    assert np.array_equal(looped, looped_again)
    assert np.max(np.abs(looped)) < 0.95


@pytest.mark.parametrize("seed", range(0, 60, 5))
def test_healthy_studio_has_about_40_to_100_db_in_the_middle(seed: int) -> None:
    studio = draw_studio(seed, loopback=False)
    middle = dict.fromkeys(studio.knobs, 0.5)
    studio.dial(middle, wait_s=10.0)
    send = strum(1.0, seed, peak=0.5).astype(np.float32)
    signal = level_db(studio.clean(send, middle).astype(np.float64))
    noise = level_db(studio.play(np.zeros(RATE, dtype=np.float32))[0].astype(np.float64))
    assert 30.0 < signal - noise < 120.0


def test_package_imports_nothing_that_could_share_the_judges_assumptions() -> None:
    for path in Path(package.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                module = node.module or ""
                assert not module.startswith(("calibration", "models"))
                assert not module.startswith("rig") or module.startswith(package.__name__)
