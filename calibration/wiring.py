"""What a knob does to the sound, and whether that is what its name promises."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from calibration import levels

Audio = NDArray[np.float64]

#: The swept tones that tell bass, middle and treble apart.
#: The lowest is a guitar's open low E string.
PROBE_HZ = (82.4, 650.0, 4000.0)
#: Stretches of a swept tone, as shares of its length: quiet, where an amp is linear, and loud.
QUIET_SHARE, LOUD_SHARE = (0.25, 0.5), (0.85, 1.0)
#: A knob is dead where its ends differ by less than so many times the repeatability.
DEAD_FLOORS = 10.0
#: Differences below this are nobody's sound.
DEAD_ESR = 1e-9
#: Two knobs whose effects differ by no more than this may be the same control.
ALIKE_DB = 1.5
#: A wrong wire explains what is heard better than a right one by at least this much.
MARGIN = 0.5
#: How much gain and level are told apart by which of them compresses more; it counts for no more
#: than the rest of what they do.
SQUASH_WEIGHT = 5.0


class Kind(StrEnum):
    """What a control is for."""

    GAIN = "gain"
    LEVEL = "level"
    BASS = "bass"
    MIDDLE = "middle"
    TREBLE = "treble"


#: What people call controls; nothing is expected of any other name.
NAMES: Mapping[Kind, frozenset[str]] = {
    Kind.GAIN: frozenset({"gain", "drive", "pre", "preamp", "overdrive", "distortion", "boost"}),
    Kind.LEVEL: frozenset({"volume", "vol", "master", "level", "output"}),
    Kind.BASS: frozenset({"bass", "low", "lows", "bottom"}),
    Kind.MIDDLE: frozenset({"middle", "mid", "mids"}),
    Kind.TREBLE: frozenset({"treble", "high", "highs", "top", "tone", "presence"}),
}


def kind_of(name: str) -> Kind | None:
    """What a knob's name promises; None where it promises nothing."""
    words = set(name.lower().replace("-", "_").split("_"))
    return next((kind for kind, names in NAMES.items() if words & names), None)


@dataclass(frozen=True)
class Response:
    """What turning a knob from its lowest to its highest value does, in dB.

    Attributes:
        quiet_db: Change of the gain of quiet tones at `PROBE_HZ`.
        loud_db: The same of loud ones.
    """

    quiet_db: tuple[float, ...]
    loud_db: tuple[float, ...]

    @property
    def squash(self) -> float:
        """The share of the quiet tones' change that loud ones do not take part in."""
        quiet = float(np.mean(self.quiet_db))
        # A gain in front of a clipper raises loud tones less than quiet ones, a volume both alike.
        return 1.0 - float(np.mean(self.loud_db)) / quiet if abs(quiet) > 1e-6 else 0.0

    @property
    def reversed(self) -> "Response":
        """The same knob, wired the other way round."""
        return Response(tuple(-q for q in self.quiet_db), tuple(-q for q in self.loud_db))

    @property
    def without_quiet(self) -> "Response":
        """The same by loud tones alone."""
        return Response(self.loud_db, self.loud_db)

    def is_like(self, other: "Response") -> bool:
        """Whether two knobs do much the same."""
        pairs = zip(self.quiet_db + self.loud_db, other.quiet_db + other.loud_db, strict=True)
        reach = max(map(abs, self.quiet_db))
        return all(abs(a - b) < max(ALIKE_DB, 0.25 * reach) for a, b in pairs)


def tone_levels(audio: Audio, tones: list[slice], share: tuple[float, float]) -> list[float]:
    """RMS in dBFS of a stretch of each swept tone, given as slices of ``audio``."""
    found = []
    for tone in tones:
        length = tone.stop - tone.start
        stretch = slice(
            tone.start + round(share[0] * length), tone.start + round(share[1] * length)
        )
        found.append(levels.rms_dbfs(audio[stretch]))
    return found


def response(lowest: Audio, highest: Audio, tones: list[slice]) -> Response:
    """What a knob does, from the return at both its ends, ``(frames,)`` in step with the send."""

    def change(share: tuple[float, float]) -> tuple[float, ...]:
        """Between the ends, for each tone."""
        ends = (tone_levels(audio, tones, share) for audio in (lowest, highest))
        return tuple(high - low for low, high in zip(*ends, strict=True))

    return Response(change(QUIET_SHARE), change(LOUD_SHARE))


def difference(a: Audio, b: Audio, usual_rms: float) -> float:
    """Energy of the difference over the energy of the louder, or of the amp's usual sound.

    The largest of the three counts, so that the hiss of two quiet takes is no difference.

    Args:
        a: A return, ``(frames,)``.
        b: Another, as long.
        usual_rms: RMS of the return at the reference setting.
    """
    power = max(levels.rms(a) ** 2, levels.rms(b) ** 2, usual_rms**2)
    return levels.rms(a - b) ** 2 / power if power > 0 else 0.0


def dead_limit(repeatability_esr: float) -> float:
    """Up to this difference, turning a knob changes no more than repeating a take does."""
    return max(DEAD_FLOORS * repeatability_esr, DEAD_ESR)


@dataclass(frozen=True)
class Mistake:
    """Knobs that are wired wrongly: one that is ``reversed``, or two that are ``swapped``."""

    kind: str
    knobs: tuple[str, ...]


@dataclass(frozen=True)
class _Heard:
    """A knob: what it is called, what it should do, what it does."""

    name: str
    kind: Kind
    response: Response


def _fit(kind: Kind, heard: Response, usual_squash: float) -> float:
    """How well a response is that of a kind of control; about 1 is well, below 0 is not."""
    low, middle, high = heard.quiet_db
    # By the largest change, so that a knob of little effect is judged by its shape, too.
    scale = max(abs(low), abs(middle), abs(high), 1e-6)
    if kind is Kind.BASS:
        return (low - (middle + high) / 2) / scale
    if kind is Kind.MIDDLE:
        return (middle - (low + high) / 2) / scale
    if kind is Kind.TREBLE:
        return (high - (low + middle) / 2) / scale
    # Beside the mean of both, since amps differ in how much they compress at all.
    more = float(np.clip(SQUASH_WEIGHT * (heard.squash - usual_squash), -1.0, 1.0))
    broad = (low + middle + high) / 3 / scale
    return broad + (more if kind is Kind.GAIN else -more)


def _total(knobs: list[_Heard], usual_squash: float) -> float:
    return sum(_fit(knob.kind, knob.response, usual_squash) for knob in knobs)


def _hypotheses(knobs: list[_Heard]) -> Iterator[tuple[Mistake, list[_Heard]]]:
    """Everything that might be wrong, and how the knobs would be if it were put right."""
    for i, knob in enumerate(knobs):
        right = [*knobs]
        right[i] = replace(knob, response=knob.response.reversed)
        yield Mistake("reversed", (knob.name,)), right
    for i, j in combinations(range(len(knobs)), 2):
        right = [*knobs]
        right[i] = replace(knobs[i], response=knobs[j].response)
        right[j] = replace(knobs[j], response=knobs[i].response)
        yield Mistake("swapped", (knobs[i].name, knobs[j].name)), right


def _heard(responses: Mapping[str, Response]) -> tuple[list[_Heard], float]:
    """Knobs whose names promise something, and how much their broad ones compress as a rule."""
    knobs = [
        _Heard(name, kind, heard)
        for name, heard in responses.items()
        if (kind := kind_of(name)) is not None
    ]
    broad = [k.response.squash for k in knobs if k.kind in (Kind.GAIN, Kind.LEVEL)]
    usual = float(np.mean(broad)) if len(broad) > 1 else 0.0
    if len(broad) < 2:
        knobs = [_without_squash(knob) for knob in knobs]
    return knobs, usual


def is_supported(mistake: Mistake, responses: Mapping[str, Response]) -> bool:
    """Whether a mistake explains what is heard at another reference clearly better, too.

    Args:
        mistake: Found elsewhere.
        responses: What the same knobs do here.
    """
    knobs, usual = _heard(responses)
    now = _total(knobs, usual)
    rivals = {wrong: _total(right, usual) for wrong, right in _hypotheses(knobs)}
    return rivals.get(mistake, now) >= now + MARGIN


def is_refuted(mistake: Mistake, responses: Mapping[str, Response]) -> bool:
    """Whether loud tones say the opposite: a gate lets quiet ones come and go with any knob.

    Args:
        mistake: Found by quiet tones.
        responses: Where it was found.
    """
    loud = {name: heard.without_quiet for name, heard in responses.items()}
    knobs, usual = _heard(loud)
    now = _total(knobs, usual)
    rivals = {wrong: _total(right, usual) for wrong, right in _hypotheses(knobs)}
    return rivals.get(mistake, now) < now - MARGIN


def mistakes(responses: Mapping[str, Response]) -> list[Mistake]:
    """Knobs that do what another knob's name promises, or the opposite of what their own does.

    Names that promise nothing are left alone, and so are two knobs of one kind (presence and
    treble, say): what they do cannot tell them apart. Each mistake found is put right before the
    next one is looked for.

    Args:
        responses: By knob name; of knobs that turn, are not dead and share no control.
    """
    knobs, usual = _heard(responses)
    found: list[Mistake] = []
    while True:
        now = _total(knobs, usual)
        rivals = [(_total(right, usual), mistake, right) for mistake, right in _hypotheses(knobs)]
        if not rivals:
            return found
        best, mistake, right = max(rivals, key=lambda rival: rival[0])
        # An end in any case: two mistakes might put each other right for ever.
        if best < now + MARGIN or len(found) >= len(knobs):
            return found
        found.append(mistake)
        knobs = right


def _without_squash(knob: _Heard) -> _Heard:
    """A single gain or level control has nothing to be compared with."""
    return replace(knob, response=Response(knob.response.quiet_db, knob.response.quiet_db))
