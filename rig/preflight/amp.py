"""The amp itself: whether it is warm and repeats itself, and what was left on."""

from collections.abc import Iterator
from dataclasses import dataclass

from calibration import effects, levels, warmup
from calibration.replicates import compare
from calibration.signals import Part, Signal
from calibration.takes import silence_of
from rig.knobs import Setting
from rig.preflight.finding import Finding, Grade, finding
from rig.preflight.probe import STEADY_HZ, STEADY_REST_S, STEADY_S, Heard, Probe, Say
from rig.printable import count_of

#: Two takes of one setting must agree at least this well to teach a model anything.
REPEATABILITY_LIMIT = 0.01
#: Takes of the reference setting before an amp is said to be still warming up.
MOST_WARMUP_TAKES = 8
#: Steps from take to take that point the same way at least so much are one way: an amp gets warm.
ONE_WAY = 0.5
#: A swing counts where two takes differ as well by so much, noise set aside.
SWINGING_ESR = 1e-3


@dataclass(frozen=True)
class Rest:
    """An amp at rest, or as much at rest as it came.

    Attributes:
        heard: Its last take.
        repeatability_esr: ESR from one take to the next.
        noise_esr: What of that noise may make.
        takes: How many there were.
        is_steady: Whether it stays the same.
        one_way: How much the steps between takes point one way; about -0.5 to and fro, 1 one way.
    """

    heard: Heard
    repeatability_esr: float
    takes: int
    is_steady: bool
    noise_esr: float = 0.0
    one_way: float = 1.0

    @property
    def own_esr(self) -> float:
        """What the takes differ by beyond their noise."""
        return max(self.repeatability_esr - self.noise_esr, 0.0)

    @property
    def goes_one_way(self) -> bool:
        """Whether it changes like an amp that gets warm."""
        return self.one_way > ONE_WAY


def come_to_rest(probe: Probe, reference: Setting, first: Heard, say: Say) -> Rest:
    """Record the reference setting until it stays the same."""
    guitars, step, noise_esr = [first.guitar], float("inf"), 0.0
    for count in range(2, MOST_WARMUP_TAKES + 1):
        say(f"warm-up, take {count}")
        heard = probe.take(reference)
        found = warmup.warmup(guitars[-2:], heard.guitar, heard.noise_power)
        noise_esr = compare(guitars[-1], heard.guitar, 2 * heard.noise_power).noise_esr
        guitars.append(heard.guitar)
        step = found.step_esr if found.step_esr is not None else step
        if found.is_steady:
            return Rest(heard, step, count, is_steady=True, noise_esr=noise_esr)
    one_way = effects.to_and_fro(guitars, heard.noise_power)
    return Rest(heard, step, MOST_WARMUP_TAKES, False, noise_esr, one_way)


def steadiness(rest: Rest) -> Iterator[Finding]:
    """The rows about warm-up and repeatability."""
    yield _warmth(rest)
    yield finding(
        "repeatability",
        f"ESR {rest.repeatability_esr:.1e}",
        f"{REPEATABILITY_LIMIT:g}",
        good=rest.own_esr <= REPEATABILITY_LIMIT,
        advice="the amp does not repeat itself: switch modulation and reverb off; look for loose "
        "plugs",
    )


def _warmth(rest: Rest) -> Finding:
    limit = f"{MOST_WARMUP_TAKES} takes"
    if rest.is_steady:
        return Finding("warm-up", f"steady after {count_of(rest.takes, 'take')}", limit)
    if rest.goes_one_way:
        advice = "it is getting warm: let it play for a quarter of an hour, or the night waits for "
        return Finding(
            "warm-up", "still changing, one way", limit, Grade.NOTE, advice + "it (plan.warmup_s)"
        )
    advice = "it differs a little from take to take; is a tremolo or a chorus on?"
    return Finding("warm-up", "to and fro", limit, Grade.NOTE, advice)


@dataclass(frozen=True)
class LeftOn:
    """What was left on behind or before the amp.

    Attributes:
        swing_db: How far a steady tone swings.
        tail: What still sounds after the send has stopped.
        gate_dbfs: The level of a send at which a gate opens; None where there is none.
        is_modulated: Whether something swings by itself.
    """

    swing_db: float
    tail: effects.Tail
    gate_dbfs: float | None
    is_modulated: bool

    @property
    def hides_knobs(self) -> bool:
        """Whether differences between takes say nothing of knobs."""
        return self.is_modulated or self.tail.rings


def listen_for_effects(probe: Probe, reference: Setting, rest: Rest) -> LeftOn:
    """Play steady tones with silence behind them."""
    heard, signal = probe.take(reference, signal=probe.steady), probe.steady
    rate, start = signal.sample_rate, signal.segment(Part.TRAIN).start
    audio = effects.without_rumble(heard.aligned.returned, rate)
    # Without its beginning, in which the filter comes to rest.
    silence = audio[: signal.segment(Part.LEAD).stop][rate // 20 :]
    swings, tails = [], []
    for number in range(len(STEADY_HZ)):
        first = start + round(number * (STEADY_S + STEADY_REST_S) * rate)
        end, stop = first + round(STEADY_S * rate), first + round((STEADY_S + STEADY_REST_S) * rate)
        swings.append(effects.swing_db(audio[first + rate // 100 : end - rate // 100], rate))
        tails.append(effects.tail(audio[first:end], audio[end:stop], silence, rate))
    tail = max(tails, key=lambda each: each.level_db)
    swing = max(swings)
    # A delay makes steps in a steady tone; it repeats them, and something that swings does not.
    swings_too = swing > effects.SWING_DB and not tail.rings and rest.own_esr > SWINGING_ESR
    wanders = not rest.goes_one_way and rest.own_esr > REPEATABILITY_LIMIT
    moved = not rest.is_steady and (swings_too or wanders)
    return LeftOn(swing, tail, _gate(probe, rest.heard, probe.short), moved)


def _gate(probe: Probe, heard: Heard, signal: Signal) -> float | None:
    sent = [signal.send[tone] for tone in probe.tones]
    returned = [heard.aligned.returned[tone] for tone in probe.tones]
    noise_rms = levels.rms(silence_of(heard.aligned, signal))
    return effects.gate_dbfs(sent, returned, noise_rms, signal.sample_rate)


def left_on(found: LeftOn) -> Iterator[Finding]:
    """Rows about what was left on; none where nothing was."""
    if found.is_modulated:
        yield Finding(
            "modulation",
            f"a steady tone swings by {found.swing_db:.1f} dB",
            f"{effects.SWING_DB:g} dB",
            Grade.BAD,
            "no two takes are alike: switch tremolo, chorus, vibrato or phaser off, look for a "
            "loose plug, and check again; nothing is said of the knobs until then",
        )
    if found.tail.rings:
        yield Finding(
            "delay or reverb",
            f"{found.tail.level_db:.0f} dB after the send stopped",
            f"{effects.TAIL_DB:g} dB",
            Grade.NOTE,
            "a model holds no long echo: switch delay and reverb off and check again; nothing is "
            "said of the knobs until then",
        )
    if found.gate_dbfs is not None:
        advice = "what is played more quietly comes back as silence, and the model learns that"
        figure = f"opens at {found.gate_dbfs:.0f} dBFS"
        yield Finding("noise gate", figure, "", Grade.NOTE, advice)
