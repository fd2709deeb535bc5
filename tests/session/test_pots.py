"""Which pots close at their lowest, by looks there."""

import pytest

from rig.capture import Outcome, Role
from rig.knobs import Knob, Panel, Setting
from rig.session import facts
from rig.session.journal import Entry
from rig.session.pots import closed_pots, pots_to_look_at
from rig.session.state import State

RANGE_DB = 50.0
PANEL = Panel((Knob("tone"), Knob("channel", 0, 1, 2, ("clean", "lead"), (0, 1)), Knob("volume")))


class Night:
    """Takes of settings at levels, one after the other."""

    def __init__(self) -> None:
        self.state, self.takes = State(), 0
        self.tell(facts.DaemonStarted(pid=1, captures=6, until=None, lockstep=True, paced=False))

    def tell(self, fact: facts.Fact) -> None:
        self.state.apply(Entry(self.state.seq + 1, float(self.state.seq), fact))

    def order(self, role: Role, *values: float) -> int:
        number = len(self.state.captures) + 1
        self.tell(facts.CaptureOrdered(capture=number, role=role, values=values, round=0))
        return number

    def take(
        self, role: Role, level_dbfs: float, *values: float, noise_dbfs: float = -92.0
    ) -> None:
        capture, self.takes = self.order(role, *values), self.takes + 1
        self.tell(facts.TakeBegun(take=self.takes, capture=capture))
        figures = {"return_rms_dbfs": level_dbfs, "noise_dbfs": noise_dbfs}
        self.tell(
            facts.TakeEnded(take=self.takes, capture=capture, outcome=Outcome.KEPT, figures=figures)
        )

    @property
    def due(self) -> Setting | None:
        return next(iter(pots_to_look_at(self.state, PANEL, RANGE_DB)), None)

    @property
    def closed(self) -> list[int]:
        return closed_pots(self.state, PANEL, RANGE_DB)


@pytest.fixture
def night() -> Night:
    """A clean channel and a louder lead, of which the clean one's loudest is no loudest."""
    told = Night()
    told.take(Role.SEED, -30.0, 2.0, 0.0, 5.0)
    told.take(Role.SEED, -40.0, 9.0, 0.0, 2.0)
    told.take(Role.SEED, -15.0, 4.0, 1.0, 8.0)
    return told


def heard(night: Night) -> None:
    night.take(Role.LOOK, -15.0, 4.0, 1.0, 8.0)


def test_pots_are_dialled_to_their_lowest_in_the_loudest_settings(night: Night) -> None:
    assert night.due == Setting((0.0, 1.0, 8.0))
    night.take(Role.LOOK, -20.0, 0.0, 1.0, 8.0)
    # A pot that does not close there is asked no more.
    assert night.due == Setting((4.0, 1.0, 0.0))
    night.take(Role.LOOK, -90.0, 4.0, 1.0, 0.0)
    # In the other position of the switch it may be in no signal's way.
    assert night.due == Setting((2.0, 0.0, 0.0))
    night.take(Role.LOOK, -66.0, 2.0, 0.0, 0.0)
    assert night.due is None
    heard(night)
    assert night.closed == [2]


def test_a_pot_of_one_channel_does_not_close_the_amp(night: Night) -> None:
    night.take(Role.LOOK, -20.0, 0.0, 1.0, 8.0)
    night.take(Role.LOOK, -90.0, 4.0, 1.0, 0.0)
    night.take(Role.LOOK, -31.0, 2.0, 0.0, 0.0)
    heard(night)
    assert night.due is None
    assert night.closed == []


def test_silence_that_lasts_is_no_pot(night: Night) -> None:
    for values in ((0.0, 1.0, 8.0), (0.0, 0.0, 5.0), (4.0, 1.0, 0.0), (2.0, 0.0, 0.0)):
        night.take(Role.LOOK, -92.0, *values)
    # A cable may have come off: nothing was heard since.
    assert night.closed == []
    heard(night)
    assert night.closed == [0, 2]


def test_hiss_alone_is_silence_however_loud(night: Night) -> None:
    night.take(Role.LOOK, -55.0, 0.0, 1.0, 8.0)
    night.take(Role.LOOK, -55.2, 4.0, 1.0, 0.0, noise_dbfs=-55.0)
    night.take(Role.LOOK, -54.6, 2.0, 0.0, 0.0, noise_dbfs=-55.0)
    heard(night)
    assert night.due is None
    assert night.closed == [2]


def test_an_end_that_cannot_be_recorded_is_given_up(night: Night) -> None:
    night.take(Role.LOOK, -20.0, 0.0, 1.0, 8.0)
    capture = night.order(Role.LOOK, 4.0, 1.0, 0.0)
    night.tell(facts.CaptureAbandoned(capture=capture, why="it clipped"))
    heard(night)
    assert night.due is None
    assert night.closed == []


def test_what_was_recorded_at_an_end_needs_no_look(night: Night) -> None:
    night.take(Role.LOOK, -20.0, 0.0, 1.0, 8.0)
    night.take(Role.ACTIVE, -92.0, 4.0, 1.0, 0.0)
    night.take(Role.ACTIVE, -92.0, 2.0, 0.0, 0.0)
    assert night.due is None
    heard(night)
    assert night.closed == [2]


def test_nothing_is_asked_of_hands_of_replays_or_before_anything_is_recorded(night: Night) -> None:
    assert pots_to_look_at(State(), PANEL, RANGE_DB) == []
    by_hand = Panel(tuple(Knob(k.name, by_hand=True) for k in (PANEL.knobs[0], PANEL.knobs[2])))
    other = Night()
    other.take(Role.SEED, -20.0, 3.0, 4.0)
    assert pots_to_look_at(other.state, by_hand, RANGE_DB) == []
    pool = tuple(about.capture.setting for about in night.state.captures.values())
    assert pots_to_look_at(night.state, Panel(PANEL.knobs, pool), RANGE_DB) == []
