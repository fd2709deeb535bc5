"""One rig with known truth: an amp, a converter, knobs, and faults when they are asked for."""

from collections import deque
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rig.devices.virtual.studio.amps import AmpParameters, Point, StudioAmp
from rig.devices.virtual.studio.converters import (
    Converter,
    Opening,
    arrived,
    late,
    recorded,
    round_trip_frames,
    sent,
)
from rig.devices.virtual.studio.faults import Fault, FaultContext, draw_fault
from rig.devices.virtual.studio.filters import Signal

Audio = npt.NDArray[np.float32]
# A take is rendered longer than asked, so that lost frames are followed by true ones.
_SPARE_FRAMES = 4096


@dataclass(frozen=True)
class StudioParameters:
    """What a studio is made of.

    Attributes:
        amp: The amp.
        converter: The audio interface.
        round_trip_frames: The buffers' delay about which each opening of the stream lies.
        reopening_frames: How far two openings may lie apart, fractions included.
        seed: The seed of noise and of the openings.
    """

    amp: AmpParameters
    converter: Converter
    round_trip_frames: float = 700.0
    reopening_frames: float = 3.0
    seed: int = 0


@dataclass(frozen=True)
class HappenedFault:
    """A fault that happened to a take.

    Attributes:
        kind: Its name.
        must_never_pass: Whether a take that has it may not be kept.
        parameters: What was drawn, by name.
    """

    kind: str
    must_never_pass: bool
    parameters: dict[str, float]


def error_esr(heard: Signal, wanted: Signal) -> float:
    """The error-to-signal ratio of one take against another, both without their means."""
    if not np.all(np.isfinite(heard)):
        return float("inf")
    # DC is the converter's own, and taken off wherever takes are compared.
    error, signal = heard - wanted, wanted - np.mean(wanted)
    error = error - np.mean(error)
    return float(np.sum(error**2) / (np.sum(signal**2) + 1e-20))


class Studio:
    """A rig to rehearse with, deterministic from its seed and from what is done with it.

    Attributes:
        parameters: What it is made of.
        amp: The amp with its state.
        last_fault: The fault of the last take, or None.
        last_error_esr: How far the last return was from the unspoilt one of the same moment.
        last_loopback_error_esr: The same of the loopback; 0 where there is none.
    """

    def __init__(self, parameters: StudioParameters) -> None:
        self.parameters = parameters
        self.amp = StudioAmp(parameters.amp)
        self.last_fault: HappenedFault | None = None
        self.last_error_esr = 0.0
        self.last_loopback_error_esr = 0.0
        self.schedule: deque[Fault | None] = deque()
        self._asked = dict(self.amp.state.knobs)
        self._asked_before = dict(self._asked)
        self._previous: Signal | None = None
        self._lasting: Fault | None = None
        self._lasting_before: dict[str, float] = {}
        self._openings = 0
        self._plays = 0
        self.open()

    @property
    def knobs(self) -> tuple[str, ...]:
        """The names of the amp's knobs."""
        return self.parameters.amp.knobs

    @property
    def rate(self) -> int:
        """Frames per second."""
        return self.parameters.converter.rate

    @property
    def latency_frames(self) -> float:
        """The true round trip of the present opening, without the amp's own delay."""
        return round_trip_frames(self.parameters.converter, self._opening)

    def open(self) -> None:
        """Open the stream anew: the round trip changes, by a part of a frame at least."""
        rng = np.random.default_rng((self.parameters.seed, 1, self._openings))
        apart = rng.uniform(-0.5, 0.5) * self.parameters.reopening_frames
        self._opening = Opening(self.parameters.round_trip_frames + apart, self._openings)
        self._openings += 1

    def dial(self, point: Point, *, wait_s: float = 0.0) -> None:
        """Ask for a setting, each knob in [0, 1], and wait before the next take."""
        self._asked_before = dict(self._asked)
        self._asked = {**self._asked, **point}
        self.amp.turn(self._asked)
        self.amp.rest(wait_s)

    def rest(self, seconds: float) -> None:
        """Let time pass without playing."""
        self.amp.rest(seconds)

    def spoil_next(self, kind: str, rng: np.random.Generator | int = 0, *, takes: int = 1) -> None:
        """Let a fault happen to the next takes, all with the same parameters.

        Args:
            kind: The fault's name.
            rng: What its parameters are drawn from: a generator or a seed.
            takes: How many takes it lasts; a stuck knob stays where it stuck all the while.
        """
        seed = rng if isinstance(rng, int) else int(rng.integers(2**31))
        self.schedule.extend([draw_fault(kind, seed)] * takes)

    def play(self, send: Audio) -> tuple[Audio, Audio | None]:
        """Play a take, `(frames,)`, and return what both inputs recorded, of the same length.

        Returns:
            The return and the loopback; the latter is None where there is no cable.
        """
        fault = self.schedule.popleft() if self.schedule else None
        x = np.pad(np.asarray(send, dtype=np.float64), (0, _SPARE_FRAMES))
        returned, loopback, spoilt, spoilt_loopback = self._take(x, fault)
        frames = len(send)
        self._previous = spoilt[:frames]
        self.last_error_esr = error_esr(spoilt[:frames], returned[:frames])
        self.last_loopback_error_esr = 0.0
        if loopback is None or spoilt_loopback is None:
            return spoilt[:frames].astype(np.float32), None
        self.last_loopback_error_esr = error_esr(spoilt_loopback[:frames], loopback[:frames])
        return spoilt[:frames].astype(np.float32), spoilt_loopback[:frames].astype(np.float32)

    def clean(self, send: Audio, point: Point) -> Audio:
        """The truth of a setting: noiseless, unspoilt, in step with the send, of a steady amp.

        The converter's filters, gains and polarity are in it, and the amp's own delay; the
        round trip, DC, noise and crosstalk are not.
        """
        converter = self.parameters.converter
        ahead = int(np.ceil(self.parameters.round_trip_frames))
        delay = ahead - round_trip_frames(converter, Opening(0.0))
        x = np.pad(np.asarray(send, dtype=np.float64), (0, ahead))
        out = sent(x, converter.returned, converter.rate)
        analogue = self.amp.truth(out, {**self._asked, **point}, converter.rate)
        y = late(arrived(analogue, converter.returned, self.rate), converter, delay)
        return y[ahead:].astype(np.float32)

    def _take(
        self, x: Signal, fault: Fault | None
    ) -> tuple[Signal, Signal | None, Signal, Signal | None]:
        analogue, told_analogue, told = self._played(x, fault)
        returned, loopback = self._recorded(x, analogue)
        spoilt, spoilt_loopback = returned, loopback
        if told_analogue is not None:
            spoilt, spoilt_loopback = self._recorded(x, told_analogue)
        self._plays += 1
        self.last_fault = None
        if fault is None:
            return returned, loopback, spoilt, spoilt_loopback
        context = FaultContext(self.rate, self.latency_frames, self._previous)
        spoilt, spoilt_loopback, drawn = fault.spoil(x, spoilt, spoilt_loopback, context)
        kind = fault.kind
        self.last_fault = HappenedFault(kind.name, kind.must_never_pass, {**told, **drawn})
        return returned, loopback, spoilt, spoilt_loopback

    def _played(
        self, x: Signal, fault: Fault | None
    ) -> tuple[Signal, Signal | None, dict[str, float]]:
        """The amp's output as asked, and as told where a fault of the knobs is at work."""
        out = sent(x, self.parameters.converter.returned, self.rate)
        if fault is None or fault.kind.tells is None:
            return self.amp.play(out, self.rate), None, {}
        if fault is not self._lasting:
            # A fault of several takes: the knob stays where it stood before the first of them.
            self._lasting, self._lasting_before = fault, dict(self._asked_before)
        told, drawn = fault.told(self._asked, self._lasting_before)
        spoilt = self._mistold(out, told.point, told.settle_s)
        return self.amp.play(out, self.rate), spoilt, drawn

    def _mistold(self, out: Signal, point: dict[str, float], settle_s: float | None) -> Signal:
        since_s = 0.0 if settle_s is not None else self.amp.state.since_moved_s
        state = replace(self.amp.state, knobs=point, since_moved_s=since_s)
        # Heard and not played: time goes on once, in the amp that was told what was asked.
        return StudioAmp(self.parameters.amp, state).heard(out, self.rate, settle_s=settle_s)

    def _recorded(self, x: Signal, analogue: Signal) -> tuple[Signal, Signal | None]:
        rngs = self._rng(2), self._rng(3)
        return recorded(x, analogue, self.parameters.converter, self._opening, rngs)

    def _rng(self, purpose: int) -> np.random.Generator:
        # By purpose and take: the spoilt and the unspoilt recording of one take have the same
        # noise, so that what they differ by is the fault.
        return np.random.default_rng((self.parameters.seed, purpose, self._plays))
