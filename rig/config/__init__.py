"""``rig.yaml``: its types, its loader, its JSON Schema."""

from rig.config.load import dump, json_schema, load, parse
from rig.config.types import (
    ChecksConfig,
    Config,
    ExternalConfig,
    FaultConfig,
    KnobConfig,
    LearnerConfig,
    MidiAmpConfig,
    PlanConfig,
    SignalConfig,
    SoundCardConfig,
    VirtualAmpConfig,
    VirtualInterfaceConfig,
)

__all__ = [
    "ChecksConfig",
    "Config",
    "ExternalConfig",
    "FaultConfig",
    "KnobConfig",
    "LearnerConfig",
    "MidiAmpConfig",
    "PlanConfig",
    "SignalConfig",
    "SoundCardConfig",
    "VirtualAmpConfig",
    "VirtualInterfaceConfig",
    "dump",
    "json_schema",
    "load",
    "parse",
]
