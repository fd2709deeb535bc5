"""Finding a device by the name that a configuration gives: that one, or none, never another."""

import re
from collections import Counter
from collections.abc import Callable, Sequence

#: Behind a name that several devices have: which of them, counted from 1 as they are listed.
_PLACE = re.compile(r"^(?P<name>.+\S)\s+#(?P<place>[1-9]\d*)$")
#: What is left of 'Bus 2' without 'Bus': then they are two names, and one is no part of the other.
_NUMBER = re.compile(r"[\s#:_-]*\d+[\s#:_-]*")

#: A listed name without what the system adds to it; its place in the list may be part of that.
Plain = Callable[[str, int], str]


def _as_listed(name: str, _place: int) -> str:
    return name


def _contains(name: str, part: str) -> bool:
    """Whether a name contains a part that ends within none of its numbers: 'Bus 1' in 'Bus 12'."""
    pattern = rf"(?<!\d){re.escape(part)}" if part[:1].isdigit() else re.escape(part)
    pattern += r"(?!\d)" if part[-1:].isdigit() else ""
    return re.search(pattern, name) is not None


def _is_other_number(name: str, part: str) -> bool:
    before, _, after = name.partition(part)
    return _NUMBER.fullmatch(before + after) is not None


def places(
    wanted: str, listed: Sequence[str], meanings: Sequence[str] = (), plain: Plain = _as_listed
) -> list[int]:
    """List the places of the devices that a name may mean; only a single one is certain.

    A whole name comes first, as listed and then without the system's additions; a part of a name
    comes last. The first reading that fits anything decides.

    Args:
        wanted: The name that the configuration gives.
        listed: The names that the system lists, right now.
        meanings: What else the name may say, once the system's additions are taken off it.
        plain: Takes them off a listed name.
    """
    stripped = [plain(name, place).lower() for place, name in enumerate(listed)]
    wholes = {wanted.lower(), *(meaning.lower() for meaning in meanings)}
    readings = (
        [place for place, name in enumerate(listed) if name == wanted],
        [place for place, name in enumerate(stripped) if name in wholes],
        _numbered(wanted, listed, stripped),
        [
            place
            for place, name in enumerate(stripped)
            if _contains(name, wanted.lower()) and not _is_other_number(name, wanted.lower())
        ],
    )
    return next((found for found in readings if found), [])


def _numbered(wanted: str, listed: Sequence[str], stripped: Sequence[str]) -> list[int]:
    """Return the place that 'Amp #2' means: the second of several devices of one whole name."""
    found = _PLACE.match(wanted)
    if found is None:
        return []
    name, place = found["name"], int(found["place"])
    same = [i for i, other in enumerate(listed) if other == name]
    if len(same) < 2:
        same = [i for i, other in enumerate(stripped) if other == name.lower()]
    # Of a pair of which one is left, nobody knows which one it is.
    return [same[place - 1]] if 2 <= len(same) >= place else []


def distinct(listed: Sequence[str]) -> list[str]:
    """Name each device so that the name means it alone: 'Amp #1' and 'Amp #2' of one name."""
    count, seen = Counter(listed), Counter[str]()
    told = []
    for name in listed:
        seen[name] += 1
        told.append(f"{name} #{seen[name]}" if count[name] > 1 else name)
    return told


def told(listed: Sequence[str]) -> str:
    """Tell which devices there are, each in quotes, for a message."""
    return ", ".join(f"'{name}'" for name in distinct(listed)) or "none at all"
