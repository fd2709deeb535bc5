"""Amps with known truth, whose state goes on from take to take."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from rig.devices.virtual.studio.circuits import (
    DC_BLOCK_HZ,
    Cabinet,
    Chorus,
    Compressor,
    Echo,
    Gate,
    Reverb,
    Supply,
    Tremolo,
    WarmUp,
    tone,
)
from rig.devices.virtual.studio.controls import Control, Law
from rig.devices.virtual.studio.filters import Signal, chained, coupled, decibels, shelf
from rig.devices.virtual.studio.timing import delayed

PRESENCE_FROM = 0.7
_COOLING_S = 600.0
_INPUT_CORNER_HZ = 40.0

Point = Mapping[str, float]

PLAIN_CONTROLS = (Control("gain"), Control("bass"), Control("treble"), Control("master"))


@dataclass(frozen=True)
class AmpParameters:
    """What an amp is made of; a part that is None is not there.

    Attributes:
        controls: The knobs; what is controlled goes by the name (gain, bass, middle, treble,
            master, presence, channel, bypass); what has no knob stands in the middle.
        gain_low_db: The preamp's gain with the gain knob at its lowest.
        gain_range_db: What the gain knob adds up to its highest.
        asymmetry: 0 for push-pull, up to 0.5 for a single-ended stage.
        hiss_dbfs: The RMS of white noise at the preamp's input, so that it grows with gain.
        output_db: Gain behind everything.
        settle_s: How long after the knobs moved the change is 95 % done; 0 is at once.
        channel_latency_frames: The delay that the second channel adds.
        drift_db_per_hour: How much the gain changes in an hour, playing or not.
        seed: The seed of hiss and of everything else that is drawn.
    """

    controls: tuple[Control, ...] = PLAIN_CONTROLS
    gain_low_db: float = 0.0
    gain_range_db: float = 36.0
    asymmetry: float = 0.0
    hiss_dbfs: float = -200.0
    output_db: float = 0.0
    settle_s: float = 0.0
    channel_latency_frames: int = 0
    drift_db_per_hour: float = 0.0
    gate: Gate | None = None
    supply: Supply | None = None
    cabinet: Cabinet | None = None
    compressor: Compressor | None = None
    tremolo: Tremolo | None = None
    chorus: Chorus | None = None
    echo: Echo | None = None
    reverb: Reverb | None = None
    warm_up: WarmUp | None = None
    seed: int = 0

    @property
    def knobs(self) -> tuple[str, ...]:
        """The names of the knobs in the order of the front panel."""
        return tuple(control.name for control in self.controls)

    def steady(self) -> "AmpParameters":
        """The same amp warm, settled, undrifted and without hiss."""
        return replace(self, warm_up=None, settle_s=0.0, hiss_dbfs=-200.0, drift_db_per_hour=0.0)


@dataclass
class AmpState:
    """What an amp remembers between takes.

    Attributes:
        on_s: Seconds since it was switched on; free-running modulation goes by them.
        heat_s: Seconds of playing that its warmth is worth.
        takes: How many takes it played.
        knobs: Where its knobs stand.
        knobs_before: Where they stood before they were last moved.
        since_moved_s: Seconds since then.
    """

    on_s: float = 0.0
    heat_s: float = 0.0
    takes: int = 0
    knobs: dict[str, float] = field(default_factory=dict)
    knobs_before: dict[str, float] = field(default_factory=dict)
    since_moved_s: float = 1e9


class StudioAmp:
    """One amp on the bench: deterministic from its seed and from what was done with it."""

    def __init__(self, parameters: AmpParameters, state: AmpState | None = None) -> None:
        self.parameters = parameters
        middle = dict.fromkeys(parameters.knobs, 0.5)
        self.state = state or AmpState(knobs=dict(middle), knobs_before=dict(middle))

    def turn(self, point: Point) -> None:
        """Move knobs to a point; those that it does not name stay."""
        unknown = set(point) - set(self.parameters.knobs)
        if unknown:
            raise KeyError(f"This amp has no knob {sorted(unknown)}.")
        self.state.knobs_before = dict(self.state.knobs)
        self.state.knobs = {**self.state.knobs, **point}
        self.state.since_moved_s = 0.0

    def rest(self, seconds: float) -> None:
        """Let time pass without playing: the amp settles and cools."""
        self.state.on_s += seconds
        self.state.since_moved_s += seconds
        self.state.heat_s *= float(np.exp(-seconds / _COOLING_S))

    def play(self, x: Signal, rate: int = 48000, *, settle_s: float | None = None) -> Signal:
        """Play a take, at the state of this moment, and go on from there.

        Args:
            x: What reaches the amp's input, `(frames,)`.
            rate: Frames per second.
            settle_s: A settling time for this take in place of the amp's own.
        """
        y = self.heard(x, rate, settle_s=settle_s)
        seconds = len(x) / rate
        self.state.on_s += seconds
        self.state.heat_s += seconds
        self.state.since_moved_s += seconds
        self.state.takes += 1
        return y

    def heard(self, x: Signal, rate: int = 48000, *, settle_s: float | None = None) -> Signal:
        """What a take at this moment would give, with nothing in the amp changed."""
        settle = self.parameters.settle_s if settle_s is None else settle_s
        y = self._rendered(x, self.state.knobs, rate)
        if settle <= 0.0 or self.state.since_moved_s > 4.0 * settle:
            return y
        count = min(len(x), int(rate * (4.0 * settle - self.state.since_moved_s)) + 1)
        old = self._rendered(x[:count], self.state.knobs_before, rate)
        t = self.state.since_moved_s + np.arange(count) / rate
        # e to the power of -3 leaves 5 % of the way; after four times as long nothing is left.
        y[:count] += np.exp(-3.0 * t / settle) * (old - y[:count])
        return y

    def truth(self, x: Signal, point: Point, rate: int = 48000) -> Signal:
        """What this setting gives when warm, settled, free of hiss and at modulation's start."""
        knobs = {**self.state.knobs, **point}
        steady = StudioAmp(self.parameters.steady(), AmpState(knobs=knobs, knobs_before=knobs))
        return steady.heard(x, rate)

    def _effect(self, name: str, knobs: Point, otherwise: float) -> float:
        for control in self.parameters.controls:
            if control.name == name:
                return control.effect(knobs[name])
        return otherwise

    def _rendered(self, x: Signal, knobs: Point, rate: int) -> Signal:
        cold = self._coldness(len(x), rate)
        y = self._preamp(x, knobs, rate, cold)
        y = self._power(self._tone(y, knobs, rate), knobs, rate)
        y = self._effects(y, rate)
        warm_up = self.parameters.warm_up
        if cold is not None and warm_up is not None:
            y = y * 10.0 ** (warm_up.cold_db * cold / 20.0)
        drift_db = self.parameters.drift_db_per_hour * self.state.on_s / 3600.0
        return self._channel_delayed(y, knobs) * decibels(self.parameters.output_db + drift_db)

    def _coldness(self, frames: int, rate: int) -> Signal | None:
        warm_up = self.parameters.warm_up
        return warm_up.coldness(self.state.heat_s, frames, rate) if warm_up else None

    def _preamp(self, x: Signal, knobs: Point, rate: int, cold: Signal | None) -> Signal:
        p = self.parameters
        if p.hiss_dbfs > -180.0:
            # By the take: heard twice at one moment, as asked and as mistold, it hisses the same.
            rng = np.random.default_rng((p.seed, self.state.takes))
            x = x + decibels(p.hiss_dbfs) * rng.standard_normal(len(x))
        x = coupled(x, _INPUT_CORNER_HZ, rate)
        if p.gate:
            x = p.gate.play(x, rate)
        if p.compressor:
            x = p.compressor.play(x, rate)
        boost = 12.0 * self._effect("channel", knobs, 0.0)
        gain_db = p.gain_low_db + p.gain_range_db * self._effect("gain", knobs, 0.5) + boost
        bias = p.asymmetry + (p.warm_up.cold_bias * cold if p.warm_up and cold is not None else 0.0)
        # Less what it gives at rest, so that nothing comes out while nothing is played.
        bent = np.tanh(decibels(gain_db) * x + bias) - np.tanh(bias)
        return coupled(np.asarray(bent), DC_BLOCK_HZ, rate)

    def _tone(self, x: Signal, knobs: Point, rate: int) -> Signal:
        if self._effect("bypass", knobs, 1.0) < 0.5:
            return x
        bass, middle, treble = (
            self._effect(name, knobs, 0.5) for name in ("bass", "middle", "treble")
        )
        return tone(x, bass, middle, treble, rate)

    def _power(self, x: Signal, knobs: Point, rate: int) -> Signal:
        p = self.parameters
        master = self._effect("master", knobs, 0.5)
        closes = any(c.name == "master" and c.law is Law.CLOSING for c in p.controls)
        x = x * (2.0 * master if closes else decibels(26.0 * (master - 0.7)))
        above = (master - PRESENCE_FROM) / (1.0 - PRESENCE_FROM)
        if above > 0.0 and "presence" in p.knobs:
            lift_db = 12.0 * above * self._effect("presence", knobs, 0.0)
            x = chained(x, [shelf(3000.0, lift_db, rate, high=True)])
        x = p.supply.play(x, rate) if p.supply else np.asarray(np.tanh(x))
        # An output transformer passes no DC, which an uneven wave leaves behind even bending.
        x = coupled(x, DC_BLOCK_HZ, rate)
        return p.cabinet.play(x, rate) if p.cabinet else x

    def _effects(self, x: Signal, rate: int) -> Signal:
        p = self.parameters
        if p.chorus:
            x = p.chorus.play(x, rate, self.state.on_s)
        if p.tremolo:
            x = p.tremolo.play(x, rate, self.state.on_s)
        if p.echo:
            x = p.echo.play(x, rate)
        return p.reverb.play(x, rate) if p.reverb else x

    def _channel_delayed(self, x: Signal, knobs: Point) -> Signal:
        frames = self.parameters.channel_latency_frames
        return delayed(x, frames) if frames and self._effect("channel", knobs, 0.0) else x
