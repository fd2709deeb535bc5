"""Where the time of a session went: shares that do not overlap, and add up to all of it."""

from collections.abc import Iterable, Sequence

from rig.capture import Outcome, Role
from rig.report.figures import FINAL_MODEL, LEARNING_ROUND, EventFigure, SpentFigure, TakeFigure

#: From one Unix time to another.
Span = tuple[float, float]

LEARNED_FROM = "kept takes to learn from"
TESTED_ON = "kept takes to test on"
CHECKED_BY = "kept takes that look after the amp: canaries, warm-up, second looks"
KEPT = (LEARNED_FROM, TESTED_ON, CHECKED_BY)
NOT_KEPT = "takes that were not kept"
FINAL = "the final model, while nothing was played"
LEARNING = "learning rounds, while nothing was played"
ELSE = "everything else while it ran: opening devices, waiting, pauses"
AWAY = "nothing ran"


def covered_s(spans: Iterable[Span]) -> float:
    """Return the seconds that lie in at least one of the spans."""
    total, reached = 0.0, float("-inf")
    for start, stop in sorted(spans):
        total += max(stop - max(start, reached), 0.0)
        reached = max(reached, stop)
    return total


def spent(
    takes: Sequence[TakeFigure], events: Sequence[EventFigure], runs: Sequence[Span]
) -> tuple[SpentFigure, ...]:
    """Return where the time between a session's first word and its last went.

    Args:
        takes: Every take that ended.
        events: What happened beside takes; learning has a duration.
        runs: When a daemon ran.
    """
    kept = {t.take for t in takes if t.outcome == Outcome.KEPT.value}
    learned = {Role.SEED.value, Role.ACTIVE.value}
    parts: list[tuple[str, list[Span]]] = [
        (LEARNED_FROM, _spans(t for t in takes if t.take in kept and t.role in learned)),
        (TESTED_ON, _spans(t for t in takes if t.take in kept and t.role == Role.HOLDOUT.value)),
        (CHECKED_BY, _spans(t for t in takes if t.take in kept)),
        (NOT_KEPT, _spans(takes)),
        (FINAL, [(e.at, e.ended_at) for e in events if e.kind == FINAL_MODEL]),
        (LEARNING, [(e.at, e.ended_at) for e in events if e.kind == LEARNING_ROUND]),
        (ELSE, list(runs)),
    ]
    everything = [span for _, spans in parts for span in spans]
    if not everything:
        return ()
    parts.append((AWAY, [(min(start for start, _ in everything), max(e for _, e in everything))]))
    found, so_far, before_s = [], [], 0.0
    # What two of them cover counts for the first: a round that learns beside takes costs no time.
    for words, spans in parts:
        so_far += spans
        until_s = covered_s(so_far)
        found.append(SpentFigure(words, until_s - before_s))
        before_s = until_s
    return tuple(figure for figure in found if figure.seconds >= 0.5)


def kept_share(parts: Sequence[SpentFigure]) -> float | None:
    """Return the share of the time that went into takes that are kept; None without any time."""
    whole_s = sum(part.seconds for part in parts)
    return sum(p.seconds for p in parts if p.words in KEPT) / whole_s if whole_s else None


def _spans(takes: Iterable[TakeFigure]) -> list[Span]:
    return [(take.begun_at, take.ended_at) for take in takes]
