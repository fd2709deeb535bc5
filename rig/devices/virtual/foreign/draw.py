"""Draws whole amps from a seed: deterministic, three to eight controls, at a level that fits."""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from rig.devices.virtual.circuit import Audio
from rig.devices.virtual.foreign import draw_outputs, draw_preamps
from rig.devices.virtual.foreign.amp import ForeignAmplifier, ForeignCircuit
from rig.devices.virtual.foreign.draw_pedals import pedal
from rig.devices.virtual.foreign.draw_tones import LEVELS
from rig.devices.virtual.foreign.faceplate import SWITCHES, Drawing
from rig.devices.virtual.foreign.modules import Band, Module, Volume

#: These amps are told apart from everything else that is drawn.
_STREAM = 1_717
FEWEST, MOST = 3, 8
#: Of what stands inside at a fixed place: neither closed nor fully open.
_TRIMMED = (0.4, 0.75)
_RATE = 48_000
#: The loudest settings are looked for among so many, and peak so far below full scale.
_TRIED, _HEADROOM_DB = 12, (4.0, 12.0)


def _preamp(d: Drawing) -> tuple[str, tuple[Module, ...]]:
    draw = d.random.random()
    if draw < 0.45:
        return "tubes", draw_preamps.tube_preamp(d)
    if draw < 0.7:
        return "transistors", draw_preamps.transistor_preamp(d)
    return "op-amps", draw_preamps.op_amp_preamp(d)


def _structure(d: Drawing) -> ForeignCircuit:
    """Draw an amp with every control that it could have."""
    front = (draw_outputs.gate(d),) if d.chance(0.15) else ()
    has_pedal = d.chance(0.25)
    entry = (Band(d.octaves(5.0, 60.0), d.octaves(7_000.0, 20_000.0), d.between(-2.0, 6.0)),)
    before = pedal(d) if has_pedal else ()
    kind, preamp = _preamp(d)
    has_power = d.chance(0.7)
    # Without either there would be no level at all.
    master = draw_outputs.master(d) if not has_power or d.chance(0.75) else ()
    after = draw_outputs.power(d) if has_power else draw_outputs.line_out(d)
    # Who plays a preamp straight into the interface has a cabinet in a box now and then.
    has_cabinet = d.chance(0.6 if has_power else 0.3)
    back: tuple[Module, ...] = (draw_outputs.cabinet(d),) if has_cabinet else ()
    if d.chance(0.35):
        back = (*back, Volume(d.knob("output", *LEVELS)))
    told = [kind, "power amp" if has_power else "line out", *(["pedal"] if has_pedal else [])]
    told += ["cabinet"] if has_cabinet else []
    told += ["gate"] if front else []
    modules = (*entry, *before, *preamp, *master, *after)
    return ForeignCircuit(", ".join(told), front, modules, back, tuple(d.knobs), tuple(d.switches))


def _with_faceplate(d: Drawing, circuit: ForeignCircuit, count: int) -> ForeignCircuit:
    """Leave the least important controls inside, where somebody has set them once."""
    # What is inside can be set by no learner, so it only makes another amp.
    important = sorted(d.knobs, key=lambda name: d.knobs[name])[:count]
    free = min(MOST - count, int(d.random.choice([0, 1, 2], p=[0.4, 0.35, 0.25])))
    switches = d.switches[:free]
    inside = {name: d.between(*_TRIMMED) for name in d.knobs if name not in important}
    # A pedal that nobody can switch on would have knobs that do nothing.
    fixed_on = SWITCHES["pedal"]
    inside |= {
        name: float(name in fixed_on or d.chance(0.5))
        for name in d.switches
        if name not in switches
    }
    knobs = tuple(name for name in d.knobs if name in important)
    return replace(circuit, knobs=knobs, switches=tuple(switches), inside=inside)


def _loud() -> Audio:
    """A sweep and plucked strings of -6 dBFS peak: as loud as a send can be."""
    t = np.arange(round(0.2 * _RATE)) / _RATE
    sweep = np.sin(2 * np.pi * 60.0 * 0.2 / 4.6 * (np.exp(4.6 * t / 0.2) - 1.0))
    strings = sum(np.sin(2 * np.pi * hz * t) * np.exp(-4.0 * t) for hz in (82.4, 123.5, 247.0))
    return 0.5 * np.concatenate([sweep, strings / np.max(np.abs(strings)), 0.0 * t[::4]])


def _loudest_peak(circuit: ForeignCircuit, random: np.random.Generator) -> float:
    """Find how far the output reaches with everything up, and with what may be louder still."""
    names = (*circuit.knobs, *circuit.switches)
    corners = [np.ones(len(names)), *(random.random((_TRIED, len(names))) ** 0.3)]
    played = (
        ForeignAmplifier(circuit, dict(zip(names, at.tolist(), strict=True)), _RATE)(_loud())
        for at in corners
    )
    return max(float(np.max(np.abs(audio))) for audio in played)


@lru_cache(maxsize=64)
def draw_foreign(number: int) -> ForeignCircuit:
    """Draw amp ``number``; the same one every time."""
    random = np.random.default_rng([_STREAM, number])
    count = int(random.integers(FEWEST, MOST + 1))
    while True:
        # By its whole structure anew: a knob added to what is there would be of no maker's.
        d = Drawing(random)
        circuit = _structure(d)
        if len(d.knobs) >= count:
            break
    circuit = _with_faceplate(d, circuit, count)
    peak_db = 20 * np.log10(_loudest_peak(circuit, random))
    return replace(circuit, output_db=-float(random.uniform(*_HEADROOM_DB)) - float(peak_db))
