"""Find the order of settings that moves hands least."""

from collections.abc import Sequence
from itertools import pairwise

from rig.faceplate import by_hand
from rig.knobs import Panel, Setting

#: A knob that must be turned costs this much, beside the share of its travel.
REACH = 1.0
#: Passes of the improvement over the whole order; each one is quadratic in the settings.
PASSES = 4


def _cost(panel: Panel, a: tuple[float, ...], b: tuple[float, ...]) -> float:
    knobs = [knob for knob in panel.knobs if knob.by_hand]
    spans = zip(knobs, a, b, strict=True)
    return sum(REACH + abs(k.turned(p) - k.turned(q)) for k, p, q in spans if p != q)


def in_order(
    panel: Panel, hands: tuple[float, ...] | None, settings: Sequence[Setting]
) -> list[int]:
    """Order settings so that hands move rarely and little.

    Nearest neighbour from where the hands stand, then 2-opt: stretches are reversed as long as
    that shortens the way.

    Returns:
        Indices into ``settings``.
    """
    hand_positions = [by_hand(panel, setting) for setting in settings]
    left, here, order = list(range(len(hand_positions))), hands, list[int]()
    while left:
        # Where nobody knows how the knobs stand, no setting is nearer than the one asked for first.
        nearest = left[0]
        if here is not None:
            start = here
            nearest = min(left, key=lambda i: _cost(panel, start, hand_positions[i]))
        left.remove(nearest)
        order.append(nearest)
        here = hand_positions[nearest]
    return _improve_order(panel, hands, hand_positions, order)


def _length(
    panel: Panel,
    hands: tuple[float, ...] | None,
    hand_positions: Sequence[tuple[float, ...]],
    order: Sequence[int],
) -> float:
    stops = ([] if hands is None else [hands]) + [hand_positions[i] for i in order]
    return sum(_cost(panel, a, b) for a, b in pairwise(stops))


def _improve_order(
    panel: Panel,
    hands: tuple[float, ...] | None,
    hand_positions: Sequence[tuple[float, ...]],
    order: list[int],
) -> list[int]:
    best = _length(panel, hands, hand_positions, order)
    for _ in range(PASSES):
        before = best
        for first in range(len(order) - 1):
            for last in range(first + 1, len(order)):
                turned = order[:first] + order[first : last + 1][::-1] + order[last + 1 :]
                length = _length(panel, hands, hand_positions, turned)
                # By more than rounding: orders of one length must not replace each other.
                if length < best - 1e-9:
                    order, best = turned, length
        if best == before:
            break
    return order
