"""Faults of what the amp is told: knobs off, stuck, late or mistaken for one another."""

from rig.devices.virtual.studio.fault_kinds import Draw, Point, Told, teller


def _any(point: Point, draw: Draw, name: str = "knob") -> str:
    index = int(draw.rng.integers(len(point)))
    draw.parameters[name] = float(index)
    return list(point)[index]


@teller
def knob_off_by_tenth(asked: Point, before: Point, draw: Draw) -> Told:
    """One knob stands 10 % of its travel beside where it was asked to stand."""
    del before
    knob, sign = _any(asked, draw), draw.sign("sign")
    there = asked[knob] + 0.1 * sign
    if not 0.0 <= there <= 1.0:
        # Beyond the end of its travel no knob can stand: then it is off the other way.
        there = asked[knob] - 0.1 * sign
    return Told({**asked, knob: there})


@teller
def knob_stuck(asked: Point, before: Point, draw: Draw) -> Told:
    """One knob does not move from where it stood before."""
    knob = _any(asked, draw)
    return Told({**asked, knob: before[knob]})


@teller
def knob_stuck_at_middle(asked: Point, before: Point, draw: Draw) -> Told:
    """One knob's motor is dead and the knob stands in the middle, where references often are."""
    del before
    return Told({**asked, _any(asked, draw): 0.5})


@teller
def knobs_at_previous(asked: Point, before: Point, draw: Draw) -> Told:
    """No message arrived and the amp is still at the setting before."""
    del draw
    return Told({**asked, **before})


@teller
def knobs_exchanged(asked: Point, before: Point, draw: Draw) -> Told:
    """Two controllers are mistaken for one another and their knobs' positions exchanged."""
    del before
    one, other = _any(asked, draw, "one"), _any(asked, draw, "other")
    if one == other:
        names = list(asked)
        other = names[(names.index(one) + 1) % len(names)]
    return Told({**asked, one: asked[other], other: asked[one]})


@teller
def knob_message_misdirected(asked: Point, before: Point, draw: Draw) -> Told:
    """A message meant for one knob moved its neighbour, and the knob itself stayed."""
    names = list(asked)
    knob = _any(asked, draw)
    neighbour = names[(names.index(knob) + 1) % len(names)]
    return Told({**asked, neighbour: asked[knob], knob: before[knob]})


@teller
def settles_late(asked: Point, before: Point, draw: Draw) -> Told:
    """The amp needs 0.3 to 2.4 s after its knobs moved and the take begins at once."""
    del before
    return Told(dict(asked), settle_s=draw.uniform("settle_s", 0.3, 2.4))
