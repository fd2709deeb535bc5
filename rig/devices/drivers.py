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
    interface = _problems(config, INTERFACES, "interface", config.interface.driver)
    return [*amp_problems(config), *interface]


def amp_problems(config: Config) -> list[str]:
    """Mistakes that only the amp's driver knows of."""
    return _problems(config, AMPS, "amp", config.amp.driver)


def _problems(config: Config, group: str, key: str, name: str) -> list[str]:
    driver = _load(group, name)
    if driver is None:
        return [f"{key}.driver: there is no '{name}', only {', '.join(names(group))}"]
    found: list[str] = driver.problems(config) if hasattr(driver, "problems") else []
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
