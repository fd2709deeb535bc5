"""The built-in amplifier: guitar input to loudspeaker terminals, rendered block by block."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rig.devices.virtual.chain import Chain
from rig.devices.virtual.circuit import (
    Part,
    PowerStage,
    ToneStack,
    TriodeStage,
    high_shelf,
    highpass,
    lowpass,
    resonance,
)

#: Eight times, with averaged antiderivatives, keeps every alias under -60 dB (tests hold it there).
OVERSAMPLING = 8
#: The slow parts (grid charge, supply) run at an eighth of the oversampled rate.
SLOW_RATIO = 8


@dataclass(frozen=True)
class Preamp:
    """One gain stage and the capacitors around it."""

    gain_db: float
    bias: float = 0.2
    bias_shift: float = 0.4
    recovery_s: float = 0.02
    coupling_hz: float = 30.0
    miller_hz: float = 12_000.0


@dataclass(frozen=True)
class Circuit:
    """The parts of an amplifier that its player cannot turn."""

    preamps: tuple[Preamp, ...]
    #: The gain pot sits behind this many stages.
    gain_pot_after: int = 1
    gain_span_db: float = 36.0
    boost_db: float = 9.0
    tone: ToneStack = ToneStack()
    tone_makeup_db: float = 12.0
    master_span_db: float = 30.0
    presence_hz: float = 2_500.0
    presence_db: float = 9.0
    power_drive_db: float = 6.0
    sag: float = 0.25
    sag_s: float = 0.06
    load_hz: float = 95.0
    load_db: float = 5.0
    load_q: float = 1.6
    output_db: float = -7.0


#: Where a control stands that a preset has no knob for, each in [0, 1].
DEFAULT_POSITIONS: Mapping[str, float] = {
    "gain": 0.6,
    "boost": 0.0,
    "bass": 0.5,
    "middle": 0.5,
    "treble": 0.5,
    "presence": 0.3,
    "master": 0.6,
}


def _linear(gain_db: float) -> float:
    return float(10.0 ** (gain_db / 20.0))


def _pot(position: float, span_db: float) -> float:
    """Return the gain of an audio-taper pot: ``span_db`` down at 0, fully open at 1."""
    return _linear(-span_db * (1.0 - position))


def _gain_db(circuit: Circuit, positions: Mapping[str, float]) -> float:
    boost_db = circuit.boost_db * positions["boost"]
    return boost_db - circuit.gain_span_db * (1.0 - positions["gain"])


def _stage(circuit: Circuit, index: int, positions: Mapping[str, float], rate_hz: float) -> Part:
    stage = circuit.preamps[index]
    pot_db = _gain_db(circuit, positions) if index == circuit.gain_pot_after else 0.0
    gain = _linear(stage.gain_db + pot_db)
    return TriodeStage(gain, stage.bias, stage.bias_shift, stage.recovery_s, rate_hz, SLOW_RATIO)


def _parts(circuit: Circuit, positions: Mapping[str, float], rate_hz: float) -> Iterator[Part]:
    coupling = highpass(circuit.preamps[0].coupling_hz, rate_hz)
    for index, stage in enumerate(circuit.preamps):
        yield coupling
        yield _stage(circuit, index, positions, rate_hz)
        # Behind the last stage there is no next one: its own coupling is used again.
        following = circuit.preamps[min(index + 1, len(circuit.preamps) - 1)]
        # One stage's roll-off and the next one's coupling in one pass.
        coupling = lowpass(stage.miller_hz, rate_hz).then(highpass(following.coupling_hz, rate_hz))
    yield coupling
    yield circuit.tone.filter(positions["bass"], positions["middle"], positions["treble"], rate_hz)
    drive = circuit.tone_makeup_db + circuit.power_drive_db
    level = _linear(drive) * _pot(positions["master"], circuit.master_span_db)
    yield PowerStage(level, circuit.sag, circuit.sag_s, rate_hz, SLOW_RATIO)
    presence = high_shelf(circuit.presence_hz, circuit.presence_db * positions["presence"], rate_hz)
    load = resonance(circuit.load_hz, circuit.load_db, circuit.load_q, rate_hz)
    yield presence.then(load)


class Amplifier(Chain):
    """A circuit that is switched on, with its controls where they stand.

    Args:
        circuit: What the amplifier is made of.
        positions: Control positions in [0, 1]; what is missing stands at its default.
        rate_hz: Sample rate of what goes in and comes out.
    """

    def __init__(self, circuit: Circuit, positions: Mapping[str, float], rate_hz: float) -> None:
        everything = {**DEFAULT_POSITIONS, **positions}
        parts = list(_parts(circuit, everything, rate_hz * OVERSAMPLING))
        super().__init__(OVERSAMPLING, parts, _linear(circuit.output_db))
