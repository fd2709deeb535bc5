"""The knobs of a program: values that it is told when it is next called."""

from collections.abc import Mapping

from rig.devices.protocols import DriverContext


class CommandAmp:
    """Remembers where its knobs stand.

    Args:
        context: What rig makes every driver from; the configuration is all that is wanted here.
    """

    def __init__(self, context: DriverContext) -> None:
        panel = context.config.panel
        self._rest = panel.named(panel.rest)
        self.values: dict[str, float] = dict(self._rest)

    def open(self) -> None:
        """There is nothing to take hold of."""

    def dial(self, values: Mapping[str, float]) -> None:
        """Set every knob to its faceplate value."""
        self.values = dict(values)

    def close(self) -> None:
        """There is nothing to let go of."""
