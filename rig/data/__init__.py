"""What comes with rig: the default configuration, knob maps of real amps, real dry guitar."""

from importlib import resources
from importlib.resources import as_file
from importlib.resources.abc import Traversable

__all__ = ["as_file", "default_config", "guitar", "profile", "profiles", "unit"]

_HERE = resources.files(__name__)
_SUFFIX = ".yaml"


def default_config() -> str:
    """The commented ``rig.yaml`` that 'rig init' writes."""
    return (_HERE / "rig.yaml").read_text(encoding="utf-8")


def profiles() -> list[str]:
    """Names of the amps whose knob maps come with rig."""
    found = (_HERE / "profiles").iterdir()
    return sorted(entry.name.removesuffix(_SUFFIX) for entry in found)


def profile(name: str) -> str:
    """The ``amp`` and ``knobs`` sections for an amp of `profiles`, with their source."""
    return (_HERE / "profiles" / f"{name}{_SUFFIX}").read_text(encoding="utf-8")


def guitar(name: str) -> Traversable | None:
    """A dry guitar recording by name, such as ``guitar-train``; None where there is none."""
    known = {entry.name: entry for entry in (_HERE / "di").iterdir()}
    return known.get(f"{name}.wav")


def unit(name: str) -> str:
    """The template of a service manager's file, with places to fill in braces."""
    return (_HERE / "units" / name).read_text(encoding="utf-8")
