"""What comes with rig: the default configuration and real dry guitar."""

from importlib import resources
from importlib.resources import as_file
from importlib.resources.abc import Traversable

__all__ = ["as_file", "default_config", "guitar"]

_HERE = resources.files(__name__)


def default_config() -> str:
    """The commented ``rig.yaml`` that 'rig init' writes."""
    return (_HERE / "rig.yaml").read_text(encoding="utf-8")


def guitar(name: str) -> Traversable | None:
    """A dry guitar recording by name, such as ``guitar-train``; None where there is none."""
    known = {entry.name: entry for entry in (_HERE / "di").iterdir()}
    return known.get(f"{name}.wav")
