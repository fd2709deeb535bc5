"""Amps that nothing has learnt from: as their circuits are, deterministic, at levels that fit."""

import itertools
from collections.abc import Mapping

import numpy as np
import pytest

from rig import config as configuration
from rig.devices import drivers
from rig.devices.protocols import DriverContext
from rig.devices.virtual.amp import VirtualAmp
from rig.devices.virtual.foreign import networks, tone_networks
from rig.devices.virtual.foreign.amp import ForeignAmplifier, ForeignCircuit
from rig.devices.virtual.foreign.controls import Taper, opening
from rig.devices.virtual.foreign.curves import SPAN, curve
from rig.devices.virtual.foreign.draw import FEWEST, MOST, draw_foreign
from rig.devices.virtual.foreign.gates import Gate
from rig.devices.virtual.foreign.laws import LAWS
from rig.devices.virtual.interface import VirtualInterface
from rig.devices.virtual.presets import preset

RATE = 48_000
AMPS = range(8)


def plucked(seconds: float = 0.3, peak: float = 0.5) -> np.ndarray:
    """Strings of -6 dBFS peak, with a click of a pick."""
    t = np.arange(int(seconds * RATE)) / RATE
    tones = [np.sin(2 * np.pi * hz * n * t) / n for hz in (98.0, 147.0, 392.0) for n in (1, 2, 3)]
    played = np.sum(tones, axis=0) * np.exp(-2.0 * t)
    return np.asarray(peak * played / np.max(np.abs(played)))


GUITAR = plucked()


def level_db(audio: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(audio**2) + 1e-20))


def played(
    circuit: ForeignCircuit, turned: Mapping[str, float] | None = None, audio: np.ndarray = GUITAR
) -> np.ndarray:
    turned = turned or {}
    return ForeignAmplifier(circuit, turned, RATE)(audio)


@pytest.mark.parametrize("taper", Taper)
def test_a_pot_closes_opens_and_rises(taper: Taper) -> None:
    track = [opening(taper, at) for at in np.linspace(0.0, 1.0, 101)]
    assert track[0] == pytest.approx(0.0, abs=1e-12)
    assert track[-1] == pytest.approx(1.0)
    assert all(low < high for low, high in itertools.pairwise(track))


def test_tapers_have_the_middle_of_their_makers() -> None:
    middles = {taper: opening(taper, 0.5) for taper in Taper}
    assert middles == pytest.approx(
        {Taper.LINEAR: 0.5, Taper.AUDIO: 0.15, Taper.CARBON: 0.15, Taper.REVERSE: 0.85}
    )


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("shape", [0.0, 0.5, 1.0])
def test_a_curve_has_slope_and_ceiling_of_one(law: str, shape: float) -> None:
    device = curve(law, shape)
    step = 1e-3
    assert float(device(np.zeros(1))[0]) == 0.0
    slope = np.diff(device(np.array([-step, step])))[0] / (2 * step)
    assert slope == pytest.approx(1.0, rel=0.02)
    bent = device(np.linspace(-2 * SPAN, 2 * SPAN, 5_001))
    assert 0.8 < np.max(np.abs(bent)) < 1.02
    # Nothing folds back: more in is never less out.
    assert np.min(np.diff(bent)) > -1e-9


@pytest.mark.parametrize("share", [0.05, 0.3, 0.8])
def test_a_volume_pot_is_the_divider_that_it_is_made_of(share: float) -> None:
    ohm, farad = 1e6, 120e-12
    b, a = networks.volume(share, ohm * farad)
    for hz in (50.0, 1_000.0, 8_000.0):
        s = 2j * np.pi * hz
        upper = 1 / (1 / ((1 - share) * ohm) + s * farad)
        expected = share * ohm / (share * ohm + upper)
        assert np.polyval(b, s) / np.polyval(a, s) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("side", [tone_networks.active_bass, tone_networks.active_treble])
def test_active_tone_is_flat_in_the_middle_and_mirrored(side: object) -> None:
    assert callable(side)

    def gain(share: float, hz: float) -> complex:
        b, a = side(share, 700.0)
        return complex(np.polyval(b, 2j * np.pi * hz) / np.polyval(a, 2j * np.pi * hz))

    for hz in (30.0, 700.0, 12_000.0):
        assert gain(0.5, hz) == pytest.approx(1.0)
        assert gain(0.9, hz) * gain(0.1, hz) == pytest.approx(1.0)
    most = max(abs(gain(1.0, hz)) for hz in (1.0, 20_000.0))
    assert most > 4.0


def test_presence_gives_back_what_the_loop_took() -> None:
    def gain(presence: float, hz: float) -> float:
        b, a = tone_networks.feedback_loop(3.0, presence, 0.0, 2_000.0, 100.0)
        return float(abs(np.polyval(b, 2j * np.pi * hz) / np.polyval(a, 2j * np.pi * hz)))

    assert gain(0.0, 5_000.0) == pytest.approx(1.0)
    assert gain(1.0, 50.0) == pytest.approx(1.0, abs=0.01)
    assert gain(1.0, 200_000.0) == pytest.approx(4.0, rel=0.01)


def test_a_gate_shuts_and_opens_whatever_the_blocks() -> None:
    quiet, loud = 1e-4 * np.ones(RATE // 4), 0.1 * np.ones(RATE // 4)
    audio = np.concatenate([quiet, loud, quiet])
    whole = Gate(0.01, 0.0, RATE)(audio)
    gate = Gate(0.01, 0.0, RATE)
    parts = np.concatenate([gate(part) for part in np.split(audio, [1, 5_000, 13_000, 30_001])])
    assert np.max(np.abs(whole - parts)) < 1e-12
    assert np.max(np.abs(whole[: RATE // 4])) < 1e-9
    assert whole[RATE // 2 - 100] == pytest.approx(0.1, rel=0.01)
    assert abs(whole[-1]) < 1e-6


def test_an_amp_is_the_same_every_time() -> None:
    first = draw_foreign(4)
    heard = played(first)
    draw_foreign.cache_clear()
    again = draw_foreign(4)
    assert again == first
    assert np.array_equal(played(again), heard)
    assert draw_foreign(5) != first


def test_faceplates_have_three_to_eight_controls_of_many_names() -> None:
    amps = [draw_foreign(number) for number in AMPS]
    counts = [len(amp.knobs) + len(amp.switches) for amp in amps]
    assert min(counts) >= FEWEST
    assert max(counts) <= MOST
    assert len(set(counts)) >= 4
    assert any(amp.switches for amp in amps)
    assert len({name for amp in amps for name in amp.knobs}) >= 20
    # What has a knob stands nowhere else.
    assert not any({*amp.knobs, *amp.switches} & set(amp.inside) for amp in amps)


@pytest.mark.parametrize("number", AMPS)
def test_every_control_acts_and_nothing_comes_of_silence(number: int) -> None:
    circuit = draw_foreign(number)
    for name in (*circuit.knobs, *circuit.switches):
        changes = []
        # A pedal's knobs do nothing while it is switched off, nor a supply that nothing loads.
        usual = dict.fromkeys(circuit.switches, 0.0)
        for others in (usual, dict.fromkeys((*circuit.knobs, *circuit.switches), 0.9)):
            low, high = (played(circuit, {**others, name: at}) for at in (0.1, 0.9))
            changes.append(np.mean((low - high) ** 2) / max(np.mean(low**2), np.mean(high**2)))
        assert max(changes) > 1e-3, name
    everything = dict.fromkeys((*circuit.knobs, *circuit.switches), 1.0)
    silent = played(circuit, everything, np.zeros(RATE // 20))
    assert level_db(silent) < -150.0


@pytest.mark.parametrize("number", AMPS)
def test_no_setting_reaches_full_scale(number: int) -> None:
    circuit = draw_foreign(number)
    names = (*circuit.knobs, *circuit.switches)
    draws = np.random.default_rng(number).random((10, len(names)))
    corners = [np.ones(len(names)), *draws.round(), *draws**0.2]
    peaks = [np.max(np.abs(played(circuit, dict(zip(names, p, strict=True))))) for p in corners]
    # Below -0.1 dBFS, where a return counts as clipped.
    assert max(peaks) < 10 ** (-0.1 / 20)
    assert max(peaks) > 10 ** (-30 / 20)


def test_pots_close_and_where_players_play_levels_are_far_apart() -> None:
    usual, widest, closed = [], [], 0
    for number in AMPS:
        circuit = draw_foreign(number)
        draws = np.random.default_rng(9).uniform(0.22, 0.78, (10, len(circuit.knobs)))
        levels = [
            level_db(played(circuit, dict(zip(circuit.knobs, draw, strict=True)))) for draw in draws
        ]
        everything = dict.fromkeys(circuit.knobs, 1.0)
        loudest = max(*levels, level_db(played(circuit, everything)))
        usual.append(loudest - min(levels))
        low = level_db(played(circuit, dict.fromkeys(circuit.knobs, 0.22)))
        widest.append(loudest - low)
        silent = [level_db(played(circuit, {**everything, name: 0.0})) for name in circuit.knobs]
        closed += min(silent) < -150.0
    assert 35.0 < max(usual) < 75.0
    assert max(widest) > 50.0
    assert closed >= 7


def test_blocks_of_any_length_give_the_same_sound() -> None:
    circuit = draw_foreign(0)
    amp = ForeignAmplifier(circuit, {}, RATE)
    parts = np.concatenate([amp(part) for part in np.split(GUITAR, [1, 1_000, 1_001, 13_777])])
    assert np.max(np.abs(played(circuit) - parts)) < 1e-9


@pytest.mark.parametrize("number", [1, 4, 6])
def test_little_folds_back_with_everything_turned_up(number: int) -> None:
    circuit, hz = draw_foreign(number), 1_499.0
    t = np.arange(RATE) / RATE
    everything = dict.fromkeys(circuit.knobs, 0.9)
    out = played(circuit, everything, 0.5 * np.sin(2 * np.pi * hz * t))[RATE // 4 :][: 2**15]
    spectrum = 20 * np.log10(np.abs(np.fft.rfft(out * np.blackman(len(out)))) + 1e-12)
    frequency = np.fft.rfftfreq(len(out), 1 / RATE)
    harmonic = np.abs(frequency / hz - np.round(frequency / hz)) * hz < 60
    between = (frequency < 16_000) & (frequency > 100) & ~harmonic
    assert spectrum[between].max() - spectrum.max() < -45.0


def text(number: int) -> str:
    built_in = preset(f"foreign-{number}")
    knobs = [
        f"  {name}: " + ("{switch: ['off', 'on']}" if name in built_in.switches else "{}")
        for name in built_in.controls
    ]
    return f"amp: {{driver: virtual, preset: foreign-{number}}}\nknobs:\n" + "\n".join(knobs)


def test_a_configuration_names_it_with_its_own_knobs() -> None:
    number = 6
    assert draw_foreign(number).switches
    config = configuration.parse(text(number))
    assert drivers.problems(config) == []
    amp = VirtualAmp(DriverContext(config))
    amp.open()
    config_with = DriverContext(config, amp=amp)
    interface = VirtualInterface(config_with)
    amp.dial(config.panel.named(config.panel.reference))
    quiet = interface.reamp(GUITAR.astype(np.float32), lambda _: None).returned
    assert level_db(quiet.astype(float)) > -90.0
    amp.dial(dict.fromkeys(draw_foreign(number).knobs, 10.0))
    loud = interface.reamp(GUITAR.astype(np.float32), lambda _: None).returned
    assert level_db(loud.astype(float)) > level_db(quiet.astype(float))


def test_mistakes_in_its_name_and_knobs_are_told() -> None:
    wrong = configuration.parse("amp: {preset: foreign-x}\nknobs: {gain: {}}")
    assert "foreign-N" in drivers.problems(wrong)[0]
    other = configuration.parse("amp: {preset: foreign-0}\nknobs: {warp: {}}")
    assert "no control 'warp'" in drivers.problems(other)[0]
