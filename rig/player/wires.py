"""Which MIDI controller turns which knob."""

from collections.abc import Mapping

from rig.knobs import Panel

#: Controllers that knobs without one of their own get, in the panel's order: MIDI calls them
#: undefined or general, so that no keyboard sends them by itself.
FREE_CONTROLLERS = (*range(20, 32), *range(102, 120), *range(14, 20), *range(85, 91))


# Every knob gets one: who has a box with knobs should not have to write a file first.
def controllers(
    panel: Panel, own: Mapping[str, int | None], typed: Mapping[str, int]
) -> dict[int, int]:
    """Return which controller turns which knob, by its place in the panel.

    Args:
        panel: The knobs.
        own: The controllers that they have in rig.yaml.
        typed: What somebody asked for, by name; it goes first.
    """
    names = [knob.name for knob in panel.knobs]
    found = {number: names.index(name) for name, number in typed.items()}
    for name, number in own.items():
        if number is not None and number not in found and name not in typed:
            found[number] = names.index(name)
    free = (number for number in FREE_CONTROLLERS if number not in found)
    for place in range(len(names)):
        if place not in found.values():
            found[next(free)] = place
    return found
