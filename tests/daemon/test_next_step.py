"""What to do next, as a table, and what must hold whatever the state is."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rig.capture import Capture, Outcome, Role
from rig.config import PlanConfig
from rig.daemon.loop import End, Look, Record, RecordCanary, Refill, Step, Wait, next_step
from rig.daemon.stopping import Finish
from rig.knobs import Setting
from rig.session import facts
from rig.session.journal import Entry
from rig.session.state import State

PLAN = PlanConfig(captures=6, seeds=3, batch=2, canary_every=3)
DONE = Finish("all captures are recorded")
STOPPED = Finish("stopped by hand", trains=False)


class Story:
    """A state, told fact by fact as a daemon does."""

    def __init__(self) -> None:
        self.state = State()
        self.takes = 0
        started = facts.DaemonStarted(pid=1, captures=6, until=None, lockstep=True, paced=False)
        self.tell(started)

    def tell(self, fact: facts.Fact) -> None:
        self.state.apply(Entry(self.state.seq + 1, 1.0 + self.state.seq, fact))

    def order(self, role: Role) -> int:
        number = len(self.state.captures) + 1
        values = (float(number),)
        self.tell(facts.CaptureOrdered(capture=number, role=role, values=values, round=0))
        return number

    def take(self, capture: int, outcome: Outcome, **figures: float) -> None:
        self.takes += 1
        self.tell(facts.TakeBegun(take=self.takes, capture=capture))
        self.tell(
            facts.TakeEnded(take=self.takes, capture=capture, outcome=outcome, figures=figures)
        )

    def canary(self, outcome: Outcome = Outcome.KEPT) -> None:
        self.take(self.order(Role.CANARY), outcome, is_steady=1.0)


def nothing(story: Story) -> None:
    story.order(Role.SEED)


def proven(story: Story) -> None:
    story.canary()
    story.order(Role.SEED)


def recorded(story: Story) -> None:
    story.canary()
    story.take(story.order(Role.SEED), Outcome.KEPT)


def look(story: Story, capture: int) -> None:
    number = len(story.state.captures) + 1
    values = story.state.captures[capture].capture.setting.values
    story.tell(facts.CaptureOrdered(capture=number, role=Role.LOOK, values=values, round=0))
    story.take(number, Outcome.KEPT)


def looked_at(story: Story) -> None:
    recorded(story)
    look(story, 2)


def kept_before_the_last_canary(story: Story) -> None:
    recorded(story)
    story.canary()
    story.canary()


def three_unproven(story: Story) -> None:
    story.canary()
    for _ in range(3):
        story.take(story.order(Role.SEED), Outcome.KEPT)


def in_doubt(story: Story) -> None:
    proven(story)
    story.tell(facts.ClockJumped(seconds=3600.0))


def paused(story: Story) -> None:
    proven(story)
    story.tell(facts.CommandGiven(command="pause"))


def back_again(story: Story) -> None:
    proven(story)
    story.tell(facts.DeviceTrouble(back=False, why="unplugged"))
    story.tell(facts.DeviceTrouble(back=True, why="it is back"))


def rejected_once(story: Story) -> None:
    story.canary()
    story.take(story.order(Role.SEED), Outcome.REJECTED)


def begun_anew(story: Story) -> None:
    recorded(story)
    story.order(Role.SEED)
    story.tell(facts.DaemonStarted(pid=2, captures=6, until=None, lockstep=True, paced=False))


@pytest.mark.parametrize(
    ("told", "ending", "expected"),
    [
        (nothing, None, RecordCanary()),
        (proven, None, Record()),
        (rejected_once, None, Record()),
        (recorded, None, Refill()),
        (three_unproven, None, RecordCanary()),
        (in_doubt, None, RecordCanary()),
        (back_again, None, RecordCanary()),
        (begun_anew, None, RecordCanary()),
        (paused, None, Wait()),
        (paused, DONE, Wait()),
        (recorded, DONE, Look()),
        (looked_at, DONE, RecordCanary()),
        (kept_before_the_last_canary, None, Look()),
        (recorded, STOPPED, End(STOPPED)),
        (proven, DONE, End(DONE)),
    ],
)
def test_what_follows(told: Callable[[Story], None], ending: Finish | None, expected: Step) -> None:
    story = Story()
    told(story)
    assert next_step(story.state, PLAN, ending) == expected


def test_pots_are_asked_once_nothing_more_is_recorded() -> None:
    story = Story()
    looked_at(story)
    assert next_step(story.state, PLAN, DONE, pot_waits=True) == Look()
    assert next_step(story.state, PLAN, None, pot_waits=True) == Refill()
    assert next_step(story.state, PLAN, STOPPED, pot_waits=True) == End(STOPPED)
    without = PLAN.model_copy(update={"looks": False})
    assert next_step(story.state, without, DONE, pot_waits=True) == RecordCanary()


def test_deciding_changes_nothing() -> None:
    story = Story()
    three_unproven(story)
    before = repr(story.state)
    next_step(story.state, PLAN, None)
    assert repr(story.state) == before


OUTCOMES = st.lists(st.sampled_from(list(Outcome)), max_size=60)


@given(OUTCOMES, st.integers(1, 5))
@settings(max_examples=200, deadline=None)
def test_whatever_comes_of_takes_it_ends_and_orders_no_more_than_the_goal(
    outcomes: list[Outcome], goal: int
) -> None:
    """A miniature loop: orders are given up after three bad takes, as the real one does."""
    story, left, bad = Story(), iter(outcomes), dict[int, int]()
    orders = refills = 0
    for _ in range(1_000):
        reached = orders >= goal and not story.state.pending
        step = next_step(story.state, PLAN, DONE if reached else None)
        if isinstance(step, End):
            break
        if isinstance(step, Refill):
            assert orders < goal
            assert not story.state.pending
            refills += 1
            for _ in range(min(PLAN.batch, goal - orders)):
                story.order(Role.ACTIVE)
                orders += 1
            continue
        waiting = [about.capture for about in story.state.pending]
        if isinstance(step, Look):
            target = next(a for a in story.state.captures.values() if a.needs_look)
            look(story, target.capture.number)
            continue
        if isinstance(step, RecordCanary):
            canaries = [capture for capture in waiting if capture.role is Role.CANARY]
            number = canaries[0].number if canaries else story.order(Role.CANARY)
        else:
            assert isinstance(step, Record)
            assert waiting
            number = waiting[0].number
        outcome = next(left, Outcome.KEPT)
        story.take(number, outcome, is_steady=1.0)
        bad[number] = bad.get(number, 0) + (outcome is not Outcome.KEPT)
        if bad[number] >= 3 and story.state.captures[number].is_pending:
            story.tell(facts.CaptureAbandoned(capture=number, why="three bad takes"))
    else:
        pytest.fail("it does not end")
    trained = [a for a in story.state.captures.values() if a.capture.role.is_trained_on]
    assert len(trained) <= goal
    assert not story.state.amp.unproven
    assert not any(about.needs_look for about in story.state.captures.values())


@given(st.lists(st.sampled_from(["pause", "resume", "stop", "stop-now"]), max_size=12))
@settings(max_examples=100, deadline=None)
def test_while_paused_nothing_is_recorded(commands: list[str]) -> None:
    story = Story()
    proven(story)
    for command in commands:
        story.tell(facts.CommandGiven.model_validate({"command": command}))
        step = next_step(story.state, PLAN, STOPPED if story.state.run.stopping else None)
        assert isinstance(step, Wait) == story.state.run.paused
        if story.state.run.stopping and not story.state.run.paused:
            assert isinstance(step, End)


def test_an_abandoned_setting_is_never_recorded_again() -> None:
    story = Story()
    story.canary()
    number = story.order(Role.SEED)
    story.tell(facts.CaptureAbandoned(capture=number, why="clipped"))
    story.canary()
    assert next_step(story.state, PLAN, None) == Refill()
    assert Capture(number, Setting((2.0,)), Role.SEED, 0) not in [
        about.capture for about in story.state.pending
    ]
