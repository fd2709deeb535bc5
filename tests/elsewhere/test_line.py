"""Who is next: soonest deadline first, and nobody waits for ever."""

from itertools import count

from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st

from rig.elsewhere.line import MOST_PASSED, Line


def test_the_soonest_deadline_goes_first() -> None:
    line = Line(clock=lambda: 0.0)
    assert line.ask("a", "one", None)
    assert line.ask("b", "two", 200.0)
    assert line.ask("c", "three", 100.0)
    assert not line.ask("a", "one", None)
    line.leave("c", served=True)
    assert line.ask("b", "two", 200.0)


def test_without_deadlines_who_was_served_longest_ago_goes_first() -> None:
    line = Line(clock=lambda: 0.0)
    line.ask("a1", "one", None)
    line.leave("a1", served=True)
    line.ask("a2", "one", None)
    assert line.ask("b1", "two", None)
    assert not line.ask("a2", "one", None)


def test_who_is_gone_holds_up_nobody() -> None:
    now = [0.0]
    line = Line(clock=lambda: now[0], gone_s=10.0)
    line.ask("a", "one", 1.0)
    assert not line.ask("b", "two", None)
    now[0] = 11.0
    assert line.ask("b", "two", None)


def test_leaving_without_a_place_is_no_turn() -> None:
    line = Line(clock=lambda: 0.0)
    line.ask("a", "one", 1.0)
    line.ask("b", "two", None)
    for _ in range(5):
        line.leave("a", served=False)
        line.ask("a", "one", 1.0)
    assert not line.ask("b", "two", None)


@budget(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.none(), st.integers(0, 50)), min_size=2, max_size=5))
def test_nobody_starves_whatever_the_deadlines(deadlines: list[int | None]) -> None:
    """Every rig asks again at once when it was served, the one with the soonest morning as well."""
    line, numbers = Line(clock=lambda: 0.0), count()
    waiting = {rig: f"{rig}-{next(numbers)}" for rig in range(len(deadlines))}
    served: list[int] = []
    for _ in range(12 * len(deadlines)):
        turns = {rig: line.ask(ticket, str(rig), deadlines[rig]) for rig, ticket in waiting.items()}
        # The last to ask sees everybody; the first of all is asked once more.
        first = [rig for rig in turns if line.ask(waiting[rig], str(rig), deadlines[rig])]
        assert len(first) == 1
        line.leave(waiting[first[0]], served=True)
        served.append(first[0])
        waiting[first[0]] = f"{first[0]}-{next(numbers)}"
    for rig in range(len(deadlines)):
        turns_of = [turn for turn, who in enumerate(served) if who == rig]
        longest = max(b - a for a, b in zip([-1, *turns_of], [*turns_of, len(served)], strict=True))
        # Passed by twice at the most, each time behind all others that were passed by as well.
        assert longest <= MOST_PASSED + len(deadlines)
