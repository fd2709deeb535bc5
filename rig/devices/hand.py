"""An amp whose knobs a person turns: by the time it is dialled, the person has done so.

The asking happens in the daemon (`rig.daemon.hands`), where a prompt can reach a viewer.
"""

from collections.abc import Mapping

from rig.config import Config


class HandAmp:
    """An amp that no wire reaches.

    Args:
        config: The session's configuration; it makes no difference.
        played_s: For how long the amp has been played already; it makes no difference.
    """

    def __init__(self, config: Config, played_s: float = 0.0) -> None:
        del config, played_s

    def open(self) -> None:
        """There is nothing to take hold of."""

    def dial(self, values: Mapping[str, float]) -> None:
        """Somebody has turned the knobs already."""

    def close(self) -> None:
        """There is nothing to let go of."""
