"""What was tried, and what came of it."""

import traceback
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

from rig.printable import printable


@dataclass(frozen=True)
class Row:
    """One thing that was tried: whether it works (None: it could not be tried), and a figure."""

    name: str
    works: bool | None
    told: str

    def as_dict(self) -> dict[str, object]:
        """For ``--json``."""
        return asdict(self)

    def __str__(self) -> str:
        """One line for people."""
        verdict = {True: "works", False: "FAILS", None: "not tried"}[self.works]
        return f"{self.name:<12} {verdict:<10} {self.told}".rstrip()


def tried(name: str, attempt: Callable[[], str]) -> Row:
    """Try one thing; whatever it raises is a row and ends nothing.

    Args:
        name: What is tried.
        attempt: Tries it, and returns what there is to tell.
    """
    try:
        return Row(name, works=True, told=printable(attempt()))
    except Exception as error:  # noqa: BLE001, RUF100 (unknown systems fail in unknown ways)
        # Where it happened says more than what, to somebody who has no such machine.
        frames = traceback.extract_tb(error.__traceback__)
        where = f" ({frames[-1].filename.rsplit('rig', 1)[-1]}:{frames[-1].lineno})"
        return Row(name, works=False, told=printable(f"{type(error).__name__}: {error}{where}"))


def paste(rows: Iterable[Row]) -> str:
    """Return all rows as a block that an issue shows as it is."""
    return "\n".join(["```text", *map(str, rows), "```"])
