"""Several widths of one model in one ``.nam`` file, of which a player takes what it has time for.

Source: the file format notes of neural-amp-modeler 0.13.0 (``SlimmableContainer``).
"""

from collections.abc import Sequence
from typing import Any

from models.nam.versions import CURRENT

ARCHITECTURE = "SlimmableContainer"


def container(documents: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return a container's document, of whole documents of one setting, the narrowest first."""
    largest, count = documents[-1], len(documents)
    # Shares of what a player is willing to spend: the last is for whoever spends all.
    parts = [
        {"max_value": number / count, "model": document}
        for number, document in enumerate(documents, 1)
    ]
    return {
        "version": CURRENT,
        # A player that shows no more than this shows what the best of them is.
        "metadata": largest["metadata"],
        "architecture": ARCHITECTURE,
        "config": {"submodels": parts},
        "weights": [],
        "sample_rate": largest["sample_rate"],
    }
