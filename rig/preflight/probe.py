"""Short takes for the check: dial, play four seconds, listen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from calibration import wiring
from calibration.checks import Baseline, Limits, judge
from calibration.signals import Audio, Part, Signal, compose
from calibration.takes import Aligned, align, guitar_of
from calibration.verdict import Check, Verdict
from rig.devices.client import DevicesClient
from rig.faceplate import by_hand, moves_to
from rig.knobs import Move, Panel, Setting

#: Asks somebody to turn knobs; returns when they are turned.
AskHands = Callable[[Sequence[Move]], None]
#: Tells what is being looked at.
Say = Callable[[str], None]

TONE_S, GUITAR_S, REST_S = 0.3, 1.2, 0.2
#: Silence in front of the first take: so much tells 50 from 60 Hz.
LISTEN_S = 1.5
#: Takes of a setting before dropouts are accepted as the machine's nature.
ATTEMPTS = 3
#: What goes wrong on the way, not in the amp.
LOST = frozenset({Check.DROPOUT, Check.DROPOUT_FLAG, Check.STANDSTILL, Check.DRIFT, Check.LATENCY})
#: Of that, what a send that was turned down lies too low in a loopback's noise to tell.
BY_THE_CLOCK = frozenset({Check.DRIFT, Check.LATENCY})


def _loudest(guitar: Audio, sample_rate: int) -> Audio:
    """The stretch of a recording around its largest sample."""
    frames = min(round(GUITAR_S * sample_rate), len(guitar))
    middle = int(np.argmax(np.abs(guitar)))
    start = min(max(middle - frames // 3, 0), len(guitar) - frames)
    return guitar[start : start + frames]


def probe_signal(session_signal: Signal, peak_dbfs: float, *, listen: bool) -> Signal:
    """A short stand-in for the session's signal: three tones and its loudest guitar.

    Args:
        session_signal: What the session plays.
        peak_dbfs: Its largest sample.
        listen: Whether a second and a half of silence comes first.
    """
    rate = session_signal.sample_rate
    train = session_signal.segment(Part.TRAIN)
    guitar = _loudest(session_signal.send[train.start : train.stop], rate)
    rest = guitar[: round(REST_S * rate)]
    lead = {"lead_s": LISTEN_S} if listen else {}
    return compose(guitar, rest, wiring.PROBE_HZ, TONE_S, peak_dbfs, rate, **lead)


#: Steady tones with silence behind each: so high, so long, this far below the guitar's peak.
STEADY_HZ, STEADY_S, STEADY_REST_S, STEADY_DB = (220.0, 880.0), 1.3, 0.65, -12.0


def steady_signal(session_signal: Signal, peak_dbfs: float) -> Signal:
    """Steady tones with silence between them, in the place of the guitar to learn from.

    They tell what was left on: what swings by itself shows in a tone, what rings on behind it.
    """
    rate = session_signal.sample_rate
    time_s = np.arange(round(STEADY_S * rate)) / rate
    rest = np.zeros(round(STEADY_REST_S * rate))
    fade = np.minimum(1.0, np.minimum(time_s, time_s[::-1]) / 0.01)
    tones = [np.concatenate([fade * np.sin(2 * np.pi * hz * time_s), rest]) for hz in STEADY_HZ]
    gap = np.zeros(round(REST_S * rate))
    gap[: len(gap) // 2] = tones[0][: len(gap) // 2]
    return compose(np.concatenate(tones), gap, (), TONE_S, peak_dbfs + STEADY_DB, rate)


@dataclass(frozen=True)
class Heard:
    """A probe take: in step, judged, and the part of it where takes are compared."""

    aligned: Aligned
    verdict: Verdict
    guitar: Audio

    @property
    def noise_power(self) -> float:
        """Mean square of what came back before anything was played."""
        return float(10 ** (self.verdict.figures["noise_dbfs"] / 10))

    @property
    def figures(self) -> dict[str, float]:
        """Everything measured of it."""
        return dict(self.verdict.figures)


def _is_damaged(heard: Heard, *, is_quiet: bool = False) -> bool:
    """Whether audio was lost on the way, as far as that is known."""
    found = {reason.check for reason in heard.verdict.reasons}
    if is_quiet:
        found -= BY_THE_CLOCK
    if heard.aligned.loopback is None:
        # The return's own sweeps are all there is, and a quiet or a gated one has hardly any.
        found -= {Check.DRIFT}
    return bool(LOST & found)


class Probe:
    """Takes of any setting, repeated where audio was lost on the way.

    Args:
        bench: Open devices.
        panel: The amp's knobs.
        signal: What the session plays.
        peak_dbfs: Its largest sample.
        limits: What a take must be.
        ask: Asks for hands; without it knobs turned by hand are taken to stand right.
    """

    def __init__(
        self,
        bench: DevicesClient,
        panel: Panel,
        signal: Signal,
        peak_dbfs: float,
        limits: Limits,
        ask: AskHands | None,
    ) -> None:
        self._bench, self._panel, self._limits, self._ask = bench, panel, limits, ask
        self._hands: tuple[float, ...] | None = None
        self._latency_frames: float | None = None
        self.peak_dbfs = peak_dbfs
        self.short = probe_signal(signal, peak_dbfs, listen=False)
        self.long = probe_signal(signal, peak_dbfs, listen=True)
        self.steady = steady_signal(signal, peak_dbfs)
        self.takes = self.damaged = 0

    @property
    def tones(self) -> list[slice]:
        """Where the short signal's tones are."""
        start, frames = self.short.segment(Part.TONES).start, round(TONE_S * self.short.sample_rate)
        return [
            slice(start + i * frames, start + (i + 1) * frames) for i in range(len(wiring.PROBE_HZ))
        ]

    def take(
        self,
        setting: Setting,
        *,
        last: str | None = None,
        signal: Signal | None = None,
        send_dbfs: float | None = None,
    ) -> Heard:
        """Record a setting.

        Args:
            setting: Where the knobs go.
            last: A knob that is set after all others.
            signal: In place of the short one.
            send_dbfs: In place of the session's own peak.

        Raises:
            DeviceError: It could not be done.
        """
        signal, is_quiet = signal or self.short, send_dbfs is not None
        if send_dbfs is not None:
            gain = 10 ** ((send_dbfs - self.peak_dbfs) / 20)
            signal = replace(signal, send=signal.send * gain)
        self._turn(setting)
        for _ in range(ATTEMPTS):
            self._bench.dial(setting, last)
            heard = self._record(signal)
            self.takes += 1
            if not _is_damaged(heard, is_quiet=is_quiet):
                return heard
            self.damaged += 1
        return heard

    def _turn(self, setting: Setting) -> None:
        moves = moves_to(self._panel, self._hands, setting)
        if moves and self._ask is not None:
            self._ask(moves)
        self._hands = by_hand(self._panel, setting)

    def _record(self, signal: Signal) -> Heard:
        recording = self._bench.reamp(signal.send.astype(np.float32))
        loopback = None if recording.loopback is None else recording.loopback.astype(np.float64)
        returned = recording.returned.astype(np.float64)
        aligned = align(returned, loopback, signal, recording.dropouts, self._latency_frames)
        if self._latency_frames is None:
            # As in a session, the first take tells the round trip that all others are held against.
            self._latency_frames = aligned.latency.frames
        verdict = judge(aligned, signal, self._limits, Baseline(self._latency_frames))
        return Heard(aligned, verdict, guitar_of(aligned.returned, signal))
