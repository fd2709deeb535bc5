"""What the knobs do: each is turned from end to end, and where nothing is heard, elsewhere too."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, islice

from calibration import levels, wiring
from calibration.replicates import NOISE_FACTOR
from rig.config import Config
from rig.knobs import Knob, Panel, Setting
from rig.preflight.amp import Rest
from rig.preflight.finding import Grade
from rig.preflight.probe import Heard, Probe, Say

#: A knob that is heard nowhere else is tried at so many settings of the others at most.
MOST_PLACES = 6
#: Where a suspicion is looked at once more, the others stand so far up their travel.
SECOND_LOOK = 0.3
#: So far a knob is turned, of its travel, to hear whether it does anything at all.
A_LITTLE = 0.1
TONES = frozenset({wiring.Kind.BASS, wiring.Kind.MIDDLE, wiring.Kind.TREBLE})

Values = Mapping[str, float]


@dataclass(frozen=True)
class Ends:
    """A knob at its lowest and its highest value, everything else where it was put."""

    low: Heard
    high: Heard
    response: wiring.Response

    @property
    def louder_is_high(self) -> bool:
        """Whether the highest value is the louder one."""
        return levels.rms(self.high.guitar) >= levels.rms(self.low.guitar)


@dataclass(frozen=True)
class Heeded:
    """Whether anything was heard of a knob.

    Attributes:
        settings: At how many settings of the others it was turned.
        between: Whether only the middle of its travel differs from both ends.
        where: How the others stood where it was heard; empty for the reference.
        is_dead: Whether nothing was heard anywhere.
    """

    settings: int = 1
    between: bool = False
    where: str = ""
    is_dead: bool = False

    @property
    def turns(self) -> bool:
        """Whether its ends differ at the reference."""
        return not (self.is_dead or self.between or self.where)


@dataclass(frozen=True)
class Suspicion:
    """A mistake in the wiring, and how sure that is: bad where two references say so."""

    mistake: wiring.Mistake
    grade: Grade


@dataclass(frozen=True)
class Place:
    """Where the other knobs stand, in words and in values."""

    words: str
    values: Values


class Wires:
    """What the knobs do, and which of them are wired wrongly.

    Args:
        probe: For takes.
        config: The configuration.
        reference: Where all other knobs stand.
        rest: The amp at rest there.
    """

    def __init__(self, probe: Probe, config: Config, reference: Setting, rest: Rest) -> None:
        self._probe, self._reference, self._rest = probe, reference, rest
        self.panel = config.panel
        self.limit = wiring.dead_limit(rest.repeatability_esr)
        self._usual_rms = levels.rms(rest.heard.guitar)
        self._knobs = {knob.name: knob for knob in self.panel.knobs}
        self.ends: dict[str, Ends] = {}

    def listen(self, say: Say) -> None:
        """Turn every knob that has a wire from end to end."""
        for knob in self.panel.knobs:
            if not knob.by_hand and len(knob.values) > 1:
                say(f"knob {knob.name}")
                self.ends[knob.name] = self._turned(knob, {})

    def extreme(self, *, loud: bool, hands: bool) -> Setting:
        """The setting of all the louder, or all the quieter, ends.

        Knobs turned by hand go to their highest value with ``hands``, and stay otherwise;
        switches stay in any case.
        """
        values = {}
        for knob in self.panel.knobs:
            if knob.name in self.ends and not knob.is_switch:
                high = self.ends[knob.name].louder_is_high is loud
                values[knob.name] = knob.values[-1] if high else knob.values[0]
            elif knob.by_hand and hands and not knob.is_switch:
                values[knob.name] = knob.values[-1]
        return self._at(values)

    def beside_quietest(self) -> Iterator[Heard]:
        """Record the quietest setting with one knob a little off its end, one after the other."""
        quietest = self.extreme(loud=False, hands=False)
        now = self.panel.named(quietest)
        for name in self.ends:
            knob = self._knobs[name]
            if not knob.is_switch:
                step = max(round(A_LITTLE * (len(knob.values) - 1)), 1)
                near = knob.values[step if now[name] == knob.values[0] else -1 - step]
                yield self._probe.take(_changed(self.panel, quietest, {name: near}), last=name)

    def change(self, name: str) -> float:
        """How different both ends of a knob sound."""
        ends = self.ends[name]
        return wiring.difference(ends.low.guitar, ends.high.guitar, self._usual_rms)

    def heeded(self, say: Say) -> dict[str, Heeded]:
        """Whether anything is heard of each knob, at the reference or elsewhere."""
        return {name: self._heeded(self._knobs[name], say) for name in self.ends}

    def shared(self, heeded: Mapping[str, Heeded], say: Say) -> list[tuple[str, str]]:
        """Pairs of knobs that turn one control: whichever is set last decides alone."""
        found = []
        turning = [name for name, knob in heeded.items() if knob.turns]
        for a, b in combinations(turning, 2):
            if not self.ends[a].response.is_like(self.ends[b].response):
                continue
            say(f"knobs {a} and {b}: one control or two?")
            # Two that meet at one setting may part at another.
            if self._is_one_control(a, b, {}) and self._is_one_control(a, b, self._second({a, b})):
                found.append((a, b))
        return found

    def suspicions(self, turning: list[str], say: Say) -> list[Suspicion]:
        """Knobs that do what others should, or the opposite of what they should."""
        first = wiring.mistakes({name: self.ends[name].response for name in turning})
        if not first:
            return []
        heard = {}
        for name in turning:
            say(f"knob {name} once more")
            heard[name] = self._turned(self._knobs[name], self._second({name})).response
        here = {name: self.ends[name].response for name in turning}
        return [
            Suspicion(
                mistake,
                Grade.BAD
                if wiring.is_supported(mistake, heard) and not wiring.is_refuted(mistake, here)
                else Grade.NOTE,
            )
            for mistake in first
        ]

    def _at(self, changes: Values) -> Setting:
        return _changed(self.panel, self._reference, changes)

    def _turned(self, knob: Knob, values: Values) -> Ends:
        low, high = (
            # Set last: of two knobs that turn one control the last one decides, and is heard.
            self._probe.take(self._at({**values, knob.name: end}), last=knob.name)
            for end in (knob.values[0], knob.values[-1])
        )
        heard = wiring.response(low.aligned.returned, high.aligned.returned, self._probe.tones)
        return Ends(low, high, heard)

    def _differs(self, one: Heard, other: Heard) -> bool:
        """Whether two takes differ by more than a repetition and their own noise do."""
        power = max(*(levels.rms(h.guitar) ** 2 for h in (one, other)), self._usual_rms**2)
        noise = NOISE_FACTOR * (one.noise_power + other.noise_power) / max(power, 1e-30)
        off = wiring.difference(one.guitar, other.guitar, self._usual_rms)
        # At the reference the repetition has told what noise does; it counts where it is louder.
        return off > max(self.limit, noise)

    def _heeded(self, knob: Knob, say: Say) -> Heeded:
        ends = self.ends[knob.name]
        if self._differs(ends.low, ends.high):
            return Heeded()
        if self._differs_between(knob, ends, {}):
            return Heeded(between=True)
        tried = 1
        for place in islice(self._places(knob), MOST_PLACES - 1):
            say(f"knob {knob.name}, with {place.words}")
            tried += 1
            there = self._turned(knob, place.values)
            if self._differs(there.low, there.high) or self._differs_between(
                knob, there, place.values
            ):
                return Heeded(tried, where=place.words)
        return Heeded(tried, is_dead=True)

    def _differs_between(self, knob: Knob, ends: Ends, values: Values) -> bool:
        """Whether the middle of a knob's travel differs from its ends."""
        # A gain may do the same at both of its ends, and be heard in between.
        if knob.is_switch or len(knob.values) < 3:
            return False
        # Held against one end only: both were just heard to be alike.
        middle = knob.values[len(knob.values) // 2]
        return self._differs(
            self._probe.take(self._at({**values, knob.name: middle}), last=knob.name), ends.low
        )

    def _places(self, knob: Knob) -> Iterator[Place]:
        """Other settings of the other knobs: up, and with each switch in its other positions."""
        # A presence may act only with the master up, and tones not at all behind a bypass.
        up = {
            name: self._knobs[name].values[-1]
            for name in self.ends
            if name != knob.name and not self._knobs[name].is_switch
        }
        if up:
            yield Place("the others up", up)
        switches = [
            self._knobs[n] for n in self.ends if n != knob.name and self._knobs[n].is_switch
        ]
        now = self.panel.named(self._reference)
        for switch in switches:
            for value in switch.values:
                if value != now[switch.name]:
                    yield Place(f"{switch.name} switched", {switch.name: value})
                    yield Place(f"{switch.name} switched, others up", {**up, switch.name: value})

    def _second(self, but: set[str]) -> Values:
        """Where the other knobs stand for a second look: tones stay, since they bend each other."""
        return {
            name: knob.values[round(SECOND_LOOK * (len(knob.values) - 1))]
            for name, knob in self._knobs.items()
            if name in self.ends
            and name not in but
            and not knob.is_switch
            and wiring.kind_of(name) not in TONES
        }

    def _is_one_control(self, a: str, b: str, values: Values) -> bool:
        """Set one knob to either end after the other was set to the opposite one."""
        knobs = self._knobs
        ends = self._turned(knobs[b], values) if values else self.ends[b]
        for other, mine, heard in (
            (knobs[a].values[-1], knobs[b].values[0], ends.low),
            (knobs[a].values[0], knobs[b].values[-1], ends.high),
        ):
            both = self._probe.take(self._at({**values, a: other, b: mine}), last=b)
            if self._differs(both, heard):
                return False
        return True


def _changed(panel: Panel, setting: Setting, changes: Values) -> Setting:
    return panel.setting({**panel.named(setting), **changes})
