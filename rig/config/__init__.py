"""``rig.yaml``: its types, its loader, its JSON Schema."""

from rig.config.load import dump, json_schema, load, parse
from rig.config.types import (
    ChecksConfig,
    Config,
    ExternalConfig,
    FaultConfig,
    LearnerConfig,
    PlanConfig,
    SignalConfig,
    VirtualAmpConfig,
    VirtualInterfaceConfig,
)

__all__ = [
    "ChecksConfig",
    "Config",
    "ExternalConfig",
    "FaultConfig",
    "LearnerConfig",
    "PlanConfig",
    "SignalConfig",
    "VirtualAmpConfig",
    "VirtualInterfaceConfig",
    "dump",
    "json_schema",
    "load",
    "parse",
]
