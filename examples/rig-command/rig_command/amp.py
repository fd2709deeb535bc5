"""The knobs of a program: values that it is told when it is next called."""

from collections.abc import Mapping
from typing import Any


class CommandAmp:
    """Remembers where its knobs stand.

    Args:
        config: The session's configuration.
        played_s: For how long the amp has been played already; it makes no difference.
    """

    def __init__(self, config: Any, played_s: float = 0.0) -> None:
        del played_s
        self._rest = config.panel.named(config.panel.rest)
        self.values: dict[str, float] = dict(self._rest)

    def open(self) -> None:
        """There is nothing to take hold of."""

    def dial(self, values: Mapping[str, float]) -> None:
        """Set every knob to its faceplate value."""
        self.values = dict(values)

    def close(self) -> None:
        """There is nothing to let go of."""
