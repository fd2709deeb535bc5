"""An amp whose knobs a person turns: by the time it is dialled, the person has done so.

The asking happens in the daemon (`rig.daemon.hands`), where a prompt can reach a viewer.
"""

from collections.abc import Mapping

from rig.devices.protocols import DriverContext


class HandAmp:
    """An amp that no wire reaches.

    Args:
        context: What drivers are made from; it makes no difference.
    """

    def __init__(self, context: DriverContext) -> None:
        del context

    def open(self) -> None:
        """There is nothing to take hold of."""

    def dial(self, values: Mapping[str, float]) -> None:
        """Somebody has turned the knobs already."""

    def close(self) -> None:
        """There is nothing to let go of."""
