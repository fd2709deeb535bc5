"""Which pots close at their lowest, by looks there."""

from itertools import product

import pytest

from rig.capture import Outcome, Role
from rig.knobs import Knob, Panel, Setting
from rig.session import facts
from rig.session.journal import Entry
from rig.session.pots import ClosedPot, closed_pots, open_ends, pots_to_look_at
from rig.session.state import State

RANGE_DB = 50.0
VOLUME_KNOB = Knob("volume")
PANEL = Panel((Knob("tone"), Knob("channel", 0, 1, 2, ("clean", "lead"), (0, 1)), VOLUME_KNOB))


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
        file = facts.StoredFile(path=f"captures/{self.takes:05d}.wav", sha256="0" * 64, size=1)
        self.tell(
            facts.TakeEnded(
                take=self.takes,
                capture=capture,
                outcome=Outcome.KEPT,
                figures=figures,
                aligned=file,
            )
        )

    @property
    def due(self) -> Setting | None:
        return next(iter(pots_to_look_at(self.state, PANEL, RANGE_DB)), None)

    @property
    def closed(self) -> list[ClosedPot]:
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


#: The volume, whichever channel is chosen.
VOLUME = ClosedPot(2)
#: What a look at each pot's lowest gives: of the tone in the lead and in the clean channel.
OPEN = ((-20.0, 0.0, 1.0, 8.0), (-33.0, 0.0, 0.0, 5.0))


def looked(night: Night, *heard: tuple[float, ...]) -> None:
    for level_dbfs, *values in heard:
        night.take(Role.LOOK, level_dbfs, *values)


def test_pots_are_dialled_to_their_lowest_in_the_loudest_setting_of_each_channel(
    night: Night,
) -> None:
    asked = pots_to_look_at(night.state, PANEL, RANGE_DB)
    lead, clean = Setting((4.0, 1.0, 0.0)), Setting((2.0, 0.0, 0.0))
    assert asked == [Setting((0.0, 1.0, 8.0)), Setting((0.0, 0.0, 5.0)), lead, clean]
    looked(night, *OPEN)
    assert night.due == lead
    night.take(Role.LOOK, -90.0, *lead.values)
    assert night.due == clean
    night.take(Role.LOOK, -80.0, *clean.values)
    assert night.due is None
    heard(night)
    assert night.closed == [VOLUME]


def test_a_pot_of_one_channel_closes_the_amp_in_that_one_only(night: Night) -> None:
    """Whichever of them is the louder one."""
    looked(night, *OPEN, (-90.0, 4.0, 1.0, 0.0), (-31.0, 2.0, 0.0, 0.0))
    heard(night)
    assert night.due is None
    assert night.closed == [ClosedPot(2, open_at=((1, 0),))]


def test_a_pot_that_is_not_in_the_way_of_the_loudest_channel_is_found(night: Night) -> None:
    looked(night, *OPEN, (-17.0, 4.0, 1.0, 0.0), (-90.0, 2.0, 0.0, 0.0))
    heard(night)
    assert night.closed == [ClosedPot(2, open_at=((1, 1),))]


def two_switches(silent: set[tuple[float, float]], count: int = 2) -> list[ClosedPot]:
    """Return how a volume closes that is silent in some combinations of two switches."""
    switches = [
        Knob(name, 0, count - 1, count, tuple(f"{name}{i}" for i in range(count)), (0, count - 1))
        for name in ("channel", "loop")
    ]
    panel, night = Panel((*switches, Knob("volume"))), Night()
    combinations = [(float(i), float(j)) for i in range(count) for j in range(count)]
    for number, both in enumerate(combinations):
        night.take(Role.SEED, -20.0 - number, *both, 5.0)
    while waiting := pots_to_look_at(night.state, panel, RANGE_DB):
        channel, loop, volume = waiting[0].values
        assert volume == 0.0
        night.take(Role.LOOK, -92.0 if (channel, loop) in silent else -30.0, *waiting[0].values)
    night.take(Role.LOOK, -20.0, 0.0, 0.0, 5.0)
    return closed_pots(night.state, panel, RANGE_DB)


def test_a_send_closes_in_one_position_of_the_loop_whatever_the_channel() -> None:
    assert two_switches({(0.0, 1.0), (1.0, 1.0)}) == [ClosedPot(2, ((1, 0),))]
    assert two_switches({(1.0, 1.0)}) == [ClosedPot(2, ((0, 0), (1, 0)))]
    assert two_switches({(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)}) == [ClosedPot(2)]
    assert two_switches(set()) == []


def test_of_combinations_that_no_rule_joins_most_are_closed() -> None:
    """In all but one: a switch's position in which it closes always, and no more."""
    (found,) = two_switches({(0.0, 0.0), (0.0, 1.0), (1.0, 0.0)})
    assert found in (ClosedPot(2, ((0, 1),)), ClosedPot(2, ((1, 1),)))
    # Each in a corner: one of them.
    (found,) = two_switches({(0.0, 0.0), (1.0, 1.0)})
    assert len(found.open_at) == 2


def test_of_many_combinations_too_a_pot_closes_in_one_position() -> None:
    everywhere = {(float(i), float(j)) for i in range(3) for j in range(3)}
    assert two_switches(everywhere, 3) == [ClosedPot(2)]
    lead = {both for both in everywhere if both[0] == 1.0}
    assert two_switches(lead, 3) == [ClosedPot(2, ((0, 0), (0, 2)))]
    # In the loudest setting of no position, where two of them meet: nobody looks there.
    assert two_switches({(2.0, 2.0)}, 3) == []


def test_of_many_combinations_a_pot_that_is_open_is_looked_at_in_each_position_only() -> None:
    switches = [
        Knob(name, 0, 2, 3, ("a", "b", "c"), (0, 2)) for name in ("channel", "loop", "bright")
    ]
    panel, night = Panel((*switches, Knob("volume"))), Night()
    combinations = list(product((0.0, 1.0, 2.0), repeat=3))
    for number, each in enumerate(combinations):
        night.take(Role.SEED, -20.0 - 0.1 * number, *each, 5.0)
    looks = 0
    while waiting := pots_to_look_at(night.state, panel, RANGE_DB):
        night.take(Role.LOOK, -30.0, *waiting[0].values)
        looks += 1
    # The loudest, and two other positions of each switch.
    assert looks == 7
    assert closed_pots(night.state, panel, RANGE_DB) == []


@pytest.mark.parametrize("role", [Role.CANARY, Role.HOLDOUT])
def test_where_nothing_was_learnt_the_reference_or_a_holdout_is_turned_down(role: Role) -> None:
    night = Night()
    night.take(Role.SEED, -15.0, 4.0, 1.0, 8.0)
    night.take(role, -25.0, 5.0, 0.0, 5.0)
    # Louder than what was learnt there, and not asked for that.
    night.take(role, -10.0, 5.0, 1.0, 9.0)
    for values, dbfs in (((0.0, 1.0, 8.0), -20.0), ((0.0, 0.0, 5.0), -30.0)):
        assert night.due == Setting(values)
        night.take(Role.LOOK, dbfs, *values)
    for values in ((4.0, 1.0, 0.0), (5.0, 0.0, 0.0)):
        assert night.due == Setting(values)
        night.take(Role.LOOK, -90.0, *values)
    night.take(Role.LOOK, -16.0, 4.0, 1.0, 8.0)
    assert night.closed == [ClosedPot(2)]


def test_silence_that_lasts_is_no_pot(night: Night) -> None:
    for values in ((0.0, 1.0, 8.0), (0.0, 0.0, 5.0), (4.0, 1.0, 0.0), (2.0, 0.0, 0.0)):
        night.take(Role.LOOK, -92.0, *values)
    # A cable may have come off: nothing was heard since.
    assert night.closed == []
    heard(night)
    assert night.closed == [ClosedPot(0), VOLUME]


def test_hiss_alone_is_silence_however_loud(night: Night) -> None:
    looked(night, *OPEN)
    night.take(Role.LOOK, -55.2, 4.0, 1.0, 0.0, noise_dbfs=-55.0)
    night.take(Role.LOOK, -54.6, 2.0, 0.0, 0.0, noise_dbfs=-55.0)
    heard(night)
    assert night.due is None
    assert night.closed == [VOLUME]


def test_where_all_is_quiet_an_end_that_is_quieter_is_not_closed(night: Night) -> None:
    """A third channel was recorded with its volume near its lowest only."""
    looked(night, *OPEN, (-90.0, 4.0, 1.0, 0.0), (-90.0, 2.0, 0.0, 0.0))
    heard(night)
    dim = (6.0, 2.0, 0.9)
    panel = Panel(
        (PANEL.knobs[0], Knob("channel", 0, 2, 3, ("clean", "lead", "dim"), (0, 2)), VOLUME_KNOB)
    )
    night.take(Role.ACTIVE, -55.0, *dim)
    tone, volume = pots_to_look_at(night.state, panel, RANGE_DB)
    # 58 dB below the loudest, and 18 below what it was turned down from.
    night.take(Role.LOOK, -73.0, *tone.values)
    night.take(Role.LOOK, -92.0, *volume.values)
    heard(night)
    assert pots_to_look_at(night.state, panel, RANGE_DB) == []
    assert closed_pots(night.state, panel, RANGE_DB) == [VOLUME]


def test_noise_that_hides_little_says_nothing(night: Night) -> None:
    """What it hides may be 29 dB below what the volume was turned down from, and no silence."""
    looked(night, *OPEN)
    night.take(Role.LOOK, -38.0, 4.0, 1.0, 0.0, noise_dbfs=-38.0)
    night.take(Role.LOOK, -52.0, 2.0, 0.0, 0.0, noise_dbfs=-52.0)
    heard(night)
    assert night.due is None
    assert night.closed == []
    # So the model is held against these looks, as against those that heard something.
    tried = [
        (knob, about.capture.setting.values)
        for knob, about in open_ends(night.state, PANEL, RANGE_DB)
    ]
    assert (2, (4.0, 1.0, 0.0)) in tried
    assert (2, (2.0, 0.0, 0.0)) in tried
    assert (0, (0.0, 1.0, 8.0)) in tried


@pytest.mark.parametrize(
    ("noise_dbfs", "closed"), [(-24.5, VOLUME), (-23.0, ClosedPot(2, open_at=((1, 1),)))]
)
def test_of_a_pot_that_closes_elsewhere_less_is_enough(
    night: Night, noise_dbfs: float, closed: ClosedPot
) -> None:
    """It is in the way of the lead, too, where it takes at least 15 dB into the noise."""
    looked(night, *OPEN)
    night.take(Role.LOOK, noise_dbfs, 4.0, 1.0, 0.0, noise_dbfs=noise_dbfs)
    night.take(Role.LOOK, -92.0, 2.0, 0.0, 0.0)
    heard(night)
    assert night.due is None
    assert night.closed == [closed]


def test_an_end_that_cannot_be_recorded_is_given_up_and_no_silence(night: Night) -> None:
    looked(night, *OPEN)
    capture = night.order(Role.LOOK, 4.0, 1.0, 0.0)
    night.tell(facts.CaptureAbandoned(capture=capture, why="it clipped"))
    night.take(Role.LOOK, -92.0, 2.0, 0.0, 0.0)
    heard(night)
    assert night.due is None
    assert night.closed == [ClosedPot(2, open_at=((1, 1),))]


def test_what_was_recorded_at_an_end_needs_no_look(night: Night) -> None:
    looked(night, *OPEN)
    night.take(Role.ACTIVE, -92.0, 4.0, 1.0, 0.0)
    night.take(Role.ACTIVE, -92.0, 2.0, 0.0, 0.0)
    assert night.due is None
    heard(night)
    assert night.closed == [VOLUME]


def test_nothing_is_asked_of_hands_of_replays_or_before_anything_is_recorded(night: Night) -> None:
    assert pots_to_look_at(State(), PANEL, RANGE_DB) == []
    by_hand = Panel(tuple(Knob(k.name, by_hand=True) for k in (PANEL.knobs[0], PANEL.knobs[2])))
    other = Night()
    other.take(Role.SEED, -20.0, 3.0, 4.0)
    assert pots_to_look_at(other.state, by_hand, RANGE_DB) == []
    pool = tuple(about.capture.setting for about in night.state.captures.values())
    assert pots_to_look_at(night.state, Panel(PANEL.knobs, pool), RANGE_DB) == []
