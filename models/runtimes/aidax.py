"""An LSTM as AIDA-X reads it: RTNeural's layers, with the rate and the gains beside them.

Sources: the loaders of AIDA-X and aidadsp-lv2 (``in_shape``, ``in_skip``, ``in_gain`` and
``out_gain`` in dB, ``samplerate``).
"""

from typing import Any

from models.nam.versions import CannotHold

#: The widths that AIDA-X has compiled in, for one layer.
AIDA_UNITS = (8, 12, 16, 20, 24, 32, 40, 64, 80)


# Its loader refuses other widths when it is too late to say why.
def aidax_document(
    document: dict[str, Any], sample_rate: int, metadata: dict[str, Any]
) -> dict[str, Any]:
    """Return RTNeural's document as AIDA-X wants it.

    Raises:
        CannotHold: AIDA-X has no such width.
    """
    first, units = document["layers"][0], document["layers"][0]["shape"][-1]
    if len(document["layers"]) != 2 or units not in AIDA_UNITS:
        widths = ", ".join(map(str, AIDA_UNITS))
        raise CannotHold(
            f"AIDA-X plays an LSTM of one layer with {widths} units, not "
            f"{len(document['layers']) - 1}x{first['shape'][-1]}"
        )
    head = {"in_skip": 0, "in_gain": 0, "out_gain": 0, "samplerate": sample_rate}
    return {"in_shape": document["in_shape"], **head, "metadata": metadata, **document}
