"""What error was to be expected of a capture, by what was found of others, and what is a surprise.

An error has two parts: what the members have in common and show on every setting they have learnt,
and what they do not know of a setting, which grows with their disagreement. Only the second one
is corrected by what was found.
"""

from collections.abc import Sequence
from statistics import median

from rig.session.facts import FoundError
from rig.session.state import State

#: The last so many pairs say by how much to correct; older ones come from poorer ensembles.
REMEMBERED = 24
# Healthy captures came to 2.5 times at most, those with a gain knob off by 0.3 of its travel to 2.3
# at least, and to 6 or 10 in the middle (decision 19): a false alarm costs one take.
#: An ESR so many times what was to be expected, and at least this, is a surprise.
SURPRISE, LEAST_ESR = 4.0, 0.02
#: An ensemble that errs more than this where it has learnt is not to be surprised.
WISE_ESR = 0.1


def found_so_far(state: State) -> list[FoundError]:
    """All pairs of the rounds until now, oldest first."""
    return [pair for learnt in state.learning.rounds for pair in learnt.found]


def error_per_disagreement(pairs: Sequence[FoundError]) -> float | None:
    """How much error a disagreement stands for: the median of late; None before any."""
    late = [pair for pair in pairs[-REMEMBERED:] if pair.disagreement > 0]
    if not late:
        return None
    # Errors below what the members share would make a disagreement count for less than none.
    return max(median((pair.found - pair.common) / pair.disagreement for pair in late), 0.0)


def surprises(state: State) -> list[tuple[FoundError, float]]:
    """What the last round found far beyond what was to be expected, and that ESR.

    What is expected of a capture goes by all others: it is not measured by itself.
    """
    pairs = found_so_far(state)
    found = []
    for pair in state.learning.rounds[-1].found if state.learning.rounds else ():
        expected_esr = pair.expects(
            error_per_disagreement([other for other in pairs if other is not pair])
        )
        is_odd = pair.found > max(SURPRISE * expected_esr, LEAST_ESR)
        if is_odd and pair.common < WISE_ESR:
            found.append((pair, expected_esr))
    return found


def seen_by_the_wise(state: State) -> set[int]:
    """Captures in which ensembles that knew the amp have looked for odd instants."""
    wise = [learnt for learnt in state.learning.rounds if learnt.ensemble_esr < WISE_ESR]
    # Rounds of before there was such a look saw nothing.
    return {number for learnt in wise if learnt.odd is not None for number in learnt.learnt_from}
