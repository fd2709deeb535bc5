"""Whether the amp has settled when a take begins, after its knobs have moved."""

from collections.abc import Iterator

from calibration import levels
from calibration.replicates import NOISE_FACTOR
from calibration.signals import Part
from calibration.takes import within
from rig.knobs import Setting
from rig.preflight.amp import Rest
from rig.preflight.finding import Finding, Grade
from rig.preflight.probe import Heard, Probe, Say

#: What a take begins with may differ by this ESR from what the same setting gives a take later.
SETTLED_ESR = 3e-3
#: The same of an amp that hardly repeats itself, in multiples of what its takes differ by.
SETTLED_TIMES = 10.0


def settling(
    probe: Probe, away: Setting, reference: Setting, rest: Rest, say: Say
) -> Iterator[Finding]:
    """Yield the row about settling; the knobs stand at ``away``, and go to the reference.

    An amp or a pedal that glides to a new setting is heard in the first take after a move and not
    in the second. What differs once may be chance: it counts where it comes again.

    Args:
        probe: For takes.
        away: A setting far from the reference.
        reference: The reference setting.
        rest: The amp at rest there.
        say: Told what is being looked at.
    """
    if away == reference:
        return
    say("settling")
    limit = max(SETTLED_ESR, SETTLED_TIMES * rest.own_esr)
    first, later = probe.take(reference), probe.take(reference)
    found = _difference(probe, first, later)
    if found > limit:
        probe.take(away)
        again, twice = probe.take(reference), probe.take(reference)
        # Takes with nothing moved in between tell what is no settling.
        found = min(found, _difference(probe, again, twice))
        found = 0.0 if _difference(probe, twice, later) > limit else found
    if found <= limit:
        yield Finding("settling", f"ESR {found:.1e} after a move", f"{limit:.1g}")
        return
    yield Finding(
        "settling",
        f"ESR {found:.1e} after a move",
        f"{limit:.1g}",
        Grade.BAD,
        "the amp still moves when a take begins: raise amp.settle_s, or the knob's own settle_s, "
        "in rig.yaml",
    )


def _difference(probe: Probe, first: Heard, later: Heard) -> float:
    """ESR of a take's beginning against a later one's, without what noise makes."""
    stretch = probe.short.segment(Part.BEFORE)
    one, other = (within(stretch, heard.aligned.returned) for heard in (later, first))
    power = max(levels.rms(one) ** 2, 1e-30)
    noise = NOISE_FACTOR * (first.noise_power + later.noise_power) / power
    return max(levels.esr(one, other) - noise, 0.0)
