"""Finding drivers: amps and interfaces are entry points, the built-in ones among them."""

from dataclasses import replace
from importlib import metadata
from typing import Any

from rig.config import Config
from rig.devices.protocols import Amp, DriverContext, Interface
from rig.errors import ConfigError

AMPS, INTERFACES = "rig.amps", "rig.interfaces"


def names(group: str) -> list[str]:
    """Every driver that is installed."""
    return sorted(entry.name for entry in metadata.entry_points(group=group))


def _load(group: str, name: str) -> Any:
    for entry in metadata.entry_points(group=group, name=name):
        try:
            return entry.load()
        # A library of the system's that is missing is an `OSError`, as PortAudio's is.
        except (ImportError, OSError) as error:
            raise ConfigError(
                f"the driver '{name}' cannot be loaded: {error}; README.md says what it needs"
            ) from None
    return None


def problems(config: Config) -> list[str]:
    """Mistakes in a configuration that only the drivers know of, as ``key.path: sentence``."""
    found: list[str] = []
    for group, key, name in (
        (AMPS, "amp", config.amp.driver),
        (INTERFACES, "interface", config.interface.driver),
    ):
        driver = _load(group, name)
        if driver is None:
            found.append(f"{key}.driver: there is no '{name}', only {', '.join(names(group))}")
        elif hasattr(driver, "problems"):
            found += driver.problems(config)
    return found


def make(context: DriverContext) -> tuple[Amp, Interface]:
    """The amp and the interface that a configuration names, not yet opened.

    Raises:
        ConfigError: A driver is not installed.
    """
    config = context.config
    mistakes = problems(config)
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    amp: Amp = _load(AMPS, config.amp.driver)(context)
    interface: Interface = _load(INTERFACES, config.interface.driver)(replace(context, amp=amp))
    return amp, interface
