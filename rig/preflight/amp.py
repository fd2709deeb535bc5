"""The amp itself: whether it is warm and repeats itself, and what its knobs do."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from calibration import levels, warmup, wiring
from rig.config import Config, KnobConfig
from rig.knobs import Knob, Panel, Setting
from rig.preflight.finding import Finding, Grade, finding
from rig.preflight.probe import Heard, Probe, Say

#: Two takes of one setting must agree at least this well to teach a model anything.
REPEATABILITY_LIMIT = 0.01
#: Takes of the reference setting before an amp is said to be still warming up.
MOST_WARMUP_TAKES = 8


@dataclass(frozen=True)
class Rest:
    """An amp at rest, or as much at rest as it came: its last take, ESR from one to the next."""

    heard: Heard
    repeatability_esr: float
    takes: int
    is_steady: bool


def come_to_rest(probe: Probe, reference: Setting, first: Heard, say: Say) -> Rest:
    """Record the reference setting until it stays the same."""
    guitars, step = [first.guitar], float("inf")
    for count in range(2, MOST_WARMUP_TAKES + 1):
        say(f"warm-up, take {count}")
        heard = probe.take(reference)
        found = warmup.warmup(guitars[-2:], heard.guitar, heard.noise_power)
        guitars.append(heard.guitar)
        step = found.step_esr if found.step_esr is not None else step
        if found.is_steady:
            return Rest(heard, step, count, is_steady=True)
    return Rest(heard, step, MOST_WARMUP_TAKES, is_steady=False)


def steadiness(rest: Rest) -> Iterator[Finding]:
    """The rows about warm-up and repeatability."""
    figure = f"steady after {rest.takes} takes" if rest.is_steady else "still changing"
    yield finding(
        "warm-up",
        figure,
        f"{MOST_WARMUP_TAKES} takes",
        good=rest.is_steady,
        advice="let the amp play for a quarter of an hour; is a tremolo or a chorus on?",
    )
    yield finding(
        "repeatability",
        f"ESR {rest.repeatability_esr:.1e}",
        f"{REPEATABILITY_LIMIT:g}",
        good=rest.repeatability_esr <= REPEATABILITY_LIMIT,
        advice="the amp does not repeat itself: switch modulation and reverb off; look for loose "
        "plugs",
    )


@dataclass(frozen=True)
class Ends:
    """A knob at its lowest and at its highest value, everything else at the reference."""

    low: Heard
    high: Heard
    response: wiring.Response

    @property
    def louder_is_high(self) -> bool:
        """Whether the highest value is the louder one."""
        return levels.rms(self.high.guitar) >= levels.rms(self.low.guitar)


def _at(panel: Panel, setting: Setting, changes: dict[str, float]) -> Setting:
    return panel.setting({**panel.named(setting), **changes})


def listen_to(probe: Probe, panel: Panel, reference: Setting, knob: Knob) -> Ends:
    """Turn one knob from end to end."""
    low, high = (
        probe.take(_at(panel, reference, {knob.name: end}), last=knob.name)
        for end in (knob.values[0], knob.values[-1])
    )
    heard = wiring.response(low.aligned.returned, high.aligned.returned, probe.tones)
    return Ends(low, high, heard)


class Wires:
    """What the knobs do, and which of them are wired wrongly.

    Args:
        probe: For takes.
        config: The configuration.
        reference: Where all other knobs stand.
        rest: The amp at rest there.
    """

    def __init__(self, probe: Probe, config: Config, reference: Setting, rest: Rest) -> None:
        self._probe, self._config, self._reference = probe, config, reference
        self._panel = config.panel
        self._limit = wiring.dead_limit(rest.repeatability_esr)
        self._usual_rms = levels.rms(rest.heard.guitar)
        self.ends: dict[str, Ends] = {}

    def listen(self, say: Say) -> None:
        """Turn every knob that has a wire from end to end."""
        for knob in self._panel.knobs:
            if not knob.by_hand and len(knob.values) > 1:
                say(f"knob {knob.name}")
                self.ends[knob.name] = listen_to(self._probe, self._panel, self._reference, knob)

    def extreme(self, *, loud: bool, hands: bool) -> Setting:
        """The setting of all the louder, or all the quieter, ends.

        Knobs turned by hand go to their highest value with ``hands``, and stay otherwise;
        switches stay in any case.
        """
        values = {}
        for knob in self._panel.knobs:
            if knob.name in self.ends and not knob.is_switch:
                high = self.ends[knob.name].louder_is_high is loud
                values[knob.name] = knob.values[-1] if high else knob.values[0]
            elif knob.by_hand and hands and not knob.is_switch:
                values[knob.name] = knob.values[-1]
        return _at(self._panel, self._reference, values)

    def findings(self, say: Say) -> Iterator[Finding]:
        """A row for every knob."""
        dead = {name for name in self.ends if self._change(name) <= self._limit}
        shared = self._shared(dead, say)
        turning = {
            knob.name: self.ends[knob.name].response
            for knob in self._panel.knobs
            if knob.name in self.ends
            and not knob.is_switch
            and knob.name not in dead
            and not any(knob.name in pair for pair in shared)
        }
        wrong = wiring.mistakes(turning)
        for name in self.ends:
            yield self._finding(name, dead, shared, wrong)
        by_hand = [knob.name for knob in self._panel.knobs if knob.by_hand]
        if by_hand:
            names = ", ".join(by_hand)
            yield Finding("by hand", names, "", Grade.NOTE, "somebody turns these all night")

    def _change(self, name: str) -> float:
        """How different both ends of a knob sound."""
        ends = self.ends[name]
        return wiring.difference(ends.low.guitar, ends.high.guitar, self._usual_rms)

    def _shared(self, dead: set[str], say: Say) -> list[tuple[str, str]]:
        """Pairs of knobs that turn one control: whichever is set last decides alone."""
        alike = [
            (a, b)
            for a, b in combinations((name for name in self.ends if name not in dead), 2)
            if self.ends[a].response.is_like(self.ends[b].response)
        ]
        found = []
        for a, b in alike:
            say(f"knobs {a} and {b}: one control or two?")
            if self._is_one_control(a, b):
                found.append((a, b))
        return found

    def _is_one_control(self, a: str, b: str) -> bool:
        """Set one knob to either end after the other was set to the opposite one."""
        knobs = {knob.name: knob for knob in self._panel.knobs}
        for other, mine, heard in (
            (knobs[a].values[-1], knobs[b].values[0], self.ends[b].low),
            (knobs[a].values[0], knobs[b].values[-1], self.ends[b].high),
        ):
            setting = _at(self._panel, self._reference, {a: other, b: mine})
            both = self._probe.take(setting, last=b)
            off = wiring.difference(both.guitar, heard.guitar, self._usual_rms)
            if off > self._limit:
                return False
        return True

    def _finding(
        self,
        name: str,
        dead: set[str],
        shared: list[tuple[str, str]],
        wrong: list[wiring.Mistake],
    ) -> Finding:
        ends = self.ends[name]
        change = float(np.mean(ends.response.quiet_db))
        figure = f"{change:+.1f} dB, ESR {self._change(name):.1e}"
        row = Finding(f"knob {name}", figure, f"over {self._limit:.1e}")
        bad = replace(row, verdict=Grade.BAD)
        if name in dead:
            return replace(bad, advice=f"turning it changes nothing: {self._look(name)}")
        for pair in shared:
            if name in pair:
                other = pair[1 - pair.index(name)]
                advice = f"it turns the same control as {other}: {self._look(name)}"
                return replace(bad, advice=advice)
        for mistake in wrong:
            if name in mistake.knobs and mistake.kind == "swapped":
                other = mistake.knobs[1 - mistake.knobs.index(name)]
                key = _wire(self._config.knobs[name])
                advice = f"does what {other} should, and {other} what this should: exchange their "
                return replace(bad, advice=f"{advice}'{key}' in rig.yaml")
            if name in mistake.knobs:
                advice = "turning it up does what turning it down should: "
                return replace(bad, advice=advice + self._turn_round(name))
        return row

    def _look(self, name: str) -> str:
        key = _wire(self._config.knobs[name])
        return f"look at knobs.{name}.{key} in rig.yaml, at the amp's channel and MIDI map"

    def _turn_round(self, name: str) -> str:
        knob = self._config.knobs[name]
        if knob.wires and knob.program is None:
            low, high = knob.send_span
            return f"set knobs.{name}.send to [{high}, {low}]"
        return f"look at knobs.{name} in rig.yaml, and at the amp's own range for it"


def _wire(knob: KnobConfig) -> str:
    """The key that says how a knob is set."""
    return next(iter(knob.wires), "control")
