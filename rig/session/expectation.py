"""What error was expected of the settings that rounds asked for, and by how much to expect another.

An ensemble errs somewhere by what it errs where it has learnt, by what its members disagree about,
and by what its level seems off, in which members are wrong together. How much all three together
fall short of, or are too much, is a matter of how many captures there are, and of the amp.
"""

import math
from collections.abc import Iterator, Sequence

from rig.session.facts import FoundError, RoundLearned

#: What was found over all three together: of the first round, which knows nothing but the seeds,
#: and of later ones (decision 43).
FIRST, LATER = 1.0, 0.75
#: The same where nothing is known of levels, as in sessions of before (decision 39).
FIRST_WITHOUT_LEVELS, LATER_WITHOUT_LEVELS = 3.0, 1.2
#: The last so many pairs say how this amp differs from others, which count as so many pairs.
REMEMBERED, DOUBT = 24, 8
#: One pair says no more than that: a single setting may be a hundred times off.
MOST = math.log(10.0)


def typical_factor(earlier: Sequence[RoundLearned], knows_levels: bool) -> float:
    """Return what is found over what the parts come to, on any amp.

    Args:
        earlier: Rounds before it.
        knows_levels: Whether the round says what its levels seem off by.
    """
    first, later = (FIRST, LATER) if knows_levels else (FIRST_WITHOUT_LEVELS, LATER_WITHOUT_LEVELS)
    return later if earlier else first


def _tried(
    rounds: Sequence[RoundLearned], now: Sequence[FoundError]
) -> Iterator[tuple[RoundLearned, float, FoundError]]:
    """Yield each pair with the round that had asked for it, and that round's typical factor."""
    # A round tells what was found of what the one before it had asked for.
    for number, before in enumerate(rounds):
        found = rounds[number + 1].found if number + 1 < len(rounds) else now
        for pair in found:
            knows_levels = before.level_errors is not None
            yield before, typical_factor(rounds[:number], knows_levels), pair


def factor(rounds: Sequence[RoundLearned], now: Sequence[FoundError], knows_levels: bool) -> float:
    """Return by how much to multiply what a new round expects.

    Args:
        rounds: All that were learnt.
        now: What was found just now of what the last of them had asked for.
        knows_levels: Whether the new round says what its levels seem off by.
    """
    shares = []
    for before, typical, pair in _tried(rounds, now):
        # Of rounds of before it was kept, the mean; it is larger, and counts for little by then.
        common = before.ensemble_esr if before.common_esr is None else before.common_esr
        expected = (common + pair.disagreement + pair.level_error) * typical
        if expected > 0.0 and pair.found > 0.0:
            shares.append(min(max(math.log(pair.found / expected), -MOST), MOST))
    late = shares[-REMEMBERED:]
    return typical_factor(rounds, knows_levels) * math.exp(sum(late) / (len(late) + DOUBT))


def expectations(rounds: Sequence[RoundLearned]) -> dict[int, tuple[FoundError, float]]:
    """Return what was found of each capture that a round had asked for, with what it expected."""
    return {
        pair.capture: (
            pair,
            # In the first sessions nothing was common: their pairs say so themselves.
            pair.expects(before.calibration)
            if before.common_esr is None
            else before.expects(pair.disagreement, pair.level_error),
        )
        for before, _, pair in _tried(rounds, ())
    }
