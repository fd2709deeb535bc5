"""A configuration as a command loads it that plays: drivers and recordings are judged with it."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rig.config import Config


def loaded(path: Path, check: "Callable[[Config], list[str]]") -> "Config":
    """Load a configuration, and tell what is wrong with the recordings that it names at once.

    Args:
        path: The file.
        check: Finds mistakes that only the drivers know of.

    Raises:
        ConfigError: Every mistake, a line each, with its key path.
    """
    from rig import config as configuration
    from rig.session import signal

    return configuration.load(
        path, check=lambda config: [*check(config), *signal.problems(config, path.parent)]
    )
