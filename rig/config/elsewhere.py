"""Where learning runs: on this machine, or on a Ray cluster that the user names."""

import importlib.util
import re
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from rig.config.section import Section

#: The keys of `learner` that are of the user's own network, and no part of a session.
PLACE_KEYS = ("where", "address", "num_cpus", "num_gpus", "finals")
#: What to type where a cluster is asked for and nothing here speaks to it.
INSTALL = "pip install 'rig-capture[ray]' adds it"
_ADDRESS = re.compile(r"(ray://)?([\w.-]+|\[[\da-fA-F:]+\]):(\d{1,5})")


def checked_address(typed: str) -> str:
    """Return an address as Ray takes it: ``host:port``, or ``ray://host:port``.

    Raises:
        ValueError: It is none.
    """
    found = _ADDRESS.fullmatch(typed)
    if found is None or not 0 < int(found[3]) < 65_536:
        raise ValueError(
            "a cluster is host:port where this machine is part of it, such as 127.0.0.1:6379, "
            "or ray://host:port where it is not, such as ray://gpu-box:10001"
        )
    return typed


def has_ray() -> bool:
    """Return whether Ray is installed, without loading it: that takes a second."""
    try:
        found = importlib.util.find_spec("ray")
    except (ImportError, ValueError):
        return False
    # A folder of this name without code in it is somebody's own.
    return found is not None and found.origin is not None


class PlacedSection(Section):
    """The keys that say where a section's work is done."""

    where: Literal["local", "ray"] = "local"
    """Where learning runs: in a process beside the capture, or on a Ray cluster ('ray'), and here
    whenever that does not answer. This key and the four that follow stay with you: a session's own
    rig.yaml never says with whom to connect."""
    address: str | None = None
    """Of the cluster: 'ray://host:port' from a machine that is not part of it, 'host:port' on one
    that is."""
    num_cpus: Annotated[int, Field(ge=1, le=256)] = 1
    """Processors that a job asks the cluster for, and threads that it has there unless 'threads'
    says otherwise."""
    num_gpus: Annotated[float, Field(ge=0, le=64)] = 0.0
    """Graphics processors that a job asks for: 0.5 lets two rigs share one."""

    finals: Annotated[int, Field(ge=1, le=16)] = 1
    """Final models that a cluster with room for them trains at once, each from a seed of its own:
    kept is the one that errs least at what it learnt, on guitar that it has not heard."""

    @field_validator("where")
    @classmethod
    def _speaks_ray(cls, where: str) -> str:
        # At once, and not in the night when the first round is due.
        if where == "ray" and not has_ray():
            raise ValueError(f"Ray is not installed here: {INSTALL}")
        return where

    @field_validator("address")
    @classmethod
    def _is_address(cls, address: str | None) -> str | None:
        return None if address is None else checked_address(address)

    @field_validator("num_gpus")
    @classmethod
    def _is_share(cls, count: float) -> float:
        if count > 1 and count != int(count):
            raise ValueError("a share of one, such as 0.5, or a whole number")
        return count

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.where == "ray" and self.address is None:
            raise ValueError("address: is missing: where is the cluster? ray://gpu-box:10001, say")
        # Otherwise somebody waits for a cluster that nobody asks.
        for key in PLACE_KEYS[1:] if self.where == "local" else ():
            if getattr(self, key) != type(self).model_fields[key].default:
                raise ValueError(f"{key}: says nothing without 'where: ray'")
        return self

    @property
    def place(self) -> dict[str, Any] | None:
        """Whom to ask for what; None where learning stays on this machine."""
        if self.where == "local":
            return None
        return {key: getattr(self, key) for key in PLACE_KEYS[1:]}
